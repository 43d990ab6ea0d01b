"""The reviewed table, one line an operation: its access level, and marks of what its answer may hold and of what it does.

Rule: an operation that has no row was not reviewed, and nothing follows from its absence. A mark that a row does not have was looked
for and is not there. Marks are `vends`, `secret`, `exposes` (of the answer) and `runs`, `shares`, `destroys` (for good), `removes` (with
a way back), `unguards`, `spends` (of the call). After a mark, `?` begins the members that decide it, any of them: `Member` is sent and
neither false nor empty, `!Member` is not sent as true, `Member=value` has that value; a dot goes into a structure or a list, `*` into
any member of a map. `~` after a mark says that it is not settled. A level `permissions?…` holds besides the one before it.
What stands after `#` gives reasons and is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from trio_gate.aws.call import UNKNOWN, Access, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

Mark = Literal["vends", "secret", "exposes", "runs", "shares", "destroys", "removes", "unguards", "spends"]
MARKS: Mapping[str, Mark] = {one: one for one in get_args(Mark)}
LEVELS: Mapping[str, Access] = {one: one for one in get_args(Access)}
HEADING = "= "
"""What the line that names a service begins with."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One member that decides a mark: its path, and whether it is to be there ("given"), not true ("off"), or of a value."""

    path: tuple[str, ...]
    kind: Literal["given", "off", "equals"]
    value: str = ""


When = tuple[Clause, ...] | Unknown
"""What decides a mark: any of these; empty is always; UNKNOWN where nobody has settled it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was reviewed of one operation."""

    access: Access
    permissions: When | None
    marks: Mapping[Mark, When]


def read_rows(text: str) -> dict[str, Row]:
    """The rows of one service by operation. Raises ValueError for a line that is none."""
    rows: dict[str, Row] = {}
    for line in text.splitlines():
        operation, _, rest = line.partition(" ")
        if operation and not line.startswith("#"):
            rows[operation] = _row(rest.partition("#")[0].split())
    return rows


def _row(words: list[str]) -> Row:
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
