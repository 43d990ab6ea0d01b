"""The stage that asks people about a task: from the agent's words to the answer that it is granted.

Rule: a task is no call, so nothing of it is signed or sent. What it lets through is judged by the rules as any other call.
"""

from __future__ import annotations

import secrets
from datetime import UTC
from typing import TYPE_CHECKING

import trio

from trio_gate.approval.grant import task_id
from trio_gate.approval.state import Verdict
from trio_gate.errors import Denied, Unidentified
from trio_gate.exchange.own_requests.answers import json_answer
from trio_gate.exchange.tasks.question import task_question
from trio_gate.exchange.tasks.request import read_task
from trio_gate.exchange.tasks.scope import task_of
from trio_gate.ports import Asked
from trio_gate.shell.exchange.approve import decision_of, not_approved, wait_for
from trio_gate.shell.exchange.large_calls import in_worker

if TYPE_CHECKING:
    from contextlib import ExitStack

    from trio_gate.approval.grant import Grant
    from trio_gate.approval.question import Question
    from trio_gate.approval.task import Task
    from trio_gate.exchange.results import Proven
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.ports import Opened
    from trio_gate.shell.exchange.recorder import Recorder
    from trio_gate.shell.exchange.shared_services import SharedServices
    from trio_gate.shell.net.agent_stream import AgentStream
    from trio_gate.wire.head import ResponseHead


async def ask_for_task(
    data: bytes,
    proven: Proven,
    snapshot: Snapshot,
    services: SharedServices,
    recorder: Recorder,
    agent: AgentStream,
    opened: ExitStack,
) -> tuple[ResponseHead, bytes]:
    """The answer to a request for a task with this body, once people have approved it. Raises GateError, AgentGone."""
    gateway = snapshot.config.gateway
    grants = services.approvals.of_agent(proven.admitted.agent_name).grants

    def made() -> tuple[Task, Question]:
        asked = read_task(data, most_uses=gateway.grant_uses, most_minutes=int(gateway.grant_time // 60))
        task, question_id = task_of(asked, proven, snapshot, services.models.tables), f"q{secrets.token_hex(8)}"
        now = services.clock.now()
        return task, task_question(task, asked, proven, snapshot, question_id=question_id, asked_at=now, grants=grants)

    task, question = await in_worker(services.workers, agent, proven.asker, made)
    services.approvals.check(question.agent)  # a stop may have come meanwhile
    recorder.asked(question.digest)
    attempt = Asked(question=question, invocation=None, standing=task.standing, covers=_nothing, open=_no_part)
    answer = await wait_for(attempt, agent, services.approvals, opened)
    people = {person.name: person for person in snapshot.config.people}
    if isinstance(answer, Verdict):
        recorder.answered_by(answer, people)
        fault = not_approved(answer, "a task is asked for", services.approvals)
        recorder.decided(decision_of(fault), None, fault.detail, status=Denied.status)
        raise fault
    recorder.answered_by(answer.verdict, people)
    recorder.decided("approve", None, f"task: {task.purpose}")
    name = answer.verdict.id if answer.verdict.until else task_id(answer.verdict.id)
    grant = next((one for one in services.approvals.of_agent(question.agent).grants if one.id == name), None)
    if grant is None:
        raise Denied("the task was granted and has ended again: ask for another", outcome="expired")
    return _granted(grant)


async def end_task(task: str, proven: Proven, services: SharedServices) -> tuple[ResponseHead, bytes]:
    """The answer to an agent that ends a task of its own, once that is on disk.

    Raises Unidentified (404) where there is none of this id, StorageUnavailable where the end is in force and a restart would undo it.
    """
    if not await services.approvals.end_task(proven.admitted.agent_name, task):
        raise Unidentified("no task of this agent has this id, or it is over", status=404)
    return json_answer({"task": task, "ended": True})


def _granted(grant: Grant) -> tuple[ResponseHead, bytes]:
    """What says that a task is granted, and how much of it is left."""
    ends = grant.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json_answer({"task": grant.id, "uses": grant.uses - grant.used, "expires": ends})


def _nothing(_: str) -> bool:
    """No grant covers a task."""
    return False


async def _no_part(part: str, offset: int, colors: bool) -> Opened | None:
    """All of a task is shown."""
    await trio.lowlevel.checkpoint()
    return None
