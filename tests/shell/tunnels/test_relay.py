"""Bytes both ways between real sockets: whole, in order, to the end of each side, or cut off for a reason."""

from __future__ import annotations

import socket
from contextlib import asynccontextmanager

import pytest
import trio

from tests.kit.wire.transports import read, tls_over_tcp
from trio_gate.metrics.counts import TunnelCounts
from trio_gate.shell.net.transport import SocketTransport
from trio_gate.shell.tunnels.relay import BROKEN, LOOK_EVERY, Relay


async def pair():
    """A transport, and the stream of its peer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = await trio.open_tcp_stream(*server.getsockname())
        return SocketTransport(server.accept()[0]), peer


@asynccontextmanager
async def relaying(arrived=b"", must_end=lambda *_: None, counts=None):
    """A relay that runs, the streams of agent and host, and an event for its end."""
    (agent, to_agent), (host, to_host) = await pair(), await pair()
    made, over = Relay(agent, host, must_end, counts or TunnelCounts()), trio.Event()

    async def run():
        await made.run(arrived)
        agent.close()
        host.close()
        over.set()

    async with trio.open_nursery() as nursery, to_agent, to_host:
        nursery.start_soon(run)
        yield made, to_agent, to_host, over
        nursery.cancel_scope.cancel()


async def everything(stream):
    return b"".join([piece async for piece in stream])


async def test_both_ways_until_both_have_ended():
    counts = TunnelCounts()
    async with relaying(b"early ", counts=counts) as (made, agent, host, over):
        await agent.send_all(b"question")
        await agent.send_eof()
        assert await everything(host) == b"early question"
        assert not over.is_set()
        await host.send_all(bytes(1_000_000))
        await host.send_eof()
        assert len(await everything(agent)) == 1_000_000
        await over.wait()
        assert (made.bytes_in, made.bytes_out, made.why) == (14, 1_000_000, None)
        assert counts.bytes == {"in": 14, "out": 1_000_000}


@pytest.mark.parametrize("breaks", ["agent", "host"])
async def test_a_break_of_one_side_breaks_the_other(breaks):
    async with relaying() as (made, agent, host, over):
        broken, other = (agent, host) if breaks == "agent" else (host, agent)
        broken.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        await broken.aclose()
        with pytest.raises(trio.BrokenResourceError):
            await other.receive_some()
        await over.wait()
        assert made.why == BROKEN


async def test_silence_and_age_are_told_and_a_reason_cuts_both_off(autojump_clock):
    told = []

    def must_end(silent, old):
        told.append((round(silent), round(old)))
        return "enough" if old >= 4 * LOOK_EVERY else None

    async with relaying(must_end=must_end) as (made, agent, host, over):
        await trio.sleep(2.5 * LOOK_EVERY)
        await agent.send_all(b"x")
        assert await host.receive_some() == b"x"
        await over.wait()
        for stream in (agent, host):
            with pytest.raises(trio.BrokenResourceError):
                await stream.receive_some()
    assert told[:2] == [(1, 1), (2, 2)]
    assert told[-1][0] < told[-1][1] == 4
    assert made.why == "enough"


async def test_it_reads_no_more_than_the_other_side_takes():
    async with relaying() as (made, agent, host, _):
        sent = 0
        with trio.move_on_after(0.5):
            while True:
                await agent.send_some(bytes(65536)) if hasattr(agent, "send_some") else await agent.send_all(bytes(65536))
                sent += 65536
        assert made.bytes_in < 32 * 1024 * 1024
        left = sent
        while left > 0:
            left -= len(await host.receive_some(min(left, 65536)))


async def test_the_agent_may_come_by_tls(contexts):
    """Its end and the host's are each an end, and no break."""
    (host, to_host), counts = await pair(), TunnelCounts()
    async with tls_over_tcp(contexts) as (agent, accepted), to_host, trio.open_nursery() as nursery:
        made = Relay(accepted, host, lambda *_: None, counts)
        nursery.start_soon(made.run, b"early ")
        nursery.start_soon(to_host.send_all, bytes(1_000_000))
        assert len(await read(agent, 1_000_000)) == 1_000_000
        await to_host.send_eof()
        assert await agent.receive_some(1) == b""
        await agent.send_all(b"question")
        await agent.end_sending()
        assert await everything(to_host) == b"early question"
    host.close()
    assert (made.bytes_in, made.bytes_out, made.why) == (14, 1_000_000, None)


async def test_what_is_cancelled_says_that_the_gateway_stopped():
    (agent, to_agent), (host, to_host) = await pair(), await pair()
    made = Relay(agent, host, lambda *_: None, TunnelCounts())
    with trio.move_on_after(0.01):
        await made.run(b"")
    assert made.why == "the gateway stopped"
    with pytest.raises(trio.BrokenResourceError):
        await to_agent.receive_some()
    await to_agent.aclose()
    await to_host.aclose()
