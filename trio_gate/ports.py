"""What an exchange needs from the outside world. The shell implements these; tests may use anything else that does.

Every method that waits may be cancelled at any await, and then leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from trio_gate.approval.for_agents import AgentState, Told
    from trio_gate.approval.question import Question
    from trio_gate.approval.state import Verdict
    from trio_gate.audit.record import Intent, Many, Outcome
    from trio_gate.audit.rows import Row
    from trio_gate.aws.call import Unknown
    from trio_gate.config.model import OidcProof
    from trio_gate.content.colors import Colors
    from trio_gate.sessions.session import Sent, VirtualSession
    from trio_gate.sessions.table import SessionTable
    from trio_gate.signing.sigv4 import Credentials
    from trio_gate.text.visible import Json


class Clock(Protocol):
    """Wall time for signatures and records; deadlines use the scheduler's monotonic clock."""

    def now(self) -> datetime:
        """The current time, as an aware datetime in UTC."""


@value_class
class AssumeRole:
    """The whole AssumeRole request and who signs it: the key of the cache, with at most one call in flight for each.

    Attributes:
        duration: life of the session, in seconds.
        session_policy: JSON that narrows the session; None for all that the role may do.
        tags: of the session: keys and values.
        source_identity: who acts, for AWS's own record; None for nobody.
        through: the role whose session signs the request; None where a base key does.
        base: name of the `credential` block whose key signs the first request.
    """

    partition: str
    region: str
    account: str
    role_arn: str
    session_name: str
    external_id: str | None = field(repr=False)
    duration: int
    session_policy: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    source_identity: str | None = None
    through: AssumeRole | None = None
    base: str

    @property
    def signer(self) -> AssumeRole | None:
        """Whose credentials sign the request; None for those of a base key."""
        return self.through

    @property
    def first(self) -> AssumeRole:
        """The request for the role of an account: this one."""
        return self

    @property
    def root(self) -> AssumeRole:
        """The request that a base key signs."""
        return self.through.root if self.through else self


@value_class
class SessionRequest:
    """The request that made a virtual session, and who signed it. `key_id` alone names it.

    Attributes:
        key_id: of the session.
        role_arn: of its role; where it has none, of the role that asked.
        sent: what is sent again where AWS's answer is no longer at hand.
        signer: whose credentials sign it.
    """

    key_id: str
    role_arn: str
    sent: Sent = field(compare=False)
    signer: AssumeRole | SessionRequest = field(compare=False)

    @property
    def first(self) -> AssumeRole:
        """The request for the role of an account from which the agent's own way begins."""
        return self.signer.first

    @property
    def root(self) -> AssumeRole:
        """The request that a base key signs."""
        return self.first.root


RoleRequest = AssumeRole | SessionRequest
"""Whose credentials sign a call."""


class CredentialSource(Protocol):
    """Provides temporary credentials of roles and of virtual sessions."""

    async def credentials(self, request: RoleRequest) -> Credentials:
        """Return credentials that are valid now. Raises CredentialsUnavailable, or SessionOver where a session cannot be had again."""

    def keep(self, request: RoleRequest, credentials: Credentials) -> None:
        """Keep what AWS has just answered for a session."""

    def forget(self, request: RoleRequest, refused: Credentials | None = None) -> None:
        """Drop credentials because AWS refused them, unless they are others than `refused` by now."""


class AccountNames(Protocol):
    """What an organization calls accounts."""

    def of(self, account: str) -> str | Unknown | None:
        """Its name; None where it has none, or nobody asks; UNKNOWN until AWS has said so. Does not wait."""


class Issuers(Protocol):
    """Verifies OpenID Connect tokens with the keys of their issuers."""

    async def prove(self, token: str, asked: OidcProof) -> None:
        """Return if a token is what an agent must show. Raises Unproven, IssuerUnavailable."""


class Sessions(Protocol):
    """The virtual sessions of all agents. `table` finds them."""

    table: SessionTable

    def watch(self, told: Callable[[Sequence[VirtualSession]], None]) -> None:
        """Have `told` called with sessions as soon as they have ended or are over."""

    async def open(self, session: VirtualSession) -> None:
        """Add a session; return once it is on disk. Raises Denied for one too many, StorageUnavailable."""

    def end(self, ends: Callable[[VirtualSession], bool]) -> Sequence[VirtualSession]:
        """End the sessions for which `ends` holds, and those that came from them, at once; return them. `flush` writes that."""

    async def flush(self) -> None:
        """Return once every end so far is on disk. Raises StorageUnavailable."""


