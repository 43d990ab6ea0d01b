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
from trio_gate.text.keyed_patterns import any_found, keyed, to_try, within
from trio_gate.text.secret_commands import _BLANK, CASED, COMMANDS, PROGRAMS
from trio_gate.text.secret_detection import (
    _ALONE,
    _KEPT_SECRET,
    _MAY_HIDE,
    _MORE,
    _OWN_KEY,
    _OWN_SECRET,
    _QUOTED_AFTER,
    _SAID,
    _SECRET,
    _SHAPES,
    _SHORT,
    hides,
    looks_secret,
)
from trio_gate.text.secret_phrases import PHRASES

LETTERS = string.ascii_letters + string.digits + "_.#/,@+*()-"
"""What a word is made of."""


def matching(tables, letters):
    """The literals of the patterns that match something made of these letters."""
    return {word for table in tables for word, one in table.items() if not needs_more(one, letters)}


def test_a_pattern_is_tried_where_its_literal_is():
    patterns = keyed({"ab": re.compile("ab+c"), "z": re.compile("z")})
    assert any_found(patterns, "xabbc")
    assert any_found(patterns, "abz")
    assert not any_found(patterns, "abd")
    assert not any_found(keyed({"b": re.compile("a")}), "a")


TABLES = (_SHAPES, _SAID, _QUOTED_AFTER, _MORE, PHRASES, COMMANDS, PROGRAMS, CASED, _BLANK)


def test_all_patterns_are_in_groups_and_each_literal_has_what_its_group_is_found_by():
    groups = keyed(*TABLES)
    assert sorted(word for _, pairs in groups for word, _ in pairs) == sorted(word for table in TABLES for word in table)
    assert all(shared in word for shared, pairs in groups for word, _ in pairs)
    assert len(groups) < sum(map(len, TABLES)) / 3


@pytest.mark.parametrize("pattern", [*PROGRAMS.values(), *CASED.values()])
def test_an_option_needs_its_hyphen(pattern):
    assert needs_more(pattern, "".join(map(chr, range(128))).replace("-", ""))


def test_patterns_in_a_group_are_tried_where_both_are():
    patterns = within("-", keyed({"ab": re.compile("ab.*-p"), "z": re.compile("z-")}))
    assert [any_found(patterns, text) for text in ("ab -p", "z-", "ab", "-p", "zab-")] == [True, True, False, False, False]


@examples(4)
@given(st.lists(st.sampled_from([word for table in TABLES for word in table]) | st.text(max_size=3), max_size=8).map("".join))
def test_those_are_tried_whose_literal_occurs(text):
    tried = sorted(word for word, _ in to_try(keyed(*TABLES), text))
    assert tried == sorted(word for table in TABLES for word in table if word in text)


def test_no_pattern_matches_a_word_but_those_that_are_tried():
    assert matching((_SAID, _QUOTED_AFTER, _MORE, PHRASES, COMMANDS, PROGRAMS, CASED), LETTERS) == _ALONE.keys()
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
        (r"[^\w.#/,@+*()-]", True),
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
    ",",
    "pin",
    "hunter2",
    "eyJhbGci.",
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


def test_the_shortest_token_is_one_though_it_is_a_short_word():
    assert looks_secret("eyJaaaaa.bbbbb.")


ROOTS = [
    *("password", "passwd", "passphrase", "privatekey", "token", "samlassertion", "ssecustomerkey", "plaintext", "keymaterial"),
    *("secret", "credentials", "authorization", "signature", "cookie", "userdata", "connectionstring", "keytab", "apikey", "otp"),
    *("deviceCode", "codeverifier", "bearer", "jwt", "pswd", "pwd", "kennwort", "pass", "pin", "pw", "pat", "salt", "cvv", "key"),
    *("nwkskey", "Id", "arn", "Enabled", "my", "MY_", "v2", "_", "-", ".", " ", "prod", "next"),
]


@examples(4)
@given(st.lists(st.sampled_from(ROOTS) | st.text(max_size=2), max_size=4).map("".join), st.booleans(), st.booleans())
def test_a_name_is_judged_the_same_if_nothing_is_looked_for_first(name, own, upper):
    name = name.upper() if upper else name
    found = hides(name, own=own)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secret_detection, "_MAY_HIDE", re.compile(""))
        assert hides(name, own=own) is found


@pytest.mark.parametrize("pattern", [_SECRET, _KEPT_SECRET, _OWN_SECRET, _OWN_KEY, _SHORT])
@examples(4)
@given(data=st.data())
def test_a_name_that_hides_its_value_has_what_is_looked_for_first(pattern, data):
    name = data.draw(st.from_regex(pattern.compiled))
    assert _MAY_HIDE.search(name.lower())
