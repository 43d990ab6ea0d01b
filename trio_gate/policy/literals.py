"""The texts that a condition compares facets with, and the operations and parameters that it names: some are those of no call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trio_gate.facet.schema import FACETS
from trio_gate.policy.checked_ast import operands
from trio_gate.policy.references import read_of, reads
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.policy.checked_ast import Node

    How = Literal["==", "startsWith", "endsWith", "contains", "matches"]
    Items = Mapping[str, str | None]
    """Variables, with the facet of whose items each is one; None for other things."""

_COMPARES: Mapping[str, How] = {
    "_==_": "==",
    "_!=_": "==",
    "@in": "==",
    "startsWith": "startsWith",
    "endsWith": "endsWith",
    "contains": "contains",
    "matches": "matches",
}


_POLICIES = "aws.policies"


@value_class
class Compared:
    """A text with which a condition compares a facet, or each item of it. `how` is "==" for `!=` and `in`, too.

    A part of a policy has the name of its facet before its own: `aws.policies.statements.effect`.
    """

    facet: str
    how: How
    text: str


@value_class
class Named:
    """What a condition names.

    Attributes:
        services, actions: of which a call must have one to match; None if it may have any.
        never: a facet that would need two values for a call to match; None without one.
        params: the parameters that it reads.
        below: the paths of parameters that it reads inside others, such as ("Placement", "Tenancy").
    """

    services: frozenset[str] | None
    actions: frozenset[str] | None
    params: tuple[str, ...]
    never: str | None = None
    below: tuple[tuple[str, ...], ...] = ()


def literals(node: Node, items: Items | None = None) -> Iterator[Compared]:
    """Yield the texts with which facets are compared as a whole, in their order."""
    items = items or {}
    if node.kind == "call" and (how := _COMPARES.get(node.name)) is not None:
        yield from _of_call(node, how, items)
    if node.kind == "loop":
        items = {**items, node.binds[0]: _facet(node.parts[0], items)}
    for part in node.parts:
        yield from literals(part, items)


def named(node: Node) -> Named:
    """The operations and parameters that a condition names."""
    required = [_texts(part) for part in operands(node, "_&&_")]
    paths = dict.fromkeys(read.path[2:] for read in reads(node) if read.path[:2] == ("aws", "params") and len(read.path) > 2)
    facets = dict.fromkeys(one[0] for one in required if one is not None and FACETS[one[0]].kind == "string")
    return Named(
        services=_one_of("aws.service", required),
        actions=_one_of("aws.action", required),
        params=tuple(dict.fromkeys(path[0] for path in paths)),
        below=tuple(path for path in paths if len(path) > 1),
        never=next((facet for facet in facets if _one_of(facet, required) == frozenset()), None),
    )


def _one_of(facet: str, required: list[tuple[str, frozenset[str]] | None]) -> frozenset[str] | None:
    found = [one[1] for one in required if one is not None and one[0] == facet]
    return frozenset.intersection(*found) if found else None


def _texts(part: Node) -> tuple[str, frozenset[str]] | None:
    """A facet, and the texts of which it is one where this part of a condition is true; None for other parts."""
    if part.kind != "call" or part.name not in ("_==_", "@in"):
        return None
    found = [(one.facet, one.text) for one in _of_call(part, "==", {})]
    constant = all(one.kind == "text" for side in part.parts for one in (side.parts if side.kind == "list" else ()))
    return (found[0][0], frozenset(text for _, text in found)) if found and constant else None


def _of_call(node: Node, how: How, items: Items) -> Iterator[Compared]:
    one, other = node.parts
    yield from _pairs(one, how, other, items)
    if how == "==":
        yield from _pairs(other, how, one, items)


def _pairs(facet: Node, how: How, texts: Node, items: Items) -> Iterator[Compared]:
    name = _facet(facet, items)
    if name is None:
        return
    for one in texts.parts if texts.kind == "list" else (texts,):
        if one.kind == "text":
            yield Compared(facet=name, how=how, text=one.name)


def _facet(node: Node, items: Items) -> str | None:
    """The facet that a node is as a whole, or of which it is an item."""
    found = read_of(node)
    if found is None:
        return None
    name, (first, *below) = ".".join(found.path), found.path
    if name in FACETS:
        return name
    above = items.get(first)
    return above if not below else f"{above}.{'.'.join(below)}" if above is not None and _in_policy(above) else None


def _in_policy(facet: str) -> bool:
    return facet == _POLICIES or facet.startswith(f"{_POLICIES}.")
