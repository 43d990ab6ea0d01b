"""How TCP and TLS connections end: goodbyes, breaks, draining and closing."""

import random
import re
import ssl

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.wire.transports import (
    MIB,
    NAME,
    Wire,
    each_depth,
    each_way,
    in_memory,
    read,
    sockets,
    tls_over_tcp,
    tls_pair,
    transports,
)
from trio_gate.shell.net.contexts import for_client
from trio_gate.shell.net.tls_transport import TlsTransport
from trio_gate.shell.net.transport import IN_A_ROW, trouble


async def test_a_goodbye_is_an_end(contexts):
    async with tls_pair(contexts, in_memory()) as (client, server):
        await server.send_all(b"last")
        await server.aclose()
        assert [await client.receive_some(10) for _ in range(3)] == [b"last", b"", b""]


async def test_an_end_without_goodbye_is_a_break(contexts):
    streams = in_memory()
    async with tls_pair(contexts, streams) as (client, server):
        await server.send_all(b"last")
        await streams[1].aclose()
        assert await client.receive_some(10) == b"last"
        with pytest.raises(trio.BrokenResourceError) as broken:
            await client.receive_some(10)
        assert trouble(broken.value) == "the connection was closed early"


async def test_what_is_no_tls_any_more_is_a_break(contexts):
    streams = in_memory()
    async with tls_pair(contexts, streams) as (client, _):
        await streams[1].send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with pytest.raises(trio.BrokenResourceError) as broken:
            await client.receive_some(10)
        assert "the peer does not speak TLS" in trouble(broken.value)


async def test_a_changed_bit_is_a_break(contexts):
    ours, theirs = in_memory()
    wire = Wire(ours)
    async with tls_pair(contexts, (wire, theirs)) as (client, server):
        wire.flips = True
        await server.send_all(b"secret")
        with pytest.raises(trio.BrokenResourceError) as broken:
            await client.receive_some(10)
        assert re.search("decryption failed or bad record mac|was changed on its way", trouble(broken.value))


@pytest.mark.parametrize("secure", [False, True])
async def test_closed_on_our_side_is_a_break_too(contexts, secure):
    near, far = sockets()
    async with far, tls_pair(contexts, in_memory()) as (client, _):
        transport = client if secure else near
        async with trio.open_nursery() as nursery:

            async def wait() -> None:
                with pytest.raises(trio.BrokenResourceError):
                    await transport.receive_some(10)

            nursery.start_soon(wait)
            await wait_all_tasks_blocked()
            await transport.aclose()
        with pytest.raises(trio.BrokenResourceError):
            await transport.send_all(b"x")
        await transport.aclose()
        await near.aclose()


@pytest.mark.parametrize("secure", [False, True])
async def test_a_write_that_was_cut_off_ends_the_transport(contexts, secure):
    streams = sockets()
    async with tls_pair(contexts, streams) as (client, _):
        transport = client if secure else streams[0]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(transport.send_all, bytes(16 * MIB))
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        with pytest.raises(trio.BrokenResourceError, match="an earlier write was cut off"):
            await transport.send_all(b"x")


async def test_a_goodbye_does_not_wait_for_ever(autojump_clock, contexts):
    ours, theirs = in_memory()
    wire = Wire(theirs)
    async with tls_pair(contexts, (ours, wire)) as (client, server):
        wire.holds = True
        await server.aclose()
        with pytest.raises(trio.BrokenResourceError):
            await client.receive_some(10)


@each_way
async def test_draining_says_the_end_and_reads_on_until_the_peers(contexts, pair, secure):
    async with transports(contexts, pair, secure) as (ours, theirs), trio.open_nursery() as nursery:
        nursery.start_soon(theirs.drain, MIB)
        assert await ours.receive_some(10) == b""
        await ours.send_all(bytes(1000))
        await wait_all_tasks_blocked()
        assert nursery.child_tasks
        await trio.aclose_forcefully(ours)


@each_way
async def test_draining_has_a_limit(contexts, pair, secure):
    async with transports(contexts, pair, secure) as (ours, theirs):
        await ours.send_all(bytes(1000))
        await theirs.drain(1000, quiet=5)


async def test_draining_ends_tcp_under_tls_too(contexts):
    near, far = sockets()
    async with tls_pair(contexts, (near, far)) as (client, server), trio.open_nursery() as nursery:
        nursery.start_soon(server.drain, MIB)
        assert await client.receive_some(10) == b""
        assert await near.receive_some(10) == b""
        await trio.aclose_forcefully(client)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("taken", [0, 1, 16384, 100_000])
@each_depth
async def test_one_side_may_end_before_the_other_and_loses_nothing(contexts, times, taken, version):
    """Whatever of it was read, decrypted or only received by then."""
    contexts[0].maximum_version = version
    sent = random.Random(1).randbytes(500_000)
    async with tls_over_tcp(contexts, times) as (client, server), trio.open_nursery() as nursery:
        nursery.start_soon(client.send_all, sent)
        got = await read(server, taken, max(taken, 1))
        await server.end_sending()
        assert await client.receive_some(10) == b""
        got += await read(server, len(sent) - len(got))
        assert got == sent
        await client.send_all(b"the last word")
        await client.end_sending()
        assert [await server.receive_some(100) for _ in range(3)] == [b"the last word", b"", b""]


