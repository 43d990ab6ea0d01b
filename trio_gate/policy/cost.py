"""Bounds the cost of a condition: the library limits the number of steps, this file what one step can do.

Rule: work is linear in the values that a condition reads. No loop processes a whole text (a facet's, or one that an outer loop
goes over) in every turn, and no replacement makes a text longer. Either could make every agent wait for one rule.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from trio_gate.facet.schema import ROOTS
from trio_gate.facet.values import MAX_VALUES
from trio_gate.policy.diagnostics import Fault
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.policy.checked_ast import Node

BUDGET = 10_000
"""Iterations of all loops together at which the library gives up."""

_THROUGH_TEXT = frozenset(
    (
        "_+_",
        "charAt",
        "contains",
        "endsWith",
        "format",
        "indexOf",
        "join",
        "lastIndexOf",
        "lowerAscii",
        "matches",
        "quote",
        "replace",
        "reverse",
        "size",
        "split",
        "startsWith",
        "strings.quote",
        "substring",
        "trim",
        "upperAscii",
    )
)
"""Functions whose work or result grows with the length of a text."""


def work_faults(node: Node, *, looping: bool = False, loops: _Loops | None = None) -> Iterator[Fault]:
    """Yield the places where a condition's work could grow faster than its values. The keyword arguments are for recursion."""
    loops = loops or _Loops()
    if node.kind == "call" and node.name == "replace" and not _shortens(node):
        hint = "give two constant texts, the second no longer than the first"
        yield Fault(offset=node.at, message="`replace` could make a text grow without limit", hint=hint)
    if node.kind == "call" and node.name == "join" and any(part.kind != "text" for part in node.parts[1:]):
        yield Fault(
            offset=node.at, message="`join` could make a text grow without limit", hint="give a constant text to join with"
        )
    if node.kind == "call" and node.name in _THROUGH_TEXT and _names(node) & ((ROOTS if looping else frozenset()) | loops.again):
        yield Fault(
            offset=node.at,
            message=f"`{_shown(node.name)}` scans a facet in every iteration of a loop",
            hint="do it once, outside the loop",
        )
        return
    for number, part in enumerate(node.parts):
        # The first part of a loop is what it iterates over; that is computed once.
        inside = node.kind == "loop" and number > 0
        yield from work_faults(part, looping=looping or inside, loops=loops.within(node) if inside else loops)


@value_class
class _Loops:
    """The loops around a node, except those over constants, which are as short as they are written.

    Attributes:
        bound: their variables.
        again: the variables whose values are visited more than once: an outer loop's, and those of a nested loop over a facet.
    """

    bound: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()

    def within(self, loop: Node) -> _Loops:
        """The loops around a node inside one more loop."""
        own = frozenset(loop.binds[:-1])  # the last holds the result
        over = _names(loop.parts[0])
        if not over:
            return _Loops(bound=self.bound - own, again=self.again - own)
        repeated = own if self.bound and over & (ROOTS | self.again) else frozenset()
        return _Loops(bound=self.bound | own, again=((self.again | self.bound) - own) | repeated)


def most_iterations(node: Node, *, times: float = 1, parts_of: frozenset[str] = frozenset()) -> float:
    """The most iterations that an expression can take; the keyword arguments are for recursion.

    Args:
        node: the expression.
        times: how often it is evaluated at most.
        parts_of: the variables of the loops around it that go over facets. All their values together are parts of one facet, so
            loops over parts of those take no more iterations than one facet has values.
    """
    if node.kind != "loop":
        return sum(most_iterations(part, times=times, parts_of=parts_of) for part in node.parts)
    over, *inside = node.parts
    of = _owner(over)
    if over.kind == "list":
        turns, within = times * max(1, len(over.parts)), parts_of.difference(node.binds)
    else:
        turns, within = times * (MAX_VALUES if of in ROOTS else 1 if of in parts_of else inf), parts_of.union(node.binds)
    below = sum(most_iterations(part, times=turns, parts_of=within) for part in inside)
    return turns + below + most_iterations(over, times=times, parts_of=parts_of)


def _owner(node: Node) -> str | None:
    """The root or the variable of which an expression is a part."""
    while node.kind == "select" or (node.kind == "call" and node.name == "_[_]"):
        node = node.parts[0]
    return node.name.partition(".")[0] if node.kind == "ident" else None


def _shortens(node: Node) -> bool:
    old, new = node.parts[1:3]
    return old.kind == new.kind == "text" and old.name != "" and len(new.name.encode()) <= len(old.name.encode())


def _names(node: Node) -> frozenset[str]:
    """The names of the roots and variables that an expression reads."""
    if node.kind == "ident":
        return frozenset((node.name.partition(".")[0],))
    return frozenset().union(*map(_names, node.parts))


def _shown(function: str) -> str:
    return function.strip("_")
