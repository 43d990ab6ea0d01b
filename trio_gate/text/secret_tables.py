"""Secrets in tables: a name and its value separated by comma, semicolon, tab or bar, or a row of names above rows of values.

Rule: only rows after a word that names a secret are read, and only their first cells. As prose has commas too, a name is at most
three words, and a word common in headings is no value.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from trio_gate.text.late_patterns import late
from trio_gate.text.secret_commands import is_prose

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CELLS = 64
"""Cells of a row that are read."""

MAX_CELL = 64
"""Characters of a name there."""

MAX_LOOKED = 4000
"""Cells of a text that are looked at, over all its readings; a text with more counts as holding a secret."""

JUDGING = 8
"""How many cells count for one that has to be judged as a name."""

_GATE = ("pass", "pwd", "secret", "token", "key", "credential", "pin", "pw")
_GATED = late("|".join(_GATE))
_BETWEEN = (",", ";", "\t", "|")
_NAME = late(r"[A-Za-z][\w.-]{0,63}(?: \(?[\w.-]{1,32}){0,2}")
_STRONG = late(r"pass(?:word|wd|phrase|code)|pwd|pw\Z", re.IGNORECASE)
_NO_NAME = late(
    r"(?:count|counts|enabled|required|used|changed|at|length|name|id|arn|type|date|expiry|policy|reset|limit)\Z", re.IGNORECASE
)
_HEADING = frozenset(
    {
        *("user", "users", "username", "login", "email", "mail", "e-mail", "name", "names", "id", "host", "hostname"),
        *("port", "url", "uri", "type", "role", "roles", "group", "groups", "date", "time", "created", "created_at"),
        *("updated", "updated_at", "status", "state", "enabled", "active", "count", "number", "database", "db", "schema"),
        *("table", "region", "account", "phone", "address", "comment", "description", "none", "null", "true", "false"),
        *("n/a", "no_information", "not_supported", "yes", "no", "string", "text", "varchar", "integer", "int", "boolean"),
        "please",
    }
)
_FILLER = late(
    r"[-:=*.\s]*|[0-9]{4}-[0-9]{2}-[0-9]{2}\S*|(?:arn:|\$[({]|\$(?:[A-Z][A-Z0-9_]*|[A-Za-z_]+)\Z|<|\{\{|:[A-Za-z]|\?\Z|%s).*",
    re.DOTALL,
)
_TELLING = late(r"[A-Za-z]{0,64}[0-9!@#$%^*+~=]")
_PLAIN = late(r"[A-Za-z _.-]*")
_WRAP = " \t\r\"'`()[]{}\ufeff"


class Tables:
    """Looks for secrets in the rows of one text and of its readings. `names` says whether a name is that of a secret."""

    def __init__(self, names: Callable[[str], bool]) -> None:
        self._names = names
        self._left = MAX_LOOKED
        self._judged: dict[str, bool] = {}

    def reveal(self, text: str, folded: str) -> bool:
        """Whether a reading of the text has a secret in its rows, or more cells than MAX_LOOKED. `folded` is it in lower case."""
        if not [word for word in _GATE if word in folded]:
            return False
        lines = [(line, _GATED.search(line.lower()) is not None) for line in text.splitlines()]
        return any(between in text and self._rows(lines, between) for between in _BETWEEN)

    def _rows(self, lines: list[tuple[str, bool]], between: str) -> bool:
        columns: dict[int, str] = {}
        for line, gated in lines:
            if between not in line:
                columns = {} if line.strip() else columns
                continue
            if not columns and not gated:
                continue
            cells = _cells(line, between)
            self._left -= len(cells)
            if self._left < 0 or any(at < len(cells) and _is_value(name, cells[at]) for at, name in columns.items()):
                return True
            if not columns:
                named = {at: name for at, cell in enumerate(cells) if (name := self._named(cell))}
                if len(cells) == 2 and 0 in named and 1 not in named and _is_lone_value(named[0], cells[1]):
                    return True
                columns = named if named and all(_NAME.fullmatch(cell.strip(_WRAP) or "x") for cell in cells) else {}
        return False

    def _named(self, cell: str) -> str:
        """The cell's text if it is a secret's name, else ""."""
        if _GATED.search(cell.lower()) is None or _NAME.fullmatch(name := cell.strip(_WRAP)[: 2 * MAX_CELL]) is None:
            return ""
        if name not in self._judged:
            self._left -= JUDGING
            self._judged[name] = not _NO_NAME.search(name) and self._names(name)
        return name if self._judged[name] else ""


def is_heading(value: str) -> bool:
    """Whether a value beside a secret's name is more likely the heading of another column."""
    return value.strip(_WRAP).lower() in _HEADING


def _cells(line: str, between: str) -> list[str]:
    line = line.strip(" \t|") if between == "|" else line
    if '"' not in line:
        return line.split(between, MAX_CELLS)[:MAX_CELLS]
    try:
        return next(csv.reader([line], delimiter=between, skipinitialspace=False), [])[:MAX_CELLS]
    except csv.Error:
        return line.split(between)[:MAX_CELLS]


def _is_value(name: str, cell: str) -> bool:
    """Whether a cell is the value of a secret's name. For other secrets than passwords, plain words are not."""
    value = cell.strip(_WRAP)
    if not value or is_heading(value) or _FILLER.fullmatch(value) or (_STRONG.search(value) and _PLAIN.fullmatch(value)):
        return False
    if cell[:1] == " " and cell.lstrip()[:1] not in ('"', "'"):  # as in prose
        return " " not in value and len(value) >= 6 and _TELLING.match(value) is not None
    if not _STRONG.search(name):
        counted = value.isdigit() and name.lower().endswith("s")  # a count, as of tokens used
        return len(value) >= 6 and " " not in value and not counted and _TELLING.match(value) is not None
    return True


def _is_lone_value(name: str, cell: str) -> bool:
    """Whether the second of two cells is the value of the first, in a row without a row of names above it."""
    if cell[:1] == " " and " " in name:  # prose
        return False
    return " " not in cell.strip() and not is_prose(cell.strip(_WRAP)) and _is_value(name, cell)
