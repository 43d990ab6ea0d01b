"""Channels of approvals: real WebSockets over loopback, and what ends one; deadlines on memory streams and trio's own clock."""

from __future__ import annotations

import json
import threading
from contextlib import asynccontextmanager, suppress

import pytest
import trio
import trio_websocket
from trio.testing import MockClock, memory_stream_pair, wait_all_tasks_blocked

from tests.kit.approvals.admin_gate import ALICE, TOKENS, WEBSOCKET, Gate, admin_server, handle, head
from tests.kit.approvals.questions import NOW, FixedClock, question
from trio_gate.approval.channel.codec import encode
from trio_gate.approval.channel.frames import DECIDED, PROTOCOL, Observe, Search, Stop, Token
from trio_gate.approval.state import Prompt, withdraw
from trio_gate.client import ClientError
from trio_gate.shell.admin import channel
from trio_gate.shell.approval.commands import CommandHandler
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.net.frame_pacing import FRAMES, PARTS, SEARCH


@asynccontextmanager
async def browser(gate: Gate, *more: str):
    """A WebSocket without an Authorization header; `more` subprotocols are offered."""
    stream = await gate.stream()
    async with stream, trio.open_nursery() as nursery:
        fields = [(b"Origin", b"https://localhost")]
        yield await trio_websocket.wrap_client_stream(
            nursery, stream, "localhost", "/v1/approvals", subprotocols=[PROTOCOL, *more], extra_headers=fields
        )
        nursery.cancel_scope.cancel()


async def test_a_token_in_the_first_frame(gate):
    async with browser(gate) as socket:
        await socket.send_message(encode(Token(token=TOKENS["bob"])))
        assert json.loads(await socket.get_message())["person"] == "bob"


@pytest.mark.parametrize("follows", [False, True])
async def test_decided_calls_are_told_to_clients_that_know_the_frame_alone(gate, follows):
    made = question()
    gate.hub.decided.ended(withdraw(Prompt(question=made)), at=NOW, grant=None)
    async with browser(gate, *([DECIDED] if follows else [])) as socket:
        assert socket.subprotocol == PROTOCOL
        await socket.send_message(encode(Token(token=TOKENS["alice"])))
        await socket.get_message()
        await socket.send_message("{}")
        assert json.loads(await socket.get_message())["type"] == ("decided" if follows else "rejected")


@pytest.mark.parametrize(
    "message",
    [encode(Token(token="x" * 40)), '{"type":"decide"}', "hello", b"\0", '{"type":"hello","token":"x","token":"y"}'],
)
async def test_another_first_frame_ends_it(gate, message):
    async with browser(gate) as socket:
        await socket.send_message(message)
        with pytest.raises(trio_websocket.ConnectionClosed) as closed:
            await socket.get_message()
        assert closed.value.reason.code == channel.POLICY


@asynccontextmanager
async def spoken(gate: Gate):
    """A raw channel that has said who it is."""
    async with browser(gate) as socket:
        await socket.send_message(encode(Token(token=TOKENS["alice"])))
        await socket.get_message()
        yield socket


@pytest.mark.parametrize("message", ["{}", "x" * 1000, "[" * 60_000])
async def test_an_unreadable_frame_is_rejected_and_the_channel_stays(gate, message):
    async with spoken(gate) as socket:
        for _ in range(2):
            await socket.send_message(message)
            assert json.loads(await socket.get_message())["code"] == "malformed"


@pytest.mark.parametrize(
    ("message", "code"),
    [(b"\0", channel.UNSUPPORTED), ("x" * 70_000, 1009), (encode(Token(token=TOKENS["bob"])), channel.POLICY)],
)
async def test_frames_that_end_the_channel(gate, message, code):
    async with spoken(gate) as socket:
        await socket.send_message(message)
        with pytest.raises(trio_websocket.ConnectionClosed) as closed:
            await socket.get_message()
        assert closed.value.reason.code == code


@pytest.mark.parametrize("raw", [b"\xff" * 40, b"\x81\x05hello", b"\x81\x82\0\0\0\0\xff\xfe", b"\x88\x80\0\0\0\0", b""])
async def test_a_peer_that_breaks_the_protocol_ends_only_its_connection(gate, raw):
    stream = await gate.stream()
    await stream.send_all(head("/v1/approvals", **WEBSOCKET, **ALICE))
    answer = await stream.receive_some()
    assert answer.startswith(b"HTTP/1.1 101 ")
    await stream.send_all(raw)
    await trio.aclose_forcefully(stream)
    assert await gate.request("/healthz") == (200, "ok\n")


EMPTY = b"\x01\x80\0\0\0\0", b"\x00\x80\0\0\0\0"
"""The beginning of a text of many frames, and one more of them, without a letter."""


async def test_who_has_shown_no_token_sends_few_frames(gate):
    stream = await gate.stream()
    await stream.send_all(head("/v1/approvals", **WEBSOCKET))
    assert (await stream.receive_some()).startswith(b"HTTP/1.1 101 ")
    with trio.fail_after(5), suppress(trio.BrokenResourceError):
        await stream.send_all(EMPTY[0] + EMPTY[1] * channel.HELLO)
        while await stream.receive_some():
            pass
    await trio.aclose_forcefully(stream)


