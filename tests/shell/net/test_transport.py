"""TCP and TLS as connections see them: order, ends, breaks, and whether something waits to be read."""

import re
import ssl
from contextlib import asynccontextmanager

import pytest
import trio
import trustme
from trio.testing import memory_stream_pair, wait_all_tasks_blocked

from tests.kit.raw_tls import RawClient
from trio_gate.shell.net.contexts import for_client, for_server
from trio_gate.shell.net.transport import RECORDS, SPARE, Replay, StreamTransport, TlsTransport, trouble

NAME = "s3.us-east-1.amazonaws.com"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server = for_server()
    authority.issue_cert(NAME).configure_cert(server)
    client = for_client()
    authority.configure_trust(client)
    return client, server


class Wire(trio.abc.Stream):
    """A stream with faults: it may flip a bit of what is received, hold what is sent, and stay open or break when it is closed."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.flips = self.holds = self.lingers = self.breaks = False

    async def receive_some(self, max_bytes=None):
        data = await self.stream.receive_some(max_bytes)
        return data[:-1] + bytes([data[-1] ^ 1]) if self.flips and data else data

    async def send_all(self, data) -> None:
        if self.holds:
            await trio.sleep_forever()
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self.stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        if not self.lingers:
            await self.stream.aclose()
        if self.breaks:
            raise trio.BrokenResourceError


def sockets() -> tuple[trio.SocketStream, trio.SocketStream]:
    ours, theirs = trio.socket.socketpair()
    return trio.SocketStream(ours), trio.SocketStream(theirs)


@asynccontextmanager
async def tls_pair(contexts, streams):
    """Client and server, shaken hands."""
    client = TlsTransport(streams[0], contexts[0], server_hostname=NAME)
    server = TlsTransport(streams[1], contexts[1], server_side=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.handshake)
        nursery.start_soon(server.handshake)
    try:
        yield client, server
    finally:
        for transport in (client, server):
            await trio.aclose_forcefully(transport)


async def read(transport, count: int, most: int = 65536) -> bytes:
    data = b""
    while len(data) < count:
        data += await transport.receive_some(most)
    return data


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
    async with tls_pair(contexts, memory_stream_pair()) as (client, server):
        for piece in (b"", b"x"):
            await server.send_all(piece)
        assert await client.receive_some(10) == b"x"


async def test_no_more_than_was_asked_for(contexts):
    async with tls_pair(contexts, sockets()) as (client, server):
        await server.send_all(bytes(40000))
        assert [len(await client.receive_some(count)) for count in (1, 10, 16384, 40000)] == [1, 10, 16384, 23605]


async def test_cancelling_a_read_loses_nothing(contexts):
    async with tls_pair(contexts, memory_stream_pair()) as (client, server):
        with trio.move_on_after(0):
            await client.receive_some(10)
        await server.send_all(b"all of it")
        for _ in range(2):
            with trio.CancelScope() as scope:
                scope.cancel()
                await client.receive_some(10)
                pytest.fail("not cancelled")
        assert await client.receive_some(3) == b"all"
        with trio.CancelScope() as scope:
            scope.cancel()
            await client.receive_some(10)
        assert await client.receive_some(10) == b" of it"


async def shaken(contexts):
    """A client that can update its keys, its end of the wire, and our server."""
    near, far = memory_stream_pair()
    server, client = TlsTransport(far, contexts[1], server_side=True), RawClient(NAME)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.handshake)
        while not client.shake():
            await near.send_all(client.made())
            client.take(await near.receive_some())
        await near.send_all(client.made())
    return client, near, server


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


async def test_a_goodbye_is_an_end(contexts):
    async with tls_pair(contexts, memory_stream_pair()) as (client, server):
        await server.send_all(b"last")
        await server.aclose()
        assert [await client.receive_some(10) for _ in range(3)] == [b"last", b"", b""]


async def test_an_end_without_goodbye_is_a_break(contexts):
    streams = memory_stream_pair()
    async with tls_pair(contexts, streams) as (client, server):
        await server.send_all(b"last")
        await streams[1].aclose()
        assert await client.receive_some(10) == b"last"
        with pytest.raises(trio.BrokenResourceError) as broken:
            await client.receive_some(10)
        assert trouble(broken.value) == "the connection was closed early"


async def test_what_is_no_tls_any_more_is_a_break(contexts):
    streams = memory_stream_pair()
    async with tls_pair(contexts, streams) as (client, _):
        await streams[1].send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with pytest.raises(trio.BrokenResourceError) as broken:
            await client.receive_some(10)
        assert "the peer does not speak TLS" in trouble(broken.value)


async def test_a_changed_bit_is_a_break(contexts):
    ours, theirs = memory_stream_pair()
    wire = Wire(ours)
    async with tls_pair(contexts, (wire, theirs)) as (client, server):
        wire.flips = True
        await server.send_all(b"secret")
        with pytest.raises(trio.BrokenResourceError) as broken:
            await client.receive_some(10)
        assert re.search("decryption failed or bad record mac|was changed on its way", trouble(broken.value))


@pytest.mark.parametrize("secure", [False, True])
async def test_closed_on_our_side_is_a_break_too(contexts, secure):
    async with tls_pair(contexts, memory_stream_pair()) as (client, _):
        transport = client if secure else StreamTransport(memory_stream_pair()[0])
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


@pytest.mark.parametrize("secure", [False, True])
async def test_a_write_that_was_cut_off_ends_the_transport(contexts, secure):
    streams = sockets()
    async with tls_pair(contexts, streams) as (client, _):
        transport = client if secure else StreamTransport(streams[0])
        async with trio.open_nursery() as nursery:
            nursery.start_soon(transport.send_all, bytes(16 * MIB))
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        with pytest.raises(trio.BrokenResourceError, match="an earlier write was cut off"):
            await transport.send_all(b"x")


async def test_a_goodbye_does_not_wait_for_ever(autojump_clock, contexts):
    ours, theirs = memory_stream_pair()
    wire = Wire(theirs)
    async with tls_pair(contexts, (ours, wire)) as (client, server):
        wire.holds = True
        await server.aclose()
        with pytest.raises(trio.BrokenResourceError):
            await client.receive_some(10)


@asynccontextmanager
async def transports(contexts, pair, secure):
    """Two ends of a connection, the second as a listener has it."""
    near, far = pair()
    if secure:
        async with tls_pair(contexts, (near, Replay(far, b""))) as both:
            yield both
    else:
        async with StreamTransport(near) as ours, StreamTransport(Replay(far, b"")) as theirs:
            yield ours, theirs


each_way = pytest.mark.parametrize(("pair", "secure"), [(sockets, False), (sockets, True), (memory_stream_pair, True)])


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
    async with tls_pair(contexts, (near, Replay(far, b""))) as (client, server), trio.open_nursery() as nursery:
        nursery.start_soon(server.drain, MIB)
        assert await client.receive_some(10) == b""
        assert await near.receive_some(10) == b""
        await trio.aclose_forcefully(client)


async def test_closing_what_is_broken():
    wire = Wire(memory_stream_pair()[0])
    wire.breaks = True
    await StreamTransport(wire).aclose()
    with pytest.raises(trio.ClosedResourceError):
        await wire.receive_some(1)


async def test_closing_before_the_handshake(contexts):
    ours, theirs = memory_stream_pair()
    await TlsTransport(ours, contexts[0], server_hostname=NAME).aclose()
    with pytest.raises(trio.BrokenResourceError) as broken:
        await TlsTransport(theirs, contexts[1], server_side=True).handshake()
    assert trouble(broken.value) == "the connection was closed early"


async def test_a_failed_handshake_tells_the_peer(contexts):
    distrustful = for_client()
    ours, theirs = memory_stream_pair()
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


async def test_quiet(contexts):
    async with tls_pair(contexts, sockets()) as (client, server):
        await server.send_all(b"xyz")  # TLS 1.3's tickets come with it
        for count in (1, 2):
            await client.receive_some(count)
            assert client.quiet() is (count == 2)  # "yz" is decrypted
        await server.send_all(bytes(40000))
        assert not client.quiet()  # in the socket
        for count in (10, 16374, 23616):
            await client.receive_some(count)
            assert client.quiet() is (count == 23616)  # first in the buffer
        await server.aclose()
        assert not client.quiet()


async def test_a_goodbye_that_was_read_with_the_rest_is_not_quiet(contexts):
    """The peer's socket stays open, so only TLS knows."""
    ours, theirs = sockets()
    wire = Wire(theirs)
    async with tls_pair(contexts, (ours, wire)) as (client, server):
        await server.send_all(b"last")
        wire.lingers = True
        await server.aclose()
        assert await client.receive_some(4) == b"last"
        assert not client.quiet()
    await theirs.aclose()


