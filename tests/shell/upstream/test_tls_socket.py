"""TLS to AWS on a socket: large pieces both ways at once, ends, breaks and deadlines, by a real TLS peer."""

from __future__ import annotations

import socket

import pytest
import trio
from trio.testing import assert_checkpoints, assert_no_checkpoints, wait_all_tasks_blocked

from tests.kit.wire.transports import MIB, NAME, read
from trio_gate.shell.net.tls_transport import TlsTransport
from trio_gate.shell.net.transport import IN_A_ROW, SocketTransport, trouble
from trio_gate.shell.upstream.tls_socket import SMALL, TlsSocket


@pytest.fixture
async def ends(contexts):
    """Our end of a connection, and the peer's."""
    near, far = socket.socketpair()
    ours = TlsSocket(near, contexts[0], server_hostname=NAME)
    theirs = TlsTransport(SocketTransport(far), contexts[1], server_side=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ours.handshake)
        nursery.start_soon(theirs.handshake)
    yield ours, theirs
    ours.close()
    await trio.aclose_forcefully(theirs)


async def test_large_pieces_go_both_ways_at_once(ends):
    ours, theirs = ends
    sent, got = [bytes([number]) * 4 * MIB for number in range(2)], [b"", b""]

    async def receive(number: int) -> None:
        got[number] = await read(ends[number], 4 * MIB)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ours.send_all, memoryview(sent[0]))
        nursery.start_soon(theirs.send_all, sent[1])
        nursery.start_soon(receive, 0)
        nursery.start_soon(receive, 1)
    assert got == sent[::-1]


async def test_small_records_that_have_arrived_are_read_at_once(ends):
    ours, theirs = ends
    for piece in (b"a", b"b" * SMALL, b"c"):
        await theirs.send_all(piece)
    assert await ours.receive_some(MIB) == b"a" + b"b" * SMALL + b"c"
    assert ours.quiet()
    await theirs.send_all(b"d")
    assert not ours.quiet()
    assert await ours.receive_some(MIB) == b"d"


async def test_a_goodbye_is_an_end(ends):
    ours, theirs = ends
    await theirs.send_all(b"last")
    await theirs.aclose()
    assert [await ours.receive_some(10) for _ in range(3)] == [b"last", b"", b""]


async def test_a_goodbye_is_an_end_while_the_connection_is_open(ends):
    ours, theirs = ends
    await theirs.send_all(b"last")
    await theirs._say_goodbye(5)
    with trio.fail_after(5):
        assert [await ours.receive_some(10) for _ in range(3)] == [b"last", b"", b""]


async def test_a_goodbye_that_was_read_with_the_rest_is_not_quiet(ends):
    """The peer's connection stays open, so only TLS knows."""
    ours, theirs = ends
    await theirs.send_all(b"last")
    await theirs._say_goodbye(5)
    assert await ours.receive_some(10) == b"last"
    assert not ours.quiet()


async def test_an_end_without_goodbye_is_a_break(ends):
    ours, theirs = ends
    await theirs.send_all(b"last")
    await theirs._below.aclose()
    assert await ours.receive_some(10) == b"last"
    for _ in range(2):
        with pytest.raises(trio.BrokenResourceError) as broken:
            await ours.receive_some(10)
        assert trouble(broken.value) == "the connection was closed early"


async def test_what_has_not_come_is_waited_for_until_the_deadline(ends, autojump_clock):
    ours, theirs = ends
    began = trio.current_time()
    with pytest.raises(trio.TooSlowError):
        await ours.receive_some(10, began + 5)
    assert trio.current_time() == began + 5
    await theirs.send_all(b"x")
    assert await ours.receive_some(10, began + 9) == b"x"


async def test_a_write_that_is_late_or_cut_off_ends_it(ends, autojump_clock):
    ours, _ = ends
    with pytest.raises(trio.TooSlowError):
        await ours.send_all(bytes(16 * MIB), 5)
    with pytest.raises(trio.BrokenResourceError, match="an earlier write was cut off"):
        await ours.send_all(b"x")


async def test_closing_it_ends_a_wait(ends):
    ours, _ = ends

    async def wait() -> None:
        with pytest.raises(trio.BrokenResourceError):
            await ours.receive_some(10)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        await ours.aclose()
    for use in (lambda: ours.receive_some(10), lambda: ours.send_all(b"x")):
        with pytest.raises(trio.BrokenResourceError):
            await use()


async def test_quiet(ends):
    ours, theirs = ends
    await theirs.send_all(b"xyz")
    for count in (1, 2):
        await ours.receive_some(count)
        assert ours.quiet() is (count == 2)
    await theirs.send_all(bytes(40000))
    assert not ours.quiet()  # in the socket
    for count in (10, 16374, 23616):
        await ours.receive_some(count)
        assert ours.quiet() is (count == 23616)  # first in a record
    await theirs.aclose()
    assert not ours.quiet()


async def test_others_have_their_turn_though_there_is_always_more(ends):
    ours, theirs = ends
    await theirs.send_all(bytes(range(100)))
    for at in range(50):
        with assert_no_checkpoints() if at % IN_A_ROW else assert_checkpoints():
            assert await ours.receive_some(1) == bytes([at])
