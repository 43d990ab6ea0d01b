"""The constant texts that a condition compares facets with, so that those can be named that no call has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.policy.references import read_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.policy.checked_ast import Node

_COMPARES = frozenset(("_==_", "_!=_", "@in"))


def literals(node: Node) -> Iterator[tuple[str, str]]:
    """Yield facets and the texts that they, or an item of them, are compared with as a whole, in the order of the text."""
    if node.kind == "call" and node.name in _COMPARES:
        one, other = node.parts
        yield from (*_pairs(one, other), *_pairs(other, one))
    for part in node.parts:
        yield from literals(part)


def _pairs(facet: Node, texts: Node) -> Iterator[tuple[str, str]]:
    found = read_of(facet)
    if found is None or found.tested or len(found.path) != 2:
        return
    for one in texts.parts if texts.kind == "list" else (texts,):
        if one.kind == "text":
            yield ".".join(found.path), one.name