async def test_what_cannot_tell_is_not_quiet(contexts):
    async with tls_pair(contexts, memory_stream_pair()) as (client, _):
        assert not client.quiet()
    ours, theirs = sockets()
    transport = StreamTransport(ours)
    assert transport.quiet()
    await theirs.send_all(b"x")
    assert not transport.quiet()
    await transport.receive_some(10)
    assert transport.quiet()
    await transport.aclose()
    assert not transport.quiet()
    await theirs.aclose()


async def test_replay():
    ours, theirs = memory_stream_pair()
    await theirs.send_all(b"stream")
    replay = Replay(ours, b"head")
    assert [bytes(await replay.receive_some(count)) for count in (3, 10, 10)] == [b"hea", b"d", b"stream"]
    replay = Replay(ours, b"head")
    assert await replay.receive_some() == b"head"
    await replay.wait_send_all_might_not_block()
    await replay.send_all(b"back")
    await replay.aclose()
    assert [bytes(await theirs.receive_some(10)) for _ in range(2)] == [b"back", b""]


async def test_tls_begins_in_the_head(contexts):
    """What was read ahead of a tunnel is the start of its TLS."""
    ours, theirs = memory_stream_pair()
    client = TlsTransport(ours, contexts[0], server_hostname=NAME)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.handshake)
        early = bytes(await theirs.receive_some())
        server = TlsTransport(Replay(theirs, early), contexts[1], server_side=True)
        nursery.start_soon(server.handshake)
    await client.send_all(b"hello")
    assert await server.receive_some(10) == b"hello"


