"""Attempts of agents at an approval hub, and people who answer them."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

from tests.kit.approvals.frames import conforms
from tests.kit.approvals.questions import question
from trio_gate.approval.channel.codec import decode_server, encode
from trio_gate.approval.channel.frames import Decide, Pending
from trio_gate.config.model import Person
from trio_gate.ports import Asked, Opened
from trio_gate.shell.approval.commands import CommandHandler

if TYPE_CHECKING:
    from trio_gate.approval.question import Question
    from trio_gate.shell.approval.hub import ApprovalHub
    from trio_gate.shell.approval.subscription import Subscription

STANDING = "s" * 64


def person(name: str, **abilities: bool) -> Person:
    return Person(name=name, token_sha256=hashlib.sha256(name.encode()).hexdigest(), kind="human", **abilities)


async def _open(part: str, offset: int, colors: bool) -> Opened | None:
    await trio.lowlevel.checkpoint()
    if part != "p1":
        return None
    return Opened(text="whole"[offset:], next=None, length=5, size=5, sha256="0" * 64, how=())


def asked(
    made: Question | None = None, invocation: str | None = None, *, standing: str = STANDING, covers=lambda _: True
) -> Asked:
    """One attempt at a question."""
    return Asked(question=made or question(), invocation=invocation, standing=standing, covers=covers, open=_open)


class Listener:
    """A person at a hub: reads frames one by one, and answers."""

    def __init__(self, hub: ApprovalHub, clock, subscription: Subscription, find=None) -> None:
        self.subscription = subscription
        self.commands = CommandHandler(hub, clock, find)

    async def next(self):
        text = await self.subscription.next()
        assert conforms("server", text), text[:1000]
        return decode_server(text)

    async def until(self, kind):
        """The next frame of a type."""
        while not isinstance(frame := await self.next(), kind):
            pass
        return frame

    async def prompt(self) -> dict:
        frame = await self.next()
        assert isinstance(frame, Pending)
        return frame.prompt

    async def say(self, frame) -> None:
        assert conforms("client", encode(frame))
        await self.commands.receive(self.subscription, frame)

    def vote(self, verdict: str = "approve", *, prompt_id: str = "q1", digest: str | None = None, **more) -> None:
        frame = Decide(id=prompt_id, digest=digest or question().digest, verdict=verdict, **more)
        self.commands.decide(self.subscription, frame)


@contextmanager
def listening(hub: ApprovalHub, clock, name: str = "alice", find=None, *, follows: bool = False, **abilities: bool):
    with hub.subscribe(person(name, **abilities), follows=follows) as subscription:
        yield Listener(hub, clock, subscription, find)
