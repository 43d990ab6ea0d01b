"""Remembers what was recently decided and sent, so that people are not asked twice about one action, nor without knowing it.

Rule: an approval allows one execution. As long as AWS throttles the approved call, its retries belong to that execution. After
any other answer, or none, the same call is a new question, which says when it was sent before.

Theory: a retry has the same agent, digest and `amz-sdk-invocation-id`. Everything is in memory and forgotten after `KEPT`.
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
"""How long after it was first sent a throttled call may be sent again."""

KEPT = timedelta(minutes=15)
"""How long a sent call or a denial is remembered."""

MAX_KEPT = 10_000
"""How many calls are remembered; the oldest is dropped first."""

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
"""Error codes that botocore's retry mode `standard` treats as throttling, without those that can also mean a used-up quota."""

Key = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Sent:
    """A call that was sent.

    Attributes:
        invocation: the SDK's id of the call, the same for all its attempts; None without one, or if it may not be sent again.
        verdict: the verdict that it was sent under. standing: the fingerprint, then, of the asking rule and its approvers.
        ended: how it ended the last time: AWS's HTTP status, "throttled", or None if no answer is known.
    """

    invocation: str | None
    verdict: Verdict
    standing: str = ""
    first: datetime
    last: datetime
    sends: int = 1
    ended: int | Literal["throttled"] | None = None


class Ledger:
    """Sent calls and denials. `asker` is the agent's name or, without one, its address; `cooldown` is how long denials hold."""

    def __init__(self, cooldown: timedelta) -> None:
        self.cooldown = cooldown
        self._sent: dict[Key, Sent] = {}
        self._denied: dict[Key, tuple[datetime, str]] = {}

    def denied(self, asker: str, question: Question, reason: str, now: datetime) -> None:
        """Remember a denial: equal calls are denied without asking for a while."""
        if self.cooldown:
            _put(self._denied, (asker, question.repeat_key), (now, reason))

    def cooling(self, asker: str, question: Question, now: datetime) -> str | None:
        """The reason of a recent denial that still covers a call; None without one."""
        at, reason = self._denied.get((asker, question.repeat_key), (None, ""))
        return reason if at is not None and now - at < self.cooldown else None

    def retry(self, asker: str, digest: str, invocation: str | None, now: datetime, standing: str = "") -> Sent | None:
        """The earlier sending whose approval covers this call as a retry; None if there is none, or its rule has changed."""
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
        """Remember that a call is about to be sent."""
        before = self.retry(asker, digest, invocation, now, standing)
        if before is not None:
            before.sends, before.last, before.ended = before.sends + 1, now, None
            return before
        sent = Sent(invocation=invocation, verdict=verdict, standing=standing, first=now, last=now)
        _put(self._sent, (asker, digest), sent)
        return sent

    def unsent(self, asker: str, digest: str, sent: Sent) -> None:
        """Undo `sending`, because not one byte was sent."""
        sent.sends, sent.ended = sent.sends - 1, "throttled"
        if not sent.sends and self._sent.get((asker, digest)) is sent:
            del self._sent[asker, digest]

    def void(self, same: Callable[[str], bool], stands: Callable[[str], bool]) -> None:
        """Allow no more retries if the asker has changed (not `same`) or someone who approved no longer `stands`."""
        for (asker, _), sent in self._sent.items():
            if not (same(asker) and all(map(stands, sent.verdict.by))):
                sent.invocation = None

    def earlier(self, asker: str, digest: str, now: datetime) -> str | None:
        """A note for people that the same call was sent recently, and how it ended; None if it was not."""
        sent = self._sent.get((asker, digest))
        if sent is None or now - sent.last >= KEPT:
            return None
        return f"already sent at {sent.last:%H:%M:%S} UTC, and {_ended(sent)}"

    def forget(self, now: datetime) -> None:
        """Drop everything that is too old to matter."""
        for key in [key for key, sent in self._sent.items() if now - sent.last >= KEPT]:
            del self._sent[key]
        for key in [key for key, (at, _) in self._denied.items() if now - at >= self.cooldown]:
            del self._denied[key]


def throttled(status: int, code: str | None) -> bool:
    """Whether an answer means that AWS throttled the call: it was not executed, and SDKs send it again."""
    return status in (429, 503, 509) or (status >= 400 and code in _THROTTLING)


def _ended(sent: Sent) -> str:
    match sent.ended:
        case None:
            return "no answer is known"
        case "throttled":
            return "AWS throttled it"
        case status:
            return f"AWS answered {status}"


def _put(notes: dict[Key, Sent] | dict[Key, tuple[datetime, str]], key: Key, note: object) -> None:
    """Add the newest note; drops the oldest one if there are too many."""
    notes.pop(key, None)
    if len(notes) >= MAX_KEPT:
        del notes[next(iter(notes))]
    notes[key] = note  # type: ignore[assignment]  # of the dict's own kind
