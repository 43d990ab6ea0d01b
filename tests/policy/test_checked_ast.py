"""The CEL library's serialized expressions, read strictly: nothing that a condition reads may be overlooked."""

from __future__ import annotations

import pytest

from trio_gate.policy.checked_ast import Node, tree


def field(number: int, body: bytes | int) -> bytes:
    if isinstance(body, int):
        return bytes([number << 3, body])
    return bytes([number << 3 | 2, len(body)]) + body


def serialized(expr: bytes) -> bytes:
    position = field(1, 7) + field(2, 3)
    return field(1, b"type") + field(2, field(4, expr) + field(5, field(4, position)))


def test_a_node_has_the_offset_of_its_id():
    ident = field(4, field(1, b"aws"))
    assert tree(serialized(field(2, 7) + ident)) == Node(kind="ident", at=3, name="aws")
    assert tree(serialized(field(2, 8) + ident)) == Node(kind="ident", at=0, name="aws")


@pytest.mark.parametrize("number", [1, 10, 15])
def test_a_kind_of_node_that_is_not_known_is_an_error(number: int):
    with pytest.raises(ValueError, match=f"an expression has no field {number}"):
        tree(serialized(field(2, 7) + field(number, b"")))


@pytest.mark.parametrize("kinds", [b"", field(4, field(1, b"x")) * 2, field(4, field(1, b"x")) + field(3, b"")])
def test_a_node_is_of_one_kind(kinds: bytes):
    with pytest.raises(ValueError, match="unpack"):
        tree(serialized(field(2, 7) + kinds))


def test_a_wire_type_that_is_not_known_is_an_error():
    with pytest.raises(ValueError, match="wire type 5 does not occur in an expression"):
        tree(bytes([2 << 3 | 5, 0, 0, 0, 0]))
