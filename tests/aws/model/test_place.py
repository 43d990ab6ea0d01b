"""A place is one thing, whatever it is called: what is kept of it is kept of it alone."""

from __future__ import annotations

from trio_gate.aws.model.place import Place


def test_a_place_is_equal_to_itself_alone():
    one, other = (Place(service="s3", operation="GetObject", names=("Key",), shape=None) for _ in range(2))
    assert one != other
    assert {one: 1, other: 2}[one] == 1
