"""What the review says about one call: the operation's row, with its conditions decided by the parameters.

Rule: a mark that depends on an unknown parameter is UNKNOWN. Without a row every mark is UNKNOWN, and the level is write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.review.rows import MARKS
from trio_gate.text.folding import fold
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Access, Unknown, Value
    from trio_gate.aws.review.rows import Clause, Mark, Row, When

_PUBLIC_PARAMETERS = "/aws/service/"
"""Prefix of Systems Manager's public parameters, which anybody may read and which are no secrets."""


@value_class
class Reviewed:
    """The level of a call and its marks, with all conditions decided."""

    access: Access
    marks: Mapping[Mark, bool | Unknown]

    def mark(self, name: Mark) -> bool | Unknown:
        """Whether a mark is true; False for one that the row does not have."""
        return self.marks.get(name, False)


NOTHING = Reviewed(access="write", marks=dict.fromkeys(MARKS.values(), UNKNOWN))
"""The result for an operation without a row."""


def steady(service: str, row: Row) -> Reviewed | None:
    """The row of an operation, decided for all of its calls; None if their parameters decide."""
    conditions = [when for when in (*row.marks.values(), row.permissions) if isinstance(when, tuple) and when]
    by_name = service == "ssm" and "secret" in row.marks
    return None if conditions or by_name else decided(service, row, {})


def decided(service: str, row: Row, params: Mapping[str, Value]) -> Reviewed:
    """The row of a call of `service` with its conditions decided by the parameters."""
    marks = {mark: _holds(when, params) for mark, when in row.marks.items()}
    if service == "ssm" and marks.get("secret") and _only_public(params):
        marks |= {"secret": False, "exposes": False}
    permissions = row.permissions is not None and _holds(row.permissions, params)
    return Reviewed(access="permissions" if permissions else row.access, marks=marks)


def _holds(when: When, params: Mapping[str, Value]) -> bool | Unknown:
    if when is UNKNOWN:
        return UNKNOWN
    found = [holds(clause, params) for clause in when]
    if not found or True in found:
        return True
    return UNKNOWN if UNKNOWN in found else False


def holds(clause: Clause, params: Mapping[str, Value]) -> bool | Unknown:
    """Whether one member decides that a mark holds."""
    values = values_at(params, clause.path)
    if UNKNOWN in values:
        return UNKNOWN
    if clause.kind == "equals":
        return any(_same(value, clause.value) for value in values)
    given = any(value not in (None, "", b"", False, [], {}) for value in values)
    return given if clause.kind == "given" else not given


def _same(value: Value, wanted: str) -> bool:
    return isinstance(value, bool | int | str) and fold(str(value)) == fold(wanted)


def values_at(params: Mapping[str, Value], path: tuple[str, ...]) -> list[Value]:
    """What stands at a path, in every item of a list and every member of a map on the way."""
    found: list[Value] = []
    _collect(params if isinstance(params, dict) else dict(params), path, 0, found)
    return found


def _collect(value: Value, path: tuple[str, ...], at: int, found: list[Value]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(item, path, at, found)
    elif at == len(path) or value is UNKNOWN:
        found.append(value)
    elif isinstance(value, dict):
        if path[at] == "*":
            for item in value.values():
                _collect(item, path, at + 1, found)
        elif path[at] in value:
            _collect(value[path[at]], path, at + 1, found)


def _only_public(params: Mapping[str, Value]) -> bool:
    """Whether all names in a call that reads parameters are those of public ones."""
    names = params.get("Names") if "Names" in params else [params.get("Name", params.get("Path"))]
    return isinstance(names, list) and all(
        isinstance(name, str) and f"{name}/".startswith(_PUBLIC_PARAMETERS) and "/../" not in name for name in names
    )
