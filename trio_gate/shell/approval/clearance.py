"""An approval in the hands of the task that will send its call, and where it comes from. Fills the port `Clearance`.

Rule: an approval is for one execution. Whatever ends the task before a byte has left gives the approval back: to its grant, or as a
new one for one use, so that the agent can come again without anybody being asked. What a stop, a person or a new configuration took
back is neither sent nor kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.approval.decided import CallOutcome
from trio_gate.approval.send_history import throttled
from trio_gate.approval.state import Verdict
from trio_gate.errors import DO_NOT_RETRY, Denied
from trio_gate.shell.approval.grants import LiveApproval
from trio_gate.shell.approval.hub_config import asker_of
from trio_gate.text.secret_detection import kept_text

if TYPE_CHECKING:
    from trio_gate.approval.send_history import Ledger, Sent
    from trio_gate.ports import Asked, Clock
    from trio_gate.shell.approval.grants import GrantService


class HubClearance:
    """An approval for one execution of a call.

    Attributes:
        verdict: who approved, and the reason they gave.
        grant: the id of the grant that is used; None where people were asked.
    """

    def __init__(
        self,
        asked: Asked,
        verdict: Verdict,
        *,
        grants: GrantService,
        ledger: Ledger,
        clock: Clock,
        asker: str,
        grant: str | None = None,
        retry: Sent | None = None,
    ) -> None:
        self.verdict = verdict
        self.grant = grant
        self._asked = asked
        self._grants = grants
        self._ledger = ledger
        self._clock = clock
        self._asker = asker
        self._retry = retry
        self._answer: tuple[int | None, str | None] = None, None
        self._sent = retry
        self._left = self._closed = False
        self._live = LiveApproval(question=asked.question, standing=asked.standing, verdict=verdict, grant=grant)
        grants.live.add(self._live)

    @property
    def lasting(self) -> bool:
        """Whether a grant, or a task's, has to be on disk before it counts."""
        return self.grant is not None or self._asked.question.task is not None

    def sending(self) -> None:
        """Note that the call is being sent. Raises Denied if the approval was taken back meanwhile."""
        if self._live.void:
            why = "its approval was withdrawn before it was sent, which is not a denial: run the same command again"
            raise Denied(why, outcome="expired")
        self._left = True
        if self._sent is None:
            asked, now = self._asked, self._clock.now()
            self._sent = self._ledger.sending(
                self._asker, asked.question.digest, asked.invocation, self.verdict, now, asked.standing
            )

    def unsent(self) -> None:
        """Note that not a single byte of the call was sent after all, so the approval can still be used."""
        self._left = False

    def void(self) -> None:
        """Take the approval back: `sending` refuses from now on, and `close` keeps nothing of it."""
        self._live.void = True

    def answered(self, status: int, code: str | None) -> None:
        """Note AWS's status and, where it is known, its error code: a throttled call may be repeated without asking."""
        self._answer = status, code
        if self._sent is not None:
            self._sent.ended = "throttled" if throttled(status, code) else status

    def ended(self, why: str | None, seconds: float | None) -> None:
        """Tell those who approved what became of the call: `why` the agent got no answer from AWS, and seconds to that."""
        status, code = self._answer
        answered = status is not None
        outcome = CallOutcome(
            at=self._clock.now(),
            end="answered" if answered else "unanswered" if self._left else "not_sent",
            status=status,
            error_code=code,
            seconds=seconds if answered else None,
            why=why,
        )
        self._grants.became(self.verdict.id, outcome)

    def close(self) -> None:
        """Account for the approval when its exchange is over: used if the call was sent, given back if not. Later calls do nothing."""
        if self._closed:
            return
        self._closed = True
        self._grants.live.discard(self._live)
        if self._left:
            if self.grant is not None:
                self._grants.used(self.grant)
            return
        if self._sent is not None:
            self._ledger.unsent(self._asker, self._asked.question.digest, self._sent)
        if self.grant is not None:
            self._grants.give_back(self.grant)
        elif self._retry is None and not self._live.void and self._asked.question.task is None:
            self._grants.add(self._asked.question, None, self._asked.standing, self.verdict)


class Clearances:
    """Makes the clearances of a process: after people approved a call, or without asking them."""

    def __init__(self, clock: Clock, grants: GrantService, ledger: Ledger) -> None:
        self._clock = clock
        self._grants = grants
        self._ledger = ledger

    def approved(self, asked: Asked, verdict: Verdict, *, grant: str | None = None, retry: Sent | None = None) -> HubClearance:
        """The clearance of a call that is approved: by people, by a grant's id, or as the retry of what AWS throttled."""
        return HubClearance(
            asked,
            verdict,
            grants=self._grants,
            ledger=self._ledger,
            clock=self._clock,
            asker=asker_of(asked.question),
            grant=grant,
            retry=retry,
        )

    def without_asking(self, asked: Asked) -> HubClearance | None:
        """The clearance of a throttled call, or by a grant; None if people must be asked. Raises Denied during a cool-down."""
        question, now, asker = asked.question, self._clock.now(), asker_of(asked.question)
        retry = self._ledger.retry(asker, question.digest, asked.invocation, now, asked.standing)
        if retry is not None:
            self._ledger.sending(asker, question.digest, asked.invocation, retry.verdict, now, asked.standing)
            return self.approved(asked, retry.verdict, retry=retry)
        task = self._grants.table.task(question, now) if question.task is not None else None
        if task is not None:  # it was approved before its agent came again
            return self.approved(
                asked, Verdict(outcome="approve", by=task.by, reason=f"task {task.id}", id=task.id, until=task.expires_at)
            )
        grant = self._grants.use(asked)
        if grant is not None:
            verdict = Verdict(outcome="approve", by=grant.by, reason=f"grant {grant.id}", grant=grant.id, id=grant.id)
            return self.approved(asked, verdict, grant=grant.id)
        reason = self._ledger.cooling(asker, question, now)
        if reason is not None:
            why = f'rule "{question.rule}" asks for approval, and this call was denied by a person a moment ago'
            said, kept = (f": {reason}", f": {kept_text(reason)}") if reason else ("", "")
            raise Denied(why + said + DO_NOT_RETRY, detail=why + kept, outcome="denied")
        return None
