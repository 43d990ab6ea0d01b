"""The approval stage: store the call's body, ask people, and wait for their verdict while the agent waits.

Rule: an approval is bound to everything that will be sent, so the body is read and checked before people are asked. Nothing is sent
for an agent that has left.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING

import trio

from trio_gate.approval.grant import standing
from trio_gate.approval.param_tree import shown
from trio_gate.approval.question import Circumstances, question_from
from trio_gate.approval.state import Verdict
from trio_gate.audit.redact import masked
from trio_gate.comparison.plans import comparable
from trio_gate.content.code import Code
from trio_gate.effect.effect import effect_of
from trio_gate.errors import DO_NOT_RETRY, AgentGone, Denied
from trio_gate.exchange.agent_reason import agent_reason
from trio_gate.exchange.binding import Payload
from trio_gate.ports import Asked
from trio_gate.sessions.calls import served
from trio_gate.shell.comparison.present_state import PresentState
from trio_gate.shell.exchange.bodies import Spool
from trio_gate.shell.exchange.large_calls import in_worker
from trio_gate.shell.exchange.prompt_details import KEPT, PromptDetails, StoredBody
from trio_gate.shell.net.race import race
from trio_gate.text.secret_detection import kept_text
from trio_gate.values import value_class
from trio_gate.wire.aws_chunked import FRAMED
from trio_gate.wire.body_checkers import checker_for
from trio_gate.wire.head import Streamed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from trio_gate.approval.digest import DigestInput
    from trio_gate.approval.param_tree import Shown
    from trio_gate.approval.question import Question
    from trio_gate.aws.call import Call
    from trio_gate.errors import Outcome
    from trio_gate.exchange.results import Identified, Judged, Outbound
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.ports import Approvals, Clearance, RoleRequest
    from trio_gate.shell.exchange.bodies import Room, Source
    from trio_gate.shell.exchange.recorder import Recorder
    from trio_gate.shell.exchange.shared_services import SharedServices
    from trio_gate.shell.net.agent_stream import AgentStream
    from trio_gate.signing.chunk_signatures import Chain
    from trio_gate.wire.head import Empty, Held, StreamKind

KEEP_ALIVE_EVERY = 2
"""Seconds between two signs of life. botocore's read time-out is 60 s by default, and may be set to 3."""

FEW = 4
"""Interim answers to one request, including the first 100 Continue, that Go and Rust clients are sent: they accept 5."""

_PATIENT = ("trio-gate/", "aws-cli/", "Boto3/", "Botocore/", "aws-sdk-js/")
_COUNTING = ("aws-sdk-go", "aws-sdk-rust/")

_PATIENCE = {
    "aws-sdk-cpp/": 2.0,
    "aws-sdk-java/": 25.0,
    "aws-sdk-kotlin/": 25.0,
    "aws-sdk-ruby": 50.0,
    "aws-sdk-dotnet": 90.0,
}
"""Seconds that a client may be kept waiting if it ignores interim answers and gives up on a silent one, by its user agent.

Their SDKs' defaults: C++ 3 s (`requestTimeoutMs`, curl's low-speed limit), Java and Kotlin 30 s (socket timeouts), Ruby 60 s
(`http_read_timeout`), .NET 100 s (HttpClient).
"""

RETRY_SECONDS = 60
"""After this long an agent is told to ask again whose call waits for people."""

_PENDING = f"approval {{id}} is pending, open until {{until}}: run the same command again in {RETRY_SECONDS} s{{where}}; do not change the call{{more}}"
_TASK = "; before many calls like it, ask once for a task (trio-gate task{danger})"
"""Ends what an agent reads about a call that a task could have covered; `danger` is the option for those that are dangerous."""

_ENDED: Mapping[str, tuple[Outcome, str]] = {
    "deny": ("denied", "denied by a person"),
    "expire": ("expired", "nobody answered in time, which is not a denial: run the same command again"),
    "withdraw": ("expired", "it was withdrawn before anybody decided, which is not a denial: run the same command again"),
    "hold": ("pending", _PENDING),
    "stop": ("pending", f"the gateway is stopping, which is not a denial: {_PENDING}"),
}
"""How the wait for people ends without a yes: the outcome, and the words for the agent."""

INVOCATION = "amz-sdk-invocation-id"


@value_class
class CheckedBody:
    """A whole body that was checked: in `data`, or in `spool`, rewound."""

    payload: Payload
    data: bytes = b""
    spool: Spool | None = None


async def keep(body: Streamed, source: Source, store: Spool, chain: Chain | None) -> CheckedBody:
    """Store a streamed body in `store` and check it. Raises GateError, AgentGone."""
    content = hashlib.sha256()
    checker = checker_for(body, content.update, chain.fresh() if chain else None)
    while (piece := await source.next_piece()) is not None:
        checker.feed(piece)
        await store.write(piece)
    checker.finish()
    await store.rewind()
    payload = Payload(length=checker.seen, sha256=content.hexdigest(), trailers=checker.trailers)
    return CheckedBody(payload=payload, spool=store)


