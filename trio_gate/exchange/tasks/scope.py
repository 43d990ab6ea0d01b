"""What a task covers: one condition of all its lines, in which accounts, and the rules whose approvers are asked for it.

Rule: a task is asked of the approvers of every rule that may ask about any of its calls; which they are is found without guessing, so
rather one too many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.approval.grant import standing
from trio_gate.approval.task import Task
from trio_gate.effect.possible import always_vends
from trio_gate.errors import Denied
from trio_gate.exchange.tasks.needs import check_condition
from trio_gate.policy.prospects import Prospects
from trio_gate.text.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.aws.iam.tables import Tables
    from trio_gate.config.model import Approver, Rule
    from trio_gate.exchange.results import Admitted, Proven
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.exchange.tasks.request import TaskRequest
    from trio_gate.facet.values import Plain
    from trio_gate.policy.prospects import Prospect

_OF_ALL: Mapping[str, Plain] = {
    "aws.presigned": False,
    "aws.session_chain": [],
    "aws.session_role": None,
    "aws.vends_credentials": False,
}
"""What is known of all calls that a task covers."""


def task_of(asked: TaskRequest, proven: Proven, snapshot: Snapshot, tables: Tables) -> Task:
    """The task, for the account of the agent's key where a line names no other; `tables` has the review, which may be read from files.

    Raises Denied where no rule asks about its calls, or a line names an operation that no task covers, Malformed.
    """
    _check_vends(asked, tables)
    own = proven.claimed.claim.account
    where = [need.account or own for need in asked.needs]
    accounts = _accounts(own, where, proven.admitted, snapshot)
    touched = _touched(asked, where, proven.admitted, snapshot)
    if not touched:
        raise Denied(
            "no rule asks about these calls, so there is no task to ask for: make them, and they are let through or refused"
        )
    _check_grantors(touched, snapshot)
    several = len(accounts) > 1
    pairs = list(zip(asked.needs, where, strict=True))
    predicate = " || ".join(f"({need.condition(account if several else None)})" for need, account in pairs)
    check_condition("the task", predicate)
    return Task(
        purpose=asked.purpose,
        lines=tuple(
            f"in {_label(account, accounts)}: {need.words(tables)}" if several else need.words(tables) for need, account in pairs
        ),
        predicate=predicate,
        uses=asked.uses,
        minutes=asked.minutes,
        rules=tuple((rule.name, standing(rule, asked_by(rule, snapshot))) for rule in touched),
        dangers=tuple(at for at, need in enumerate(asked.needs, 1) if need.danger),
        accounts=accounts if several else {},
    )


def _check_vends(asked: TaskRequest, tables: Tables) -> None:
    """Raise Denied for a line with an operation that always returns credentials: people would approve what lets nothing through."""
    named = ((at, need.service, name) for at, need in enumerate(asked.needs, 1) for name in need.actions)
    for at, service, name in named:
        if always_vends(tables.row_of_any(service, name)):
            raise Denied(f"line {at} of `needs`: {service}:{name} returns credentials, which no task covers: leave it out")


def _accounts(own: str, where: Sequence[str], admitted: Admitted, snapshot: Snapshot) -> Mapping[str, str | None]:
    """The accounts of the lines with their labels, the key's first. Raises Denied for one that the agent may not use."""
    for at, account in enumerate(where, 1):
        if account != own and (admitted.session is not None or not snapshot.may_use(admitted.agent, account)):
            raise Denied(f"line {at} of `needs`: account {account} is not one that you may use with this key")
    return {account: snapshot.endpoints[account].accounts[account] for account in (own, *where)}


def _label(account: str, accounts: Mapping[str, str | None]) -> str:
    return account if (name := accounts[account]) is None else f"{visible(name)} ({account})"


def _touched(asked: TaskRequest, where: Sequence[str], admitted: Admitted, snapshot: Snapshot) -> list[Rule]:
    """The rules that may ask about a call of some line; `where` has the account of each."""
    prospects = Prospects(snapshot.rules, [rule.condition for rule in snapshot.config.rules])
    found: list[Prospect] = []
    for need, account in zip(asked.needs, where, strict=True):
        endpoint = snapshot.endpoints[account]
        about = {"aws.account": account, "aws.account_name": endpoint.accounts[account], "agent.name": admitted.agent_name}
        found += [prospects.of({**_OF_ALL, **about, **said}, endpoint=endpoint.name) for said in need.known()]
    names = {step.rule for prospect in found for step in prospect.steps if step.action == "approve"}
    return [rule for rule in snapshot.config.rules if rule.name in names]


def _check_grantors(rules: Sequence[Rule], snapshot: Snapshot) -> None:
    """Raise Denied where so few approvers may grant that nobody could approve the task."""
    may = {person.name for person in snapshot.config.people if person.may_grant}
    for approver in (one for rule in rules for one in asked_by(rule, snapshot)):
        if len(may.intersection(approver.people)) < approver.quorum:
            raise Denied(
                "the people who are asked about these calls may not grant, so there is no task to ask for: make the calls"
            )


def asked_by(rule: Rule, snapshot: Snapshot) -> list[Approver]:
    """The approvers that a rule asks."""
    return [snapshot.approvers[name] for name in rule.approvers]
