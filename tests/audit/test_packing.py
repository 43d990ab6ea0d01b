from __future__ import annotations

import random
import string
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.records import intent, outcome
from trio_gate.audit.packing import DICTIONARY, Packing
from trio_gate.audit.rows import whole_row

PACKING = Packing(DICTIONARY)


@given(st.lists(st.binary() | st.sampled_from([DICTIONARY, DICTIONARY[-500:], b"x" * 9000])).map(b"".join))
def test_what_is_packed_is_unpacked_to_the_same_bytes(text):
    packed = PACKING.pack(text)
    assert PACKING.unpack(packed) == text
    assert zlib.decompressobj(zdict=DICTIONARY).decompress(packed) == text


def test_the_dictionary_is_ascii_and_fits_in_the_window():
    assert DICTIONARY.isascii()
    assert len(DICTIONARY) < 4096 - 262  # what zlib can refer to


def test_a_row_is_mostly_what_all_rows_have():
    digits = random.Random(1)
    key = "".join(digits.choices(string.ascii_letters, k=30))
    row = whole_row(intent(params=f'{{"Bucket":"{key}"}}'), outcome(nanoseconds={"aws": 1234000, "end": 21000})).text
    assert len(PACKING.pack(row)) < len(row) / 4


@pytest.mark.parametrize(
    "packed",
    [b"", b"x" * 40, Packing(b"another").pack(b"text"), PACKING.pack(b"text")[:-1], PACKING.pack(b"text")[:-7] + b"xxxxxxx"],
)
def test_what_was_packed_otherwise_is_no_row(packed):
    with pytest.raises(ValueError, match="cannot be unpacked"):
        PACKING.unpack(packed)
