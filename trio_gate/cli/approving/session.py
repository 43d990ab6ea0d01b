"""The desk of `trio-gate approve`: one channel, the prompts that wait, and who answers them.

Rule: one prompt at a time is on the screen, and it is answered or it goes; news about others are one line each. What is sent is the
digest of what was shown.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import trio
from rich.console import Console
from rich.text import Text

from trio_gate.approval.codec import encode
from trio_gate.approval.frames import Accepted, Decide, GrantEnded, Hello, Lifted, Pending, Rejected, Resolved, Stopped
from trio_gate.cli.approving.channel import ASK_AGAIN, ApprovalChannel
from trio_gate.cli.approving.program import AT_ONCE, ProgramFailed, consult
from trio_gate.cli.approving.prompt_input import TypedAnswer, typed
from trio_gate.cli.approving.prompt_view import details, grant_line, summary, title
from trio_gate.client import ClientError, Hopeless, connect
from trio_gate.text.visible import plain

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from trio_gate.approval.frames import Request, ServerFrame

FIRST_PAUSE_SECONDS = 1.0
"""Time before the first new try when the channel broke; doubled with each further one."""

LONGEST_PAUSE_SECONDS = 30.0
"""The longest time between two tries."""

ANSWER_TIMEOUT = 30
"""Seconds for what needs no person: a list, or the answer to one frame."""


class ApproverSession:
    """Shows prompts and sends answers."""

    def __init__(self, *, url: str, origin: str, token: str, ssl_context: ssl.SSLContext, json: bool) -> None:
        self._connect = partial(connect, url, token, ssl_context, origin=origin)
        self._json = json
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

    async def list_pending(self) -> int:
        """Print what waits, and the grants and stops that stand. Raises ClientError."""
        async with self._connect() as client:
            with trio.move_on_after(ANSWER_TIMEOUT):
                talk = ApprovalChannel(client)
                talk.take(await client.receive())
                hello = talk.hello
                for _ in range(hello.pending + hello.grants if hello else 0):
                    frame = await client.receive()
                    talk.take(frame)
                    if self._json:
                        print(encode(frame), flush=True)
                if not self._json:
                    self._list(talk)
                return 0
        raise ClientError("the gateway does not say what waits")

    def _list(self, talk: ApprovalChannel) -> None:
        for prompt in talk.open.values():
            self._show(prompt)
        for grant in talk.grants.values():
            print(grant_line(grant))
        for stop in talk.hello.stops if talk.hello else ():
            print(_stop_line(stop))
        for notice in talk.hello.notices if talk.hello else ():
            print(plain(notice))

    async def tell(self, frame: Request) -> int:
        """Say one thing; whether the gateway did it, as an exit status. Raises ClientError."""

        async def work(talk: ApprovalChannel) -> int:
            return 0 if isinstance(await talk.ask(frame), Accepted) else 1

        async with self._connect() as client:
            with trio.move_on_after(ANSWER_TIMEOUT):
                return await self._converse(ApprovalChannel(client), work)
        raise ClientError("the gateway does not answer")

    async def work(self, given: TypedAnswer | None, program: str | None, *, once: bool) -> int:
        """Answer prompts, one or until interrupted: as `given`, as a program says, or as is typed. Raises ClientError."""

        async def work(talk: ApprovalChannel) -> int:
            return await (self._answer(talk, given, once=once) if program is None else self._consult(talk, program, once=once))

        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                async with self._connect() as client:
                    pause = FIRST_PAUSE_SECONDS
                    status = await self._converse(ApprovalChannel(client), work)
            except ClientError as error:
                if once or isinstance(error, Hopeless):
                    raise
                self._say(f"{error}; trying again in {pause:.0f} s")
                await trio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            return status

    async def _converse(self, talk: ApprovalChannel, work: Callable[[ApprovalChannel], Awaitable[int]]) -> int:
        status = 0
        failure: ClientError | None = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._listen, talk)
                status = await work(talk)
                nursery.cancel_scope.cancel()
        except* ClientError as group:
            failure = _first(group)
        except* EOFError:
            status = 0
        if failure:
            raise failure
        return status

    async def _listen(self, talk: ApprovalChannel) -> None:
        async for frame in talk.client:
            self._news(frame)
            talk.take(frame)

    async def _answer(self, talk: ApprovalChannel, given: TypedAnswer | None, *, once: bool) -> int:
        while True:
            prompt = talk.next()
            if prompt is None:
                await talk.changed.wait()
                continue
            if not self._json:
                self._show(prompt)
            answer = given or await self._typed(talk, prompt)
            if answer is None:
                continue
            reply = await self._decide(talk, prompt, answer)
            if isinstance(reply, Rejected) and reply.code in ASK_AGAIN and given is None:
                talk.answered.discard(prompt["id"])
            elif once:
                return 0 if isinstance(reply, Accepted) else 1

    async def _decide(self, talk: ApprovalChannel, prompt: dict[str, Any], answer: TypedAnswer) -> object:
        talk.answered.add(prompt["id"])
        frame = Decide(id=prompt["id"], digest=prompt["digest"], verdict=answer.verdict, reason=answer.reason, grant=answer.grant)
        return await talk.ask(frame)

    async def _typed(self, talk: ApprovalChannel, prompt: dict[str, Any]) -> TypedAnswer | None:
        """What the person types; None if the prompt is gone first."""
        hello = talk.hello
        may_grant = hello is not None and hello.may_grant and bool(prompt.get("grantable"))
        most = (hello.max_minutes, hello.max_uses) if hello else (0, 0)

        async def show() -> None:
            await self._open(talk, prompt)

        async def answer() -> TypedAnswer:
            return await typed(may_grant=may_grant, most=most, show=show)

        self._not_shown(talk, prompt)
        return await _unless_gone(talk, prompt["id"], answer)

    async def _open(self, talk: ApprovalChannel, prompt: dict[str, Any]) -> None:
        for part in talk.not_shown(prompt):
            print(f"--- {plain(part['name'])} ({plain(part['why'])})")
            async for piece in talk.read(prompt["id"], part["part"]):
                print(piece)
        self._not_shown(talk, prompt)

    def _not_shown(self, talk: ApprovalChannel, prompt: dict[str, Any]) -> None:
        parts = talk.not_shown(prompt)
        if parts:
            print(f"PARTS NOT SHOWN: {', '.join(plain(part['name'] or part['part']) for part in parts)} (d shows them)")

    async def _consult(self, talk: ApprovalChannel, program: str, *, once: bool) -> int:
        """Hand each prompt to a program; what it does not decide is left to others."""
        slots, results = trio.CapacityLimiter(AT_ONCE), list[int]()

        async def one(prompt: dict[str, Any]) -> None:
            async with slots:
                results.append(await self._consult_one(talk, program, prompt))
            talk.changed.set()
            talk.changed = trio.Event()

        async with trio.open_nursery() as nursery:
            while not (once and results):
                prompt = talk.next()
                if prompt is None or (once and talk.answered):
                    await talk.changed.wait()
                    continue
                talk.answered.add(prompt["id"])
                nursery.start_soon(one, prompt)
        return results[0]

    async def _consult_one(self, talk: ApprovalChannel, program: str, prompt: dict[str, Any]) -> int:
        async def answer() -> TypedAnswer | None:
            try:
                verdict, reason = await consult(program, prompt)
            except ProgramFailed as fault:
                self._say(f"{prompt['id']} is left undecided: {fault}")
                return None
            return TypedAnswer(verdict=verdict, reason=reason)

        given = await _unless_gone(talk, prompt["id"], answer)
        if given is None:
            return 1
        return 0 if isinstance(await self._decide(talk, prompt, given), Accepted) else 1

    def _news(self, frame: ServerFrame) -> None:
        if self._json:
            print(encode(frame), flush=True)
            return
        match frame:
            case Hello():
                self._say(f"connected as {plain(frame.person)}; {frame.pending} waiting, {frame.grants} grants")
                for line in (*map(_stop_line, frame.stops), *map(plain, frame.notices)):
                    self._say(line)
            case Accepted() if frame.id is not None:
                self._say(f"accepted {frame.id}: {frame.status}")
            case Rejected():
                self._say(f"rejected {frame.id or ''}: {plain(frame.message)}")
            case Resolved():
                by = f" by {plain(', '.join(map(str, frame.by)))}" if frame.by else ""
                self._say(f"resolved {frame.id}: {frame.status}{by}{': ' + plain(frame.reason) if frame.reason else ''}")
            case GrantEnded():
                self._say(f"grant {frame.id} is no more: {frame.why}")
            case Stopped():
                self._say(_stop_line(frame.stop))
            case Lifted():
                self._say(f"{plain(frame.by)} lifted the stop of {plain(frame.agent or 'everything')}")
            case Pending() | _:
                pass

    def _show(self, prompt: dict[str, Any]) -> None:
        self._console.print()
        self._console.print(Text(title(prompt), style="bold reverse"))
        self._console.print(Text(summary(prompt), style="bold"))
        for line in details(prompt):
            self._console.print(Text(line))

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr if self._json else sys.stdout, flush=True)


async def _unless_gone(
    talk: ApprovalChannel, prompt_id: str, answer: Callable[[], Awaitable[TypedAnswer | None]]
) -> TypedAnswer | None:
    """An answer; None if there is none, or the prompt is gone first."""
    given: TypedAnswer | None = None
    async with trio.open_nursery() as nursery:

        async def gone() -> None:
            await talk.gone(prompt_id)
            nursery.cancel_scope.cancel()

        nursery.start_soon(gone)
        given = await answer()
        nursery.cancel_scope.cancel()
    return given


def _stop_line(stop: dict[str, Any]) -> str:
    reason = f": {plain(str(stop.get('reason')))}" if stop.get("reason") else ""
    return f"STOPPED by {plain(str(stop.get('by')))}: {plain(str(stop.get('agent') or 'everything'))}{reason}"


def _first(group: BaseExceptionGroup[ClientError]) -> ClientError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
