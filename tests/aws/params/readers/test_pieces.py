"""What is read in pieces is what is read at once."""

from __future__ import annotations

import base64
import binascii
import json
from contextlib import contextmanager, nullcontext
from json.decoder import scanstring
from traceback import walk_tb
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.naming import FORM, REST_JSON, named, place, target
from trio_gate.aws import naming
from trio_gate.aws.params import rest
from trio_gate.aws.params.readers import json_body, json_patient, pieces
from trio_gate.aws.params.readers.form_body import read_form
from trio_gate.aws.params.readers.json_body import DENSE, LONG, read_json
from trio_gate.aws.params.readers.json_patient import MAX_NUMBER, Patient, by_parts, once, string_at
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

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
HABITS = st.text(alphabet='{}[],:"\\ \t\nu0123456789eE+-.truefalsnIiy\u0661\u00a0\u2028\x00\x1fdD8')


def _read(decoder: json.JSONDecoder, text: str) -> object:
    try:
        return repr(decoder.decode(text))
    except (ValueError, RecursionError, Malformed):
        return "refused"


@contextmanager
def _in_parts(small: int) -> Iterator[None]:
    """What is read by the library's reader is no larger, and strings are read a few characters at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_patient, "SMALL", small)
        patch.setattr(json_patient, "SHORT", 1)
        patch.setattr(json_patient, "PIECE", 7)
        yield


SIZES = pytest.mark.parametrize("small", [0, 3, 12, json_patient.SMALL])


@SIZES
@given(HABITS | TREES.map(json.dumps) | TREES.map(lambda tree: json.dumps(tree, ensure_ascii=False, indent=1)))
def test_the_patient_reader_reads_what_the_other_reads(small, text):
    plain = json.JSONDecoder(object_pairs_hook=once)
    with _in_parts(small):
        assert _read(json_body._PATIENT, text) == _read(json_body._DECODER, text)
        assert _read(Patient(), text) == _read(plain, text)


@SIZES
@given(TREES.map(json.dumps), st.data())
def test_it_does_so_for_texts_that_are_nearly_json(small, text, data):
    at = data.draw(st.integers(0, len(text)))
    broken = text[:at] + data.draw(HABITS.filter(bool)) + text[at + data.draw(st.integers(0, 2)) :]
    with _in_parts(small):
        assert _read(json_body._PATIENT, broken) == _read(json_body._DECODER, broken)


PARTS = st.sampled_from(
    ["a", "\u00e9", "\\\\", '\\"', "\\n", "\\u00e9", "\\ud83d", "\\ude00", "\\u005c", "\\", "\\u1", '"', "\n"]
)


@given(st.lists(PARTS, max_size=60).map("".join))
def test_a_string_in_pieces_is_the_string(text):
    def read(reader):
        try:
            return reader(text, 0)
        except ValueError:
            return "refused"

    with _in_parts(0):
        assert read(string_at) == read(scanstring)


@pytest.mark.parametrize("part", ["\\n", "\\u00e9", "\\ud83d\\ude00", "\\\\", "x"])
@pytest.mark.parametrize("shift", range(12))
def test_a_long_string_of_escapes_is_read_as_any_other(part, shift):
    text = "a" * shift + part * (3 * PIECE // len(part))
    assert string_at(f'{text}"', 0) == scanstring(f'{text}"', 0)
    assert read_json(f'{{"{part}": "{text}"}}'.encode()) == json.loads(f'{{"{part}": "{text}"}}')


def test_a_long_body_is_read_as_any_other():
    assert read_json(b'"' + b"x" * LONG + b'"') == "x" * LONG
    with pytest.raises(Malformed, match="surrogate"):
        read_json(b'"' + b"\\ud800" * LONG + b'"')
    with pytest.raises(Malformed, match="not JSON"):
        read_json(b'"' + b"x" * LONG)


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
        named(line, fields, body % (wrong if more else b""), at=place(service))
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


@pytest.mark.parametrize("text", ["1\u0661", "[1.\u0661]", '{"a":1e\u0661}', "-1\u0661"])
def test_digits_of_other_scripts_are_no_numbers(text):
    assert _read(json_body._PATIENT, text) == "refused"


@pytest.mark.parametrize("text", ['{"a":%s}', "[%s]", "[1,%s]", "%s", " %s "])
def test_a_number_is_as_long_as_numbers_are(text):
    assert (
        _read(json_body._PATIENT, text % ("1" * MAX_NUMBER)) == _read(json_body._DECODER, text % ("1" * MAX_NUMBER)) != "refused"
    )
    for long in ("1" * (MAX_NUMBER + 1), "-1" + "0" * MAX_NUMBER, "1." + "0" * MAX_NUMBER, "1" + "\u0661" * MAX_NUMBER):
        assert _read(json_body._PATIENT, text % long) == "refused"


def test_a_dense_body_is_read_as_any_other():
    many = {str(number): [number, {"a": "\u00e9"}] for number in range(DENSE)}
    assert read_json(json.dumps(many).encode()) == many
    flat = json.dumps(dict.fromkeys(map(str, range(2 * DENSE)), "v"))
    assert list(read_json(flat.encode())) == list(map(str, range(2 * DENSE)))
    with pytest.raises(Malformed, match="twice"):
        read_json(f'{flat[:-1]}, "0": 1}}'.encode())
    with pytest.raises(Malformed, match="surrogate"):
        read_json(f'{flat[:-1]}, "x": "\\ud800"}}'.encode())


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
