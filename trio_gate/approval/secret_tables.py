"""Secrets in rows: a name and its value with a comma, semicolon, tab or bar between them, or a row of names over rows of values.

Rule: only rows behind a word that names a secret are read, of a row its first cells. Prose has commas too: a name is at most three
words, and a value is no word of a heading.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CELLS = 64
"""Cells of a row that are read."""

MAX_CELL = 64
"""Characters of a name there."""

MAX_ROWS = 500
"""Rows of a text that are judged for names; what more of them say is unknown."""

_GATE = ("pass", "pwd", "secret", "token", "key", "credential", "pin", "pw")
_BETWEEN = (",", ";", "\t", "|")
_NAME = re.compile(r"[A-Za-z][\w.-]{0,63}(?: [\w.-]{1,32}){0,2}")
_STRONG = re.compile(r"pass(?:word|wd|phrase|code)|pwd|pw\Z", re.IGNORECASE)
_NO_NAME = re.compile(
    r"(?:count|counts|enabled|required|used|changed|at|length|name|id|arn|type|date|expiry|policy|reset|limit)\Z", re.IGNORECASE
)
_HEADING = frozenset(
    {
        *("user", "users", "username", "login", "email", "mail", "e-mail", "name", "names", "id", "host", "hostname"),
        *("port", "url", "uri", "type", "role", "roles", "group", "groups", "date", "time", "created", "created_at"),
        *("updated", "updated_at", "status", "state", "enabled", "active", "count", "number", "database", "db", "schema"),
        *("table", "region", "account", "phone", "address", "comment", "description", "none", "null", "true", "false"),
        *("n/a", "no_information", "not_supported", "yes", "no", "string", "text", "varchar", "integer", "int", "boolean"),
        *("please"),
    }
)
_FILLER = re.compile(r"[-:=*.\s]*|[0-9]{4}-[0-9]{2}-[0-9]{2}\S*|(?:arn:|\$[({A-Za-z]|<|\{\{|:[A-Za-z]|\?\Z|%s).*", re.DOTALL)
_TELLING = re.compile(r"[A-Za-z]{0,64}[0-9!@#$%^*+~=]")
_WRAP = " \t\r\"'`()[]{}\ufeff"


def tabled(text: str, names: Callable[[str], bool]) -> bool:
    """Whether a text has a secret in rows; `names` says what a secret's name is."""
    folded = text.lower()
    if not any(word in folded for word in _GATE):
        return False
    lines = text.splitlines()
    return any(between in text and _rows(lines, between, names) for between in _BETWEEN)


def is_heading(value: str) -> bool:
    """Whether a value beside a secret's name is the name of another column."""
    return value.strip(_WRAP).lower() in _HEADING


def _rows(lines: list[str], between: str, names: Callable[[str], bool]) -> bool:
    columns: dict[int, str] = {}
    judged = 0
    for line in lines:
        if between not in line:
            columns = {}
            continue
        if not columns and not any(word in line.lower() for word in _GATE):
            continue
        cells = _cells(line, between)
        if any(at < len(cells) and _told(name, cells[at]) for at, name in columns.items()):
            return True
        if not columns:
            judged += 1
            if judged > MAX_ROWS:
                return True
            named = {at: name for at, cell in enumerate(cells) if (name := _named(cell, names))}
            if len(cells) == 2 and 0 in named and 1 not in named and " " not in cells[1].strip() and _told(named[0], cells[1]):
                return True
            columns = named if all(_NAME.fullmatch(cell.strip(_WRAP) or "x") for cell in cells) else {}
    return False


def _cells(line: str, between: str) -> list[str]:
    line = line.strip(" \t|") if between == "|" else line
    try:
        return next(csv.reader([line], delimiter=between, skipinitialspace=False), [])[:MAX_CELLS]
    except csv.Error:
        return line.split(between)[:MAX_CELLS]


def _named(cell: str, names: Callable[[str], bool]) -> str:
    """The name of a secret that a cell is, or nothing."""
    name = cell.strip(_WRAP)
    return name if _NAME.fullmatch(name[: 2 * MAX_CELL]) and not _NO_NAME.search(name) and names(name) else ""


def _told(name: str, cell: str) -> bool:
    """Whether a cell is the value of that name: what a password may be, and, of another secret, no plain word either."""
    value = cell.strip(_WRAP)
    if not value or is_heading(value) or _FILLER.fullmatch(value) or _STRONG.search(value):
        return False
    if cell[:1] == " " and cell.lstrip()[:1] not in ('"', "'"):  # as prose has it
        return " " not in value and len(value) >= 6 and _TELLING.match(value) is not None
    if not _STRONG.search(name):
        return len(value) >= 6 and " " not in value and _TELLING.match(value) is not None
    return True
