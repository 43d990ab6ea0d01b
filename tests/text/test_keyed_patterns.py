"""A pattern is tried where its literal is; and of a text that is a single word, few patterns have to be tried at all."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.long import examples
from tests.kit.patterns import needs_more
from trio_gate.text import secret_detection
from trio_gate.text.keyed_patterns import any_found
from trio_gate.text.secret_commands import _BLANK, CASED, COMMANDS
from trio_gate.text.secret_detection import _ALONE, _MORE, _QUOTED_AFTER, _SAID, _SHAPES, looks_secret
from trio_gate.text.secret_phrases import PHRASES

LETTERS = string.ascii_letters + string.digits + "_.#/-"
"""What a word is made of."""


def matching(tables, letters):
    """The literals of the patterns that match something made of these letters."""
    return {word for table in tables for word, one in table.items() if not needs_more(one, letters)}


def test_a_pattern_is_tried_where_its_literal_is():
    patterns = {"ab": re.compile("ab+c"), "z": re.compile("z")}
    assert any_found(patterns, "xabbc")
    assert any_found(patterns, "abz")
    assert not any_found(patterns, "abd")
    assert not any_found({"b": re.compile("a")}, "a")


def test_no_pattern_matches_a_word_but_those_that_are_tried():
    assert matching((_SAID, _QUOTED_AFTER, _MORE, PHRASES, COMMANDS, CASED), LETTERS) == _ALONE.keys()
    assert matching([_BLANK], LETTERS.replace("/", "")) == set()


@pytest.mark.parametrize(
    ("pattern", "more"),
    [
        ("a:b", True),
        ("a:?b", False),
        ("a|:", False),
        (r"a\s|b=", True),
        ("(?=[^a]*:)a", True),
        ("(?!:)a", False),
        ("[^a]", False),
        (r"[^\w.#/-]", True),
        ("(?:a:){0,2}", False),
    ],
)
def test_what_a_pattern_needs(pattern, more):
    assert needs_more(re.compile(pattern), LETTERS) is more


PIECES = [
    "password",
    "secret",
    "api_key",
    "chpasswd",
    "ConvertTo-SecureString",
    "BZh9",
    "AKIA",
    "2" * 16,
    "ghp_",
    "/",
    "-p",
    "--",
    "#",
]
WORDS = st.lists(st.sampled_from(PIECES) | st.text(LETTERS, max_size=6), max_size=6).map("".join)


@examples(4)
@given(WORDS | st.text(LETTERS, max_size=80) | st.text("/+" + LETTERS, min_size=38, max_size=42))
def test_a_word_is_judged_as_any_other_text_is(text):
    found = looks_secret(text)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_WORD", "_SHORT_WORD"):
            patch.setattr(secret_detection, name, re.compile(r"(?!)"))
        assert looks_secret(text) is found


BEGINNINGS = {
    "/api/webhooks/": "/api/webhooks/1/",
    "hooks.slack.com/": "hooks.slack.com/services/",
    "eyJ": "eyJhbGciOi.eyJzdWIiOi.",
}


@pytest.mark.parametrize("shape", sorted(_SHAPES.keys() - {"://", "-----BEGIN "}))
def test_a_key_is_one_though_it_is_a_word(shape):
    assert looks_secret(BEGINNINGS.get(shape, shape) + "A2B3C4D5E6F7G2H3")
