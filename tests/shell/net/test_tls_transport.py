"""TLS as connections see it: order, breaks, and whether something waits to be read."""

import itertools
import math
import random
import ssl
from contextlib import AsyncExitStack

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import assert_checkpoints, assert_no_checkpoints, wait_all_tasks_blocked

from tests.kit.wire.transports import (
    MIB,
    NAME,
    Wire,
    each_depth,
    in_memory,
    read,
    shaken,
    sockets,
    tls_over_tcp,
    tls_pair,
)
from trio_gate.shell.net.tls_transport import FEED, SPARE, TlsTransport
from trio_gate.shell.net.transport import IN_A_ROW, RECORDS


async def test_bytes_go_both_ways_at_once(contexts):
    async with tls_pair(contexts, sockets()) as pair:
        sent = [bytes([number]) * 4 * MIB for number in range(2)]
        got = [b"", b""]

        async def receive(number: int) -> None:
            got[number] = await read(pair[number], 4 * MIB)

        async with trio.open_nursery() as nursery:
            for number in range(2):
                nursery.start_soon(pair[number].send_all, memoryview(sent[number]))
                nursery.start_soon(receive, number)
        assert got == sent[::-1]


async def test_nothing_is_no_end(contexts):
    async with tls_pair(contexts, in_memory()) as (client, server):
        for piece in (b"", b"x"):
            await server.send_all(piece)
        assert await client.receive_some(10) == b"x"


async def test_no_more_than_was_asked_for(contexts):
    async with tls_pair(contexts, sockets()) as (client, server):
        await server.send_all(bytes(40000))
        assert [len(await client.receive_some(count)) for count in (1, 10, 16384, 40000)] == [1, 10, 16384, 23605]


async def test_cancelling_a_read_loses_nothing(contexts):
    async with tls_pair(contexts, in_memory()) as (client, server):
        with trio.move_on_after(0):
            await client.receive_some(10)
        await server.send_all(b"all of it")
        for _ in range(2):
            with trio.CancelScope() as scope:
                scope.cancel()
                await client.receive_some(10)
                pytest.fail("not cancelled")
        assert await client.receive_some(3) == b"all"
        rest = b""
        with trio.CancelScope() as scope:
            scope.cancel()
            rest = await client.receive_some(10)
        assert (rest or await client.receive_some(10)) == b" of it"


@pytest.mark.parametrize("between", [0, 31])
async def test_a_peer_that_only_updates_its_keys_is_left(contexts, between):
    client, near, server = await shaken(contexts)
    sent = 0
    for number in range(2 * SPARE):
        client.update_key()
        if between and number % between == 0:
            sent += client.write(b"x")
    await near.send_all(client.made())
    with pytest.raises(trio.BrokenResourceError, match="too many records without data"), trio.fail_after(10):
        await read(server, sent + 1)


