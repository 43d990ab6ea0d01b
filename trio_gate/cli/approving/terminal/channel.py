"""One open channel of `trio-gate approve`: what the gateway has sent so far, and requests with their answers.

Rule: an answer belongs to the request whose `ref` it repeats; everything else is news.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import trio
from rich.text import Text

from trio_gate.approval.channel.frames import (
    Accepted,
    AgentShown,
    Compared,
    Decide,
    Decided,
    Detail,
    Found,
    Granted,
    GrantEnded,
    Hello,
    Link,
    Open,
    Pending,
    Previewed,
    Read,
    Rejected,
    Resolved,
    SessionList,
    Updated,
)
from trio_gate.approval.reading import FILE
from trio_gate.cli.approving.terminal.prompt_view import listed, tinted
from trio_gate.client import Hopeless
from trio_gate.text.visible import plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from trio_gate.approval.channel.frames import Reply, Request, ServerFrame
    from trio_gate.cli.approving.terminal.prompt_input import TypedAnswer
    from trio_gate.client import ApproverClient


OUTCOME_SECONDS = 30
"""How long a run for one answer waits for AWS's after its approval: most calls are answered within seconds."""

NOT_KNOWN_YET = "approved, and what became of the call is not known yet: `trio-gate log` and the page say it later"

_LEVELS = ("danger", "caution", "fact")
"""Levels, in the order in which people are asked."""

