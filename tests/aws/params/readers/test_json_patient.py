"""The reader of JSON that lets others have their turns reads what the other reads."""

from __future__ import annotations

import json
from contextlib import contextmanager
from json.decoder import scanstring
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.aws.params.readers import json_body, json_patient
from trio_gate.aws.params.readers.json_body import DENSE, LONG, read_json
from trio_gate.aws.params.readers.json_patient import MAX_NUMBER, Patient, once, string_at
from trio_gate.aws.params.readers.pieces import (
    PIECE,
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
