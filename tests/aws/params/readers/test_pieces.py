"""What is read in pieces is what is read at once."""

from __future__ import annotations

import base64
import binascii
import json
from contextlib import nullcontext
from traceback import walk_tb
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.naming import FORM, REST_JSON, named, place, target
from trio_gate.aws import naming
from trio_gate.aws.params import rest
from trio_gate.aws.params.readers import pieces
from trio_gate.aws.params.readers.form_body import read_form
from trio_gate.aws.params.readers.json_body import DENSE, read_json
from trio_gate.aws.params.readers.json_patient import by_parts
from trio_gate.aws.params.readers.pieces import (
    MADE,
    PIECE,
    RUN,
    escaped_pieces,
    from_base64,
    in_order,
    let_go,
    take_apart,
    unescaped,
    without_blanks,
)
from trio_gate.errors import Malformed

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(TREES, TREES)
def test_what_is_trusted_is_read_by_parts(one, other):
    tree = {"a": one, "b": {"c": other, "d": {}}}
    assert repr(by_parts(json.dumps(tree, indent=1))) == repr(json.loads(json.dumps(tree)))


def test_a_tree_is_taken_apart_to_its_leaves():
    many, deep = [[{"a": ["b"]}] for _ in range(3 * RUN)], {"x": [1, {"y": ["z"]}]}
    tree = {"many": many, "deep": deep, "text": "t"}
    take_apart(tree, lambda one: one is not deep)
    assert (tree, many) == ({}, [])
    assert deep == {"x": [1, {"y": ["z"]}]}
    take_apart(deep)
    assert deep == {}
    take_apart("no tree")


def test_what_a_reader_had_made_is_taken_apart_with_its_fault():
    made = {"a": [["b"]]}

    def reader():
        tree, values = made, [["c"]]
        raise Malformed(f"broken at {len(values)} of {len(tree)}")

    with pytest.raises(Malformed) as caught:
        reader()
    let_go(caught.value)
    assert made == {}


def left(fault):
    return [frame for frame, _ in walk_tb(fault.__traceback__) if any(frame.f_locals.get(name) for name in MADE)]


REST_XML = {"Content-Type": "application/xml"}
READ = {
    "read_json": ("dynamodb", "POST /", target("DynamoDB_20120810.BatchGetItem"), b'{"RequestItems": {"t": {}}%s}', b', "no": 1'),
    "read_json of rest": ("lambda", "POST /2015-03-31/functions", REST_JSON, b'{"Tags": {"a": "b"}%s}', b', "no": 1'),
    "read_xml": ("s3", "POST /bucket?delete", REST_XML, b"<Delete><Object><Key>k</Key></Object>%s</Delete>", b"<no/>"),
}


@pytest.mark.parametrize("more", ["", "no"])
@pytest.mark.parametrize("reader", READ)
def test_what_the_parameters_were_read_from_is_taken_apart(monkeypatch, reader, more):
    service, line, fields, body, wrong = READ[reader]
    read, made = reader.partition(" ")[0], []
    for module in (naming, rest):
        if reads := getattr(module, read, None):
            monkeypatch.setattr(module, read, lambda data, reads=reads: made.append(reads(data)) or made[-1])
    with pytest.raises(Malformed) if more else nullcontext():
        named(line, fields, body % (b" " * PIECE + (wrong if more else b"")), at=place(service))
    [tree] = made
    assert not getattr(tree, "children", tree)


def test_a_form_that_is_refused_leaves_nothing():
    fields = "&".join(f"Tags.member.{number}.Key=k" for number in range(1, 4))
    with pytest.raises(Malformed) as caught:
        named("POST /", FORM, f"Action=TagUser&Version=2010-05-08&{fields}&No=1".encode(), at=place("iam"))
    assert not left(caught.value)


@pytest.mark.parametrize(
    "end", ['"b" 1}', '"a": 1}', "nul", '"b": [1, 2', '"b": {"c": 1, "c": 2}}', '"b": "\\x"}', '"b": [[1], [2], x]}']
)
def test_a_large_body_that_is_broken_leaves_nothing_with_its_refusal(end):
    rest = ", ".join(f'"k{number}": [{{"v": [{number}]}}]' for number in range(2 * DENSE))
    with pytest.raises(Malformed) as caught:
        read_json(f'{{"a": 1, {rest}, {end}'.encode())
    assert caught.value.__context__ is None
    assert not left(caught.value)


def _strict(text: str) -> object:
    try:
        return binascii.a2b_base64(text, strict_mode=True) if text else b""
    except ValueError:
        return "refused"


def _in_pieces(text: str) -> object:
    try:
        return from_base64(text)
    except ValueError:
        return "refused"


@given(st.binary(max_size=40).map(lambda data: base64.b64encode(data).decode()) | st.text("QUJDRA=/+ \n\u00e9", max_size=24))
def test_base64_in_pieces(text):
    whole = _strict(text)
    pieces_before, pieces.PIECE = pieces.PIECE, 4
    try:
        assert _in_pieces(text) == whole
    finally:
        pieces.PIECE = pieces_before


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5])
def test_large_base64(size):
    data = bytes(range(256)) * (size // 256 + 1)
    text = base64.b64encode(data[:size]).decode()
    assert from_base64(text) == data[:size]
    assert _in_pieces(text + text) == _strict(text + text)


@pytest.mark.parametrize("shift", range(4))
def test_escapes_stay_whole(shift):
    data = b"a" * shift + b"%41%42" * PIECE
    assert b"".join(escaped_pieces(data)) == data
    assert unescaped(data) == b"a" * shift + b"AB" * PIECE
    assert read_form(b"n=" + data + b"+") == {"n": "a" * shift + "AB" * PIECE + " "}
    with pytest.raises(Malformed, match="hex"):
        read_form(b"n=" + data + b"%4")


@given(st.binary(max_size=30))
def test_any_bytes_come_back(data):
    assert unescaped(quote_from_bytes(data).encode()) == data


def test_blanks_go_from_large_texts():
    text = "a \t\u2003b\n" * PIECE
    assert without_blanks(text) == "ab" * PIECE


@given(st.dictionaries(st.text(max_size=4), st.integers()))
def test_members_by_name(members):
    assert list(in_order(members)) == sorted(members.items())


def test_many_members_by_name():
    members = {str(number * 7919 % (3 * RUN)): number for number in range(3 * RUN)}
    assert list(in_order(members)) == sorted(members.items())
