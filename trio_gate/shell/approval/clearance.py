"""An approval in the hands of the task that will send its call. Fills the port `Clearance`.

Rule: it is for one execution. Whatever ends the task before a byte has left gives the approval back: to its grant, or as a new one
for one use, so that the agent can come again without asking. What a stop, a person or another configuration took back is neither sent
nor kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.approval.send_history import throttled
from trio_gate.errors import Denied
from trio_gate.shell.approval.grants import LiveApproval

if TYPE_CHECKING:
    from trio_gate.approval.send_history import Ledger, Sent
    from trio_gate.approval.state import Verdict
    from trio_gate.ports import Asked, Clock
    from trio_gate.shell.approval.grants import GrantService


class HubClearance:
    """An approval for one execution of a call.

    Attributes:
        verdict: who approved, and what they said.
        grant: the grant of which it is a use; None where people were asked.
        retry: the sending that it repeats, which AWS had turned away as too many.
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
        self._sent = retry
        self._left = self._closed = False
        self._live = LiveApproval(question=asked.question, standing=asked.standing, verdict=verdict, grant=grant)
        grants.live.add(self._live)

    def sending(self) -> None:
        """The call leaves now. Raises Denied where it was taken back."""
        if self._live.void:
            raise Denied("its approval was taken back before it was sent, which is not a denial: run the same command again")
        self._left = True
        if self._sent is None:
            asked, now = self._asked, self._clock.now()
            self._sent = self._ledger.sending(
                self._asker, asked.question.digest, asked.invocation, self.verdict, now, asked.standing
            )

    def unsent(self) -> None:
        """Not one byte of it left after all."""
        self._left = False

    def void(self) -> None:
        """It is taken back."""
        self._live.void = True

    def answered(self, status: int, code: str | None) -> None:
        """AWS answered, with an error code where that is known."""
        if self._sent is not None:
            self._sent.ended = "throttled" if throttled(status, code) else status

    def close(self) -> None:
        """The exchange is over."""
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
        elif self._retry is None and not self._live.void:
            self._grants.add(self._asked.question, None, self._asked.standing, self.verdict)
