"""What an agent may know about itself, as plain values for JSON.

Rule: a rule that can match no call of the agent is not named, nor is anything of people, of conditions, or of other agents and their
accounts. An answer about calls holds for all of them, see `policy.prospects`.

Theory: accounts that no condition tells apart have one row. Where there are too many kinds, the rest are looked at as one kind whose
account is not known, so that an answer takes bounded time. Rules are named that some account of the agent meets alone, which is looked
at for each of the rest, too, as far as the work is bounded. So is the size of all that is listed, and what is left out is said.
"""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING, Any, get_args

from trio_gate.approval.channel.codec import timestamp
from trio_gate.approval.for_agents import of_grant, of_prompt
from trio_gate.aws.call import Access
from trio_gate.policy.prospects import Prospects
from trio_gate.sessions.calls import ASSUMES, SERVED
from trio_gate.text.visible import visible
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from trio_gate.approval.for_agents import AgentState
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.facet.values import Plain
    from trio_gate.policy.decide import Outcome, Rule
    from trio_gate.policy.prospects import Prospect, Step
    from trio_gate.sessions.session import VirtualSession

    Json = Mapping[str, object]

MOST_ACCOUNTS, MOST_KINDS, MOST_SERVICES = 100, 8, 24
"""How many accounts are listed, kinds of accounts told apart, and services looked at."""

MOST_STEPS = 8
"""How many rules are listed for one answer."""

MOST_LISTED, MOST_CELLS = 128 * 1024, 256 * 1024
"""Bytes of JSON: of the questions, the grants and the rules, each, and of the answers by service. A whole view has less than 1 MiB."""

MOST_LOOKED = 10_000
"""Of rules and accounts beyond MOST_KINDS that are looked at together, some 10 µs each."""

EVERY = "every service"
"""The row of calls of all services."""

_WORDS: Mapping[Outcome, str] = {"allow": "allows", "approve": "asks people", "deny": "denies"}

HOW = {
    "ask": "make the call: where a rule asks people, it waits, and you are told if that takes long",
    "task": "before many calls, ask for all of them once: POST /-/agent/tasks with `purpose`, `needs`, `uses` and `minutes`, or `trio-gate task`",
    "wait": "GET /-/agent/approvals/ID?wait=60 answers as soon as the approval is over; then run the same call again, unchanged",
    "why": "say why you make a call in the header x-trio-gate-reason: the people who are asked read it",
    "refused": "each refusal says whether the call was executed and what to do next; do what it says",
}


@value_class
class Asker:
    """Whose view it is: `name` is None while no agent is configured; `session` is the one that it asks with; `used` are its services."""

    name: str | None
    session: VirtualSession | None = None
    used: Sequence[str] = field(default=())


@value_class
class _Kind:
    """Accounts that no condition tells apart, and what is known of all of their calls. `endpoint` is None for several."""

    accounts: list[str]
    known: Mapping[str, Plain]
    endpoint: str | None


def prospects_of(snapshot: Snapshot) -> Prospects:
    """The rules of a snapshot, for calls in general."""
    return Prospects(snapshot.rules, [rule.condition for rule in snapshot.config.rules])


def view(asker: Asker, snapshot: Snapshot, prospects: Prospects, table: HostTable, state: AgentState, page: str) -> Json:
    """All that the agent may know. `page` is the URL of the approvals page."""
    accounts = _accounts(asker, snapshot)
    anywhere = _anywhere(asker)
    kinds = _kinds(anywhere, accounts, snapshot, prospects, table)
    met, complete = _met(kinds, anywhere, snapshot.rules, prospects)
    calls, left_out = _calls(_bounded(kinds, anywhere), asker.used, frozenset(rule.name for rule in met), prospects)
    rules = _fitting({"name": rule.name, "does": _WORDS[rule.action], "reason": rule.reason} for rule in met)
    return {
        "agent": asker.name,
        "session": asker.session.role if asker.session else None,
        "accounts": [{"id": one, "label": snapshot.endpoints[one].accounts[one]} for one in accounts[:MOST_ACCOUNTS]],
        "accounts_in_all": len(accounts),
        "stopped": {"reason": visible(state.stop.reason), "since": timestamp(state.stop.at)} if state.stop else None,
        "waiting": _fitting(of_prompt(prompt, page) for prompt in state.waiting),
        "waiting_in_all": len(state.waiting),
        "granted": _fitting(map(of_grant, state.grants)),
        "granted_in_all": len(state.grants),
        "how": HOW,
        "rules": rules,
        "rules_complete": complete and len(rules) == len(met),
        "calls": calls,
        "services_left_out": left_out,
    }


def _fitting(rows: Iterable[Json]) -> list[Json]:
    """As many of the rows as there is room for."""
    room = MOST_LISTED
    found: list[Json] = []
    for row in rows:
        room -= len(json.dumps(row))
        if room < 0:
            break
        found.append(row)
    return found


def _accounts(asker: Asker, snapshot: Snapshot) -> list[str]:
    if asker.session is not None:
        return [asker.session.account]
    agent = snapshot.named(asker.name)
    return [account for account in snapshot.endpoints if snapshot.may_use(agent, account)]


