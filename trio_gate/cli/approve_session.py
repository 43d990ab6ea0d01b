"""The desk of `trio-gate approve`: one channel, the prompts that wait, and who answers them.

Rule: one prompt at a time is on the screen, and it is answered or it goes; news about others are one line each.
"""

from __future__ import annotations

import os
import sys
import termios
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trio
from rich.console import Console
from rich.text import Text

from trio_gate.approval.frames import Accepted, Hello, Pending, Rejected, Resolved, Updated
from trio_gate.approval.messages import encode
from trio_gate.approval.text import plain
from trio_gate.cli.prompt_view import details, summary, title
from trio_gate.errors import GateError, UpstreamError
from trio_gate.shell.approver_client import ApproverClient, connect

if TYPE_CHECKING:
    import ssl

    from trio_gate.approval.frames import ServerFrame
    from trio_gate.approval.state import Answer

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
LIST_TIMEOUT = 30

Given = tuple["Answer", str]


@dataclass(slots=True)
class _Talk:
    """What one channel has told. `changed` is set, and replaced, with every frame."""

    client: ApproverClient
    open: dict[str, dict[str, Any]] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    replies: dict[str, Accepted | Rejected] = field(default_factory=dict)
    changed: trio.Event = field(default_factory=trio.Event)

    def next(self) -> dict[str, Any] | None:
        return next((prompt for prompt_id, prompt in self.open.items() if prompt_id not in self.answered), None)


class Desk:
    """Shows prompts and sends answers."""

    def __init__(self, *, url: str, token: str, ssl_context: ssl.SSLContext, json: bool) -> None:
        self._url = url
        self._token = token
        self._ssl_context = ssl_context
        self._json = json
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

    async def list_pending(self) -> int:
        """Print what waits. Raises GateError."""
        async with connect(self._url, self._token, self._ssl_context) as client:
            with trio.move_on_after(LIST_TIMEOUT):
                hello = await client.receive()
                for _ in range(hello.pending if isinstance(hello, Hello) else 0):
                    self._print(await client.receive())
                return 0
        raise UpstreamError("the gateway does not say what waits")

    async def work(self, verdict: Answer | None, reason: str, once: bool) -> int:
        """Answer prompts, one or until interrupted: all with `verdict`, or None to ask at the terminal. Raises GateError."""
        given = (verdict, reason) if verdict else None
        pause = FIRST_PAUSE
        while True:
            try:
                async with connect(self._url, self._token, self._ssl_context) as client:
                    pause = FIRST_PAUSE
                    status = await self._converse(_Talk(client), given, once=once)
            except UpstreamError as error:
                if once:
                    raise
                self._say(f"{error.reason}; trying again in {pause:.0f} s")
                await trio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            return status

    async def _converse(self, talk: _Talk, given: Given | None, *, once: bool) -> int:
        status = 0
        failure: GateError | None = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._listen, talk)
                status = await self._answer(talk, given, once=once)
                nursery.cancel_scope.cancel()
        except* GateError as group:
            failure = _first(group)
        except* EOFError:
            status = 0
        if failure:
            raise failure
        return status

    async def _listen(self, talk: _Talk) -> None:
        async for frame in talk.client:
            match frame:
                case Pending():
                    talk.open[frame.prompt["id"]] = frame.prompt
                case Updated() if frame.id in talk.open:
                    talk.open[frame.id]["approvers"] = frame.approvers
                case Resolved():
                    talk.open.pop(frame.id, None)
                case Accepted() | Rejected() if frame.id is not None:
                    talk.replies[frame.id] = frame
                case _:
                    pass
            self._news(frame)
            talk.changed.set()
            talk.changed = trio.Event()

    async def _answer(self, talk: _Talk, given: Given | None, *, once: bool) -> int:
        while True:
            prompt = talk.next()
            if prompt is None:
                await talk.changed.wait()
                continue
            if not self._json:
                self._show(prompt)
            answer = given or await self._asked(talk, prompt["id"])
            if answer is None:
                continue
            talk.answered.add(prompt["id"])
            await talk.client.decide(prompt["id"], prompt["digest"], *answer)
            while (reply := talk.replies.pop(prompt["id"], None)) is None:
                await talk.changed.wait()
            if once:
                return 0 if isinstance(reply, Accepted) else 1

    async def _asked(self, talk: _Talk, prompt_id: str) -> Given | None:
        """What the person types; None if the prompt is gone first."""
        answer: Given | None = None
        async with trio.open_nursery() as nursery:

            async def gone() -> None:
                while prompt_id in talk.open:
                    await talk.changed.wait()
                nursery.cancel_scope.cancel()

            nursery.start_soon(gone)
            answer = await _typed()
            nursery.cancel_scope.cancel()
        return answer

    def _news(self, frame: ServerFrame) -> None:
        if self._json:
            print(encode(frame), flush=True)
            return
        match frame:
            case Hello():
                self._say(f"connected as {plain(frame.person)}; {frame.pending} waiting")
            case Accepted():
                self._say(f"accepted {frame.id}: {frame.status}")
            case Rejected():
                self._say(f"rejected {frame.id}: {plain(frame.message)}")
            case Resolved():
                by = f" by {plain(', '.join(map(str, frame.by)))}" if frame.by else ""
                self._say(f"resolved {frame.id}: {frame.status}{by}{': ' + plain(frame.reason) if frame.reason else ''}")
            case _:
                pass

    def _print(self, frame: ServerFrame) -> None:
        if self._json:
            print(encode(frame), flush=True)
        elif isinstance(frame, Pending):
            self._show(frame.prompt)

    def _show(self, prompt: dict[str, Any]) -> None:
        self._console.print()
        self._console.print(Text(title(prompt), style="bold reverse"))
        self._console.print(Text(summary(prompt), style="bold"))
        for line in details(prompt):
            self._console.print(Text(line))

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr if self._json else sys.stdout, flush=True)


async def _typed() -> Given:
    """An answer from the terminal; what was typed before is thrown away. Raises EOFError when the person leaves."""
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    while True:
        print("approve this call? [y/n] ", end="", flush=True)
        word = (await _line()).strip().lower()
        if word in ("y", "yes", "n", "no"):
            break
    print("reason (may be empty): ", end="", flush=True)
    return ("approve" if word.startswith("y") else "deny"), (await _line()).strip()


async def _line() -> str:
    """One line; no thread waits in a read that would outlive this program's end."""
    data = b""
    while not data.endswith(b"\n"):
        await trio.lowlevel.wait_readable(sys.stdin.fileno())
        chunk = os.read(sys.stdin.fileno(), 4096)
        if not chunk:
            raise EOFError
        data += chunk
    return data.decode("utf-8", "replace")


def _first(group: BaseExceptionGroup[GateError]) -> GateError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
