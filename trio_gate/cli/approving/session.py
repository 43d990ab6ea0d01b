"""One run of `trio-gate approve`: it keeps a channel open, takes the prompts that wait and sends their answers.

Rule: one prompt at a time is on the screen until it is answered or gone; other news takes one line each. The vote that is sent
carries the digest of what was shown. A run that is ended by a signal leaves no program behind.
"""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.approval.frames import Accepted, Decide, Rejected
from trio_gate.cli.approving.channel import ASK_AGAIN, ApprovalChannel
from trio_gate.cli.approving.console import ApproverConsole
from trio_gate.cli.approving.program import AT_ONCE, ProgramFailed, consult
from trio_gate.cli.approving.prompt_input import TypedAnswer, typed
from trio_gate.cli.approving.prompt_view import asked
from trio_gate.client import ClientError, Hopeless, connect

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from trio_gate.approval.frames import Request

FIRST_PAUSE_SECONDS = 1.0
"""Pause before connecting again after the channel broke; it doubles with each further failure."""

LONGEST_PAUSE_SECONDS = 30.0
"""The longest pause before connecting again."""

ANSWER_TIMEOUT = 30
"""Seconds within which the gateway must send a list, or answer one frame: neither needs a person."""


class ApproverSession:
    """Shows prompts and sends answers, as the person to whom the token belongs."""

    def __init__(self, *, url: str, origin: str, token: str, ssl_context: ssl.SSLContext, json: bool) -> None:
        self._connect = partial(connect, url, token, ssl_context, origin=origin)
        self._console = ApproverConsole(json=json)

    async def list_pending(self) -> int:
        """Print what waits, and the grants and stops in force. Returns exit status 0. Raises ClientError."""
        async with self._connect() as client:
            with trio.move_on_after(ANSWER_TIMEOUT):
                channel = ApprovalChannel(client)
                channel.note(await client.receive())
                hello = channel.hello
                for _ in range(hello.pending + hello.grants if hello else 0):
                    frame = await client.receive()
                    channel.note(frame)
                    self._console.listed(frame)
                self._console.overview(channel)
                return 0
        raise ClientError("the gateway did not send the list in time")

    async def request(self, frame: Request) -> int:
        """Send one request. Returns exit status 0 if the gateway carried it out, 1 if it refused. Raises ClientError."""

        async def work(channel: ApprovalChannel) -> int:
            return 1 if isinstance(await channel.ask(frame), Rejected) else 0

        async with self._connect() as client:
            with trio.move_on_after(ANSWER_TIMEOUT):
                return await self._converse(ApprovalChannel(client), work)
        raise ClientError("the gateway did not answer in time")

    async def work(self, given: TypedAnswer | None, program: str | None, *, once: bool) -> int:
        """Answer prompts, one or until interrupted: as `given`, by a program, or as a person types.

        Returns exit status 0 if the last answer was accepted, 1 if not. Raises ClientError.
        """

        async def work(channel: ApprovalChannel) -> int:
            return await (
                self._answer(channel, given, once=once) if program is None else self._consult(channel, program, once=once)
            )

        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                async with self._connect() as client:
                    pause = FIRST_PAUSE_SECONDS
                    status = await self._converse(ApprovalChannel(client), work)
            except ClientError as error:
                if once or isinstance(error, Hopeless):
                    raise
                self._console.say(f"{error}; trying again in {pause:.0f} s")
                await trio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            return status

    async def _converse(self, channel: ApprovalChannel, work: Callable[[ApprovalChannel], Awaitable[int]]) -> int:
        status = 0
        failure: ClientError | None = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._listen, channel)
                status = await work(channel)
                nursery.cancel_scope.cancel()
        except* ClientError as group:
            failure = _first(group)
        except* EOFError:
            status = 0
        if failure:
            raise failure
        return status

    async def _listen(self, channel: ApprovalChannel) -> None:
        async for frame in channel.client:
            self._console.frame(frame)
            channel.note(frame)

    async def _answer(self, channel: ApprovalChannel, given: TypedAnswer | None, *, once: bool) -> int:
        while True:
            prompt = channel.next()
            if prompt is None:
                await channel.changed.wait()
                continue
            self._console.prompt(prompt)
            answer = given or await self._typed(channel, prompt)
            if answer is None:
                continue
            reply = await self._decide(channel, prompt, answer)
            if isinstance(reply, Rejected) and reply.code in ASK_AGAIN and given is None:
                channel.answered.discard(prompt["id"])
            elif once:
                return 0 if isinstance(reply, Accepted) else 1

    async def _decide(self, channel: ApprovalChannel, prompt: dict[str, Any], answer: TypedAnswer) -> object:
        channel.answered.add(prompt["id"])
        frame = Decide(id=prompt["id"], digest=prompt["digest"], verdict=answer.verdict, reason=answer.reason, grant=answer.grant)
        return await channel.ask(frame)

    async def _typed(self, channel: ApprovalChannel, prompt: dict[str, Any]) -> TypedAnswer | None:
        """The answer that the person types; None if the prompt is gone before."""
        hello = channel.hello
        may_grant = hello is not None and hello.may_grant and bool(prompt.get("grantable"))
        most = (hello.max_minutes, hello.max_uses) if hello else (0, 0)

        async def show() -> None:
            await self._open(channel, prompt)

        async def answer() -> TypedAnswer:
            return await typed(asked(prompt), may_grant=may_grant, most=most, proposed=prompt.get("suggestion"), show=show)

        self._console.hidden(channel.not_shown(prompt))
        return await _unless_gone(channel, prompt["id"], answer)

    async def _open(self, channel: ApprovalChannel, prompt: dict[str, Any]) -> None:
        for part in channel.not_shown(prompt):
            self._console.part(part)
            async for piece in channel.read(prompt["id"], part["part"]):
                self._console.text(piece)
        self._console.hidden(channel.not_shown(prompt))

    async def _consult(self, channel: ApprovalChannel, program: str, *, once: bool) -> int:
        """Run a program for each prompt, AT_ONCE at a time; a prompt that it does not decide is left to others."""
        slots, results = trio.CapacityLimiter(AT_ONCE), list[int]()

        async def one(prompt: dict[str, Any]) -> None:
            async with slots:
                results.append(await self._consult_one(channel, program, prompt))
            channel.changed.set()
            channel.changed = trio.Event()

        async with trio.open_nursery() as nursery:
            await nursery.start(_interrupted_by_signals)
            while not (once and results):
                prompt = channel.next()
                if prompt is None or (once and channel.answered):
                    await channel.changed.wait()
                    continue
                channel.answered.add(prompt["id"])
                nursery.start_soon(one, prompt)
            nursery.cancel_scope.cancel()
        return results[0]

    async def _consult_one(self, channel: ApprovalChannel, program: str, prompt: dict[str, Any]) -> int:
        async def answer() -> TypedAnswer | None:
            try:
                verdict, reason = await consult(program, prompt)
            except ProgramFailed as fault:
                self._console.say(f"{prompt['id']} is left undecided: {fault}")
                return None
            return TypedAnswer(verdict=verdict, reason=reason)

        given = await _unless_gone(channel, prompt["id"], answer)
        if given is None:
            return 1
        return 0 if isinstance(await self._decide(channel, prompt, given), Accepted) else 1


async def _interrupted_by_signals(  # noqa: ASYNC114 - no context manager starts it
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Raise KeyboardInterrupt on SIGTERM and SIGHUP, which programs in sessions of their own do not get: so they are killed."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP) as signals:
        task_status.started()
        async for _ in signals:
            raise KeyboardInterrupt


async def _unless_gone(
    channel: ApprovalChannel, prompt_id: str, answer: Callable[[], Awaitable[TypedAnswer | None]]
) -> TypedAnswer | None:
    """The answer that `answer` gives; None if it gives none, or the prompt is gone before."""
    given: TypedAnswer | None = None
    async with trio.open_nursery() as nursery:

        async def gone() -> None:
            await channel.gone(prompt_id)
            nursery.cancel_scope.cancel()

        nursery.start_soon(gone)
        given = await answer()
        nursery.cancel_scope.cancel()
    return given


def _first(group: BaseExceptionGroup[ClientError]) -> ClientError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