@value_class
class Asked:
    """One attempt of an agent to have a call approved.

    Attributes:
        question: what the people are asked.
        invocation: the SDK's id of the call (`amz-sdk-invocation-id`), the same for all its attempts; None without one.
        standing: the fingerprint of the rule that asks and its approvers, see `approval.grant`.
        covers: tells whether a grant's predicate (CEL source) holds for the call.
        open: given a part's name, an offset and whether its colors are wanted, returns a piece of the part in full; None where it cannot be shown.
        compare: returns what the call would change now, as text that is safe to show; awaits its argument with the name of each read
            before that is sent. Raises comparison.IncomparableError, GateError.
    """

    question: Question
    invocation: str | None
    standing: str
    covers: Callable[[str], bool]
    open: Callable[[str, int, bool], Awaitable[Opened | None]]
    compare: Callable[[Callable[[str], Awaitable[None]]], Awaitable[str]] | None = None


@value_class
class Opened:
    """A piece of a part that an approver opened. The fields mean what those of `frames.Detail` mean; `colors` and `files` are empty for none."""

    text: str
    next: int | None
    length: int
    size: int
    sha256: str
    how: tuple[str, ...]
    colors: Colors = field(default_factory=list)
    files: list[dict[str, Json]] = field(default_factory=list)


class Clearance(Protocol):
    """An approval held by one attempt, which must close it. Closed unsent, it waits for the agent's next attempt."""

    verdict: Verdict

    def sending(self) -> None:
        """Say that the call is about to be sent. Raises Denied where the approval was taken back."""

    def unsent(self) -> None:
        """Say that not one byte of the call was sent after all, which undoes `sending`."""

    def void(self) -> None:
        """Say that the approval must not be kept: the agent was stopped, or the configuration no longer allows it."""

    def answered(self, status: int, code: str | None) -> None:
        """Say that AWS answered with an HTTP status and, where that is known, an error code."""

    def ended(self, why: str | None, seconds: float | None) -> None:
        """Tell those who approved how the exchange ended: `why` the agent got no answer of AWS, None if it did, and seconds to that."""

    def close(self) -> None:
        """Say that the exchange is over, so the approval is free for another attempt or spent."""


class Approvals(Protocol):
    """Asks people for their approval, and shows them what happens. `page` is the URL of the page for it, empty without one."""

    page: str

    async def ask(self, asked: Asked) -> Verdict | Clearance:
        """Wait for the people's verdict; a yes comes as a Clearance. If cancelled, the question stays open as detached.

        Raises:
            Denied: nobody is asked; the reason says why.
            Overloaded: nobody is asked, because too many calls of all agents wait.
            StorageUnavailable: the use of a grant could not be stored.
        """

    def check(self, agent: str | None) -> None:
        """Raise Denied while the calls of an agent are stopped, StorageUnavailable while a stop could not be stored."""

    def of_agent(self, agent: str | None) -> AgentState:
        """What waits, is granted and is stopped of an agent."""

    async def asked_by(self, agent: str | None, question_id: str, within: float) -> Told | None:
        """Where a question of an agent stands, as soon as it is over, or after `within` seconds; None if it is none of its own."""

    async def end_task(self, agent: str | None, task: str) -> bool:
        """End a task of an agent, and return once that is on disk; whether there was one of this id. Raises StorageUnavailable."""

    def publish(self, record: Callable[[], tuple[Intent, Outcome]]) -> None:
        """Show a finished call to the people who observe; `record` is called only if there are any."""


class AuditLog(Protocol):
    """Writes the durable record: a method returns once its row is on disk, except for calls that were answered."""

    @property
    def failing(self) -> bool:
        """Whether it accepts no calls right now: it cannot be written, was moved, or has reached its limit."""

    @property
    def silent(self) -> float:
        """Seconds since the disk last answered, be it with an error. It is asked all the time."""

    async def intend(self, intent: Intent) -> None:
        """Return once the intent is on disk. Raises AuditUnavailable."""

    async def conclude(self, outcome: Outcome) -> None:
        """Write the outcome of a call whose intent is on disk. Raises AuditUnavailable.

        Returns once the row is on disk; if the call was answered, once there is room for its row among those that wait to be written.
        """

    async def record(self, intent: Intent, outcome: Outcome) -> None:
        """Write both in one row, for a refusal or a plain read that is over. Raises AuditUnavailable.

        Returns as `conclude` does.
        """

    async def acted(self, row: Row) -> None:
        """Return once a row from `audit.acts` is on disk. Raises AuditUnavailable."""

    async def refused(self, many: Many) -> None:
        """Return once one row that counts many refusals is on disk. Raises AuditUnavailable."""
