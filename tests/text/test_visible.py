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
