"""`trio-gate explain --operations CONDITION`: the operations that a condition can be true for, by access level, on one page.

Rule: an operation is left out only if the condition is false for every call of it. Parameters, resources, accounts and the time may
be anything; an operation is marked if the answer depends on them.
"""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING, Literal

from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.operation_facts import operation_facts
from trio_gate.policy.cel import PartialCondition, check
from trio_gate.shell.models.model_loader import INSTALLED, installed_operations
from trio_gate.shell.models.packaged_data import packaged_tables
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Facts = Mapping[str, str | bool | None]

_LEVELS = ("read", "list", "write", "permissions", "tagging", None)
_EYES = {
    "returns credentials": "aws.vends_credentials",
    "reads a secret": "aws.reads_secret",
    "may expose secrets": "aws.may_expose_secrets",
    "runs code": "aws.runs_code",
    "costs money": "aws.spends",
}
"""What is listed first, with its facet."""

_FIRST = ("aws.vends_credentials", "aws.reads_secret")

_WIDTH = 120
PAGE = 60
"""Lines of a page."""

_ROWS = ((24, 4), (16, 4), (12, 4), (8, 3), (4, 3), (3, 2), (2, 1), (1, 1))
"""Limits to try until it fits one page: lines for names of what returns credentials or secrets, and for each other kind."""

_FEW = 20
"""A level with at most this many operations names all of them."""

_SHORTEST = 5
"""Fewer characters than any name has, its blank included."""

_JOINED = "\u00a0"
"""In place of a blank at which a line must not be broken."""

_SHOWN = ("iam_action", "access", "reads_secret", "vends_credentials", "may_expose_secrets", "runs_code", "spends")


@value_class
class Met:
    """An operation that a condition is true for, always or depending on the call."""

    facts: Facts
    holds: Literal["always", "depends"]


def show_operations(source: str, *, as_rows: bool, whole: bool) -> int:
    """Print them as JSON lines, on one page, or all of them (`whole`). Returns 2 for a condition with faults."""
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
        print("\n".join(_page(met, total=len(every), whole=whole)))
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


def _page(met: list[Met], *, total: int, whole: bool) -> list[str]:
    """The page, with all names or as many as fit."""
    lines: list[str] = []
    for rows in (None,) if whole else _ROWS:
        lines = list(_lines(met, total, rows))
        if len(lines) <= PAGE:
            break
    return lines


def _lines(met: list[Met], total: int, most: tuple[int, int] | None) -> Iterator[str]:
    """The lines. `most` limits the lines for the first kinds of names and for others; None is no limit."""
    first, rows = most or (None, None)
    for level in _LEVELS:
        found = [one for one in met if one.facts.get("aws.access") == level]
        if found:
            yield f"{level or 'level by the parameters'}: {_count(found)}"
            for words, facet in _EYES.items():
                yield from _marked(words, facet, found, first if facet in _FIRST else rows)
            yield from _services(found, rows)
            yield ""
    yield f"{_count(met)} of the {total:,} of botocore {INSTALLED}{'' if rows is None else '; --all names every one'}"
    depends = sum(one.holds == "depends" for one in met)
    if depends:
        yield f"* {depends:,} depend on the call: its parameters, resources, account, time or agent"
    vends = sum(one.facts.get("aws.vends_credentials") is not False for one in met)
    if vends:
        yield f"{vends:,} of them return credentials, or may, and need a rule with `vends = true`"


def _marked(words: str, facet: str, met: list[Met], rows: int | None) -> Iterator[str]:
    """The names of operations for which a facet is true, then, with a mark, those for which it depends on the call or is unknown."""
    sure = [one for one in met if one.facts.get(facet) is True]
    open_ = [one for one in met if facet not in one.facts]
    if sure or open_:
        names = [f"{_name(one)}{_star(one)}" for one in sure] + [f"{_name(one)}?" for one in open_]
        yield from _wrapped(f"{words} ({len(sure):,}{f', or may {len(open_):,}' if open_ else ''}):", names, rows)


def _services(met: list[Met], rows: int | None) -> Iterator[str]:
    by_service: dict[str, list[Met]] = {}
    for one in met:
        by_service.setdefault(str(one.facts["aws.service"]), []).append(one)
    if rows is None or len(met) <= _FEW:
        for service, found in by_service.items():
            yield from _wrapped(f"{service} ({len(found)}):", [f"{one.facts['aws.action']}{_star(one)}" for one in found], None)
        return
    most = sorted(by_service.items(), key=lambda item: -len(item[1]))
    yield from _wrapped(f"{len(most)} services:", [f"{service} {len(found)}" for service, found in most], rows, ", ")


def _wrapped(head: str, names: list[str], rows: int | None, comma: str = " ") -> Iterator[str]:
    """Names in lines after a heading; if they do not fit, how many more there are."""
    shown = len(names)
    while True:
        more = f" \u2026 and {len(names) - shown:,} more" if shown < len(names) else ""
        text = f"{head} {comma.join(one.replace(' ', _JOINED) for one in names[:shown])}{more}"
        lines = textwrap.wrap(
            text, _WIDTH, initial_indent="  ", subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
        )
        if rows is None or len(lines) <= rows or not shown:
            yield from (line.replace(_JOINED, " ") for line in lines)
            return
        shown = min(shown - 1, _WIDTH * rows // _SHORTEST)


def _name(met: Met) -> str:
    return f"{met.facts['aws.service']}:{met.facts['aws.action']}"


def _star(met: Met) -> str:
    return "*" if met.holds == "depends" else ""


def _count(met: list[Met]) -> str:
    return f"{len(met):,} operation{'' if len(met) == 1 else 's'}"
