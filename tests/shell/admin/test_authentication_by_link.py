"""Signing in to the page by a link, over real TLS: the code's one use, what it is not, and what ends with the person's token."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
import trio
import trio_websocket
from trio.testing import MockClock, memory_stream_pair

from tests.kit.approvals.admin_gate import PEOPLE, TOKENS, admin_server, handle, head
from tests.kit.approvals.questions import FixedClock
from trio_gate.approval.channel.codec import encode
from trio_gate.approval.channel.frames import PROTOCOL, Link, MakeLink
from trio_gate.client import Hopeless, connect
from trio_gate.shell import wrong_tokens
from trio_gate.shell.admin.sessions import COOKIE
from trio_gate.shell.approval.hub import ApprovalHub

OURS = {"Origin": "https://localhost", "Sec-Fetch-Site": "same-origin"}


async def link(gate) -> str:
    """The code of a link that alice makes with her token."""
    async with gate.connect() as client:
        await client.send(MakeLink(ref="1"))
        while not isinstance(frame := await client.receive(), Link):
            pass
    return frame.code


async def post(gate, code: str, **fields: str) -> str:
    return (await gate.send(head("/v1/session", "POST", **{**OURS, "Authorization": f"Link {code}", **fields}))).decode()


async def test_a_link_signs_its_person_in_once(gate):
    code = await link(gate)
    found = await post(gate, code)
    assert found.startswith("HTTP/1.1 200 ")
    cookie = re.search(rf"set-cookie: {COOKIE}=([A-Za-z0-9_-]{{43}}); ", found)[1]
    assert await gate.request("/v1/session", Cookie=f"{COOKIE}={cookie}") == (200, "alice\n")
    again = await post(gate, code)
    assert again.startswith("HTTP/1.1 401 ")
    assert "this link was used already, is too old, or was never made" in again


async def test_a_code_is_no_token_and_a_token_is_no_code(gate):
    code = await link(gate)
    with pytest.raises(Hopeless):
        async with connect(gate.url, code, gate.trust):
            pytest.fail("connected")
    assert (await gate.request("/v1/session", "POST", **OURS, Authorization=f"Bearer {code}"))[0] == 401
    assert (await gate.request("/v1/approvals", Authorization=f"Link {code}"))[0] == 401
    assert (await post(gate, TOKENS["alice"])).startswith("HTTP/1.1 401 ")
    assert (await post(gate, code)).startswith("HTTP/1.1 200 ")


async def test_another_page_can_use_no_link(gate):
    code = await link(gate)
    assert (await post(gate, code, **{"Sec-Fetch-Site": "cross-site"})).startswith("HTTP/1.1 403 ")
    assert (await post(gate, code)).startswith("HTTP/1.1 200 ")


async def test_the_page_itself_makes_no_link(gate):
    """A session ends; a chain of links that it made would not."""
    cookie = re.search(rf"{COOKIE}=[A-Za-z0-9_-]{{43}}", await post(gate, await link(gate)))[0]
    fields = [(name.encode(), value.encode()) for name, value in {**OURS, "Cookie": cookie}.items()]
    stream = await gate.stream()
    async with stream, trio.open_nursery() as nursery:
        socket = await trio_websocket.wrap_client_stream(
            nursery, stream, "localhost", "/v1/approvals", subprotocols=[PROTOCOL], extra_headers=fields
        )
        await socket.send_message(encode(MakeLink(ref="1")))
        while (frame := json.loads(await socket.get_message()))["type"] == "hello":
            pass
        assert (frame["code"], "with your token" in frame["message"]) == ("not_allowed", True)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("after", [None, replace(PEOPLE["alice"], token_sha256="c" * 64)], ids=["removed", "another token"])
async def test_a_link_ends_with_its_persons_token(after, autojump_clock: MockClock):
    hub = ApprovalHub(FixedClock())
    server = admin_server(hub)
    code, _ = await hub.links.make(PEOPLE["alice"])
    people = {name: person for name, person in PEOPLE.items() if name != "alice"} | ({"alice": after} if after else {})
    server._sign_in._people = people
    assert (await said(server, code)).startswith("HTTP/1.1 401 ")
    server._sign_in._people = PEOPLE
    assert (await said(server, code)).startswith("HTTP/1.1 401 ")


async def test_wrong_codes_are_answered_late_and_few_at_once(autojump_clock: MockClock):
    server, answers = admin_server(ApprovalHub(FixedClock())), []

    async def guess() -> None:
        answers.append((await said(server, "x" * 43))[:12])

    async with trio.open_nursery() as nursery:
        for _ in range(wrong_tokens.MOST_AT_ONCE + 1):
            nursery.start_soon(guess)
    assert trio.current_time() >= wrong_tokens.DELAY_SECONDS
    assert sorted(answers) == ["HTTP/1.1 401"] * wrong_tokens.MOST_AT_ONCE + ["HTTP/1.1 429"]


async def said(server, code: str) -> str:
    """What a server answers to a code, without TLS."""
    ours, theirs = memory_stream_pair()
    await ours.send_all(head("/v1/session", "POST", **OURS, Authorization=f"Link {code}"))
    await handle(server, theirs)
    return b"".join([chunk async for chunk in ours]).decode()
