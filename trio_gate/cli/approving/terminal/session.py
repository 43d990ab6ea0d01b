"""One run of `trio-gate approve`: it keeps a channel open, takes the prompts that wait and sends their answers.

Rule: one prompt at a time is on the screen until it is answered or gone; other news takes one line each. The vote that is sent
carries the digest of what was shown. A run that is ended by a signal leaves no program behind.
"""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.approval.channel.frames import Accepted, Compare, Compared, Pending, Preview, Previewed, Rejected, Resolved
from trio_gate.cli.approving.terminal.channel import ASK_AGAIN, NOT_KNOWN_YET, ApprovalChannel, lets_go, vote
from trio_gate.cli.approving.terminal.console import ApproverConsole
from trio_gate.cli.approving.terminal.program import AT_ONCE, ProgramFailed, consult
from trio_gate.cli.approving.terminal.prompt_input import Asking, TypedAnswer, typed
from trio_gate.cli.approving.terminal.prompt_view import dangers, parts_in_words, previewed
from trio_gate.client import ClientError, Hopeless

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_gate.cli.connecting import Connect

FIRST_PAUSE_SECONDS = 1.0
"""Pause before connecting again after the channel broke; it doubles with each further failure."""

LONGEST_PAUSE_SECONDS = 30.0
"""The longest pause before connecting again."""

MOST_DIGITS = 4
"""Digits of a file's number: an archive that is read has a thousand at most."""

REACTION_SECONDS = 1.0
"""How long keys answer nothing after a prompt has ended by itself: they were meant for that one."""


