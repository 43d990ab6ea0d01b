"""A value is made by keyword, compared by its fields, and frozen to the type checker."""

from __future__ import annotations

from dataclasses import field, replace

import pytest

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
