"""Members of a JSON object: each is of its form, is taken once, and none is left."""

from __future__ import annotations

import re

import pytest

from trio_gate.errors import Malformed
from trio_gate.exchange.own_requests.members import Members

WORD = re.compile(r"[a-z]+")


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b'{"a": 1, "a": 2}', b"\xff"])
def test_a_body_that_is_no_json_object(data):
    with pytest.raises(Malformed):
        Members(data)


def test_a_member_that_was_taken_is_missing_after_that():
    members = Members(b'{"a": "b", "n": 3}')
    assert (members.text("a", WORD), members.number("n", 3)) == ("b", 3)
    members.close()
    assert members.text("a", WORD, "c") == "c"
    with pytest.raises(Malformed, match="`n` is not a whole number from 1 to 3"):
        members.number("n", 3)


def test_a_member_that_nobody_took_is_refused():
    with pytest.raises(Malformed, match="not known here"):
        Members(b'{"a": "b"}').close()
