"""A value is made by keyword, compared by its fields, and frozen to the type checker."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.values import value_class


@value_class
class Pair:
    left: int
    right: str = "r"
    secret: str = field(default="", repr=False, compare=False)


def test_a_value_is_compared_and_hashed_by_its_fields():
    assert Pair(left=1) == Pair(left=1, secret="s") != Pair(left=2)
    assert len({Pair(left=1), Pair(left=1, secret="s"), Pair(left=2)}) == 2
    assert Pair(left=1) != (1, "r", "")
    assert repr(Pair(left=1, secret="s")) == "Pair(left=1, right='r')"


@value_class
class Triple(Pair):
    right: str
    last: float

    def __repr__(self):
        return "three"


@value_class
class Nothing:
    hidden: int = field(default=0, compare=False)


@dataclass(frozen=True, kw_only=True)
class Plain:
    left: int
    right: str = "r"
    secret: str = field(default="", repr=False, compare=False)


@given(*[st.integers(0, 1)] * 2, *[st.text(max_size=1)] * 4)
def test_a_value_is_compared_hashed_and_shown_as_a_frozen_dataclass(left, other, right, more, secret, hidden):
    values, plain = (
        [kind(left=left, right=right, secret=secret), kind(left=other, right=more, secret=hidden)] for kind in (Pair, Plain)
    )
    assert (values[0] == values[1]) == (plain[0] == plain[1])
    assert (hash(values[0]) == hash(values[1])) == (hash(plain[0]) == hash(plain[1]))
    assert repr(values[0]) == repr(plain[0]).replace("Plain", "Pair")


def test_a_field_may_be_compared_and_not_hashed():
    @value_class
    class Place:
        host: str
        many: tuple[int, ...] = field(hash=False)

    one, other = Place(host="h", many=(1,)), Place(host="h", many=(2,))
    assert one != other
    assert hash(one) == hash(other)


def test_a_class_keeps_its_own_methods_and_is_no_other_class():
    three = Triple(left=1, right="r", last=2.5)
    assert repr(three) == "three"
    assert three == Triple(left=1, right="r", last=2.5) != Triple(left=1, right="r", last=2)
    assert three != Pair(left=1) != three
    assert Nothing(hidden=1) == Nothing() != Pair(left=1)
    assert hash(Nothing(hidden=1)) == hash(Nothing())


def test_a_value_is_made_by_keyword_and_from_another():
    assert replace(Pair(left=1), right="x") == Pair(left=1, right="x")
    with pytest.raises(TypeError):
        Pair(1)
    with pytest.raises(AttributeError):
        Pair(left=1).other = 2


def test_a_type_checker_is_told_that_a_value_is_frozen():
    said = value_class.__dataclass_transform__
    assert said["kw_only_default"]
    assert said["field_specifiers"] == (field,)
    assert said["kwargs"] == {"frozen_default": True}
