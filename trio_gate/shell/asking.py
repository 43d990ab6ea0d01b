"""The stage between "a person must approve" and an approved call: keep its body, ask, wait, and be sure that someone waits.

Rule: a question is bound to everything that will be sent, so the body is here and checked before it is asked. Nothing is
executed for an agent that left.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING

import trio

from trio_gate.approval.digest import DigestInput, digest
from trio_gate.approval.request import question_from
from trio_gate.errors import Denied
from trio_gate.shell.agent_stream import AgentGone
from trio_gate.shell.race import race
from trio_gate.wire.checkers import checker_for

if TYPE_CHECKING:
    from trio_gate.approval.request import Question
    from trio_gate.approval.state import Verdict
    from trio_gate.policy.decide import Decision
    from trio_gate.ports import Approvals, AssumeRole
    from trio_gate.shell.agent_stream import AgentStream
    from trio_gate.shell.bodies import Source, Spool
    from trio_gate.shell.generation import Generation
    from trio_gate.shell.intake import Identified
    from trio_gate.shell.recorder import Recorder
    from trio_gate.shell.tools import Tools
    from trio_gate.wire.checkers import Chain
    from trio_gate.wire.head import Headers, RequestHead, Streamed

KEEP_ALIVE_EVERY = 2
"""Seconds between two signs of life. botocore's read time-out is 60 s by default, and may be set to 3."""

FEW = 4
"""Interim answers, the first 100 Continue included, that Go and Rust clients take for one request: their limit is 5."""

_PATIENT = ("aws-cli/", "Boto3/", "Botocore/", "aws-sdk-js/")
_COUNTING = ("aws-sdk-go", "aws-sdk-rust/")

_ENDED = {
    "deny": "denied by {by}",
    "expire": "nobody answered in time, which is not a denial: run the same command again",
    "withdraw": "withdrawn",
}


async def keep(body: Streamed, source: Source, store: Spool, chain: Chain | None) -> tuple[int, str, Headers]:
    """Put an upload on disk and check it; the length and hash of its content, and its trailers. Raises GateError, AgentGone."""
    content = hashlib.sha256()
    checker = checker_for(body, content.update, chain)
    while (piece := await source.next_piece()) is not None:
        checker.feed(piece)
        await store.write(piece)
    checker.finish()
    await store.rewind()
    return checker.seen, content.hexdigest(), checker.trailers


def digest_input(
    identified: Identified, head: RequestHead, assume: AssumeRole, rule: str, payload: tuple[int, str, Headers], tools: Tools
) -> DigestInput:
    """What the approval will be bound to. `head` is the one that will be signed."""
    call, agent = identified.call, identified.admitted.agent
    role = {name: None if value is None else str(value) for name, value in asdict(assume).items() if name != "generation"}
    length, sha256, trailers = payload
    return DigestInput(
        agent=agent.name if agent else None,
        account=call.account,
        partition=call.partition,
        region=call.region,
        signing_name=call.signing_name,
        credential=assume.base,
        assume_role=role,
        host=call.host,
        address=tools.upstreams.address_of(call.host),
        method=head.method,
        path=head.target.path,
        query=head.target.query_string,
        headers=head.headers,
        payload_length=length,
        payload_sha256=sha256,
        trailers=trailers,
        rule=rule,
    )


async def ask(
    identified: Identified,
    decision: Decision,
    parts: DigestInput,
    *,
    agent: AgentStream,
    generation: Generation,
    tools: Tools,
    recorder: Recorder,
) -> None:
    """Return once the call is approved, while its agent still waits.

    Raises:
        Denied: it was denied, or nobody answered in time.
        AgentGone: the agent left; the question is withdrawn.
    """
    rule = next(rule for rule in generation.config.rules if rule.name == decision.rule)
    question = question_from(
        identified.call,
        parts,
        question_id=secrets.token_urlsafe(9),
        asked_at=tools.clock.now(),
        reason=rule.reason,
        approvers=[generation.approvers[name] for name in decision.approvers],
        account_name=recorder.account_name,
        agent_address=recorder.agent_address,
    )
    recorder.digest = digest(parts)
    verdict = await _wait(question, tools.approvals, agent, identified.arrived.one("user-agent") or "")
    recorder.answered_by(verdict, {person.name: person for person in generation.config.people})
    if verdict.outcome == "approve":
        recorder.decided("approve", decision.rule, verdict.reason or None)
        return
    reason = f'rule "{decision.rule}" asks for approval: {_why(verdict)}'
    recorder.decided("deny", decision.rule, reason, status=Denied.status)
    raise Denied(reason)


def _why(verdict: Verdict) -> str:
    said = f": {verdict.reason}" if verdict.outcome == "deny" and verdict.reason else ""
    return _ENDED[verdict.outcome].format(by="an approver") + said


async def _wait(question: Question, approvals: Approvals, agent: AgentStream, user_agent: str) -> Verdict:
    async def answer() -> Verdict:
        return await approvals.ask(question)

    async def keep_alive() -> None:
        await _keep_alive(agent, user_agent)

    verdict = await race(answer, agent.gone, keep_alive)
    if verdict is None:
        raise AgentGone
    return verdict


async def _keep_alive(agent: AgentStream, user_agent: str) -> None:
    """Signs of life, as many as this client takes; then only wait."""
    counted = FEW - agent.interim if user_agent.startswith(_COUNTING) else 0
    while counted > 0 or user_agent.startswith(_PATIENT):
        await trio.sleep(KEEP_ALIVE_EVERY)
        await agent.keep_alive()
        counted -= 1
    await trio.sleep_forever()