ASK_AGAIN = frozenset({"limits", "predicate", "not_allowed", "not_grantable", "unread"})
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
        archives: the files of the archives that were listed, by prompt id and part.
        settled: ids of prompts that this run's answers have ended.
        skipped: ids of prompts that the person put off.
        only: the id of the one prompt that this run is about; None if it is about all.
        became: ids of prompts of whose calls it is known what became.
        coming: how many frames are left of the gateway's state at the beginning.
        changed: set, and replaced, with every frame.
    """

    client: ApproverClient
    hello: Hello | None = None
    open: dict[str, dict[str, Any]] = field(default_factory=dict)
    grants: dict[str, dict[str, Any]] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    opened: set[tuple[str, str]] = field(default_factory=set)
    archives: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    changed: trio.Event = field(default_factory=trio.Event)
    settled: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    became: set[str] = field(default_factory=set)
    only: str | None = None
    _since: float = 0.0
    coming: int = 1
    _replies: dict[str, Reply] = field(default_factory=dict)
    _refs: Iterator[int] = field(default_factory=lambda: count(1))

    def waiting(self) -> list[dict[str, Any]]:
        """The prompts that this run has not answered, the dangerous first, then by age."""
        mine = [one for key, one in self.open.items() if key not in self.answered and self.only in (None, key)]
        return sorted(mine, key=lambda prompt: _LEVELS.index(prompt["level"]) if prompt.get("level") in _LEVELS else len(_LEVELS))

    def next(self) -> dict[str, Any] | None:
        """The first of those that wait and were not put off; None if nothing waits. Where all were put off, it begins again."""
        waiting = self.waiting()
        first = next((prompt for prompt in waiting if prompt["id"] not in self.skipped), None)
        if first is None:
            self.skipped.clear()
        return first or next(iter(waiting), None)

    def left(self, prompt: dict[str, Any]) -> float:
        """Seconds until a prompt expires, by the gateway's clock; 0 where that cannot be said."""
        if self.hello is None:
            return 0
        try:
            life = datetime.fromisoformat(prompt["expires_at"]) - datetime.fromisoformat(self.hello.now)
            return life.total_seconds() - (trio.current_time() - self._since)
        except (KeyError, TypeError, ValueError):
            return 0

    def prompt(self, prompt_id: str) -> dict[str, Any]:
        """The prompt with this id. Raises Hopeless where none waits."""
        if prompt_id not in self.open:
            why = "it was answered, has ended or is for others"
            raise Hopeless(f"{plain(prompt_id)} does not wait for you: {why}; `trio-gate pending` lists what does")
        return self.open[prompt_id]

    async def begun(self) -> None:
        """Wait until the state of the gateway at the beginning has come, prompts and grants included."""
        while self.hello is None or self.coming:
            await self.changed.wait()

    def note(self, frame: ServerFrame) -> None:
        """Note a frame of the gateway, and wake all who wait for `changed`."""
        self.coming = max(0, self.coming - 1)
        match frame:
            case Hello():
                self.hello, self._since, self.coming = frame, trio.current_time(), frame.pending + frame.grants
            case Pending():
                self._show(frame.prompt)
            case Updated() if frame.id in self.open:
                news = {"approvers": frame.approvers, "detached": frame.detached, "proposed": frame.proposed}
                self.open[frame.id] |= news
            case Resolved():
                self.open.pop(frame.id, None)
            case Decided() if frame.outcome is not None:
                self.became.add(frame.id)
            case Granted():
                self.grants[frame.grant["id"]] = frame.grant
            case GrantEnded():
                self.grants.pop(frame.id, None)
            case (
                Accepted() | Rejected() | Detail() | Compared() | Found() | SessionList() | AgentShown() | Link() | Previewed()
            ) if frame.ref:
                self._replies[frame.ref] = frame
            case _:
                pass
        if isinstance(frame, Accepted) and frame.id and frame.status != "pending":
            self.settled.add(frame.id)
        self.changed.set()
        self.changed = trio.Event()

    def _show(self, prompt: dict[str, Any]) -> None:
        """Note a prompt. One that only says more of who was not notified stays the one that was shown, and keeps what is being typed."""
        shown = self.open.get(prompt["id"])
        if shown is not None and shown != prompt and _notified(shown) == _notified(prompt):
            shown |= prompt
        else:
            self.open[prompt["id"]] = prompt

    async def ask(self, frame: Request) -> Reply:
        """Send a request and wait for its answer, while another task hands frames to `note`. Raises ClientError."""
        ref = str(next(self._refs))
        await self.client.send(replace(frame, ref=ref))
        while ref not in self._replies:
            await self.changed.wait()
        return self._replies.pop(ref)

    async def outcome(self, prompt_id: str) -> bool:
        """Wait until it is known what became of a call that was approved. Returns False if it is not within OUTCOME_SECONDS."""
        with trio.move_on_after(OUTCOME_SECONDS):
            while prompt_id not in self.became:
                await self.changed.wait()
        return prompt_id in self.became

    async def gone(self, prompt_id: str, shown: dict[str, Any] | None = None) -> None:
        """Wait until a prompt is no longer pending, or is another than was `shown`."""
        while prompt_id in self.open and (shown is None or self.open[prompt_id] is shown):
            await self.changed.wait()

    def not_shown(self, prompt: dict[str, Any]) -> list[dict[str, Any]]:
        """The hidden parts of a prompt that were not shown in full yet."""
        return [part for part in prompt.get("not_shown") or () if (prompt["id"], part["part"]) not in self.opened]

    def unread(self, prompt: dict[str, Any]) -> list[dict[str, Any]]:
        """What of a prompt is to be read first and was neither printed nor opened."""
        return [one for one in prompt.get("to_read") or () if (prompt["id"], one["part"]) not in self.opened]

    async def printed(self, prompt: dict[str, Any]) -> None:
        """Tell the gateway that the person was shown what a prompt holds whole. Raises ClientError."""
        parts = [one["part"] for one in self.unread(prompt) if one["whole"]]
        if parts:
            await self.ask(Read(id=prompt["id"], digest=prompt["digest"], parts=tuple(parts)))
            self.opened.update((prompt["id"], part) for part in parts)

    async def read(self, prompt: dict[str, Any], part: str) -> AsyncIterator[str | Text]:
        """A hidden part in full, piece by piece, each line made plain; of an archive the numbered list of its files.

        If it cannot be read, the last piece says why. Raises ClientError.
        """
        prompt_id: str = prompt["id"]
        knows = True if prompt.get("to_read") else None  # a gateway that names nothing to read may not know these words
        offset: int | None = 0
        while offset is not None:
            reply = await self.ask(Open(id=prompt_id, part=part, offset=offset, colors=knows, shows=knows))
            if not isinstance(reply, Detail):
                yield f"({plain(reply.message) if isinstance(reply, Rejected) else 'no answer'})"
                return
            if reply.files is not None:
                self.archives.setdefault(prompt_id, {})[part] = reply.files
                yield listed(self.files(prompt), len(reply.files))
                await self._seen(prompt, part + FILE)
                return
            yield Text("\n").join(tinted([*map(plain, reply.text.split("\n"))], reply.colors))
            offset = reply.next
        await self._seen(prompt, part)

    def files(self, prompt: dict[str, Any]) -> list[dict[str, Any]]:
        """The files of the archives that were listed of a prompt, in the order of their numbers."""
        return [one for files in self.archives.get(prompt["id"], {}).values() for one in files]

    async def _seen(self, prompt: dict[str, Any], part: str) -> None:
        """Note that a part was shown to its end, and tell the gateway where it counts that. Raises ClientError."""
        prompt_id = prompt["id"]
        if prompt.get("to_read"):
            await self.ask(Read(id=prompt_id, digest=prompt["digest"], parts=(part,)))
        self.opened.add((prompt_id, part))
        for archive, files in self.archives.get(prompt_id, {}).items():
            parts = [archive + FILE, *(one["part"] for one in files if one["part"] is not None)]
            if all((prompt_id, one) in self.opened for one in parts):
                self.opened.add((prompt_id, archive))


def _notified(prompt: Mapping[str, Any]) -> dict[str, Any]:
    """A prompt as if everybody had been notified of it."""
    risks = prompt.get("risks") or ()
    return {**prompt, "risks": [one for one in risks if one["code"] != "unnotified"]}


def lets_go(prompt: Mapping[str, Any], reply: object) -> bool:
    """Whether the answer that a gateway accepted sends the call, so that it will tell what became of it. Older ones do not tell.

    A task has no call.
    """
    approved = isinstance(reply, Accepted) and reply.status == "approved"
    return approved and not prompt.get("detached") and not prompt.get("task") and "to_read" in prompt


def vote(prompt: Mapping[str, Any], answer: TypedAnswer) -> Decide:
    """The frame of an answer. A gateway that names nothing to read may not know the word `unread`."""
    return Decide(
        id=prompt["id"],
        digest=prompt["digest"],
        verdict=answer.verdict,
        reason=answer.reason,
        grant=answer.grant,
        unread=answer.unread if prompt.get("to_read") else None,
        confirmed=answer.confirmed,
    )