def _anywhere(asker: Asker) -> dict[str, Plain]:
    """What is known of its calls in any account."""
    session = asker.session
    return {
        "agent.name": asker.name,
        "aws.session_role": session.role if session else None,
        "aws.session_chain": list(session.chain) if session else [],
    }


def _kinds(
    anywhere: Mapping[str, Plain], accounts: Sequence[str], snapshot: Snapshot, prospects: Prospects, table: HostTable
) -> list[_Kind]:
    """The accounts by what conditions read of them."""
    found: dict[object, _Kind] = {}
    for account in accounts:
        endpoint = snapshot.endpoints[account]
        facts: dict[str, Plain] = {
            "aws.account": account,
            "aws.account_name": endpoint.accounts[account],
            "aws.partition": table.partition_of(endpoint.region),
        }
        known = {name: value for name, value in facts.items() if name in prospects.reads}
        key = (*known.items(), endpoint.name if prospects.by_endpoint else "")
        made = found.setdefault(key, _Kind(accounts=[], known={**anywhere, **known}, endpoint=endpoint.name))
        made.accounts.append(account)
    return list(found.values())


def _bounded(kinds: Sequence[_Kind], anywhere: Mapping[str, Plain]) -> list[_Kind]:
    """The first MOST_KINDS kinds, and all others as one."""
    rest = [account for kind in kinds[MOST_KINDS:] for account in kind.accounts]
    others = [_Kind(accounts=rest, known=anywhere, endpoint=None)] if rest else []
    return [*kinds[:MOST_KINDS], *others]


def _met(
    kinds: Sequence[_Kind], anywhere: Mapping[str, Plain], rules: Sequence[Rule], prospects: Prospects
) -> tuple[list[Rule], bool]:
    """The rules that a call in some account may meet, and whether these are all."""
    near, far = kinds[:MOST_KINDS], kinds[MOST_KINDS:]
    room = MOST_LOOKED
    met: list[Rule] = []
    for rule in rules:
        found = any(prospects.meets(rule, kind.known, endpoint=kind.endpoint) for kind in near)
        if not found and far and prospects.meets(rule, anywhere, endpoint=None):
            for kind in far[:room]:
                room -= 1
                found = prospects.meets(rule, kind.known, endpoint=kind.endpoint)
                if found:
                    break
        if found:
            met.append(rule)
    return met, room > 0


def _calls(
    kinds: Sequence[_Kind], used: Sequence[str], named: AbstractSet[str], prospects: Prospects
) -> tuple[Sequence[Json], list[str]]:
    """What the rules say of calls in accounts of each kind, by service and access level; and the services that have no room."""
    tables = [_table(kind, named, prospects) for kind in kinds]
    room, left_out = MOST_CELLS, list[str]()
    for service in used[:MOST_SERVICES]:
        rows = [_row(kind, service, named, prospects) for kind in kinds]
        size = len(json.dumps(rows))
        if size > room:
            left_out.append(service)
            continue
        room -= size
        for table, row in zip(tables, rows, strict=True):
            table["services"][service] = row
    return tables, [*left_out, *used[MOST_SERVICES:]]


def _table(kind: _Kind, named: AbstractSet[str], prospects: Prospects) -> dict[str, Any]:
    """The rows that all have: every service, other calls that return credentials, and the one for roles."""
    vends: dict[str, Plain] = {**kind.known, "aws.presigned": False, "aws.vends_credentials": True}

    def served(service: str, operation: str) -> Json:
        known = {**vends, "aws.service": service, "aws.action": operation}
        return _told(prospects.of(known, endpoint=kind.endpoint, virtual=True), named)

    return {
        "accounts": kind.accounts[:MOST_ACCOUNTS],
        "accounts_in_all": len(kind.accounts),
        "services": {EVERY: _row(kind, None, named, prospects)},
        "credentials": _told(prospects.of(vends, endpoint=kind.endpoint), named),
        "roles": served(*ASSUMES),
        "sessions": {operation: served(service, operation) for service, operation in sorted(SERVED - {ASSUMES})},
    }


def _row(kind: _Kind, service: str | None, named: AbstractSet[str], prospects: Prospects) -> Json:
    """The answers for a service's calls, or every service's, by access level."""
    plain: dict[str, Plain] = {**kind.known, "aws.presigned": False, "aws.vends_credentials": False}
    if service:
        plain["aws.service"] = service
    levels: Sequence[Access] = get_args(Access)
    return {level: _told(prospects.of({**plain, "aws.access": level}, endpoint=kind.endpoint), named) for level in levels}


def _told(prospect: Prospect, named: AbstractSet[str]) -> Json:
    """An answer with the rules behind it.

    Of those that are not `named`, and so for none of its accounts, it is silent but for whether one may be undecidable, which denies.
    """
    steps: list[Step] = []
    others: list[Step] = []
    for step in prospect.steps:
        (steps if step.rule is None or step.rule in named else others).append(step)
    rules = [{"rule": step.rule, "does": _WORDS[step.action], "all": step.sure} for step in steps[:MOST_STEPS]]
    undecided = any(not step.sure for step in others)
    return {"answer": prospect.answer, "rules": rules, "more": max(0, len(steps) - MOST_STEPS), "undecided": undecided}
