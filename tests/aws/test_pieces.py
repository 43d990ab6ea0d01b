"""What is read in pieces is what is read at once."""

from __future__ import annotations

import base64
import binascii
import json
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.aws.readers import json_body, pieces
from trio_gate.aws.readers.form_body import read_form
from trio_gate.aws.readers.json_body import DENSE, Patient, read_json
from trio_gate.aws.readers.pieces import PIECE, RUN, escaped_pieces, from_base64, in_order, unescaped, without_blanks
from trio_gate.errors import Malformed

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
HABITS = st.text(alphabet='{}[],:"\\ \t\nu0123456789eE+-.truefalsnIiy\u0661\u00a0\u2028\x00\x1fdD8')


def _read(decoder: json.JSONDecoder, text: str) -> object:
    try:
        return repr(decoder.decode(text))
    except (ValueError, RecursionError, Malformed):
        return "refused"


@given(HABITS | TREES.map(json.dumps) | TREES.map(lambda tree: json.dumps(tree, ensure_ascii=False, indent=1)))
def test_the_patient_reader_reads_what_the_other_reads(text):
    assert _read(json_body._PATIENT, text) == _read(json_body._DECODER, text)
    hooks = {"object_pairs_hook": list}
    assert _read(Patient(**hooks), text) == _read(json.JSONDecoder(**hooks), text)


@given(TREES.map(json.dumps), st.data())
def test_it_does_so_for_texts_that_are_nearly_json(text, data):
    at = data.draw(st.integers(0, len(text)))
    broken = text[:at] + data.draw(HABITS.filter(bool)) + text[at + data.draw(st.integers(0, 2)) :]
    assert _read(json_body._PATIENT, broken) == _read(json_body._DECODER, broken)


@pytest.mark.parametrize("text", ["1\u0661", "[1.\u0661]", '{"a":1e\u0661}', "-1\u0661"])
def test_digits_of_other_scripts_are_no_numbers(text):
    assert _read(json_body._PATIENT, text) == "refused"


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
