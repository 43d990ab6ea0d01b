"""The question that people are asked for a task: what for, by whom, the lines that would pass, and what is serious about them."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from trio_gate.approval.question import Question, group_of
from trio_gate.approval.task import MAX_PURPOSE, OPERATION, SERVICE, Task, digest_of
from trio_gate.effect.reasons import Reason
from trio_gate.effect.sentence import Names, told
from trio_gate.exchange.tasks.scope import asked_by
from trio_gate.text.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from trio_gate.approval.grant import Grant
    from trio_gate.exchange.results import Proven
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.exchange.tasks.request import TaskRequest

_NO_CALL: Mapping[str, Any] = {
    "service": SERVICE,
    "operation": OPERATION,
    "words": "ask for task",
    "iam_action": None,
    "iam_actions": None,
    "access": "write",
    "vends_credentials": False,
    "reads_secret": False,
    "cross_account": False,
    "resources": None,
    "resources_total": None,
    "address": None,
    "query": "",
    "headers": (),
    "role": "",
    "payload_length": 0,
    "grantable": False,
    "not_shown": (),
    "may_differ": (),
}
"""What a question says that is about no call of AWS."""

_RISK = "calls that change things go through unread and without being asked about; dangers do only where a line says so"
_DANGERS = "dangerous calls through, unread and without being asked about"


def task_question(
    task: Task,
    asked: TaskRequest,
    proven: Proven,
    snapshot: Snapshot,
    *,
    question_id: str,
    asked_at: datetime,
    grants: Iterable[Grant] = (),
) -> Question:
    """The question that people are asked: the sentence says what for, the lines stand below it. `grants` are those that the agent has."""
    claim, admitted = proven.claimed.claim, proven.admitted
    named = {name for name, _ in task.rules}
    approvers = {one.id: one for rule in snapshot.config.rules if rule.name in named for one in asked_by(rule, snapshot)}
    life, hold = (timedelta(seconds=min(getattr(one, name) for one in approvers.values())) for name in ("timeout", "hold"))
    risks = (*_risks(task, asked), *_extended(asked, grants))
    said = told([f"Let up to {task.uses} calls through in {task.minutes} min: ", Names(names=(task.purpose,))])
    digest = digest_of(admitted.agent_name, claim.account, asked.body)
    return Question(
        id=question_id,
        digest=digest,
        repeat_key=digest,
        asked_at=asked_at,
        expires_at=asked_at + life,
        hold_until=asked_at + min(hold, life),
        rule=", ".join(name for name, _ in task.rules),
        reason=None,
        approvers=tuple(map(group_of, approvers.values())),
        params={"purpose": task.purpose, "needs": list(task.lines), "condition": visible(task.predicate)},
        payload_sha256=digest,
        risks=risks,
        sentence=said.sentence,
        names=(*said.names, *task.lines),
        level=risks[0].level if risks else "fact",
        account_color=None if task.accounts else admitted.endpoint.colors.get(claim.account),
        task=task,
        **_asker(proven),
        **_NO_CALL,
    )


def _asker(proven: Proven) -> Mapping[str, Any]:
    """What a question says of who asks, and by which request."""
    claim, admitted, arrived = proven.claimed.claim, proven.admitted, proven.arrived
    return {
        "account": claim.account,
        "account_name": admitted.account_name,
        "agent": admitted.agent_name,
        "agent_address": proven.claimed.agent_address,
        "user_agent": visible((arrived.one("user-agent") or "")[:MAX_PURPOSE]) or None,
        "region": claim.region,
        "host": visible(arrived.one("host") or ""),
        "method": arrived.method,
        "path": arrived.target.path,
    }


def _risks(task: Task, asked: TaskRequest) -> Iterator[Reason]:
    """What a person should know before saying yes, the most serious first."""
    if task.dangers:
        *some, last = (f"line {at}" for at in task.dangers)
        who = f"{', '.join(some)} and {last} let" if some else f"{last} lets"
        yield Reason(level="danger", code="task", text=f"{who} {_DANGERS}: {'each' if some else 'it'} is confirmed by itself")
    if any(need.access not in ("list", "read") for need in asked.needs):
        yield Reason(level="caution", code="task", text=_RISK)


def _extended(asked: TaskRequest, grants: Iterable[Grant]) -> Iterator[Reason]:
    """What is left of the task that this one adds to; nothing where that is over, as then it adds to none."""
    for grant in grants:
        if (grant.kind, grant.id) == ("task", asked.extends):
            until = f"{grant.expires_at.astimezone(UTC):%H:%M} UTC"
            text = f"it adds to task {grant.id}, of which {grant.uses - grant.used} of {grant.uses} uses are left until {until}"
            yield Reason(level="fact", code="task", text=text)
