"""The frames of `trio-gate.approvals.v1`: what the gateway and a person's client may send each other.

Rule: a frame is a value. On the wire its members follow `type`, with the names and in the order that they have here. Every text
that an agent or a person wrote is safe to show (see `text.visible`). Times are RFC 3339 in UTC.

Theory: a client that connects gets the present state, not history: `hello`, then as many `pending` and then `granted` frames as
that says, then news as they come. Each request is answered by one frame that repeats its `ref`: `accepted` or `rejected`, or for
`detail`, `compare`, `search`, `preview`, `sessions` and `link` what was asked for. Answers and news keep the order in which things happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from trio_gate.approval.channel.client_frames import (
    ClientFrame,
    Compare,
    Decide,
    EndSession,
    Lift,
    MakeLink,
    Observe,
    Open,
    Preview,
    Read,
    Request,
    Revoke,
    Search,
    Sessions,
    ShowAgent,
    Stop,
    Token,
)
from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.approval.terms import GrantEnd, RefusedCode

PROTOCOL = "trio-gate.approvals.v1"

DECIDED = "trio-gate.decided.v1"
"""A client that offers this subprotocol, too, is sent `Decided`; version 0.1.0 reads no frames that it does not know."""


@value_class
class Hello:
    """Gateway, first frame: who the client is, what that person may do, and how much of the present state follows.

    Attributes:
        person, kind: the name in the configuration, and "human" or "bot".
        may_grant, may_observe, may_stop: what the person may do.
        now: the gateway's time, for countdowns.
        max_minutes, max_uses: the most that a grant may have.
        agents: names of agents that may be stopped; empty without `may_stop`.
        stops: what is stopped now, each as {agent (None: everything), by, reason, at}.
        notices: what approvers should know about this run of the gateway.
        pending, grants: how many `pending` and then `granted` frames follow immediately.
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


@value_class
class Pending:
    """Gateway: a prompt that waits, with the members of `question.Question` and `Updated`, and as `alike` what `alike.alike` says of it."""

    type: ClassVar[str] = "pending"
    prompt: dict[str, Any]


@value_class
class Updated:
    """Gateway: something changed about a prompt that still waits.

    Attributes:
        approvers: the groups, each with its `quorum` and who has `approved`; every one must reach its quorum.
        detached: whether its agent has left: then an approval executes nothing, and the next equal call goes through.
        proposed: the grant's terms, if all who approved so far want the same; None otherwise.
    """

    type: ClassVar[str] = "updated"
    id: str
    approvers: list[Any]
    detached: bool
    proposed: dict[str, Any] | None


@value_class
class Resolved:
    """Gateway: a prompt ended. `by` are those who decided, `reason` what they wrote, `grant` the id of the resulting grant."""

    type: ClassVar[str] = "resolved"
    id: str
    status: str
    by: list[Any]
    reason: str
    grant: str | None


@value_class
class Decided:
    """Gateway, to clients that offer DECIDED: what became of a prompt's call, or who or what withdrew it. Replaces an earlier one of this id.

    It follows `Resolved` where there is more to say. A client that connects gets the last ones after the grants.

    Attributes:
        at: when it ended.
        status, by, reason, grant: as in `Resolved`; the reason says also who or what withdrew it.
        call: account, account_name, account_color, agent, service, operation, words, region, sentence, level and rule, as in a prompt.
        outcome: what became of the call, as a `decided.CallOutcome`; None until that is known, and where it was not approved.
    """

    type: ClassVar[str] = "decided"
    id: str
    at: str
    status: str
    by: list[Any]
    reason: str
    grant: str | None
    call: dict[str, Any]
    outcome: dict[str, Any] | None


