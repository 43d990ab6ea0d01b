"""How long an agent may take over a body, and how long it is listened to once it was refused; by a clock that jumps."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
import trio
from trio.testing import memory_stream_pair, wait_all_tasks_blocked

from tests.kit.wire.streams import agent_stream
from tests.kit.wire.transports import StreamTransport, sockets
from trio_gate.errors import Malformed
from trio_gate.shell.net.agent_stream import LARGE, RECEIVE_BODY
from trio_gate.wire.head import ResponseHead


async def begun(framing: str, **knobs: float):
    """A connection on which the head of a request has come; where its agent writes, and the gateway's side."""
    ours, theirs = memory_stream_pair()
    agent = agent_stream(StreamTransport(theirs), **knobs)
    await ours.send_all(f"PUT / HTTP/1.1\r\nHost: a.example\r\n{framing}\r\n\r\n".encode())
    assert await agent.next_head()
    return ours, agent


async def trickle(stream, piece: bytes, *, every: float, count: int) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        for _ in range(count):
            await trio.sleep(every)
            await stream.send_all(piece)


async def whole(agent) -> int:
    while await agent.next_piece() is not None:
        pass
    return agent.received


FRAMINGS = pytest.mark.parametrize(
    ("framing", "piece"),
    [("Content-Length: 100000", b"a"), ("Transfer-Encoding: chunked", b"1\r\na\r\n")],
    ids=["length", "chunks"],
)


@FRAMINGS
async def test_a_body_that_trickles_is_given_up_though_it_never_stops(nursery, autojump_clock, framing, piece):
    ours, agent = await begun(framing)
    nursery.start_soon(lambda: trickle(ours, piece, every=5, count=100))
    with pytest.raises(Malformed, match="too slowly") as fault:
        await whole(agent)
    assert fault.value.status == 408
    assert agent.received == 6


@FRAMINGS
async def test_the_least_rate_is_a_knob(nursery, autojump_clock, framing, piece):
    ours, agent = await begun(framing.replace("100000", "100"), body_rate=1)
    nursery.start_soon(lambda: trickle(ours, piece, every=1, count=100))
    if "chunked" in framing:
        with pytest.raises(Malformed):
            await whole(agent)
    else:
        await whole(agent)
    assert agent.received == 100


async def test_a_slow_body_that_keeps_the_rate_comes_whole_however_long_it_takes(nursery, autojump_clock):
    ours, agent = await begun("Content-Length: 4096000")
    nursery.start_soon(lambda: trickle(ours, bytes(40960), every=29, count=100))
    assert await whole(agent) == 4096000
    assert 1024 < agent.seat.rate < 2048


async def test_a_body_that_stops_is_given_up_after_the_idle_timeout_where_that_is_shorter(nursery, autojump_clock):
    ours, agent = await begun("Content-Length: 10", idle_timeout=5)
    nursery.start_soon(lambda: trickle(ours, b"a", every=6, count=1))
    with pytest.raises(Malformed, match="stopped half-way"):
        await whole(agent)
    assert agent.received == 0


async def test_what_came_quickly_is_no_credit_for_a_long_silence(nursery, autojump_clock):
    ours, agent = await begun("Content-Length: 4096001")
    nursery.start_soon(lambda: trickle(ours, bytes(4096000), every=1, count=1))
    nursery.start_soon(lambda: trickle(ours, b"a", every=40, count=1))
    with pytest.raises(Malformed, match="too slowly"):
        await whole(agent)


async def test_time_that_the_gateway_takes_is_not_the_agents(nursery, autojump_clock):
    ours, agent = await begun("Content-Length: 3")
    for _ in range(3):
        await ours.send_all(b"a")
        await trio.sleep(1000)
        assert await agent.next_piece() == b"a"
    assert await agent.next_piece() is None