async def test_keys_may_be_updated_now_and_then(contexts):
    client, near, server = await shaken(contexts)
    for number in range(SPARE // 2):
        client.update_key()
        client.write(bytes([number]))
    await near.send_all(client.made())
    assert await read(server, SPARE // 2) == bytes(range(SPARE // 2))


async def test_many_small_records_let_others_have_their_turn(contexts):
    async with tls_pair(contexts, sockets()) as (client, server):
        for _ in range(3 * RECORDS):
            await client.send_all(b"x")
        assert [len(await server.receive_some(65536)) for _ in range(3)] == [RECORDS] * 3


def test_hands_are_shaken_once(contexts):
    assert all(context.options & ssl.OP_NO_RENEGOTIATION for context in contexts)


async def test_tls_begins_in_the_head(contexts):
    """What was read ahead of a tunnel is the start of its TLS."""
    ours, theirs = in_memory()
    client = TlsTransport(ours, contexts[0], server_hostname=NAME)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.handshake)
        early = await theirs.receive_some(65536)
        server = TlsTransport(theirs, contexts[1], server_side=True, arrived=early)
        nursery.start_soon(server.handshake)
    await client.send_all(b"hello")
    assert await server.receive_some(10) == b"hello"


async def test_what_two_connections_read_is_not_mixed(contexts):
    """They decrypt in the same buffer."""
    async with tls_pair(contexts, sockets()) as one, tls_pair(contexts, sockets()) as other:
        for number, (client, _) in enumerate((one, other)):
            await client.send_all(bytes([number]) * 20000)
        got = [await server.receive_some(20000) for _, server in (one, other)]
        assert [set(data) for data in got] == [{0}, {1}]


@each_depth
async def test_large_bodies_of_two_connections_are_not_mixed(contexts, times):
    """They receive and decrypt in the same buffers, by turns, from peers that are always ahead."""
    got, ended = {}, {}

    async def receive(number: int, server: TlsTransport) -> None:
        room = memoryview(bytearray(150_000 + number))
        data = bytearray()
        while count := await server.receive_into(room):
            data += room[:count]
        got[number] = data
        ended[number].set()

    sent = {number: random.Random(number).randbytes(5 * MIB) for number in range(3)}
    async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
        for number, body in sent.items():
            client, server = await stack.enter_async_context(tls_over_tcp(contexts, times))

            async def send(client=client, body=body) -> None:
                await client.send_all(body)
                await client.aclose()

            ended[number] = trio.Event()
            nursery.start_soon(send)
            nursery.start_soon(receive, number, server)
        for event in ended.values():  # a stack that is left closes the ends
            await event.wait()
    assert got == sent


SIZES = st.integers(0, 20) | st.sampled_from([16383, 16384, 16385, 65536, 65537, 262144]) | st.integers(0, 400_000)


@each_depth
@given(
    lengths=st.lists(SIZES, min_size=1, max_size=4),
    rooms=st.lists(SIZES.filter(lambda size: size > 1000), min_size=1, max_size=4),
)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bodies_arrive_byte_for_byte(contexts, times, lengths, rooms):
    """Whatever is sent and asked for at once, each way."""

    async def run() -> None:
        async with tls_over_tcp(contexts, times) as ends, trio.open_nursery() as nursery:
            for sender, receiver in (ends, ends[::-1]):
                pieces = [random.Random(at).randbytes(length) for at, length in enumerate(lengths)]
                nursery.start_soon(send_each, sender, pieces)
                nursery.start_soon(expect, receiver, b"".join(pieces))

    async def send_each(sender: TlsTransport, pieces: list[bytes]) -> None:
        for piece in pieces:
            await sender.send_all(piece)

    async def expect(receiver: TlsTransport, sent: bytes) -> None:
        got, sizes = bytearray(), itertools.cycle(rooms)
        while len(got) < len(sent):
            room = memoryview(bytearray(next(sizes)))
            got += room[: await receiver.receive_into(room)]
        assert got == sent

    trio.run(run)


@each_depth
async def test_a_read_after_an_arrival_does_not_wait_over_tls(contexts, times):
    async with tls_over_tcp(contexts, times) as (client, server), trio.open_nursery() as nursery:
        nursery.start_soon(server.arrival)
        await wait_all_tasks_blocked()
        await client.send_all(b"abc")
        await wait_all_tasks_blocked()
        with assert_no_checkpoints():
            assert await server.receive_some(1) == b"a"
        with assert_checkpoints():
            await server.arrival()  # the rest is there, though nothing more comes
        assert await server.receive_some(2) == b"bc"


async def test_others_have_their_turn_though_there_is_always_more(contexts):
    async with tls_pair(contexts, sockets()) as (client, server):
        await client.send_all(bytes(range(100)))
        for at in range(50):  # the first has not been received yet, and counts as the second in a row
            with assert_no_checkpoints() if at and (at + 1) % IN_A_ROW else assert_checkpoints():
                assert await server.receive_some(1) == bytes([at])


async def test_what_came_before_a_break_is_read_first(contexts):
    async with tls_pair(contexts, sockets()) as (client, server):
        await client.send_all(bytes(100_000))
        client._below.close()
        assert len(await read(server, 100_000, MIB)) == 100_000
        with pytest.raises(trio.BrokenResourceError):
            await server.receive_some(1)


@each_depth
async def test_openssl_keeps_little_of_a_large_body(contexts, times):
    """Its buffers stay as large as they ever were."""
    async with tls_over_tcp(contexts, times) as (client, server), trio.open_nursery() as nursery:
        incoming, kept = server._incoming, []

        class Watched:
            pending = property(lambda _: incoming.pending)

            def write(self, data: memoryview) -> None:
                incoming.write(data)
                kept.append(incoming.pending)

        server._incoming = Watched()
        nursery.start_soon(client.send_all, bytes(4 * MIB))
        left = 4 * MIB
        while left:
            left -= len(await server.receive_some(MIB))
            assert client._outgoing.pending <= FEED + 4096
        assert 4 * 16406 <= max(kept) <= FEED + 16406


async def test_a_large_write_has_one_deadline(contexts, autojump_clock):
    async with tls_pair(contexts, in_memory()) as (client, _):
        client._below = Wire(client._below)
        pauses = iter([3.0, 3.0])
        send = client._below.below.send_all

        async def slow(data, within: float = math.inf) -> None:
            with trio.fail_after(within):
                await trio.sleep(next(pauses, math.inf))
            await send(data)

        client._below.send_all = slow
        began = trio.current_time()
        with pytest.raises(trio.TooSlowError):
            await client.send_all(bytes(4 * FEED), 10)
        assert trio.current_time() == began + 10
