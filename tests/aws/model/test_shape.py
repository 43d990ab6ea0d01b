"""Shapes: which one is inside which."""

from __future__ import annotations

import pytest

from trio_gate.aws.model.shape import compile_shapes

SHAPES = compile_shapes(
    {
        "Basket": {"type": "structure", "members": {name: {"shape": name} for name in ("Fruits", "Prices", "Note", "member")}},
        "Fruits": {"type": "list", "member": {"shape": "Basket"}},
        "Prices": {"type": "map", "key": {"shape": "Note"}, "value": {"shape": "Cents"}},
        "Note": {"type": "string"},
        "member": {"type": "blob"},
        "Cents": {"type": "integer"},
        "Anything": {"type": "structure", "members": {}, "document": True},
    },
    ["Basket", "Anything"],
    ec2=False,
    query_names={},
)


@pytest.mark.parametrize(
    ("outer", "name", "inner"),
    [
        ("Basket", "Fruits", "Fruits"),
        ("Basket", "Note", "Note"),
        ("Basket", "member", "member"),
        ("Basket", "fruits", None),
        ("Basket", "value", None),
        ("Basket", "", None),
        ("Fruits", "", "Basket"),
        ("Fruits", "member", "Basket"),
        ("Fruits", "Note", "Basket"),
        ("Prices", "apple", "Cents"),
        ("Prices", "key", "Cents"),
        ("Prices", "value", "Cents"),
        ("Prices", "member", "Cents"),
        ("Note", "member", None),
        ("Note", "", None),
        ("Anything", "member", None),
        ("Anything", "x", None),
    ],
)
def test_the_shape_inside_a_shape(outer, name, inner):
    found = SHAPES[outer].inner(name)
    assert (found.name if found else None) == inner
