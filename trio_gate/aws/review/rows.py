"""The table of the review, one line per operation: its access level, and marks for what its answer may contain and what it does.

Rule: an operation without a row was not reviewed, and nothing follows from that. A mark that a row does not have was considered and
does not apply. Marks for the answer are `vends`, `secret` and `exposes`; marks for the call are `runs`, `shares`, `destroys` (for good),
`removes` (can be undone), `unguards` and `spends`.

Syntax: `mark?…` lists conditions, any of which suffices: `Member` is sent and neither false nor empty, `!Member` is not sent,
or is false or empty, `Member=value` has that value. A dot goes into a structure or a list, `*` into any member of a map. `mark~` is undecided.
`permissions?…` replaces the level before it if a condition is true. Reasons follow `#` and are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from trio_gate.aws.call import UNKNOWN, Access, Unknown
from trio_gate.aws.on_demand import OnDemand
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

Mark = Literal["vends", "secret", "exposes", "runs", "shares", "destroys", "removes", "unguards", "spends"]
MARKS: Mapping[str, Mark] = {one: one for one in get_args(Mark)}
LEVELS: Mapping[str, Access] = {one: one for one in get_args(Access)}


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition on a member: it is sent ("given"), it is not ("off"), or it has a value ("equals")."""

    path: tuple[str, ...]
    kind: Literal["given", "off", "equals"]
    value: str = ""


When = tuple[Clause, ...] | Unknown
"""The condition of a mark: any of these clauses. Empty means always, UNKNOWN that it is undecided."""


@value_class
class Row:
    """The review of one operation."""

    access: Access
    permissions: When | None
    marks: Mapping[Mark, When]


def read_rows(text: str) -> Mapping[str, Row]:
    """The rows of one service by operation, each made when it is read; then it raises ValueError if its line is malformed."""
    lines = (line.partition(" ") for line in text.splitlines() if not line.startswith("#"))
    return OnDemand({operation: rest for operation, _, rest in lines if operation}, _row)


def _row(_: str, rest: str) -> Row:
    words = rest.partition("#")[0].split()
    permissions: When | None = None
    marks: dict[Mark, When] = {}
    for word in words[1:]:
        name, mark, when = word.partition("?")
        found: When = UNKNOWN if name.endswith("~") else (tuple(map(_clause, when.split(","))) if mark else ())
        name = name.removesuffix("~")
        if name == "permissions":
            permissions = found
        elif name in MARKS:
            marks[MARKS[name]] = found
        else:
            raise ValueError(f"{word!r} is no mark")
    if words[0] not in LEVELS:
        raise ValueError(f"{words[0]!r} is no access level")
    return Row(access=LEVELS[words[0]], permissions=permissions, marks=marks)


def _clause(text: str) -> Clause:
    if text.startswith("!"):
        return Clause(tuple(text[1:].split(".")), "off")
    path, mark, value = text.partition("=")
    return Clause(tuple(path.split(".")), "equals" if mark else "given", value)
