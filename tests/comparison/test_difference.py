"""Two states as one text: what goes, what comes, masked, bounded."""

import json
from dataclasses import replace

import pytest

from trio_gate.comparison.difference import MAX_LINES, MAX_TEXT, SAME, difference
from trio_gate.comparison.reads import Sides

KEY = "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n"


def lines(before, after):
    return difference(Sides(before=before, after=after), None).split("\n")


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ({}, {}, [SAME]),
        ({"A": 1}, {"A": 1}, [SAME]),
        ({"A": 1}, {"A": 2}, ["A:", "- 1", "+ 2"]),
        ({"A": False}, {"A": True}, ["A:", "- false", "+ true"]),
        ({}, {"A": "x"}, ["A:", "+ x"]),
        ({"A": "x"}, {}, ["A:", "- x"]),
        ({"A": "one\ntwo"}, {"A": "one\n2"}, ["A:", "  one", "- two", "+ 2"]),
        ({"A": ["a", "b"]}, {"A": ["b", "c"]}, ["A:", "- a", "  b", "+ c"]),
        ({"B": 1, "A": 1}, {"B": 2, "A": 2}, ["A:", "- 1", "+ 2", "B:", "- 1", "+ 2"]),
        ({"A": {"x": 1, "y": 2}}, {"A": {"y": 2, "x": 1}}, [SAME]),
        ({"A": '{"x": 1, "y": 2}'}, {"A": '{"y":2,"x":1}'}, [SAME]),
        ({"A": '{"x": 1}'}, {"A": '{"x": 2}'}, ["A:", "  {", '-   "x": 1', '+   "x": 2', "  }"]),
        ({"A": '{"x": 1, "x": 2}'}, {"A": '{"x": 2}'}, ["A:", '- {"x": 1, "x": 2}', "+ {", '+   "x": 2', "+ }"]),
        ({"A": b"text"}, {"A": b"texts"}, ["A:", "- text", "+ texts"]),
        ({"A": "a\u202eb"}, {}, ["A:", "- a\\u{202e}b"]),
    ],
)
def test_what_goes_and_what_comes(before, after, shown):
    assert lines(before, after) == shown


def test_bytes_that_are_no_text_are_told_by_size_and_hash():
    [_, gone, come] = lines({"A": b"\x00\x01"}, {"A": b"\x00\x02"})
    assert gone.startswith("- 2 bytes that are no text, SHA-256 ")
    assert gone[2:] != come[2:]


def test_what_is_far_from_a_difference_is_counted():
    text = "\n".join(map(str, range(20)))
    found = lines({"A": text}, {"A": text.replace("10", "ten")})
    assert found == [
        *("A:", "  … 7 lines as before", "  7", "  8", "  9", "- 10", "+ ten", "  11", "  12", "  13", "  … 6 lines as before"),
    ]


def test_two_sides_that_differ_all_over_stand_whole():
    old, new = [f"a{n}" for n in range(MAX_LINES + 1)], [f"b{n}" for n in range(3)]
    assert lines({"A": "\n".join(old)}, {"A": "\n".join(new)}) == [
        *("A:", *(f"- {line}" for line in old), *(f"+ {line}" for line in new)),
    ]


@pytest.mark.parametrize("at", [0, 16 * 1024 - 200, 40_000])
def test_no_secret_is_shown_wherever_it_stands(at):
    text = ("word " * 20 + "\n") * 1000
    key = KEY.format("MIIEow" + "Ab1+" * 400)
    shown = difference(Sides(before={}, after={"Body": text[:at] + key + text[at:]}), None)
    assert "Ab1+Ab1+" not in shown
    assert "(masked: 16384 characters)" in shown or "(masked" in shown


def test_what_is_masked_says_whether_it_differs():
    gone = ["A:", "- (masked, before)", "+ (masked, after)"]
    assert lines({"A": KEY.format("A" * 64)}, {"A": KEY.format("B" * 64)}) == gone
    assert lines({"A": {"password": "one-1"}}, {"A": {"password": "two-2"}})[2:4] == [
        '-   "password": "(masked, before)"',
        '+   "password": "(masked, after)"',
    ]
    before, after = ({"Environment": {"Variables": {"DB_PASSWORD": word, "A": word}}} for word in ("hunter2", "hacked!"))
    assert [line.split(": ")[1] for line in lines(before, after) if line[0] in "+-"] == [
        *('"hunter2",', '"(masked, before)"', '"hacked!",', '"(masked, after)"'),
    ]
    same = {"Variables": {"DB_PASSWORD": "hunter2", "A": "1"}}
    assert '      "DB_PASSWORD": "(masked, the same)"' in lines(
        {"E": same}, {"E": {"Variables": {**same["Variables"], "A": "2"}}}
    )


def test_a_long_text_says_which_of_its_masked_pieces_differ():
    text = ("word " * 20 + "\n") * 2000
    old, new = (text[:100_000] + KEY.format(letter * 64) + text[100_000:] for letter in "AB")
    changed = [line for line in lines({"Body": old}, {"Body": new}) if line[0] in "+-"]
    assert changed
    assert not any("AAAA" in line or "BBBB" in line for line in changed)


def test_a_long_difference_is_cut():
    found = difference(Sides(before={}, after={"A": "x" * (MAX_TEXT + 100)}), None)
    assert found.endswith(" characters more")
    assert len(found) < MAX_TEXT + 100


def test_nested_values_are_in_order():
    item = {"id": {"S": "1"}, "a": {"L": [{"N": "1"}, {"B": b"\x00"}]}}
    found = lines({"Item": item}, {"Item": {**item, "id": {"S": "2"}}})
    assert [line for line in found if line[0] in "+-"] == ['-     "S": "1"', '+     "S": "2"']
    assert json.dumps("1") in '-     "S": "1"'


def test_what_was_not_read_is_said_first():
    sides = Sides(before={"A": "x"}, after={"A": "x"}, unread="the code was not read")
    assert difference(sides, None) == "the code was not read"
    assert difference(replace(sides, after={"A": "y"}), None).split("\n") == ["the code was not read", "A:", "- x", "+ y"]
