"""One request on a channel of its own, for the verbs beside `approve`: what it asks, and what is printed of the answer.

Rule: a vote carries the digest of the question that was there under its id, and an id never stands for another question.
"""

from __future__ import annotations

import re
import sys
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.approval.channel.codec import encode
from trio_gate.approval.channel.frames import Decided, Granted, Link, MakeLink, Pending, Rejected
from trio_gate.cli.approving.terminal.channel import NOT_KNOWN_YET, OUTCOME_SECONDS, ApprovalChannel, lets_go, vote
from trio_gate.cli.approving.terminal.console import ApproverConsole
from trio_gate.cli.approving.terminal.qr_code import qr_code
from trio_gate.client import ClientError
from trio_gate.text.visible import plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from trio_gate.approval.channel.frames import Request, ServerFrame
    from trio_gate.cli.approving.terminal.prompt_input import TypedAnswer
    from trio_gate.cli.connecting import Connect

ANSWER_TIMEOUT = 30
"""Seconds within which the gateway must send its state, or answer one frame: neither needs a person."""

_LOCAL = re.compile(r"https://(?:localhost|127\.[0-9.]{1,16}|\[::1\]|0\.0\.0\.0|\[::\])(?::[0-9]{1,5})?/?$")
"""Addresses that mean the machine itself, or none."""


async def pending(prompt_id: str | None, connect: Connect, *, json: bool) -> int:
    """Print what waits for this person, a call in a line, or one call in full. Returns the exit status. Raises ClientError."""
    async with _state(connect) as channel:
        channel.only = channel.prompt(prompt_id)["id"] if prompt_id is not None else None
        console = ApproverConsole(json=json)
        for prompt in channel.waiting():
            if json:
                print(encode(Pending(prompt=prompt)))
            elif prompt_id is None:
                console.waiting(channel, prompt)
            else:
                console.prompt(prompt)
                console.bound(prompt)
        if channel.hello is not None and prompt_id is None and not json:
            if not channel.waiting():
                console.say("nothing waits for you")
            console.standing(channel.hello)
    return 0


async def grants(connect: Connect, *, json: bool) -> int:
    """Print the grants that this person may see, a line each. Returns the exit status. Raises ClientError."""
    async with _state(connect) as channel:
        if json:
            for grant in channel.grants.values():
                print(encode(Granted(grant=grant)))
        else:
            ApproverConsole(json=False).grants(channel)
    return 0


async def decide(prompt_id: str, answer: TypedAnswer, connect: Connect, *, json: bool) -> int:
    """Answer one question. Returns the exit status. Raises ClientError."""
    async with _state(connect) as channel:
        prompt = channel.prompt(prompt_id)
        reply = await _answer(channel, vote(prompt, answer))
        status = _printed(reply, prompt, json=json, done="")
        if lets_go(prompt, reply):
            console = ApproverConsole(json=json)
            outcome = await _outcome(channel, prompt_id)
            if outcome is None:
                console.say(NOT_KNOWN_YET)
            else:
                console.frame(outcome, prompt)
        return status


async def request(frame: Request, connect: Connect, *, json: bool, done: str = "") -> int:
    """Send a request; where the answer says no more than that it was done, print `done`. Returns the exit status. Raises ClientError."""
    async with _state(connect) as channel:
        return _printed(await _answer(channel, frame), None, json=json, done=done)


async def link(name: str, page: str | None, connect: Connect, *, json: bool) -> int:
    """Make a sign-in link and print it, with a QR code at a terminal; `page` is the page's address as the device reaches it.

    Returns the exit status. Raises ClientError.
    """
    async with _state(connect) as channel:
        who = channel.hello.person if channel.hello else ""
        if who != name:
            raise ClientError(f"this token is that of {plain(who)}, and everyone makes links for themselves")
        reply = await _answer(channel, MakeLink())
    if json or not isinstance(reply, Link):
        return _printed(reply, None, json=json, done="")
    base = page or plain(reply.page)
    url = f"{base.rstrip('/')}/#link={plain(reply.code)}"
    print(f"Open this on your other device. It signs {name} in, once, until {plain(reply.expires_at)}:", file=sys.stderr)
    print(url)
    if sys.stdout.isatty():
        print(qr_code(url), end="")
    if _LOCAL.match(base):
        print("This is an address of the gateway's machine alone: give one that the device reaches with --page", file=sys.stderr)
    return 0


def agent(name: str) -> str | None:
    """The agent that is meant; None for all, which are called '*'."""
    return None if name == "*" else name


@asynccontextmanager
async def _state(connect: Connect) -> AsyncIterator[ApprovalChannel]:
    """A channel that has received the gateway's present state. Raises ClientError."""
    async with connect() as client:
        channel = ApprovalChannel(client)
        with _in_time():
            while channel.coming:
                channel.note(await client.receive())
        yield channel


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        with trio.fail_after(ANSWER_TIMEOUT):
            yield
    except trio.TooSlowError:
        raise ClientError("the gateway did not answer in time") from None


async def _answer(channel: ApprovalChannel, frame: Request) -> ServerFrame:
    sent = replace(frame, ref="1")
    with _in_time():
        await channel.client.send(sent)
        while True:
            got = await channel.client.receive()
            if getattr(got, "ref", None) == sent.ref:
                return got


async def _outcome(channel: ApprovalChannel, prompt_id: str) -> Decided | None:
    """What became of a call that was approved; None if that is not known within OUTCOME_SECONDS, or the channel closes."""
    with trio.move_on_after(OUTCOME_SECONDS), suppress(ClientError):
        while True:
            got = await channel.client.receive()
            if isinstance(got, Decided) and got.id == prompt_id and got.outcome is not None:
                return got
    return None


def _printed(reply: ServerFrame, prompt: dict[str, Any] | None, *, json: bool, done: str) -> int:
    if isinstance(reply, Rejected) and not json:
        raise ClientError(plain(reply.message))
    console = ApproverConsole(json=json)
    if done and not json:
        console.say(done)
    else:
        console.frame(reply, prompt)
    return 1 if isinstance(reply, Rejected) else 0
