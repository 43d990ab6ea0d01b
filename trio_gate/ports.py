"""What the exchange needs from the outside world. The shell fills these; tests may fill them with anything that keeps the word.

Every method that waits may be cancelled at any await and then leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - a dataclass field's type
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_gate.approval.question import Question
    from trio_gate.approval.state import Verdict
    from trio_gate.audit.record import Intent, Many, Outcome
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One attempt of an agent to have a call approved.

    Attributes:
        invocation: the SDK's id of the call (`amz-sdk-invocation-id`), the same for all its attempts; None without one.
        standing: the fingerprint of the rule that asks and its approvers, see `approval.grant`.
        covers: whether a grant's predicate (CEL source) holds for the call.
        open: a part of it in full, see `approval.readable`; None where it cannot be shown.
    """

    question: Question
    invocation: str | None
    standing: str
    covers: Callable[[str], bool]
    open: Callable[[str, int], Awaitable[Opened | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A piece of a part: its text, made safe, where the next piece begins, and of what it is; see `frames.Detail`."""

    text: str
    next: int | None
    length: int
    size: int
    sha256: str
    how: tuple[str, ...]


class Clearance(Protocol):
    """An approval in the hands of one attempt. It must be closed; closed unsent, it goes back and waits for the agent."""

    verdict: Verdict

    def sending(self) -> None:
        """The call leaves now. Raises Denied where it was taken back."""

    def unsent(self) -> None:
        """Not one byte of it left after all."""

    def void(self) -> None:
        """It is not to be kept: what was approved was stopped, or is configured otherwise."""

    def answered(self, status: int, code: str | None) -> None:
        """AWS answered, with an error code where that is known."""

    def close(self) -> None:
        """The exchange is over."""


class Approvals(Protocol):
    """The people who answer."""

    async def ask(self, asked: Asked) -> Verdict | Clearance:
        """Wait for the people's verdict: a Clearance where it is yes. Cancelling leaves the question to them as detached.

        Raises:
            Denied: it is not asked, as the reason says.
            StorageUnavailable: a grant's use could not be kept.
        """

    def check(self, agent: str | None) -> None:
        """Raise Denied while the calls of an agent are stopped, StorageUnavailable while a stop could not be kept."""

    def publish(self, record: Callable[[], tuple[Intent, Outcome]]) -> None:
        """Show a call that ended to those who observe, if there are any."""


class AuditLog(Protocol):
    """The durable record."""

    @property
    def failing(self) -> bool:
        """Whether it takes no calls just now: it cannot be written, is not where it was, or has reached its limit."""

    async def intend(self, intent: Intent) -> None:
        """Return once the intent is on disk. Raises AuditUnavailable."""

    async def conclude(self, outcome: Outcome) -> None:
        """Return once the outcome is on disk. Raises AuditUnavailable."""

    async def record(self, intent: Intent, outcome: Outcome) -> None:
        """Both in one row, for a refusal or a plain read that is over. Raises AuditUnavailable."""

    async def acted(self, row: bytes) -> None:
        """Return once a row of what people did is on disk. Raises AuditUnavailable."""

    async def refused(self, many: Many) -> None:
        """Return once a row about many refusals is on disk. Raises AuditUnavailable."""
