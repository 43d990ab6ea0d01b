"""What `trio-gate check` says of rules that never decide, or that deny calls which they do not mean.

Rule: as in `check_words`, these are remarks, and each holds for what the rules say, whatever is called.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.operation_facts import operation_facts
from trio_gate.policy.cel import PartialCondition, names_of, parts_of, reads_of
from trio_gate.shell.models.installed_operations import needed, services
from trio_gate.shell.models.packaged_data import packaged_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence

    from trio_gate.aws.operation_facts import Fact
    from trio_gate.config.model import Config, Rule
    from trio_gate.facet.extract import Path
    from trio_gate.policy.literals import Named
    from trio_gate.policy.references import Read

    Call = tuple[Mapping[str, Fact], Collection[str]]
    """The facets of all calls of an operation, and the parameters that none may leave out."""

_VIRTUAL = frozenset({"AssumeRole", "AssumeRoleWithWebIdentity"})
"""Operations that the gateway answers with a virtual session, for which no rule needs `vends = true`."""

_OF_NO_OPERATION = frozenset(
    {
        *("aws.account", "aws.account_name", "aws.region", "aws.partition", "aws.session_role", "aws.session_chain"),
        *("agent.name", "agent.address", "request.time"),
    }
)
"""Facets that say nothing of which operation it is."""

_THEN = "such a call is denied, and no later rule is asked"


def outcome_lines(config: Config) -> Iterator[str]:
    """The lines, without line ends."""
    calls, earlier = _Calls(), _Earlier()
    for rule in config.rules:
        who = f'rule "{rule.name}" ({rule.where})'
        before = earlier.add(rule)
        if before is not None:
            yield f'warning: {who} is never asked: rule "{before.name}" ({before.where}) decides all of its calls before'
        if rule.condition is None:
            continue
        if found := names_of(rule.condition):
            if rule.action != "deny" and not rule.vends and _vends(found, calls.tables):
                yield f"warning: {who} is for calls that return credentials alone, and denies them without `vends = true`"
            yield from (f"note: {who} reads {text}" for text in _unset(rule, found, config, calls))


class _Earlier:
    """Rules in their order. Each is found by that part of its condition which fewest others are found by."""

    def __init__(self) -> None:
        self._whole: list[Rule] = []
        self._by_part: dict[Hashable, list[tuple[frozenset[Hashable], Rule]]] = {}

    def add(self, rule: Rule) -> Rule | None:
        """Add a rule. Returns one before it that decides whatever it would."""
        parts = parts_of(rule.condition or "true")
        if parts is None:
            return None
        found = [*self._whole, *(one for part in parts for own, one in self._by_part.get(part, ()) if own <= parts)]
        before = next((one for one in found if _covers(one.endpoints, rule.endpoints)), None)
        if rule.condition is None:
            self._whole.append(rule)
        else:
            self._by_part.setdefault(min(parts, key=self._shared), []).append((parts, rule))
        return before

    def _shared(self, part: Hashable) -> int:
        return len(self._by_part.get(part, ()))


def _covers(endpoints: Collection[str], others: Collection[str]) -> bool:
    """Whether a rule applies wherever another does; no endpoints are all."""
    return not endpoints or (bool(others) and {*others} <= {*endpoints})


def _vends(found: Named, tables: Tables) -> bool:
    """Whether all operations that a condition names return credentials, whatever their parameters."""
    named = [(service, action) for service in found.services or () for action in found.actions or ()]
    rows = [tables.row_of_any(service, action) for service, action in named if action not in _VIRTUAL]
    return len(rows) == len(named) > 0 and all(row is not None and row.marks.get("vends") == () for row in rows)


def _unset(rule: Rule, found: Named, config: Config, calls: Callable[[Named], Iterator[Call]]) -> Iterator[str]:
    """What a condition reads although calls that come to it may not have it, and why."""
    source = rule.condition or ""
    read = reads_of(source)
    tested = {one.path for one in read if one.tested}
    for path in dict.fromkeys(_facet_or_param(one.path) for one in read if not one.tested):
        if any(one[: len(path)] == path for one in tested):
            continue
        name = ".".join(path)
        whose = (
            _without(name, rule, found, config) if len(path) == 2 else _call_without(path[2], source, found, read, calls(found))
        )
        if whose is not None:
            yield f"{name}, which {whose} may not have: {_THEN}; has({name}) tests that"


def _facet_or_param(path: Path) -> Path:
    return path[:3] if path[:2] == ("aws", "params") else path[:2]


def _without(facet: str, rule: Rule, found: Named, config: Config) -> str | None:
    """Calls that have a facet unset; None where that is not known of any."""
    if facet == "aws.session_role":
        return "a call with the agent's own key"
    if facet == "aws.account_name":
        bare = [number for endpoint in config.endpoints for number, label in endpoint.accounts.items() if label is None]
        return f"a call to account {bare[0]}" if bare else None
    if facet == "aws.resource" and rule.action != "allow" and found.actions is None:  # of allow-rules `check_sense` speaks
        return "a call that names no resource"
    return None


def _call_without(param: str, source: str, found: Named, read: Sequence[Read], calls: Iterator[Call]) -> str | None:
    """An operation that a condition may be true of, as far as that depends on no parameter, and whose calls may lack one.

    None where it names operations of any service, and one of another service must have the parameter: that is the one meant.
    """
    condition, others = PartialCondition(source), {".".join(one.path[:2]) for one in read} - {"aws.params", *_OF_NO_OPERATION}
    met = [one for one in calls if others <= one[0].keys() and condition.answer(one[0]) is not False]
    without = [f"{facts['aws.service']}:{facts['aws.action']}" for facts, required in met if param not in required]
    return without[0] if without and (found.services is not None or len(without) == len(met)) else None


class _Calls:
    """What is known of all calls of an operation, and the parameters that none may leave out."""

    def __init__(self) -> None:
        self.tables = Tables(packaged_tables)
        self._installed = frozenset(services())
        self._of = cache(lambda service: [*self._read(service)])

    def __call__(self, found: Named) -> Iterator[Call]:
        """Those that a condition names; a call that most agents make where it names none."""
        if found.services is None and found.actions is None:
            yield from (one for one in self._of("sts") if one[0]["aws.action"] == "GetCallerIdentity")
            return
        for service in sorted(found.services or self._with(found.actions or ())):
            yield from (one for one in self._of(service) if found.actions is None or one[0]["aws.action"] in found.actions)

    def _with(self, actions: Collection[str]) -> Collection[str]:
        return {one for one in self._installed for action in actions if self.tables.row(one, action) is not None}

    def _read(self, service: str) -> Iterator[Call]:
        if service in self._installed:
            self.tables.ensure((service,))
            for operation, (method, required) in needed(service).items():
                yield operation_facts(self.tables, service, operation, method), required