async def checked(
    identified: Identified, outbound: Outbound, source: Source | None, agent: AgentStream, room: Room
) -> CheckedBody:
    """Read the whole body of a call and check it. Raises GateError, AgentGone."""
    body = identified.body
    if not isinstance(body, Streamed):
        return CheckedBody(payload=Payload(length=len(outbound.data), sha256=outbound.payload_hash), data=outbound.data)
    if isinstance(source, Spool):
        return CheckedBody(payload=Payload(length=body.length or 0, sha256=outbound.payload_hash), spool=source)
    store = room.spool()
    await agent.ask_for_body()
    return await keep(body, agent, store, identified.chain)


class ApprovalStage:
    """Asks people about one call that a rule requires approval for."""

    def __init__(
        self,
        identified: Identified,
        judged: Judged,
        role: RoleRequest,
        snapshot: Snapshot,
        services: SharedServices,
        recorder: Recorder,
    ) -> None:
        decision = judged.decision
        self._identified = identified
        self._facets = judged.facets
        self._approvers = [snapshot.approvers[name] for name in decision.approvers]
        self._people = {person.name: person for person in snapshot.config.people}
        self._rule = next(rule for rule in snapshot.config.rules if rule.name == decision.rule)
        self._standing = standing(self._rule, self._approvers)
        self._services = services
        self._recorder = recorder
        self._role = role

    async def ask(self, parts: DigestInput, body: CheckedBody, agent: AgentStream, opened: ExitStack) -> Clearance:
        """Return the approval once people have given it. It is closed, and its details dropped, when `opened` is.

        The approval is bound to `parts`.

        Raises:
            Denied: it was denied, or nobody answered in time.
            StorageUnavailable: the use of a grant could not be stored.
            AgentGone: the agent left, or repeated the call on another connection.
        """
        work, asker = self._services.workers, self._identified.proven.asker
        # however small the body is: it may unpack to much
        held, present, asked = await in_worker(work, agent, asker, lambda: self._made(parts, body))
        opened.callback(held.leave)
        if parts.payload_length > KEPT:
            opened.callback(present.leave)
        self._recorder.asked(asked.question.digest)
        clearance = await wait_for(asked, agent, self._services.approvals, opened)
        if isinstance(clearance, Verdict):
            raise self._denied(clearance, asked.question)
        self._recorder.answered_by(clearance.verdict, self._people)
        self._recorder.cleared(clearance)
        self._recorder.decided("approve", self._rule.name, kept_text(clearance.verdict.reason) or None)
        return clearance

    @property
    def tags(self) -> bool:
        """Whether AWS is told who approved."""
        return self._rule.approval_tag

    def stands(self, snapshot: Snapshot) -> bool:
        """Whether a configuration still has the same rule, and it asks the same people."""
        rule = next((rule for rule in snapshot.config.rules if rule.name == self._rule.name), None)
        if rule is None:
            return False
        return standing(rule, [snapshot.approvers[name] for name in rule.approvers]) == self._standing

    def _made(self, parts: DigestInput, body: CheckedBody) -> tuple[PromptDetails, PresentState, Asked]:
        """The question, the details that may be opened, and what compares the call with what is there now."""
        identified, work = self._identified, self._services.workers
        call = identified.call
        tree = shown(call.params, identified.shape, Code(service=call.service, operation=call.operation))
        run, beside = (partial(work.run, f"{what} of {identified.proven.asker}") for what in ("opened", "compared"))
        stored = StoredBody(data=body.data, spool=body.spool, framed=_framing(identified.body))
        held = PromptDetails(call, self._facets, parts, tree.values, what=tree.kinds, body=stored, run=run)
        present = PresentState(identified, self._role, self._services.reader, held.body, beside)
        return held, present, self._asked(parts, tree, held, present)

    def _asked(self, parts: DigestInput, tree: Shown, held: PromptDetails, present: PresentState) -> Asked:
        proven, call = self._identified.proven, self._identified.call
        user_agent, session = proven.arrived.one("user-agent"), proven.admitted.session
        named = self._services.names.of(call.account)
        around = Circumstances(
            reason=self._rule.reason,
            approvers=self._approvers,
            account_name=proven.admitted.account_name,
            account_color=proven.admitted.endpoint.colors.get(call.account),
            agent_address=proven.claimed.agent_address,
            user_agent=user_agent,
            streamed=isinstance(self._identified.body, Streamed),
            patience=patience(user_agent or ""),
            session=session.key_id if session else None,
            effect=effect_of(call, masked(call.params, self._identified.shape), virtual=served(call) and not self._rule.vends),
            session_chain=session.chain if session else (),
            organization_name=named if isinstance(named, str) else None,
            agent_reason=agent_reason(proven.arrived),
            compared_by=self._compared_by(call),
        )
        question_id = f"q{secrets.token_hex(8)}"
        question = question_from(
            self._identified.call, parts, tree, around, question_id=question_id, asked_at=self._services.clock.now()
        )
        return Asked(
            question=question,
            invocation=proven.arrived.one(INVOCATION),
            standing=self._standing,
            covers=held.covers,
            open=held.open,
            compare=present.compare,
        )

    def _compared_by(self, call: Call) -> tuple[str, ...]:
        """Which of its approvers may have a call compared with what is there now."""
        if not comparable(call.service, call.operation):
            return ()
        asked = dict.fromkeys(name for group in self._approvers for name in group.people)
        return tuple([name for name in asked if self._people[name].may_compare])

    def _denied(self, verdict: Verdict, question: Question) -> Denied:
        self._recorder.answered_by(verdict, self._people)
        if verdict.outcome == "withdraw":
            admitted = self._identified.proven.admitted
            self._services.approvals.check(admitted.agent_name)
            if admitted.session is not None:
                self._services.sessions.table.check(admitted.session, self._services.clock.now())
        danger = " --danger" if question.level == "danger" else ""
        more = _TASK.format(danger=danger) if question.grantable and question.session is None else ""
        fault = not_approved(verdict, f'rule "{self._rule.name}" asks for approval', self._services.approvals, more)
        self._recorder.decided(decision_of(fault), self._rule.name, fault.detail, status=Denied.status)
        return fault


