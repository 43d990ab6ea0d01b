"""What the exchange needs from the outside world. The shell fills these; tests may fill them with anything that keeps the word.

Every method that waits may be cancelled at any await and then leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - a dataclass field's type
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from trio_gate.approval.request import Question
    from trio_gate.approval.state import Verdict
    from trio_gate.audit.record import Intent, Outcome
    from trio_gate.signing.sigv4 import Credentials


class Clock(Protocol):
    """Wall time for signatures and records; deadlines use the scheduler's monotonic clock."""

    def now(self) -> datetime:
        """The time, in UTC, aware."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumeRole:
    """The whole AssumeRole request and who signs it: the key under which its answer is cached and one call is in flight.

    `base` and `generation` name the credential block and the configuration it came from.
    """

    partition: str
    region: str
    account: str
    role_arn: str
    session_name: str
    external_id: str | None
    duration: int
    base: str
    generation: int


class CredentialSource(Protocol):
    """Temporary credentials of a role."""

    async def credentials(self, request: AssumeRole) -> Credentials:
        """Credentials that are valid now. Raises CredentialsUnavailable."""


class Approvals(Protocol):
    """The people who answer."""

    async def ask(self, question: Question) -> Verdict:
        """Put the question to its approvers and wait for their verdict; expires closed. Cancelling withdraws it."""


class AuditLog(Protocol):
    """The durable record. `failing` says that the last row could not be written; the next that can ends it."""

    failing: bool

    async def intend(self, intent: Intent) -> None:
        """Return once the intent is on disk. Raises AuditUnavailable."""

    async def conclude(self, outcome: Outcome) -> None:
        """Return once the outcome is on disk. Raises AuditUnavailable."""

    async def record(self, intent: Intent, outcome: Outcome) -> None:
        """Both in one row, for a refusal or a plain read that is over. Raises AuditUnavailable."""
