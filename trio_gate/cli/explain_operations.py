"""`trio-gate explain --operations CONDITION`: the operations that a condition can be true for, by access level.

Rule: an operation is left out only if the condition is false for every call of it. Parameters, resources, accounts and the time may
be anything; an operation is marked if the answer depends on them.
"""

from __future__ import annotations

import json
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.operation_facts import operation_facts
from trio_gate.policy.cel import PartialCondition, check
from trio_gate.shell.exchange.model_loader import INSTALLED, installed_operations
from trio_gate.shell.exchange.packaged_data import packaged_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Facts = Mapping[str, str | bool | None]

_LEVELS = ("read", "list", "write", "permissions", "tagging", None)
_WIDTH = 120
_SHOWN = ("iam_action", "access", "reads_secret", "vends_credentials", "may_expose_secrets", "runs_code", "spends")


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """An operation that a condition is true for, always or depending on the call."""

    facts: Facts
    holds: Literal["always", "depends"]


def show_operations(source: str, *, as_rows: bool) -> int:
    """Print them, as a page or as JSON lines. Returns 2 for a condition with faults."""
    faults = [fault for fault in check(source) if fault.fatal]
    for fault in faults:
        hint = f": {fault.hint}" if fault.hint else ""
        print(f"trio-gate explain: the condition, at character {fault.offset + 1}: {fault.message}{hint}", file=sys.stderr)
    if faults:
        return 2
    every = list(_every())
    met = list(operations_met(source, every))
    if as_rows:
        for one in met:
            print(json.dumps(_row(one)))
    else:
        print("\n".join(_page(met, total=len(every))))
    return 0


def operations_met(source: str, every: Iterable[Facts]) -> Iterator[Met]:
    """Those of some operations that a valid condition can be true for. Operations that look alike to it are judged once."""
    condition = PartialCondition(source)
    answers: dict[frozenset[tuple[str, str | bool | None]], bool | None] = {}
    for facts in every:
        seen = {name: value for name, value in facts.items() if name in condition.facets}
        key = frozenset(seen.items())
        if key not in answers:
            answers[key] = condition.answer(seen)
        if answers[key] is not False:
            yield Met(facts=facts, holds="always" if answers[key] else "depends")


def _every() -> Iterator[Facts]:
    tables = Tables(packaged_tables)
    for service, operations in installed_operations():
        tables.ensure((service,))
        for operation, method in sorted(operations.items()):
            yield operation_facts(tables, service, operation, method)


def _row(met: Met) -> dict[str, str | bool | None]:
    facts = met.facts
    told = {name: facts.get(f"aws.{name}") for name in _SHOWN}
    return {"service": facts["aws.service"], "action": facts["aws.action"], "holds": met.holds, **told}


def _page(met: list[Met], *, total: int) -> Iterator[str]:
    for level in _LEVELS:
        found = [one for one in met if one.facts.get("aws.access") == level]
        if found:
            yield f"{level or 'level by the parameters'}: {_count(found)}"
            yield from _services(found)
            yield ""
    yield f"{_count(met)} of the {total:,} of botocore {INSTALLED}"
    depends = sum(one.holds == "depends" for one in met)
    if depends:
        yield f"* {depends:,} depend on the call: its parameters, resources, account, time or agent"
    vends = sum(one.facts.get("aws.vends_credentials") is not False for one in met)
    if vends:
        yield f"{vends:,} of them return credentials, or may, and need a rule with `vends = true`"


def _services(met: list[Met]) -> Iterator[str]:
    by_service: dict[str, list[str]] = {}
    for one in met:
        mark = "*" if one.holds == "depends" else ""
        by_service.setdefault(str(one.facts["aws.service"]), []).append(f"{one.facts['aws.action']}{mark}")
    for service, names in by_service.items():
        text = f"{service} ({len(names)}): {' '.join(names)}"
        yield from textwrap.wrap(
            text, _WIDTH, initial_indent="  ", subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
        )


def _count(met: list[Met]) -> str:
    return f"{len(met):,} operation{'' if len(met) == 1 else 's'}"