async def answers(gate, frames: bytes, wanted: bytes) -> None:
    """Alice sends these frames, and reads until the gate has said that."""
    stream = await gate.stream()
    await stream.send_all(head("/v1/approvals", **WEBSOCKET, **ALICE))
    answer = await stream.receive_some()
    await stream.send_all(frames)
    with trio.fail_after(10):
        while wanted not in answer:
            more = await stream.receive_some()
            assert more, answer
            answer += more
    await trio.aclose_forcefully(stream)


async def test_a_message_in_some_frames_is_read(gate):
    await answers(gate, (EMPTY[0] + EMPTY[1] * (PARTS - 2) + b"\x80\x82\0\0\0\0{}") * 2, b'"malformed"')


@pytest.mark.parametrize("frame", [EMPTY[1], EMPTY[1] + b"\x89\x80\0\0\0\0", b"\x00\x81\0\0\0\0x"])
async def test_a_message_in_too_many_frames_ends_the_channel_with_a_reason(gate, frame):
    end = channel.POLICY.to_bytes(2) + channel.TOO_MANY_PARTS.encode()
    await answers(gate, EMPTY[0] + frame * 5000, end)


async def test_a_client_reads_why_its_flood_ended(gate):
    async with gate.connect() as client:
        await client.receive()
        await client._socket._stream.send_all(EMPTY[0] + EMPTY[1] * 5000)
        with pytest.raises(ClientError, match=f"closed the channel: {channel.TOO_MANY_PARTS}"):
            await client.receive()


@pytest.mark.parametrize("frame", [b"\x89\x80\0\0\0\0", b"\x8a\x80\0\0\0\0", b"\x81\x81\0\0\0\0x"])
async def test_who_floods_is_read_slowly_and_ends_for_want_of_an_answer_to_a_ping(autojump_clock: MockClock, frame):
    ours, theirs = memory_stream_pair()
    said = bytearray()

    async def read() -> None:
        async for data in ours:
            said.extend(data)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        nursery.start_soon(handle, admin_server(ApprovalHub(FixedClock())), theirs)
        await ours.send_all(head("/v1/approvals", **WEBSOCKET, **ALICE))
        await wait_all_tasks_blocked()
        await ours.send_all(frame * 20_000)
    assert said.endswith(channel.POLICY.to_bytes(2) + channel.NO_PONG.encode())


async def test_a_search_keeps_nothing_else_of_its_channel_waiting():
    slow = threading.Event()

    def find(*_):
        assert slow.wait(10)
        return [], None

    hub = ApprovalHub(FixedClock())
    ours, theirs = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(handle, admin_server(hub, find=find, may_observe=True, may_stop=True), theirs)
        await ours.send_all(head("/v1/approvals", **WEBSOCKET, **ALICE))
        await wait_all_tasks_blocked()
        for frame in (Search(ref="one", filters={}), Search(ref="two", filters={}), Stop(ref="three", agent=None)):
            data = encode(frame).encode()
            await ours.send_all(bytes([0x81, 0x80 | len(data)]) + bytes(4) + data)
        said = b""
        with trio.fail_after(10):
            while b'"ref":"three"' not in said or b'"ref":"two"' not in said:
                said += await ours.receive_some()
            assert hub.stops.get(None)
            assert channel.RUNNING.encode() in said
            assert b'"ref":"one"' not in said
            slow.set()
            while b'"ref":"one"' not in said:
                said += await ours.receive_some()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("frame", [Search(ref="one", filters={}), Observe(ref="one", on=True)])
async def test_a_bug_is_answered_and_the_channel_stays(gate, monkeypatch, caplog, frame):
    async def broken(*_):
        await trio.lowlevel.checkpoint()
        raise KeyError("canary")

    with monkeypatch.context() as patched:
        patched.setattr(CommandHandler, "_answer", broken)
        async with browser(gate) as socket:
            await socket.send_message(encode(Token(token=TOKENS["bob"])))
            await socket.get_message()
            await socket.send_message(encode(frame))
            said = json.loads(await socket.get_message())
            assert (said["ref"], said["code"], said["message"]) == ("one", "unavailable", channel.FAILED)
            patched.undo()
            await socket.send_message(encode(Observe(ref="two", on=True)))
            assert json.loads(await socket.get_message())["ref"] == "two"
    [line] = [record.getMessage() for record in caplog.records if "internal error" in record.getMessage()]
    assert f"{type(frame).__name__} of approver bob failed with KeyError in" in line
    assert "canary" not in caplog.text


async def test_searches_have_a_pace(autojump_clock: MockClock):
    ours, theirs = memory_stream_pair()
    search = encode(Search(filters={})).encode()
    count = 2 * FRAMES.most // SEARCH
    async with trio.open_nursery() as nursery:
        nursery.start_soon(handle, admin_server(ApprovalHub(FixedClock())), theirs)
        await ours.send_all(head("/v1/approvals", **WEBSOCKET, **ALICE))
        await wait_all_tasks_blocked()
        for _ in range(count):
            await ours.send_all(bytes([0x81, 0x80 | len(search)]) + bytes(4) + search)
            said = b""
            while b'"not_allowed"' not in said:
                said += await ours.receive_some()
        assert trio.current_time() == pytest.approx(FRAMES.most / FRAMES.rate, rel=0.3)
        nursery.cancel_scope.cancel()
