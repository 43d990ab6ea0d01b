"""The record of one exchange: the facts known so far, its line in the decision log, and its rows in the audit database.

Rule: the intent of a call and its line are written before it is sent, unless it is a plain read and both places accept more: that is
told of while AWS works. Every exchange has one outcome. Facts are set as the stages learn them; a row holds those known when it is
written.
"""

from __future__ import annotations

import logging
import os
from time import perf_counter_ns
from typing import TYPE_CHECKING

from trio_gate.audit.described import describe
from trio_gate.audit.record import Intent, Outcome, plain_read
from trio_gate.audit.redact import encode, path_text
from trio_gate.errors import AuditUnavailable, CredentialsUnavailable, UpstreamError, internal_fault
from trio_gate.metrics.traced import TracedRequest, parent_of
from trio_gate.shell.exchange.request_lines import log_request, request_log
from trio_gate.text.secret_detection import kept_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trio_gate.approval.state import Verdict
    from trio_gate.audit.described import Described
    from trio_gate.audit.record import End
    from trio_gate.aws.call import Call, Claim
    from trio_gate.aws.model.shape import Shape
    from trio_gate.config.model import Person
    from trio_gate.errors import GateError
    from trio_gate.exchange.results import Identified, Signer
    from trio_gate.ports import Clearance
    from trio_gate.shell.exchange.shared_services import SharedServices
    from trio_gate.wire.head import RequestHead

log = logging.getLogger(__name__)


def _random_digits() -> Iterator[str]:
    """Random numbers of 128 bits, in hex. The system is asked for many at once, because it takes as long for one."""
    while True:
        digits = os.urandom(16 * _AT_ONCE).hex()
        yield from [digits[start : start + 32] for start in range(0, len(digits), 32)]


_AT_ONCE = 256
_DIGITS = _random_digits()


def request_id() -> str:
    """A new request id: a random UUID (RFC 9562 section 5.4)."""
    digits = next(_DIGITS)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) % 4]}{digits[17:20]}-{digits[20:]}"


_OWN_WORD = frozenset({"stopped", "unavailable"})
"""Outcomes of refusals without a decision that the record tells from others."""


def description(call: Call, shape: Shape | None, *, line: bool) -> Described:
    """As `describe`; a fault in it is a refusal. Raises AuditUnavailable."""
    try:
        return describe(call, shape, line=line)
    except Exception as error:
        raise AuditUnavailable(
            "the call could not be described for the record", detail=f"the call could not be described: {internal_fault(error)}"
        ) from error


