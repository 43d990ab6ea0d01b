"""Finds the facets that a condition reads, and what is wrong with the way it names them.

Rule: facets are reached by paths that are written out (`aws.params.Tags`, `aws.params["x-y"]`), so what a condition reads is
known before it runs. A root is not a value, a facet's name must be in the schema, and no variable may hide a root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.facet.schema import FACETS, OR_ARN, ROOTS
from trio_gate.policy.diagnostics import Fault
from trio_gate.policy.hints import name_hint
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.facet.extract import Path
    from trio_gate.policy.checked_ast import Node

_COMPARES = frozenset(("_==_", "_!=_", "@in", "contains", "endsWith", "matches", "startsWith"))


@value_class
class Read:
    """A path that a condition reads as a whole or, if `tested`, only tests with has()."""

    path: Path
    tested: bool = False


def reads(node: Node) -> Iterator[Read]:
    """Yield every read in an expression, in the order of the text."""
    if found := read_of(node):
        if found.path[0] in ROOTS:
            yield found
        return
    for part in node.parts:
        yield from reads(part)


def read_of(node: Node) -> Read | None:
    """The path that a node spells out, of a facet or of a variable; None for any other node."""
    found = _read(node)
    return found[0] if found else None


def patterns(node: Node) -> Iterator[Node]:
    """Yield the pattern of every call of `matches`."""
    if node.kind == "call" and node.name == "matches":
        yield node.parts[-1]
    for part in node.parts:
        yield from patterns(part)


def arn_remarks(node: Node) -> Iterator[Fault]:
    """Yield remarks about parameters that are compared as names though callers may also give them as ARNs."""
    if node.kind == "call" and node.name in _COMPARES:
        for part in node.parts:
            found = _read(part)
            path = found[0].path if found else ()
            if found and len(path) == 3 and path[:2] == ("aws", "params") and path[2] in OR_ARN:
                hint = "`aws.resource` and `aws.resources` have one form for all"
                message = f"callers may also give `{path[2]}` as an ARN or with a qualifier"
                yield Fault(offset=found[1], message=message, hint=hint, fatal=False)
    for part in node.parts:
        yield from arn_remarks(part)


def name_faults(node: Node) -> Iterator[Fault]:
    """Yield faults: roots used as values, facets that do not exist, variables that hide a root."""
    for name in node.binds:
        if name in ROOTS:
            yield Fault(offset=node.at, message=f"a variable may not be called `{name}`", hint="its facets could not be read")
            return
    if found := _read(node):
        yield from _path_faults(found[0].path, found[1])
        return
    for part in node.parts:
        yield from name_faults(part)


def _path_faults(path: Path, at: int) -> Iterator[Fault]:
    name = ".".join(path[:2])
    if path[0] not in ROOTS or name in FACETS:
        return
    if len(path) == 1:
        yield Fault(offset=at, message=f"`{name}` is not a value by itself", hint=f"name a facet of it, such as `{_first(name)}`")
    else:
        yield Fault(offset=at, message=f"there is no facet `{name}`", hint=name_hint(name))


def _first(root: str) -> str:
    return next(name for name in FACETS if name.startswith(f"{root}."))


def _read(node: Node) -> tuple[Read, int] | None:
    """The path that a node spells out, and the offset where it begins; None for any other node."""
    if node.kind != "has":
        return (Read(path=found[0]), found[1]) if (found := _chain(node)) else None
    found = _chain(node.parts[0])
    return (Read(path=(*found[0], node.name), tested=True), found[1]) if found else None


def _chain(node: Node) -> tuple[Path, int] | None:
    if node.kind == "ident":
        return tuple(node.name.split(".")), node.at
    if node.kind == "select":
        above, name = _chain(node.parts[0]), node.name
    elif node.kind == "call" and node.name == "_[_]" and node.parts[1].kind == "text":
        above, name = _chain(node.parts[0]), node.parts[1].name
        if above and len(above[0]) < 2:  # facets themselves are not indexed
            return None
    else:
        return None
    return ((*above[0], name), above[1]) if above else None
