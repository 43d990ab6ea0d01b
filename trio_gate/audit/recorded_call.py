"""A call of the record as facets, so that a condition can be tried on calls of the past.

Rule: what a row does not hold, or holds masked or cut, is unknown. So a condition is true or false of a row only if it was so of the call.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from trio_gate.facet.extract import Facets
from trio_gate.facet.schema import FACETS
from trio_gate.facet.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value
    from trio_gate.facet.extract import Path

_UNKNOWN: Mapping[Path, Value] = {(root, name): UNKNOWN for root, _, name in (facet.partition(".") for facet in FACETS)}

_NAMES = ("service", "action", "iam_action", "access", "account", "account_name", "region", "partition", "host", "method")
"""Members of a row that are facets of `aws`; one that is null is unset."""

CALLS = frozenset({"intent", "call", "refusal"})
"""The kinds of rows that are about one call."""


def facets_of_row(row: Mapping[str, Any]) -> Facets:
    """The facets of the call that a row of the record is about."""
    session = row.get("session")
    given: dict[Path, Value] = {
        **_UNKNOWN,
        **{("aws", name): row.get(name) for name in _NAMES},
        ("aws", "level"): row.get("level") or UNKNOWN,
        ("aws", "resources"): _texts(row.get("resources")),
        ("aws", "params"): _known(row["params"]) if row.get("params") is not None else UNKNOWN,
        ("aws", "presigned"): row.get("presigned") is not None,
        ("aws", "session_role"): session.get("role") if session else None,
        ("aws", "session_chain"): _texts(session.get("chain")) if session else [],
        ("agent", "name"): row.get("agent"),
        ("agent", "address"): row.get("agent_address"),
    }
    return Facets(given, time=datetime.fromisoformat(row["time"]))


def _texts(value: Any) -> Value:
    """A list of texts that is whole; one that was cut, or has a name that was, is unknown."""
    if not isinstance(value, list) or any(not isinstance(item, str) or "\u2026" in item for item in value):
        return UNKNOWN
    return [*value]


def _known(value: Any) -> Value:
    """A masked value, in which each mark of something that is not kept stands for an unknown one."""
    if isinstance(value, dict):
        if any(name.startswith("$") for name in value):
            return UNKNOWN
        return {name: _known(item) for name, item in value.items()}
    if isinstance(value, list):
        items = [_known(item) for item in value]
        return UNKNOWN if value and isinstance(value[-1], dict) and "$more" in value[-1] else items
    found: Value = value
    return found
