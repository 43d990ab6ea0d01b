"""The frames that a person's client sends, see `frames`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.approval.terms import Answer, Terms


@value_class
class Token:
    """Client, first frame: a person's token, if neither an Authorization header nor the page's session identified the person."""

    type: ClassVar[str] = "hello"
    token: str


@value_class
class Decide:
    """Client: an answer to the prompt `id` that was shown with `digest`.

    Attributes:
        grant: only for approve; needs `may_grant`.
        unread: whether to approve although parts of `to_read` are unread. False: refuse then. None, as of older clients, counts as
            it is, and the record names what was unread.
        confirmed: the numbers of a task's lines that the person confirmed one by one: all of its `dangers`, or an approval is refused.
    """

    type: ClassVar[str] = "decide"
    ref: str = ""
    id: str
    digest: str
    verdict: Answer
    reason: str = ""
    grant: Terms | None = None
    unread: bool | None = None
    confirmed: tuple[int, ...] | None = None


@value_class
class Read:
    """Client: the person was shown these `parts` of the prompt `id`: those that it holds whole, and those fetched by `Open` with `shows`."""

    type: ClassVar[str] = "read"
    ref: str = ""
    id: str
    digest: str
    parts: tuple[str, ...]


@value_class
class Open:
    """Client: show a part of the prompt `id`, from the character `offset` on. The answer is `detail`.

    `part` is named by a mark in `params` or in the `files` of an answer, or is "params", "request", "resources" or "body".

    Attributes:
        colors: whether the answer has them.
        shows: whether the client says by `Read` what of the part was shown; the answer then names the files of an archive, too. Otherwise,
            as of older clients, a part counts as shown once its last piece was fetched.
    """

    type: ClassVar[str] = "detail"
    ref: str = ""
    id: str
    part: str
    offset: int = 0
    colors: bool | None = None
    shows: bool | None = None


@value_class
class Preview:
    """Client: say what a grant with the prompt `id` would let through, by a condition or None, or what its task would.

    Needs `may_grant`; see `Previewed`.
    """

    type: ClassVar[str] = "preview"
    ref: str = ""
    id: str
    predicate: str | None = None


@value_class
class Compare:
    """Client: read what is there now that the prompt `id` would change. Needs `may_compare`; the answer is `Compared`."""

    type: ClassVar[str] = "compare"
    ref: str = ""
    id: str


@value_class
class Revoke:
    """Client: end the grant `id`."""

    type: ClassVar[str] = "revoke"
    ref: str = ""
    id: str


@value_class
class Stop:
    """Client: refuse every call of an agent, or of all when `agent` is None, until it is lifted. Needs `may_stop`."""

    type: ClassVar[str] = "stop"
    ref: str = ""
    agent: str | None
    reason: str = ""


@value_class
class Lift:
    """Client: end a stop. Needs `may_stop`."""

    type: ClassVar[str] = "lift"
    ref: str = ""
    agent: str | None


@value_class
class Sessions:
    """Client: list the virtual sessions of agents. Needs `may_stop`; the answer is `SessionList`."""

    type: ClassVar[str] = "sessions"
    ref: str = ""


@value_class
class EndSession:
    """Client: end the virtual session `id`, and those that came from it. Needs `may_stop`."""

    type: ClassVar[str] = "end_session"
    ref: str = ""
    id: str


@value_class
class MakeLink:
    """Client: make a link to sign in with on another device, once. Needs a channel that was opened with the token; the answer is `Link`."""

    type: ClassVar[str] = "link"
    ref: str = ""


@value_class
class ShowAgent:
    """Client: show what an agent (None while none is configured) reads about itself. Needs `may_observe`; the answer is `AgentShown`."""

    type: ClassVar[str] = "agent_view"
    ref: str = ""
    agent: str | None


@value_class
class Observe:
    """Client: start or stop sending `activity`. Needs `may_observe`."""

    type: ClassVar[str] = "observe"
    ref: str = ""
    on: bool


@value_class
class Search:
    """Client: find the last `limit` recorded calls before `before` that match all `filters`. Needs `may_observe`; see `Found`."""

    type: ClassVar[str] = "search"
    ref: str = ""
    filters: Mapping[str, str]
    before: int | None = None
    limit: int = 50


Request = (
    Decide
    | Read
    | Open
    | Compare
    | Preview
    | Revoke
    | Stop
    | Lift
    | Sessions
    | EndSession
    | MakeLink
    | ShowAgent
    | Observe
    | Search
)
"""The frames that are answered by one that repeats their `ref`."""

ClientFrame = Token | Request
