"""What a person sees of text that an agent wrote."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.text.visible import plain, visible, visible_lines, visible_tree

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ASCII, $1 {x} <img onerror=1>", "plain ASCII, $1 {x} <img onerror=1>"),
        ("größer 日本 ключ", "größer 日本 ключ"),
        ("ok\n\x1b[2J", "ok\\u{a}\\u{1b}[2J"),
        ("photo\u202egpj.exe", "photo\\u{202e}gpj.exe"),
        ("a\u200bb\u2060c\ufeff", "a\\u{200b}b\\u{2060}c\\u{feff}"),
        ("a\u3164b\u2800c\u115f", "a\\u{3164}b\\u{2800}c\\u{115f}"),
        ("a\u00a0b\u2003c\u2028", "a\\u{a0}b\\u{2003}c\\u{2028}"),
        ("x\ufe0f\U000e0100\U000e0041", "x\\u{fe0f}\\u{e0100}\\u{e0041}"),
        ("\ud800", "\\u{d800}"),
        ("a\\u{202e}b", "a\\u{5c}u{202e}b"),
        ("C:\\users", "C:\\users"),
    ],
)
def test_hidden_characters_are_shown_by_number(text, shown):
    assert visible(text) == shown


@given(ANY_TEXT)
def test_what_is_shown_has_nothing_hidden_and_can_be_sent(text):
    shown = visible(text)
    assert all(char == " " or unicodedata.category(char)[0] not in "CZ" for char in shown)
    shown.encode("utf-8")


@given(ANY_TEXT, ANY_TEXT)
def test_two_texts_never_look_the_same(one, other):
    assert (visible(one) == visible(other)) == (one == other)


@given(ANY_TEXT)
def test_making_it_plain_again_changes_nothing(text):
    assert plain(visible(text)) == visible(text)


def test_lines_keep_their_breaks_and_nothing_else():
    assert visible_lines("a\nb\r\n\tc\x1b") == "a\nb\\u{d}\n\\u{9}c\\u{1b}"


def test_a_tree_is_made_visible_with_its_names():
    assert visible_tree({"a\x1b": ["\u202e", 1, None, {"b": "c"}]}) == {"a\\u{1b}": ["\\u{202e}", 1, None, {"b": "c"}]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("p\u0430ypal", "p\\u{430}ypal"),
        ("\u0440\u0430y", "\\u{440}\\u{430}y"),
        ("prod\u03bf", "prod\\u{3bf}"),
        ("\U0001d429rod", "\\u{1d429}rod"),
        ("\uff50rod", "\\u{ff50}rod"),
        ("größe Москва Ελλάδα", "größe Москва Ελλάδα"),
        ("東京タワーの", "東京タワーの"),
        ("größe-Москва", "größe-Москва"),
        ("東京tower", "東京tower"),
    ],
)
def test_letters_that_pass_for_others_are_shown_by_number(text, shown):
    assert visible(text) == shown
    assert plain(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u217e\u217f\u2170n", "a\\u{217e}\\u{217f}\\u{2170}n"),
        ("adm\u0131n-con\u0261ig", "adm\\u{131}n-con\\u{261}ig"),
        ("config/\u0430/\u0441\u043e\u0440\u0443", "config/\\u{430}/\\u{441}\\u{43e}\\u{440}\\u{443}"),
        ("\u0430\u0441\u0435 1", "\\u{430}\\u{441}\\u{435} 1"),
        ("\ua4d3\ua4f3", "\\u{a4d3}\\u{a4f3}"),
        ("public\u2215..\u2215x arn\ua789aws", "public\\u{2215}..\\u{2215}x arn\\u{a789}aws"),
        ("a\u2044b\u2024c", "a\\u{2044}b\\u{2024}c"),
        ("prod\u0338\u0335\u0336", "prod\\u{338}\\u{335}\\u{336}"),
        ("x" + "\u0301" * 40, "x" + "\\u{301}" * 40),
        ("a\u2010b \u02bc", "a\\u{2010}b \\u{2bc}"),
        ("\u201ca\u201d \u2013 it\u2019s", "\\u{201c}a\\u{201d} \\u{2013} it\\u{2019}s"),
        ("\u212a\u00b2\ufb01", "\\u{212a}\\u{b2}\\u{fb01}"),
        ("\u0915\u094d\u0937\u093f", "\u0915\u094d\u0937\u093f"),
        ("\u0e01\u0e35\u0e49", "\u0e01\u0e35\u0e49"),
        ("\u0e01" + "\u0e49" * 4, "\u0e01\u0e49\u0e49\\u{e49}\\u{e49}"),
        ("\u4f60\u597d\uff0c\u4e16\u754c\uff01", "\u4f60\u597d\uff0c\u4e16\u754c\uff01"),
        ("\u13aa\u13a0\u13b7 \uab70\u13fb", "\\u{13aa}\\u{13a0}\\u{13b7} \\u{ab70}\\u{13fb}"),
        ("\u2c9f\u2ca3 \u146d\u1587/\u2d54 \U0001042c", "\\u{2c9f}\\u{2ca3} \\u{146d}\\u{1587}/\\u{2d54} \\u{1042c}"),
        ("\u1403\u14c4\u1483\u144e\u1450\u1466 \u13e3\u13b3\u13a9", "\u1403\u14c4\u1483\u144e\u1450\u1466 \u13e3\u13b3\u13a9"),
        ("a\uff0fb\uff1ac\uff3cd\uff0de\uff02", "a\\u{ff0f}b\\u{ff1a}c\\u{ff3c}d\\u{ff0d}e\\u{ff02}"),
        ("a\u00b7b\u02dcc\u02c6", "a\\u{b7}b\\u{2dc}c\\u{2c6}"),
        ("cut\u2026 \u2014 d\u00e9j\u00e0 \u00d7 \u00b0", "cut\u2026 \u2014 d\u00e9j\u00e0 \u00d7 \u00b0"),
    ],
)
def test_what_passes_for_ascii_or_lies_over_it_is_shown_by_number(text, shown):
    assert visible(text) == shown
    assert plain(shown) == shown