async def wait_for(asked: Asked, agent: AgentStream, approvals: Approvals, opened: ExitStack) -> Verdict | Clearance:
    """Wait for the verdict; an approval is closed when `opened` is. Raises AgentGone, even if the agent left at the moment of the verdict."""
    left: list[bool] = []

    async def answer() -> Verdict | Clearance:
        verdict = await approvals.ask(asked)
        if not isinstance(verdict, Verdict):
            opened.callback(verdict.close)
        return verdict

    async def gone() -> None:
        await agent.gone()
        left.append(True)

    async def keep_alive() -> None:
        await signs_of_life(agent, asked.question.user_agent or "")

    verdict = await race(answer, gone, keep_alive)
    if verdict is None or left:
        raise AgentGone
    return verdict


def not_approved(verdict: Verdict, asks: str, approvals: Approvals, more: str = "") -> Denied:
    """What an agent is told whose wait ended without a yes; its detail is what may be kept.

    Args:
        verdict: how it ended.
        asks: begins the sentence.
        approvals: has the page where people answer.
        more: ends the sentence where people may still say yes.
    """
    outcome, words = _ENDED[verdict.outcome]
    pending = outcome == "pending"
    told = f"{asks}: {words.format(**_waiting(verdict, approvals), more=more) if pending else words}"
    kept = said = ""
    if outcome == "denied":
        kept = f": {kept_text(verdict.reason)}" if verdict.reason else ""
        said = (f": {verdict.reason}" if verdict.reason else "") + DO_NOT_RETRY
    question, later = (verdict.reason, RETRY_SECONDS) if pending else (None, None)
    return Denied(told + said, detail=told + kept, outcome=outcome, approval=question, retry_after=later)


def decision_of(fault: Denied) -> str:
    """The outcome of a refusal by people as the record has it."""
    return "deny" if fault.outcome == "denied" else fault.outcome


def _waiting(verdict: Verdict, approvals: Approvals) -> dict[str, str]:
    """Where a question stands that stays open, in words."""
    page, until = approvals.page, verdict.until
    return {
        "id": verdict.reason,
        "until": f"{until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if until else "it is answered",
        "where": f", or ask your user to approve it at {page}#{verdict.reason}" if page else "",
    }


def _framing(body: Empty | Held | Streamed) -> StreamKind | None:
    """The framing of aws-chunked in which a body is stored and sent; None for none."""
    return body.kind if isinstance(body, Streamed) and body.kind.value in FRAMED else None


def patience(user_agent: str) -> float:
    """Seconds after which this client must have an answer, or it gives up; infinite if it is kept alive by interim answers."""
    return next((most for name, most in _PATIENCE.items() if user_agent.startswith(name)), math.inf)


async def signs_of_life(agent: AgentStream, user_agent: str) -> None:
    """Send interim answers, as many as this client accepts; then wait forever."""
    counted = FEW - agent.interim if user_agent.startswith(_COUNTING) else 0
    while counted > 0 or user_agent.startswith(_PATIENT):
        await trio.sleep(KEEP_ALIVE_EVERY)
        await agent.keep_alive()
        counted -= 1
    await trio.sleep_forever()