@value_class
class Detail:
    """Gateway: part of a prompt as text, safe to show; the only text with line breaks.

    Attributes:
        offset: of the first character of `text`. next: the offset of the next piece; None at the end.
        length: characters of the whole text.
        size, sha256: bytes and hash of the value that the text stands for.
        how: what was done to make it readable, in order, as in `content.readable`; "framed" where an upload's framing was not undone.
        colors: as in `content.colors`, a list for each line; None where the client did not ask for them.
        files: those of an archive, with its first piece and where the client says what it shows, each as {part, name, size, said}: `part`
            opens its text, and is None where it has none; `size` is in bytes. Once all were shown, and as PART + "f" the list itself,
            the archive counts as read. None where there are none.
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
    colors: list[Any] | None = None
    files: list[Any] | None = None


@value_class
class Compared:
    """Gateway: what a prompt's call would change, as of `at`.

    Attributes:
        text: lines, safe to show: "- " begins what goes, "+ " what comes, two spaces the rest, and nothing the name of a parameter.
        reads: the calls that were made for it, such as "iam.GetRole".
    """

    type: ClassVar[str] = "compared"
    ref: str
    id: str
    at: str
    text: str
    reads: tuple[str, ...]


@value_class
class Granted:
    """Gateway: a grant exists, or was used once more. `grant` has the members of `grant.Grant`."""

    type: ClassVar[str] = "granted"
    grant: dict[str, Any]


@value_class
class GrantEnded:
    """Gateway: a grant ended, and `why`. `by` is the person who revoked it; None otherwise."""

    type: ClassVar[str] = "grant_ended"
    id: str
    why: GrantEnd
    by: str | None


@value_class
class Stopped:
    """Gateway: an agent, or everything when its `agent` is None, is stopped: {agent, by, reason, at}."""

    type: ClassVar[str] = "stopped"
    stop: dict[str, Any]


@value_class
class Lifted:
    """Gateway: a stop was lifted."""

    type: ClassVar[str] = "lifted"
    agent: str | None
    by: str


@value_class
class Activity:
    """Gateway, to observers: a call ended. `call` is its record as in `Found`; `missed` counts calls skipped before it."""

    type: ClassVar[str] = "activity"
    call: dict[str, Any]
    missed: int


@value_class
class Found:
    """Gateway: recorded calls, newest first. `next` is the `before` of the search that continues; None when there are no more."""

    type: ClassVar[str] = "found"
    ref: str
    calls: list[Any]
    next: int | None


@value_class
class SessionList:
    """Gateway: the newest thousand virtual sessions at most, oldest first, each as {id, agent, account, role, chain, started, expires}."""

    type: ClassVar[str] = "sessions"
    ref: str
    sessions: list[Any]


@value_class
class AgentShown:
    """Gateway: what an agent reads about itself at `/-/agent`, as JSON and as text."""

    type: ClassVar[str] = "agent_view"
    ref: str
    agent: str | None
    view: dict[str, Any]
    text: str


@value_class
class Link:
    """Gateway: the code of a sign-in link, for the fragment `#link=CODE` of the address `page`, and when it ends."""

    type: ClassVar[str] = "link"
    ref: str
    code: str
    page: str
    expires_at: str


@value_class
class Previewed:
    """Gateway: what a grant would let through: in `words`, of the `calls` of its rule recorded since `since`, and of what waits."""

    type: ClassVar[str] = "preview"
    ref: str
    id: str
    words: str
    covered: int
    undecided: int
    calls: int
    since: str
    complete: bool
    waiting: tuple[str, ...]


@value_class
class Accepted:
    """Gateway: done. For `decide` the vote on `id` counts and `status` is the prompt's status after it; otherwise "done"."""

    type: ClassVar[str] = "accepted"
    ref: str
    id: str | None
    status: str


@value_class
class Rejected:
    """Gateway: the client's frame has no effect. `id` is None where the frame has none or could not be read."""

    type: ClassVar[str] = "rejected"
    ref: str
    id: str | None
    code: RefusedCode
    message: str


News = Hello | Pending | Updated | Resolved | Decided | Granted | GrantEnded | Stopped | Lifted | Activity
Reply = Detail | Compared | Found | SessionList | AgentShown | Link | Previewed | Accepted | Rejected
ServerFrame = News | Reply

__all__ = [
    "DECIDED",
    "PROTOCOL",
    "Accepted",
    "Activity",
    "AgentShown",
    "ClientFrame",
    "Compare",
    "Compared",
    "Decide",
    "Decided",
    "Detail",
    "EndSession",
    "Found",
    "GrantEnded",
    "Granted",
    "Hello",
    "Lift",
    "Lifted",
    "Link",
    "MakeLink",
    "Observe",
    "Open",
    "Pending",
    "Preview",
    "Previewed",
    "Read",
    "Rejected",
    "Request",
    "Resolved",
    "Revoke",
    "Search",
    "ServerFrame",
    "SessionList",
    "Sessions",
    "ShowAgent",
    "Stop",
    "Stopped",
    "Token",
    "Updated",
]
