"""What a DynamoDB PartiQL statement does and to which table, from its first words.

Rule: a statement is one of four verbs at its very beginning and a table name in quotes or as a bare word; anything else is
not understood and yields nothing. Source: DynamoDB developer guide, "PartiQL - a SQL-compatible query language".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value

_NAME = r'(?:"([A-Za-z0-9_.\-:/]+)"|([A-Za-z0-9_]+))'
_WRITES = {
    "PartiQLInsert": re.compile(rf"\s*INSERT\s+INTO\s+{_NAME}(?=[\s.])", re.ASCII | re.IGNORECASE),
    "PartiQLUpdate": re.compile(rf"\s*UPDATE\s+{_NAME}(?=[\s.])", re.ASCII | re.IGNORECASE),
    "PartiQLDelete": re.compile(rf"\s*DELETE\s+FROM\s+{_NAME}(?=[\s.])", re.ASCII | re.IGNORECASE),
}
_SELECT = re.compile(r"\s*(?:EXISTS\s*\(\s*)?SELECT\s", re.ASCII | re.IGNORECASE)
_FROM = re.compile(rf"\sFROM\s+{_NAME}(?=[\s.);]|\Z)", re.ASCII | re.IGNORECASE)
_LITERALS = re.compile(r"'(?:[^']|'')*'")


def statement_actions(operation: str, params: Mapping[str, Value]) -> tuple[str, ...]:
    """The IAM actions of all statements of a call, writes first; empty where one of them cannot be read."""
    read = [_read(statement) for statement in _statements(operation, params)]
    verbs = {verb for verb, _ in filter(None, read)}
    if not read or None in read:
        return ()
    return tuple(verb for verb in (*_WRITES, "PartiQLSelect") if verb in verbs)


def statement_tables(operation: str, params: Mapping[str, Value]) -> tuple[str, ...] | None:
    """The table names or ARNs of all statements, None where one of them cannot be read."""
    read = [_read(statement) for statement in _statements(operation, params)]
    tables = [found[1] for found in read if found is not None and found[1] is not None]
    return tuple(dict.fromkeys(tables)) if read and len(tables) == len(read) else None


def _statements(operation: str, params: Mapping[str, Value]) -> list[Value]:
    if operation == "ExecuteStatement":
        return [params.get("Statement")]
    entries = params.get("Statements" if operation == "BatchExecuteStatement" else "TransactStatements")
    return [entry.get("Statement") if isinstance(entry, dict) else None for entry in entries] if isinstance(entries, list) else []


def _read(statement: Value) -> tuple[str, str | None] | None:
    if not isinstance(statement, str):
        return None
    for verb, pattern in _WRITES.items():
        found = pattern.match(statement)
        if found:
            return verb, found[1] or found[2]
    if not _SELECT.match(statement):
        return None
    bare = _LITERALS.sub("''", statement)
    source = _FROM.search(bare)
    alone = len(re.findall(r"\sFROM\s", bare, re.ASCII | re.IGNORECASE)) == 1
    return "PartiQLSelect", (source[1] or source[2]) if source and alone else None