class Recorder:
    """Collects facts about one exchange from its stages, and writes its rows. No stage reads anything back from it.

    Attributes:
        id: the request id in the agent's answer.
        call, described: the named call, and its text for the record, which is made when it is needed.
        decision: outcome, rule and reason.
        digest: of what people were asked to approve, in hexadecimal; None if nobody was asked.
        grant: the id of the grant that this call used.
        approvers: name, kind and reason of each person who decided.
        nanoseconds: how long each stage took, by name.
        proven: whether the agent is authenticated, or none is configured.
    """

    proven: bool = False
    claim: Claim | None = None
    agent: str | None = None
    _session: str | None = None
    account_name: str | None = None
    call: Call | None = None
    described: Described | None = None
    _shape: Shape | None = None
    decision: tuple[str, str | None, str | None] | None = None
    _unwritten: tuple[datetime, int | None] | None = None
    _beyond_words: bool = False
    digest: str | None = None
    grant: str | None = None
    approvers: tuple[tuple[str, str, str], ...] = ()
    _clearance: Clearance | None = None
    upstream_status: int | None = None
    _own_status: int | None = None
    _refused_as: str = "refused"
    error_code: str | None = None
    aws_request_id: str | None = None
    _intended: bool = False
    _cut_short: bool = False

    def __init__(self, head: RequestHead, *, agent_address: str, generation: int, services: SharedServices) -> None:
        self.id = request_id()
        self.nanoseconds: dict[str, int] = {}
        self._head = head
        self._agent_address = agent_address
        self._generation = generation
        self._services = services
        self._mark = perf_counter_ns()

    def claimed(self, claim: Claim) -> None:
        """Note which account and agent the request claims to be for."""
        self.claim = claim

    def proved(self, signer: Signer) -> None:
        """Note whose signature was verified."""
        self.agent, self.proven = signer.agent, signer.agent is not None
        session = signer.session
        if session is not None:
            self._session = encode({"chain": list(session.chain), "key_id": session.key_id, "role": session.role})

    def admitted(self, account_name: str | None) -> None:
        """Note the account's label: the request is authenticated as far as the configuration asks."""
        self.account_name, self.proven = account_name, True

    def named(self, identified: Identified, described: Described | None) -> None:
        """Note the named call, and its text for the record where that is made already."""
        self.call, self.described, self._shape = identified.call, described, identified.shape

    def asked(self, digest: str) -> None:
        """Note that people are asked, and the digest of what they are asked about."""
        self.digest = digest

    def sent(self) -> None:
        """Tell of a call that AWS is working on, where that was left. Raises AuditUnavailable."""
        if self._unwritten is None:
            return
        try:
            self._tell()
        except AuditUnavailable:
            self._cut_short = True
            raise

    def answered(self, status: int, request_id: str | None) -> None:
        """Note AWS's status and request id. Raises AuditUnavailable."""
        self.sent()
        self.upstream_status, self.aws_request_id, self.error_code = status, request_id, None

    def answered_here(self, status: int) -> None:
        """Note that the gateway answers itself, with this status. Raises AuditUnavailable."""
        self._tell()
        self._own_status = status

    def failed(self, code: str | None) -> None:
        """Note the code of an error from AWS, None if it has none."""
        self.error_code = code

    def forget(self) -> None:
        """Drop the call, because its parameters may be large."""
        self.call = None

    def lap(self, stage: str) -> None:
        """Count the time since the last lap as this stage's."""
        now = perf_counter_ns()
        self.nanoseconds[stage] = self.nanoseconds.get(stage, 0) + now - self._mark
        self._mark = now

    def answered_by(self, verdict: Verdict, people: dict[str, Person]) -> None:
        """Note who decided, and their reason with secrets masked. `people`: all persons, by name."""
        reason = kept_text(verdict.reason)
        self.grant = verdict.grant
        self.approvers = tuple((name, people[name].kind, reason) for name in verdict.by if name in people)

    def cleared(self, clearance: Clearance) -> None:
        """Note the approval of the call: those who gave it are told how the exchange ends."""
        self._clearance = clearance

    def decided(self, outcome: str, rule: str | None, reason: str | None, *, status: int | None = None) -> None:
        """Set the decision, and log it where there is a decision log; a plain read that is allowed at `intend` or `sent`.

        Raises AuditUnavailable where the disk fails.
        """
        self._log_decision()
        self.decision, self._unwritten = (outcome, rule, reason), (self._services.clock.now(), status)
        if outcome != "allow" or self.described is not None or self.call is None or not plain_read(self.call):
            self._tell()

    def _tell(self) -> None:
        """Describe the call, and log its decision, unless that is done. Raises AuditUnavailable."""
        if self.call is not None and self.described is None and not self._beyond_words:
            try:
                self.described = description(self.call, self._shape, line=self._services.sinks.decisions is not None)
            except AuditUnavailable:
                self._beyond_words, self.decision, self._unwritten = True, None, None
                raise
        self._log_decision()

    def _log_decision(self) -> None:
        """Write the line of the decision, unless that is done. Raises AuditUnavailable."""
        unwritten, self._unwritten = self._unwritten, None
        decisions, call = self._services.sinks.decisions, self.call
        if unwritten is None or self.decision is None or decisions is None or call is None:
            return
        line = self.described.line if self.described else None
        if line is None:  # a reload may have added the log since
            line = description(call, self._shape, line=True).line
        if line is not None:
            time, status = unwritten
            decisions.called(line, id=self.id, time=time, agent=self.agent, decision=self.decision, status=status)

    async def intend(self) -> None:
        """Return once the call may be sent: its intent is on disk, or it is a plain read, and record and decision log accept more.

        Raises AuditUnavailable.
        """
        audit, decisions, call = self._services.audit, self._services.sinks.decisions, self.call
        if call is None:
            return
        waits = audit.failing or not plain_read(call)
        if waits or (decisions is not None and not decisions.is_ready()):
            self._tell()
        if waits:
            await audit.intend(self._intent(self._services.clock.now()))
            self._intended = True

    async def refused(self, fault: GateError, status: int, *, bytes_in: int) -> None:
        """Log and write the outcome of an exchange that the gateway refused with `status`. Never raises: it is refused already."""
        counted = self._is_counted(f"{status} {fault.code}")
        call = self.call
        if fault.limit is not None:
            self._services.counts.refuse(fault.limit)
        where = f"{call.service}:{call.operation}" if call else f"{self._head.method} {ascii(self._head.one('host') or '')[1:-1]}"
        level = logging.DEBUG if counted or request_log.isEnabledFor(logging.INFO) else logging.INFO
        said = (where, self._agent_address, fault.detail, status, self.id)
        log.log(level, "refused %s for %s: %s (%d, %s)", *said, extra={"facts": {"request": self.id}})
        if counted:
            self._count("refused", status, self._services.clock.now())
            return
        decisions, now = self._services.sinks.decisions, self._services.clock.now()
        if self.decision is None and decisions is not None:
            try:
                decisions.refused(id=self.id, time=now, agent=self.agent, status=status, code=fault.code, reason=fault.detail)
            except AuditUnavailable as error:
                log.error("%s", error.reason)  # noqa: TRY400 - the fault is the disk's
        self._refused_as = fault.outcome if fault.outcome in _OWN_WORD else "refused"
        end: End = "refused"
        if self._intended or self._cut_short:  # after the intent, only the agent's own body can be refused
            end = "aborted"
        if isinstance(fault, (UpstreamError, CredentialsUnavailable)):
            end = "failed"
        self._tell_approvers(fault.reason)
        await self._conclude(end, status, bytes_in=bytes_in, reason=fault.detail)

    async def aborted(self, reason: str, *, answering: bool, bytes_in: int, bytes_out: int) -> None:
        """Write the outcome of an exchange that was broken off; `answering`: whether the agent had AWS's status by then."""
        if not self._is_counted("aborted"):
            status = self.upstream_status if answering else None
            self._tell_approvers(reason)
            await self._conclude("aborted", status, bytes_in=bytes_in, bytes_out=bytes_out, reason=reason)

    async def completed(self, *, bytes_in: int, bytes_out: int) -> None:
        """Write the outcome of an exchange whose answer went to the agent whole."""
        self._tell_approvers(None)
        await self._conclude("answered", self._own_status or self.upstream_status, bytes_in=bytes_in, bytes_out=bytes_out)

    def _tell_approvers(self, why: str | None) -> None:
        """Tell those who approved the call how it ended."""
        if self._clearance is not None:
            took = self.nanoseconds.get("aws")
            self._clearance.ended(why, None if took is None else took / 1e9)

    async def _conclude(
        self, end: End, status: int | None, *, bytes_in: int = 0, bytes_out: int = 0, reason: str | None = None
    ) -> None:
        """Tell of the outcome, and write it. A failing disk is logged.

        `status` is that of the agent's answer, `bytes_in` and `bytes_out` are the lengths of its bodies.
        """
        self.lap("end")
        try:
            self._tell()
        except AuditUnavailable as error:
            log.error("%s", error.detail)  # noqa: TRY400 - a traceback would say nothing more
        now, audit = self._services.clock.now(), self._services.audit
        outcome = Outcome(
            id=self.id,
            time=now,
            status=status,
            upstream_status=self.upstream_status,
            error_code=self.error_code,
            aws_request_id=self.aws_request_id,
            bytes_in=bytes_in,
            bytes_out=bytes_out,
            nanoseconds=self.nanoseconds,
            end=end,
            reason=reason,
        )
        self._publish(outcome)
        try:
            await (audit.conclude(outcome) if self._intended else audit.record(self._intent(now), outcome))
        except AuditUnavailable as error:
            log.error("outcome of %s not recorded: %s", self.id, error.reason)  # noqa: TRY400 - the fault is the disk's

    def _publish(self, outcome: Outcome) -> None:
        """Tell all who learn of an exchange besides the record: metrics, traces, the log and people's channels."""
        services, now = self._services, outcome.time
        self._count(outcome.end, outcome.status, now)
        if (traces := services.sinks.traces) is not None:
            traces.send(self._traced(outcome.end, outcome.status, now))
        if request_log.isEnabledFor(logging.INFO):
            log_request(self._intent(now), outcome)
        services.approvals.publish(lambda: (self._intent(now), outcome))

    def _count(self, end: str, status: int | None, now: datetime) -> None:
        """Count the exchange for those who read metrics, by what the configuration and AWS name alone."""
        call, decision = self.call, self.decision
        outcome = decision[0] if decision else self._refused_as
        agent = self.agent or ""
        key = (call.service, call.access, outcome, agent, call.account) if call else ("", "", outcome, agent, "")
        self._services.counts.request(key, end, status, self.nanoseconds, now)

    def _traced(self, end: End, status: int | None, now: datetime) -> TracedRequest:
        """The exchange as a trace shows it."""
        call, decision = self.call, self.decision
        known = {
            "rpc.system": "aws-api",
            "rpc.service": call.service if call else None,
            "rpc.method": call.operation if call else None,
            "cloud.account.id": call.account if call else None,
            "http.response.status_code": status,
            "trio_gate.agent": self.agent,
            "trio_gate.outcome": decision[0] if decision else self._refused_as,
            "trio_gate.end": end,
            "trio_gate.request_id": self.id,
        }
        return TracedRequest(
            parent=parent_of(self._head.one("traceparent")),
            ended=int(now.timestamp() * 1e9),
            nanoseconds=self.nanoseconds,
            error=end != "answered",
            attributes={name: value for name, value in known.items() if value is not None},
        )

    def _is_counted(self, code: str) -> bool:
        """Return whether this is only counted, as one of many refusals, and has no row of its own."""
        return not self.proven and self._services.refusals.counted(self._agent_address, code)

    def _intent(self, now: datetime) -> Intent:
        call, claim, described = self.call, self.claim, self.described
        outcome, rule, reason = self.decision or (self._refused_as, None, None)
        return Intent(
            id=self.id,
            time=now,
            agent=self.agent,
            agent_address=self._agent_address,
            access_key_suffix=claim.suffix if claim else None,
            account=claim.account if claim else None,
            account_name=self.account_name,
            partition=call.partition if call else None,
            region=call.region if call else None,
            service=call.service if call else None,
            operation=call.operation if call else None,
            iam_action=call.iam_action if call else None,
            access=call.access if call else None,
            resources=described.resources if described else None,
            host=call.host if call else None,
            method=call.method if call else self._head.method,
            path=described.path if described else None if call else path_text(self._head.target.path, {}),
            params=described.params if described else None,
            outcome=outcome,
            rule=rule,
            reason=reason,
            approvers=self.approvers,
            digest=self.digest,
            grant=self.grant,
            generation=self._generation,
            session=self._session,
            presigned=call.presigned if call else None,
            sentence=described.sentence if described else None,
            level=described.level if described else None,
        )
