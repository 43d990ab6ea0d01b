"""Parameters as CEL can hold them: what is converted, what is unknown, and the caps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.facets import deep
from trio_gate.aws.call import UNKNOWN
from trio_gate.facet.values import MAX_SIZE, MAX_VALUES, plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        ("", ""),
        ("é😀", "é😀"),
        (True, True),
        (0, 0),
        (1.5, 1.5),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (b"", ""),
        (b"\0\xff", "AP8="),
        ([], []),
        ({}, {}),
        ([None, 1], [None, 1]),
        ({"a": None, "b": [{"c": None}]}, {"b": [{}]}),
        ({"a": [b"x", {"b": "c"}]}, {"a": ["eA==", {"b": "c"}]}),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
    ],
)
def test_what_cel_gets(value, expected):
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


UNFIT = [
    pytest.param(UNKNOWN, id="unknown"),
    *("a\0", "\0", "prod\0evil", "\ud800", "a\udc00b"),
    *(2**63, -(2**63) - 1, 2**64),
    *(float("nan"), float("inf"), float("-inf")),
    pytest.param((1,), id="tuple"),
    pytest.param({1}, id="set"),
    pytest.param(datetime(2026, 1, 1, tzinfo=UTC), id="datetime"),
    pytest.param(bytearray(b"x"), id="bytearray"),
    pytest.param({"a\0": 1}, id="NUL in a key"),
    pytest.param({"\ud800": 1}, id="surrogate in a key"),
    pytest.param({5: 1}, id="number as a key"),
]


@pytest.mark.parametrize("value", UNFIT)
def test_what_cel_cannot_hold_is_unknown_wherever_it_stands(value):
    assert plain(value) is UNKNOWN
    assert plain([1, value]) is UNKNOWN
    assert plain({"a": value}) is UNKNOWN
    assert plain({"a": [{"b": {"c": [value]}}]}) is UNKNOWN


@pytest.mark.parametrize(
    ("fits", "too_much"),
    [
        ("x" * MAX_SIZE, "x" * (MAX_SIZE + 1)),
        ("é" * (MAX_SIZE // 2), "é" * (MAX_SIZE // 2) + "x"),
        (["x" * (MAX_SIZE // 2)] * 2, ["x" * (MAX_SIZE // 2)] * 2 + ["y"]),
        ({"k" * (MAX_SIZE - 1): "v"}, {"k" * MAX_SIZE: "v"}),
        (b"x" * (MAX_SIZE // 4 * 3), b"x" * (MAX_SIZE // 4 * 3 + 1)),
        ([b"x" * 3, "y" * (MAX_SIZE - 4)], [b"x" * 3, "y" * (MAX_SIZE - 3)]),
        ([1] * MAX_VALUES, [1] * (MAX_VALUES + 1)),
        ({f"{n}": n for n in range(MAX_VALUES)}, {f"{n}": n for n in range(MAX_VALUES + 1)}),
        ([[1] * (MAX_VALUES - 1)], [[1] * MAX_VALUES]),
        ([[1] * 999, [1] * 999], [[1] * 999, [1] * 1000]),
        (deep(100), deep(101)),
        (deep(100, lambda value: {"a": value}), deep(101, lambda value: {"a": value})),
    ],
    ids=["text", "bytes", "sum", "key", "blob", "blob and text", "items", "members", "below", "both", "lists", "maps"],
)
def test_the_caps(fits, too_much):
    assert plain(fits) is not UNKNOWN
    assert plain(too_much) is UNKNOWN


def test_a_blob_over_the_cap_is_not_encoded_first():
    assert plain(b"\0" * (16 * 1024 * 1024)) is UNKNOWN


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just(UNKNOWN)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def _sound(value) -> bool:
    if isinstance(value, dict):
        return all(_sound(key) and _sound(item) and item is not None for key, item in value.items())
    if isinstance(value, list):
        return all(map(_sound, value))
    if isinstance(value, str):
        return "\0" not in value and value.encode().decode() == value
    return value is None or isinstance(value, bool | float) or -(2**63) <= value < 2**63


@given(values)
def test_what_is_converted_is_sound(value):
    found = plain(value)
    assert found is UNKNOWN or _sound(found)
