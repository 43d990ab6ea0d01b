"""The frames of `trio-gate.approvals.v1`: what the gateway says to a person's client, and what the client may say.

Rule: a frame is a value; its members on the wire have the names and the order that they have here, behind `type`. Every text
that an agent or a person wrote is safe to show (see `text`). Times are RFC 3339 in UTC.

Theory: a client that connects gets the present state, not history: `hello`, then that many `pending`, then that many `granted`.
After that, news as they come. What a client asks is answered by one frame that repeats its `ref`: `accepted` or `rejected`, or
for `detail` and `search` the text or the calls. Answers and news keep the order in which things happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.approval.terms import Answer, GrantEnd, RefusedCode, Terms

PROTOCOL = "trio-gate.approvals.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Client, first frame, where neither an Authorization header nor a page's session says who speaks."""

    type: ClassVar[str] = "hello"
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """Client: an answer to the prompt `id` as it was seen under `digest`. `grant` goes with approve, and needs `may_grant`."""

    type: ClassVar[str] = "decide"
    ref: str = ""
    id: str
    digest: str
    verdict: Answer
    reason: str = ""
    grant: Terms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Client: show a part of the prompt `id`, from the character `offset` on. The answer is `detail`.

    `part` is the one that a mark in `params` names, or "params", "request", "resources" or "body".
    """

    type: ClassVar[str] = "detail"
    ref: str = ""
    id: str
    part: str
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """Client: end the grant `id`."""

    type: ClassVar[str] = "revoke"
    ref: str = ""
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Client: refuse every call of an agent, or of all when `agent` is None, until it is lifted. Needs `may_stop`."""

    type: ClassVar[str] = "stop"
    ref: str = ""
    agent: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """Client: end a stop. Needs `may_stop`."""

    type: ClassVar[str] = "lift"
    ref: str = ""
    agent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observe:
    """Client: send `activity` from now on, or no more. Needs `may_observe`."""

    type: ClassVar[str] = "observe"
    ref: str = ""
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Client: the last `limit` recorded calls that fit all `filters`, older than `before`. Needs `may_observe`; see `found`."""

    type: ClassVar[str] = "search"
    ref: str = ""
    filters: Mapping[str, str]
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Gateway, first frame: who the client is, what that person may do, and how much of the present state follows.

    Attributes:
        person, kind: the name in the configuration, and "human" or "bot".
        may_grant, may_observe, may_stop: abilities.
        now: the gateway's time, for countdowns.
        max_minutes, max_uses: the most that a grant may have.
        agents: names that may be stopped; empty without `may_stop`.
        stops: what is stopped: {agent (None: everything), by, reason, at}.
        notices: what approvers should know since this gateway began.
        pending, grants: how many `pending` and then how many `granted` frames follow at once.
    """

    type: ClassVar[str] = "hello"
    protocol: str = PROTOCOL
    person: str
    kind: Literal["human", "bot"]
    may_grant: bool
    may_observe: bool
    may_stop: bool
    now: str
    max_minutes: int
    max_uses: int
    agents: tuple[str, ...]
    stops: tuple[dict[str, Any], ...]
    notices: tuple[str, ...]
    pending: int
    grants: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Gateway: a prompt that waits: the members of `request.Question`, and those of `updated`."""

    type: ClassVar[str] = "pending"
    prompt: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """Gateway: a prompt still waits, and something about it changed.

    Attributes:
        approvers: the groups, each with its `quorum` and who has `approved`; every one must reach its quorum.
        detached: whether its agent has left: an approval then executes nothing, the next equal call goes through.
        proposed: the terms of the grant that those who approved so far all want; None when they do not.
    """

    type: ClassVar[str] = "updated"
    id: str
    approvers: list[Any]
    detached: bool
    proposed: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Gateway: a prompt ended. `by` are those who decided, `reason` what they said, `grant` the grant that came of it."""

    type: ClassVar[str] = "resolved"
    id: str
    status: str
    by: list[Any]
    reason: str
    grant: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Gateway: part of a prompt as text, safe to show; only here a text has line breaks.

    Attributes:
        offset: of the first character of `text`. next: where to go on; None at the end.
        length: of the whole text, in characters.
        size, sha256: bytes and hash of what the text stands for.
        how: what was done to make it readable, in order: "base64", "gzip", "json", "hex"; empty for plain text.
    """

    type: ClassVar[str] = "detail"
    ref: str
    id: str
    part: str
    offset: int
    text: str
    next: int | None
    length: int
    size: int
    sha256: str
    how: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """Gateway: a grant stands, or has been used once more. `grant` has the members of `grants.Grant`."""

    type: ClassVar[str] = "granted"
    grant: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantEnded:
    """Gateway: a grant is no more. `by` revoked it; None otherwise."""

    type: ClassVar[str] = "grant_ended"
    id: str
    why: GrantEnd
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Gateway: an agent, or everything when its `agent` is None, is stopped: {agent, by, reason, at}."""

    type: ClassVar[str] = "stopped"
    stop: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """Gateway: a stop was lifted."""

    type: ClassVar[str] = "lifted"
    agent: str | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Gateway, to who observes: a call ended. `call` is its record as in `found`; `missed` were left out before it for speed."""

    type: ClassVar[str] = "activity"
    call: dict[str, Any]
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Gateway: recorded calls, newest first. `next` is the `before` that goes on; None when there are no more."""

    type: ClassVar[str] = "found"
    ref: str
    calls: list[Any]
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Gateway: done. For `decide`, the vote on `id` counts and `status` is where the prompt stands with it; else "done"."""

    type: ClassVar[str] = "accepted"
    ref: str
    id: str | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Gateway: your frame does not count; `id` is None where it has none or could not be read."""

    type: ClassVar[str] = "rejected"
    ref: str
    id: str | None
    code: RefusedCode
    message: str


Request = Decide | Open | Revoke | Stop | Lift | Observe | Search
"""What is answered by a frame that repeats its `ref`."""

ClientFrame = Token | Request
ServerFrame = (
    Hello
    | Pending
    | Updated
    | Resolved
    | Detail
    | Granted
    | GrantEnded
    | Stopped
    | Lifted
    | Activity
    | Found
    | Accepted
    | Rejected
)