async def test_each_request_has_its_own_time(nursery, autojump_clock):
    ours, agent = await begun("Content-Length: 1")
    nursery.start_soon(lambda: trickle(ours, b"a", every=25, count=1))
    assert await whole(agent) == 1
    await agent.send_head(ResponseHead(status=200, headers=()), length=0)
    await agent.send_end()
    assert agent.connection.start_next()
    await ours.send_all(b"PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n\r\n")
    assert await agent.next_head()
    nursery.start_soon(lambda: trickle(ours, b"a", every=25, count=1))
    assert await whole(agent) == 1


async def refused(length: int):
    ours, agent = await begun(f"Content-Length: {length}")
    await agent.send_head(ResponseHead(status=403, headers=()), length=0)
    await agent.send_end()
    return ours, agent


async def test_a_refused_body_is_read_away_to_its_end(nursery, autojump_clock):
    ours, agent = await refused(3_000_000)
    sent = []

    async def send() -> None:
        for _ in range(30):
            await trio.sleep(0.3)
            await ours.send_all(bytes(100_000))
            sent.append(100_000)
        await ours.aclose()

    nursery.start_soon(send)
    await agent.linger()
    assert sum(sent) == 3_000_000
    assert agent.seat.leaving


async def test_who_is_silent_after_a_refusal_is_left_and_who_trickles_too(nursery, autojump_clock):
    _, agent = await refused(3_000_000)
    with trio.fail_after(6):
        await agent.linger()
    ours, agent = await refused(3_000_000)
    nursery.start_soon(lambda: trickle(ours, b"a", every=1, count=1000))
    with trio.fail_after(20):
        await agent.linger()


async def test_what_comes_without_end_is_not_read_away_without_end(nursery, autojump_clock):
    ours, agent = await refused(10**12)
    nursery.start_soon(lambda: trickle(ours, bytes(1024 * 1024), every=0.1, count=1000))
    with trio.fail_after(20):
        await agent.linger()


async def test_many_small_chunks_let_others_have_their_turn():
    near, far = memory_stream_pair()
    agent = agent_stream(StreamTransport(far))
    await near.send_all(b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 512 + b"0\r\n\r\n")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        assert await agent.next_head()
        nursery.start_soon(count)
        pieces = [await agent.next_piece() for _ in range(8)]
        assert [len(piece or b"") for piece in pieces] == [64] * 8
        assert turns >= 2
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("length", [LARGE - 1, LARGE, 3 * LARGE + 1])
async def test_a_large_body_is_lent_in_pieces_and_the_next_request_is_whole(length):
    near, far = sockets()
    body = random.Random(length).randbytes(length)
    async with near, far, trio.open_nursery() as nursery:
        agent = agent_stream(far)
        for _ in range(2):
            nursery.start_soon(near.send_all, b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % length + body)
            assert await agent.next_head()
            got, pieces = bytearray(), []
            while (piece := await agent.next_piece()) is not None:
                got += piece
                pieces.append(piece)
            assert got == body
            lent = [piece for piece in pieces if isinstance(piece, memoryview)]
            assert bool(lent) is (length >= LARGE)
            assert agent._lent is None, "the wait for the answer may be long"
            for piece in lent[:-1]:
                with pytest.raises(ValueError, match="released"):
                    bytes(piece)
            await agent.send_head(ResponseHead(status=200, reason=b"OK", headers=()), length=0, ended=True)
            assert agent.connection.start_next()


async def test_a_large_body_that_has_hardly_begun_takes_no_buffer_of_its_own():
    near, far = sockets()
    async with near, far, trio.open_nursery() as nursery:
        agent = agent_stream(far)
        begun = b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (3 * LARGE) + bytes(RECEIVE_BODY - 1)
        nursery.start_soon(near.send_all, begun)
        assert await agent.next_head()
        while agent.received < RECEIVE_BODY - 1:
            await agent.next_piece()
        nursery.start_soon(agent.next_piece)
        await wait_all_tasks_blocked()
        assert agent._lent is None
        nursery.cancel_scope.cancel()
