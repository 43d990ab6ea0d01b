"""What was decided and sent a short while ago, so that nobody is asked twice for one action, nor unawares.

Rule: an approval stands for one execution. While AWS turns the approved call away as too many, its retries are the same
execution; after any other answer, or none, the same call is a new question that says when it was sent.

Theory: a retry is the same agent, digest and `amz-sdk-invocation-id`. All is in memory and forgotten after `KEPT`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.approval.question import Question
    from trio_gate.approval.state import Verdict

MAX_SENDS = 3
"""How often a throttled call may be sent under one approval."""

RETRY_WITHIN = timedelta(minutes=2)
"""How long after the first time it may be sent again."""

KEPT = timedelta(minutes=15)
"""How long what was sent or decided is remembered."""

MAX_KEPT = 10_000
"""Calls that are remembered; the oldest goes first."""

_THROTTLING = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Error codes that botocore's retry mode `standard` takes for throttling, without those that also say that a quota is used up."""

Key = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Sent:
    """A call that was sent.

    Attributes:
        invocation: the SDK's id of it, the same for all its attempts; None without one, or where no further one goes under it.
        verdict: under which it was sent. standing: the fingerprint of the rule that asked, and its approvers, then.
        ended: what is known of its last sending: AWS's status, "throttled", or None for not yet or never.
    """

    invocation: str | None
    verdict: Verdict
    standing: str = ""
    first: datetime
    last: datetime
    sends: int = 1
    ended: int | Literal["throttled"] | None = None


class Ledger:
    """Calls that were sent, and denials. `asker` is who asked: the agent's name, or its address."""

    def __init__(self, cooldown: timedelta) -> None:
        self._cooldown = cooldown
        self._sent: dict[Key, Sent] = {}
        self._denied: dict[Key, tuple[datetime, str]] = {}

    def denied(self, asker: str, question: Question, reason: str, now: datetime) -> None:
        """Note a denial: calls equal to it are not asked about for a while."""
        if self._cooldown:
            _put(self._denied, (asker, question.repeat_key), (now, reason))

    def cooling(self, asker: str, question: Question, now: datetime) -> str | None:
        """The reason of a denial that still stands for a call; None without one."""
        at, reason = self._denied.get((asker, question.repeat_key), (None, ""))
        return reason if at is not None and now - at < self._cooldown else None

    def retry(self, asker: str, digest: str, invocation: str | None, now: datetime, standing: str = "") -> Sent | None:
        """The sending that a call is a retry of, where it may go under the same approval: nor is that of another rule by now."""
        sent = self._sent.get((asker, digest))
        if (
            sent is None
            or invocation is None
            or sent.standing != standing
            or sent.invocation != invocation
            or sent.ended != "throttled"
        ):
            return None
        return sent if sent.sends < MAX_SENDS and now - sent.first < RETRY_WITHIN else None

    def sending(
        self, asker: str, digest: str, invocation: str | None, verdict: Verdict, now: datetime, standing: str = ""
    ) -> Sent:
        """Note that a call is sent now."""
        before = self.retry(asker, digest, invocation, now, standing)
        if before is not None:
            before.sends, before.last, before.ended = before.sends + 1, now, None
            return before
        sent = Sent(invocation=invocation, verdict=verdict, standing=standing, first=now, last=now)
        _put(self._sent, (asker, digest), sent)
        return sent

    def unsent(self, asker: str, digest: str, sent: Sent) -> None:
        """Take a note back: not one byte has left."""
        sent.sends, sent.ended = sent.sends - 1, "throttled"
        if not sent.sends and self._sent.get((asker, digest)) is sent:
            del self._sent[asker, digest]

    def void(self, same: Callable[[str], bool], stands: Callable[[str], bool]) -> None:
        """Askers, or people who approved, are not who they were: nothing is repeated under their approvals."""
        for (asker, _), sent in self._sent.items():
            if not (same(asker) and all(map(stands, sent.verdict.by))):
                sent.invocation = None

    def earlier(self, asker: str, digest: str, now: datetime) -> str | None:
        """What a person should know before the same call is sent again; None if it was not sent lately."""
        sent = self._sent.get((asker, digest))
        if sent is None or now - sent.last >= KEPT:
            return None
        return f"already sent at {sent.last:%H:%M:%S} UTC, and {_ended(sent)}"

    def forget(self, now: datetime) -> None:
        """Drop what nobody will ask for any more."""
        for key in [key for key, sent in self._sent.items() if now - sent.last >= KEPT]:
            del self._sent[key]
        for key in [key for key, (at, _) in self._denied.items() if now - at >= self._cooldown]:
            del self._denied[key]


def throttled(status: int, code: str | None) -> bool:
    """Whether AWS turned a call away as too many: it did nothing, and SDKs send it again."""
    return status in (429, 503, 509) or (status >= 400 and code in _THROTTLING)


def _ended(sent: Sent) -> str:
    match sent.ended:
        case None:
            return "no answer is known"
        case "throttled":
            return "AWS turned it away as too many"
        case status:
            return f"AWS answered {status}"


def _put(notes: dict[Key, Sent] | dict[Key, tuple[datetime, str]], key: Key, note: object) -> None:
    """Add the newest note; the oldest makes room for it."""
    notes.pop(key, None)
    if len(notes) >= MAX_KEPT:
        del notes[next(iter(notes))]
    notes[key] = note  # type: ignore[assignment]  # of the dict's own kind
