"""A frame's members are read strictly: what is missing, unknown, of another type or over its limit is refused by its name."""

import re

import pytest

from trio_gate.approval.json_reader import json_object, matching, members, nullable, one_of, text, texts, typed, whole
from trio_gate.errors import Malformed


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 1}', "[]", "1", "{", '{"a": NaN}', '{"a": Infinity}', "[" * 100_000, '{"a": "' + "x" * 90 + '"}']
)
def test_what_is_no_object_is_refused(text):
    with pytest.raises(Malformed, match="the frame"):
        json_object(text, 80)


def test_the_limit_counts_bytes():
    assert json_object('{"a":"é"}', 10) == {"a": "é"}
    with pytest.raises(Malformed, match="larger than 9 bytes"):
        json_object('{"a":"é"}', 9)


READERS = {"id": typed(str), "offset": whole(0, 9)}


def test_members_are_all_known_and_there():
    assert members({"id": "q"}, READERS, frozenset(("offset",))) == {"id": "q"}
    for wrong in ({"id": "q"}, {"id": "q", "offset": 1, "more": 1}, {}):
        with pytest.raises(Malformed, match="id, offset"):
            members(wrong, READERS)


@pytest.mark.parametrize(
    ("reader", "good", "bad"),
    [
        (typed(int), [0, -1], [True, 1.0, "1", None]),
        (typed(bool), [True], [1, None]),
        (text(2), ["", "ab"], ["abc", 1]),
        (matching(re.compile("[a-z]+")), ["a"], ["", "a1", "a\n", 1]),
        (one_of("approve", "deny"), ["deny"], ["Deny", "", 1]),
        (whole(1, 3), [1, 3], [0, 4, True, 2.0]),
        (nullable(typed(str)), [None, ""], [1]),
    ],
)
def test_a_reader_takes_what_it_says(reader, good, bad):
    assert [reader(value, "name") for value in good] == good
    for value in bad:
        with pytest.raises(Malformed, match="`name`"):
            reader(value, "name")


def test_a_list_is_read_item_by_item():
    assert texts(typed(str))(["a", "b"], "names") == ("a", "b")
    for wrong in ("ab", ["a", 1], None):
        with pytest.raises(Malformed, match="`names`"):
            texts(typed(str))(wrong, "names")