def as_openssl_says(reason: str | None) -> ssl.SSLError:
    error = ssl.SSLError(1, "[SSL] words that differ from release to release (_ssl.c:1)")
    error.reason = reason
    return error


def broken(cause: BaseException | None) -> trio.BrokenResourceError:
    error = trio.BrokenResourceError()
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (None, "the connection broke"),
        (trio.ClosedResourceError(), "the connection broke"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection reset by peer"),
        (OSError("odd"), "the connection broke"),
        (ssl.SSLEOFError(8, "EOF"), "the connection was closed early"),
        (ssl.SSLZeroReturnError(6, "closed"), "the connection was closed early"),
        (as_openssl_says("UNEXPECTED_EOF_WHILE_READING"), "the connection was closed early"),
        (as_openssl_says("TLSV1_ALERT_UNKNOWN_CA"), "TLS failed: tlsv1 alert unknown ca"),
        (as_openssl_says("HTTP_REQUEST"), "the peer does not speak TLS"),
        (as_openssl_says("RECORD_LAYER_FAILURE"), "the peer does not speak TLS, or what it sent was changed on its way"),
        (as_openssl_says(None), "TLS failed: unknown"),
    ],
)
def test_words_for_what_broke(cause, said):
    assert trouble(broken(cause)) == said