class ApproverSession:
    """Shows prompts and sends answers, as the person to whom the token belongs."""

    def __init__(self, connect: Connect, *, json: bool) -> None:
        self._connect = connect
        self._console = ApproverConsole(json=json)

    async def work(self, given: TypedAnswer | None, program: str | None, *, once: bool, only: str | None = None) -> int:
        """Answer prompts, one or until interrupted: as `given`, by a program, or as a person types. `only` is the id of the one that is meant.

        Returns exit status 0 if the last answer was accepted, 1 if not. Raises ClientError.
        """

        async def work(channel: ApprovalChannel) -> int:
            return await (
                self._answer(channel, given, once=once, only=only)
                if program is None
                else self._consult(channel, program, once=once)
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
                await nursery.start(_interrupted_by_signals)
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
            if not (isinstance(frame, Resolved) and frame.id in channel.settled and frame.grant is None):
                about = frame.prompt["id"] if isinstance(frame, Pending) else getattr(frame, "id", None)
                self._console.frame(frame, channel.open.get(about or ""))
            channel.note(frame)

    async def _answer(self, channel: ApprovalChannel, given: TypedAnswer | None, *, once: bool, only: str | None) -> int:
        shown: dict[str, Any] | None = None
        await channel.begun()
        channel.only = channel.prompt(only)["id"] if only is not None else None
        while True:
            prompt = channel.next()
            if prompt is None and only is not None:
                return 1
            if prompt is None:
                await channel.changed.wait()
                continue
            if prompt is not shown:
                self._console.prompt(prompt)
            shown = prompt
            answer = given or await self._typed(channel, prompt)
            if answer is None:
                await self._put_off(channel, prompt)
                continue
            reply = await self._decide(channel, prompt, answer)
            if isinstance(reply, Rejected) and reply.code in ASK_AGAIN and given is None:
                channel.answered.discard(prompt["id"])
            elif once:
                return await self._ended(channel, prompt, reply)

    async def _put_off(self, channel: ApprovalChannel, prompt: dict[str, Any]) -> None:
        """Go on to the next prompt, as the person said; or as this one has ended or changed, after what its keys may still be pressed for."""
        if channel.open.get(prompt["id"]) is prompt:
            channel.skipped.add(prompt["id"])
        else:
            await trio.sleep(REACTION_SECONDS)

    async def _ended(self, channel: ApprovalChannel, prompt: dict[str, Any], reply: object) -> int:
        """The exit status of a run for one answer, once it was said what became of a call that it let go."""
        if lets_go(prompt, reply) and not await channel.outcome(prompt["id"]):
            self._console.say(NOT_KNOWN_YET)
        return 0 if isinstance(reply, Accepted) else 1

    async def _decide(self, channel: ApprovalChannel, prompt: dict[str, Any], answer: TypedAnswer) -> object:
        channel.answered.add(prompt["id"])
        return await channel.ask(vote(prompt, answer))

    async def _typed(self, channel: ApprovalChannel, prompt: dict[str, Any]) -> TypedAnswer | None:
        """The answer that the person types; None if the prompt is put off, or gone before."""
        hello = channel.hello

        async def show(which: str) -> None:
            await (self._open_files(channel, prompt, which) if which else self._open(channel, prompt))

        async def compare() -> None:
            reply = await channel.ask(Compare(id=prompt["id"]))
            if isinstance(reply, Compared):
                for line in (f"as of {reply.at}, by {' and '.join(reply.reads)}:", *reply.text.split("\n")):
                    self._console.say(line)

        async def preview(condition: str | None) -> bool:
            return await self._preview(channel, prompt, condition)

        asking = Asking(
            about=partial(self._console.question, channel, prompt),
            may_grant=hello is not None and hello.may_grant and bool(prompt.get("grantable")),
            most=(hello.max_minutes, hello.max_uses) if hello else (0, 0),
            proposed=prompt.get("suggestion"),
            preview=preview,
            show=show,
            compare=compare if hello is not None and hello.person in prompt.get("compared_by", ()) else None,
            others=lambda: len(channel.waiting()) > 1,
            unread=lambda: parts_in_words(channel.unread(prompt)),
            confirms=dangers(prompt),
        )

        async def answer() -> TypedAnswer | None:
            await channel.printed(prompt)
            if prompt.get("task") and hello is not None and hello.may_grant:
                await preview(None)  # it says what the task would have covered
            return await typed(self._console.line, asking)

        self._console.hidden(channel.not_shown(prompt))
        return await _unless(partial(channel.gone, prompt["id"], prompt), answer)

    async def _preview(self, channel: ApprovalChannel, prompt: dict[str, Any], condition: str | None) -> bool:
        """Print what a grant would let through. Returns whether the gateway takes its condition; it says why where it does not."""
        reply = await channel.ask(Preview(id=prompt["id"], predicate=condition))
        if isinstance(reply, Previewed):
            others = [channel.open[one] for one in reply.waiting if one in channel.open]
            for line in previewed(reply, prompt, others):
                self._console.say(line)
        return isinstance(reply, Previewed)

    async def _open(self, channel: ApprovalChannel, prompt: dict[str, Any]) -> None:
        self._console.bound(prompt)
        for part in channel.not_shown(prompt):
            self._console.part(part)
            async for piece in channel.read(prompt, part["part"]):
                self._console.say(piece)
        self._console.hidden(channel.not_shown(prompt))

    async def _open_files(self, channel: ApprovalChannel, prompt: dict[str, Any], which: str) -> None:
        """Print a file of the archives that were listed, by its number, or all of them."""
        files = channel.files(prompt)
        one = int(which) if which.isascii() and which.isdecimal() and len(which) <= MOST_DIGITS else 0
        found = files if which == "all" else files[one - 1 : one]
        if not found:
            self._console.say("there is no such file: d lists them")
        for file in found:
            self._console.part({"name": file["name"], "why": file["said"] or "all of it"})
            if file["part"] is not None:
                async for piece in channel.read(prompt, file["part"]):
                    self._console.say(piece)
        self._console.hidden(channel.not_shown(prompt))

    async def _consult(self, channel: ApprovalChannel, program: str, *, once: bool) -> int:
        """Run a program for each prompt, AT_ONCE at a time; a prompt that it does not decide is left to others."""
        slots, results = trio.CapacityLimiter(AT_ONCE), list[int]()

        async def one(prompt: dict[str, Any]) -> None:
            async with slots:
                results.append(await self._consult_one(channel, program, prompt, once=once))
            channel.changed.set()
            channel.changed = trio.Event()

        async with trio.open_nursery() as nursery:
            while not (once and results):
                prompt = channel.next()
                if prompt is None or (once and channel.answered):
                    await channel.changed.wait()
                    continue
                channel.answered.add(prompt["id"])
                nursery.start_soon(one, prompt)
            nursery.cancel_scope.cancel()
        return results[0]

    async def _consult_one(self, channel: ApprovalChannel, program: str, prompt: dict[str, Any], *, once: bool) -> int:
        async def answer() -> TypedAnswer | None:
            try:
                verdict, reason = await consult(program, prompt)
            except ProgramFailed as fault:
                self._console.say(f"{prompt['id']} is left undecided: {fault}")
                return None
            return TypedAnswer(verdict=verdict, reason=reason, unread=None)

        given = await _unless(partial(channel.gone, prompt["id"]), answer)
        if given is None:
            return 1
        reply = await self._decide(channel, prompt, given)
        if once:
            return await self._ended(channel, prompt, reply)
        return 0 if isinstance(reply, Accepted) else 1


async def _interrupted_by_signals(  # noqa: ASYNC114 - no context manager starts it
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Raise KeyboardInterrupt on SIGTERM and SIGHUP: so programs in sessions of their own are killed, and the terminal gets its mode back."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP) as signals:
        task_status.started()
        async for _ in signals:
            raise KeyboardInterrupt


async def _unless(gone: Callable[[], Awaitable[None]], answer: Callable[[], Awaitable[TypedAnswer | None]]) -> TypedAnswer | None:
    """The answer that `answer` gives; None if it gives none, or `gone` returns before."""
    given: TypedAnswer | None = None
    async with trio.open_nursery() as nursery:

        async def stop() -> None:
            await gone()
            nursery.cancel_scope.cancel()

        nursery.start_soon(stop)
        given = await answer()
        nursery.cancel_scope.cancel()
    return given


def _first(group: BaseExceptionGroup[ClientError]) -> ClientError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
