"""A person who answers a gateway's prompts from a test: each step is one connection."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trio

from tests.kit.approvals.frames import conforms
from tests.kit.gateway import TOKEN
from trio_gate.approval.channel.codec import encode
from trio_gate.approval.channel.frames import Accepted, Decide, Granted, Hello, Pending, Rejected, Updated
from trio_gate.client import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.gateway import Gateway
    from trio_gate.approval.channel.frames import ServerFrame
    from trio_gate.approval.terms import Terms
    from trio_gate.client import ApproverClient

PATIENCE = 60
"""Seconds that a step may take before the test has failed."""


@dataclass(kw_only=True)
class State:
    """What a person is shown."""

    hello: Hello
    prompts: dict[str, dict[str, Any]] = field(default_factory=dict)
    grants: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, frame: ServerFrame) -> None:
        match frame:
            case Pending():
                self.prompts[frame.prompt["id"]] = frame.prompt
            case Granted():
                self.grants[frame.grant["id"]] = frame.grant
            case Updated():
                self.prompts[frame.id] |= {"detached": frame.detached, "approvers": frame.approvers}
            case _:
                pass


class Checked:
    """A client that holds every frame, either way, against the schema."""

    def __init__(self, client: ApproverClient) -> None:
        self._client = client

    async def receive(self) -> ServerFrame:
        frame = await self._client.receive()
        assert conforms("server", encode(frame)), frame
        return frame

    async def send(self, frame) -> None:
        assert conforms("client", encode(frame)), frame
        await self._client.send(frame)


class Person:
    """Alice, or who holds another token."""

    def __init__(self, gateway: Gateway, token: str = TOKEN) -> None:
        self._url = f"wss://{gateway.doors['admin']}"
        self._trust = ssl.create_default_context(cafile=str(gateway.folder / "state" / "ca" / "own.pem"))
        self._token = token

    def state(self) -> State:
        """The present state."""
        return self._run(lambda _, state: _done(state))

    def until(self, ready: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first prompt that is ready."""

        async def step(client: Checked, state: State) -> dict[str, Any]:
            return await _first(client, state, ready)

        return self._run(step)

    def answer(
        self,
        verdict: str = "approve",
        reason: str = "",
        *,
        ready: Callable[[dict[str, Any]], bool] = lambda _: True,
        grant: Terms | None = None,
        confirmed: tuple[int, ...] | None = None,
        after: float = 0,
    ) -> dict[str, Any]:
        """Answer the first prompt that is ready, `after` seconds; the prompt. The vote must be accepted."""

        async def step(client: Checked, state: State) -> dict[str, Any]:
            prompt = await _first(client, state, ready)
            await trio.sleep(after)
            said = {"reason": reason, "grant": grant, "confirmed": confirmed}
            await client.send(Decide(id=prompt["id"], digest=prompt["digest"], verdict=verdict, **said))
            while not isinstance(frame := await client.receive(), (Accepted, Rejected)):
                pass
            assert isinstance(frame, Accepted), frame
            return prompt

        return self._run(step)

    def say(self, frame) -> ServerFrame:
        """Send a frame; its answer."""

        async def step(client: Checked, _: State) -> ServerFrame:
            await client.send(frame)
            while not hasattr(answer := await client.receive(), "ref"):
                pass
            return answer

        return self._run(step)

    def _run(self, step) -> Any:
        async def main() -> Any:
            with trio.fail_after(PATIENCE):
                async with connect(self._url, self._token, self._trust) as plain:
                    client = Checked(plain)
                    hello = await client.receive()
                    assert isinstance(hello, Hello)
                    state = State(hello=hello)
                    for _ in range(hello.pending + hello.grants):
                        state.take(await client.receive())
                    return await step(client, state)

        return trio.run(main)


async def _done(state: State) -> State:
    await trio.lowlevel.checkpoint()
    return state


async def _first(client: Checked, state: State, ready: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    while True:
        for prompt in state.prompts.values():
            if ready(prompt):
                return prompt
        state.take(await client.receive())


def detached(prompt: dict[str, Any]) -> bool:
    """Ready once its agent has left."""
    return bool(prompt["detached"])