@each_depth
async def test_an_end_may_follow_that_of_the_peer(contexts, times):
    async with tls_over_tcp(contexts, times) as (client, server):
        await client.send_all(bytes(30_000))
        await client._say_goodbye(1)  # and no end of TCP
        assert len(await read(server, 1, 1)) == 1
        await server.end_sending()
        assert len(await read(server, 29_999)) == 29_999
        assert await server.receive_some(1) == await client.receive_some(1) == b""


@each_depth
async def test_what_was_decrypted_ahead_is_read_in_pieces(contexts, times):
    sent = random.Random(2).randbytes(30_000)
    async with tls_over_tcp(contexts, times) as (client, server):
        await client.send_all(sent)
        got = await server.receive_some(1)
        await server.end_sending()
        await client.end_sending()
        while some := await server.receive_some(1000):
            got += some
        assert got == sent


@each_depth
async def test_what_was_decrypted_ahead_waits_for_nothing(contexts, times):
    """A small record of which OpenSSL holds the rest, and a peer that sends no more."""
    sent = bytes(range(3 * IN_A_ROW))
    async with tls_over_tcp(contexts, times) as (client, server):
        await client.send_all(sent)
        got = await server.receive_some(1)
        await server.end_sending()
        with trio.fail_after(10):
            while len(got) < len(sent):
                got += await server.receive_some(1)
        assert got == sent


async def test_an_end_of_sending_ends_tcp_under_tls_too(contexts):
    near, far = sockets()
    async with tls_pair(contexts, (near, far)) as (client, server):
        await server.end_sending()
        assert await client.receive_some(10) == b""
        with trio.fail_after(10):
            assert await near.receive_some(10) == b""


async def test_a_goodbye_that_came_with_the_handshake_is_an_end(contexts):
    """OpenSSL is given it before anything is read, and the peer's TCP stays open."""
    contexts[0].options &= ~ssl.OP_ENABLE_MIDDLEBOX_COMPAT
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = contexts[0].wrap_bio(incoming, outgoing, server_hostname=NAME)
    near, far = sockets()
    server = TlsTransport(far, contexts[1], server_side=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.handshake)
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                if outgoing.pending:
                    await near.send_all(outgoing.read())
                incoming.write(await near.receive_some(65536))
        with pytest.raises(ssl.SSLWantReadError):
            client.unwrap()
        await near.send_all(outgoing.read())
    with trio.fail_after(10):
        await server.end_sending()
        assert await server.receive_some(10) == b""
    for transport in (near, server):
        await trio.aclose_forcefully(transport)


@each_depth
async def test_a_peer_that_broke_off_cannot_be_told_the_end(contexts, times):
    async with tls_over_tcp(contexts, times) as (client, server):
        client.reset()
        with pytest.raises(trio.BrokenResourceError):
            await server.receive_some(1)
        with pytest.raises(trio.BrokenResourceError):
            await server.end_sending()


async def test_an_end_of_the_outer_tls_alone_is_a_break(contexts):
    async with tls_pair(contexts, sockets()) as outer, tls_pair(contexts, outer) as (_, server):
        await outer[0].end_sending()
        with pytest.raises(trio.BrokenResourceError) as broken:
            await server.receive_some(1)
        assert trouble(broken.value) == "the connection was closed early"


async def test_closing_says_goodbye_inside_and_outside(contexts):
    async with tls_pair(contexts, sockets()) as outer, tls_pair(contexts, outer) as (client, server):
        await server.aclose()
        assert await client.receive_some(1) == b""
        assert await outer[0].receive_some(1) == b""


@each_depth
async def test_a_deadline_reaches_the_socket(contexts, times):
    async with tls_over_tcp(contexts, times) as (_, server):
        with pytest.raises(trio.TooSlowError):
            await server.receive_some(1, trio.current_time())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_too_slow, server)
            await wait_all_tasks_blocked()
            server.move_deadline(trio.current_time())


async def _too_slow(transport):
    with pytest.raises(trio.TooSlowError):
        await transport.receive_some(1)


async def test_closing_before_the_handshake(contexts):
    ours, theirs = in_memory()
    await TlsTransport(ours, contexts[0], server_hostname=NAME).aclose()
    with pytest.raises(trio.BrokenResourceError) as broken:
        await TlsTransport(theirs, contexts[1], server_side=True).handshake()
    assert trouble(broken.value) == "the connection was closed early"


async def test_a_failed_handshake_tells_the_peer(contexts):
    distrustful = for_client()
    ours, theirs = in_memory()
    client = TlsTransport(ours, distrustful, server_hostname=NAME)
    server = TlsTransport(theirs, contexts[1], server_side=True)
    said = {}

    async def fail(name: str, attempt) -> None:
        with pytest.raises(trio.BrokenResourceError) as broken:
            await attempt()
        said[name] = trouble(broken.value)

    async def listen() -> None:
        await server.handshake()
        await server.receive_some(10)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fail, "client", client.handshake)
        nursery.start_soon(fail, "server", listen)
    assert said == {
        "client": "the certificate is not accepted: unable to get local issuer certificate",
        "server": "TLS failed: tlsv1 alert unknown ca",
    }
