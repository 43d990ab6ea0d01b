"""One open channel of `trio-gate approve`: what the gateway has sent so far, and requests with their answers.

Rule: an answer belongs to the request whose `ref` it repeats; everything else is news.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.approval.frames import (
    Accepted,
    Detail,
    Found,
    Granted,
    GrantEnded,
    Hello,
    Open,
    Pending,
    Rejected,
    Resolved,
    SessionList,
    Updated,
)
from trio_gate.text.visible import plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from trio_gate.approval.frames import Request, ServerFrame
    from trio_gate.client import ApproverClient

    Reply = Accepted | Rejected | Detail | Found | SessionList

ASK_AGAIN = frozenset({"limits", "predicate", "not_allowed", "not_grantable"})
"""Codes of rejected votes after which the same person may answer again."""


@dataclass(slots=True)
class ApprovalChannel:
    """What the gateway has sent on one connection.

    Attributes:
        client: the connection.
        hello: its first frame; None before it came.
        open: prompts that wait, by id.
        grants: grants in force, by id.
        answered: ids of prompts that this run has answered, or handed to a program.
        opened: prompt id and part of hidden parts that were shown in full.
        changed: set, and replaced, with every frame.
    """

    client: ApproverClient
    hello: Hello | None = None
    open: dict[str, dict[str, Any]] = field(default_factory=dict)
    grants: dict[str, dict[str, Any]] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    opened: set[tuple[str, str]] = field(default_factory=set)
    changed: trio.Event = field(default_factory=trio.Event)
    _replies: dict[str, Reply] = field(default_factory=dict)
    _refs: Iterator[int] = field(default_factory=lambda: count(1))

    def next(self) -> dict[str, Any] | None:
        """The oldest prompt that this run has not answered; None if there is none."""
        return next((prompt for prompt_id, prompt in self.open.items() if prompt_id not in self.answered), None)

    def note(self, frame: ServerFrame) -> None:
        """Note a frame of the gateway, and wake all who wait for `changed`."""
        match frame:
            case Hello():
                self.hello = frame
            case Pending():
                self.open[frame.prompt["id"]] = frame.prompt
            case Updated() if frame.id in self.open:
                news = {"approvers": frame.approvers, "detached": frame.detached, "proposed": frame.proposed}
                self.open[frame.id] |= news
            case Resolved():
                self.open.pop(frame.id, None)
            case Granted():
                self.grants[frame.grant["id"]] = frame.grant
            case GrantEnded():
                self.grants.pop(frame.id, None)
            case Accepted() | Rejected() | Detail() | Found() | SessionList() if frame.ref:
                self._replies[frame.ref] = frame
            case _:
                pass
        self.changed.set()
        self.changed = trio.Event()

    async def ask(self, frame: Request) -> Reply:
        """Send a request and wait for its answer, while another task hands frames to `note`. Raises ClientError."""
        ref = str(next(self._refs))
        await self.client.send(replace(frame, ref=ref))
        while ref not in self._replies:
            await self.changed.wait()
        return self._replies.pop(ref)

    async def gone(self, prompt_id: str) -> None:
        """Wait until a prompt is no longer pending."""
        while prompt_id in self.open:
            await self.changed.wait()

    def not_shown(self, prompt: dict[str, Any]) -> list[dict[str, Any]]:
        """The hidden parts of a prompt that were not shown in full yet."""
        return [part for part in prompt.get("not_shown") or () if (prompt["id"], part["part"]) not in self.opened]

    async def read(self, prompt_id: str, part: str) -> AsyncIterator[str]:
        """A hidden part in full, piece by piece, each line made plain; if it cannot be read, the last piece says why. Raises ClientError."""
        offset: int | None = 0
        while offset is not None:
            reply = await self.ask(Open(id=prompt_id, part=part, offset=offset))
            if not isinstance(reply, Detail):
                yield f"({plain(reply.message) if isinstance(reply, Rejected) else 'no answer'})"
                return
            yield "\n".join(map(plain, reply.text.split("\n")))
            offset = reply.next
        self.opened.add((prompt_id, part))
