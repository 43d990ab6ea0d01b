"""What an agent may know about itself, as plain values for JSON.

Rule: a rule that can match no call of the agent is not named, nor is anything of people, of conditions, or of other agents and their
accounts. An answer about calls holds for all of them, see `policy.prospects`.

Theory: accounts that no condition tells apart have one row. Where there are too many kinds, the rest are looked at as one kind whose
account is not known, so that an answer takes bounded time.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, get_args

from trio_gate.approval.channel.codec import timestamp
from trio_gate.approval.for_agents import of_grant, of_prompt
from trio_gate.aws.call import Access
from trio_gate.policy.prospects import Prospects
from trio_gate.sessions.calls import ASSUMES
from trio_gate.text.visible import visible
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.approval.for_agents import AgentState
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.facet.values import Plain
    from trio_gate.policy.decide import Outcome
    from trio_gate.policy.prospects import Prospect
    from trio_gate.sessions.session import VirtualSession

    Json = Mapping[str, object]

MOST_ACCOUNTS, MOST_KINDS, MOST_SERVICES, MOST_GRANTS = 100, 8, 24, 100
"""How many accounts are listed, kinds of accounts told apart, services looked at, and grants listed."""

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
    kinds = _kinds(asker, accounts, snapshot, prospects, table)
    met = [rule for rule in snapshot.rules if any(prospects.meets(rule, one.known, endpoint=one.endpoint) for one in kinds)]
    return {
        "agent": asker.name,
        "session": asker.session.role if asker.session else None,
        "accounts": [{"id": one, "label": snapshot.endpoints[one].accounts[one]} for one in accounts[:MOST_ACCOUNTS]],
        "accounts_in_all": len(accounts),
        "rules": [{"name": rule.name, "does": _WORDS[rule.action], "reason": rule.reason} for rule in met],
        "calls": [_calls(one, asker.used[:MOST_SERVICES], prospects) for one in kinds],
        "waiting": [of_prompt(prompt, page) for prompt in state.waiting],
        "granted": [of_grant(grant) for grant in state.grants[:MOST_GRANTS]],
        "stopped": {"reason": visible(state.stop.reason), "since": timestamp(state.stop.at)} if state.stop else None,
        "how": HOW,
    }


def _accounts(asker: Asker, snapshot: Snapshot) -> list[str]:
    if asker.session is not None:
        return [asker.session.account]
    agent = snapshot.named(asker.name)
    return [account for account in snapshot.endpoints if snapshot.may_use(agent, account)]


def _kinds(asker: Asker, accounts: Sequence[str], snapshot: Snapshot, prospects: Prospects, table: HostTable) -> list[_Kind]:
    """The accounts by what conditions read of them, the first MOST_KINDS kinds, and all others as one."""
    session = asker.session
    base: dict[str, Plain] = {
        "agent.name": asker.name,
        "aws.session_role": session.role if session else None,
        "aws.session_chain": list(session.chain) if session else [],
    }
    found: dict[object, _Kind] = {}
    rest: list[str] = []
    for account in accounts:
        endpoint = snapshot.endpoints[account]
        facts: dict[str, Plain] = {
            "aws.account": account,
            "aws.account_name": endpoint.accounts[account],
            "aws.partition": table.partition_of(endpoint.region),
        }
        known = {name: value for name, value in facts.items() if name in prospects.reads}
        key = (*known.items(), endpoint.name if prospects.by_endpoint else "")
        if key in found:
            found[key].accounts.append(account)
        elif len(found) < MOST_KINDS:
            found[key] = _Kind(accounts=[account], known={**base, **known}, endpoint=endpoint.name)
        else:
            rest.append(account)
    others = [_Kind(accounts=rest, known=base, endpoint=None)] if rest else []
    return [*found.values(), *others]


def _calls(kind: _Kind, services: Sequence[str], prospects: Prospects) -> Json:
    """What the rules say of calls in some accounts, by service and access level."""
    plain = {**kind.known, "aws.presigned": False, "aws.vends_credentials": False}

    def told(known: Mapping[str, Plain], *, virtual: bool = False) -> Json:
        return _told(prospects.of(known, endpoint=kind.endpoint, virtual=virtual))

    levels: Sequence[Access] = get_args(Access)
    service, operation = ASSUMES
    assumes = {**kind.known, "aws.presigned": False, "aws.service": service, "aws.action": operation}
    return {
        "accounts": kind.accounts[:MOST_ACCOUNTS],
        "accounts_in_all": len(kind.accounts),
        "services": {
            name or EVERY: {
                level: told({**plain, "aws.access": level, **({"aws.service": name} if name else {})}) for level in levels
            }
            for name in (None, *services)
        },
        "credentials": told({**plain, "aws.vends_credentials": True}),
        "roles": told({**assumes, "aws.vends_credentials": True}, virtual=True),
    }


def _told(prospect: Prospect) -> Json:
    steps = [{"rule": step.rule, "does": _WORDS[step.action], "all": step.sure} for step in prospect.steps]
    return {"answer": prospect.answer, "rules": steps}
