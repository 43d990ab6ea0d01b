"""Shapes: which one is inside which, and that each is made once, when it is first read."""

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


def test_a_shape_is_the_same_wherever_it_is_read():
    basket = SHAPES["Basket"]
    assert basket.members["Fruits"].shape is SHAPES["Fruits"]
    assert basket.members["Fruits"].shape.element.shape is basket
    assert basket.by_wire["Note"] is basket.by_query["Note"] is basket.members["Note"]
    with pytest.raises(AttributeError):
        _ = basket.no_such


def test_what_no_call_reaches_is_not_read():
    class Raw(dict):
        def __getitem__(self, name):
            asked.append(name)
            return super().__getitem__(name)

    asked = []
    raw = Raw(
        {
            "In": {"type": "structure", "members": {"A": {"shape": "Deep"}}},
            "Deep": {"type": "structure", "members": {"B": {"shape": "Deeper"}}},
            "Deeper": {"type": "string"},
        }
    )
    shapes = compile_shapes(raw, ec2=False, query_names={})
    assert asked == []
    deep = shapes["In"].members["A"].shape
    assert set(asked) == {"In", "Deep"}
    assert deep.members["B"].shape.type == "string"
    assert set(asked) == {"In", "Deep", "Deeper"}
