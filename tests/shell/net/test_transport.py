"""TCP as connections see it: deadlines, whether something waits to be read, and the words for what broke."""

import ssl

import pytest
import trio
from trio.testing import assert_checkpoints, assert_no_checkpoints, wait_all_tasks_blocked

from tests.kit.wire.transports import MIB, broken, sockets
from trio_gate.shell.net.transport import IN_A_ROW, LentPieces, trouble


async def test_what_cannot_be_read_yet_is_quiet():
    ours, theirs = sockets()
    assert ours.quiet()
    await theirs.send_all(b"x")
    assert not ours.quiet()
    await ours.receive_some(10)
    assert ours.quiet()
    await ours.aclose()
    assert not ours.quiet()
    await theirs.aclose()


async def test_what_has_arrived_is_read_without_waiting():
    ours, theirs = sockets()
    async with ours:
        with trio.testing.assert_no_checkpoints():
            assert ours.arrived(10) == b""
            theirs._socket.send(b"hello")
            assert ours.arrived(3) == b"hel"
        assert await ours.receive_some(10) == b"lo"
        await theirs.aclose()
        assert ours.arrived(10) == b""
        assert await ours.receive_some(10) == b""


async def test_others_have_their_turn_though_there_is_always_more():
    ours, theirs = sockets()
    async with ours, theirs:
        await theirs.send_all(bytes(range(100)))
        for at in range(50):
            with assert_no_checkpoints() if at % IN_A_ROW else assert_checkpoints():
                assert await ours.receive_some(1) == bytes([at])


async def test_after_a_read_that_got_less_than_it_asked_for_the_next_waits():
    ours, theirs = sockets()
    async with ours, theirs:
        for _ in range(3):
            await theirs.send_all(b"abc")
            with assert_checkpoints():
                assert await ours.receive_some(2) == b"ab"
            with assert_no_checkpoints():
                assert await ours.receive_some(2) == b"c"


async def test_a_read_that_finds_nothing_where_more_was_likely_waits(autojump_clock):
    ours, theirs = sockets()
    async with ours, theirs:
        await theirs.send_all(b"ab")
        assert await ours.receive_some(2) == b"ab"
        before = trio.current_time()
        with pytest.raises(trio.TooSlowError):
            await ours.receive_some(2, before + 7)
        assert trio.current_time() == before + 7
        await theirs.send_all(b"c")
        assert await ours.receive_some(2) == b"c"


async def test_a_read_after_an_arrival_does_not_wait():
    ours, theirs = sockets()
    async with ours, theirs:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ours.arrival)
            await wait_all_tasks_blocked()
            await theirs.send_all(b"ab")
        with assert_no_checkpoints():
            assert await ours.receive_some(1) == b"a"


async def test_an_arrival_that_is_late_is_said(autojump_clock):
    ours, theirs = sockets()
    async with ours, theirs:
        before = trio.current_time()
        with pytest.raises(trio.TooSlowError):
            await ours.arrival(before + 3)
        assert trio.current_time() == before + 3


async def test_a_read_that_is_late_loses_nothing(autojump_clock):
    ours, theirs = sockets()
    async with ours, theirs:
        before = trio.current_time()
        with pytest.raises(trio.TooSlowError):
            await ours.receive_some(10, before + 7)
        assert trio.current_time() == before + 7
        await theirs.send_all(b"x")
        assert await ours.receive_some(10, before) == b"x"


async def test_a_write_that_is_late_ends_the_transport(autojump_clock):
    ours, theirs = sockets()
    async with ours, theirs:
        with pytest.raises(trio.TooSlowError):
            await ours.send_all(bytes(16 * MIB), 7)
        with pytest.raises(trio.BrokenResourceError, match="an earlier write was cut off"):
            await ours.send_all(b"x")


async def test_a_late_read_leaves_a_write_alone_and_the_reverse(autojump_clock):
    ours, theirs = sockets()
    began = trio.current_time()
    ends = {}

    async def read() -> None:
        with pytest.raises(trio.TooSlowError):
            await ours.receive_some(10, began + 3)
        ends["read"] = trio.current_time() - began
        assert await ours.receive_some(10, began + 20) == b"x"
        ends["read again"] = trio.current_time() - began

    async def write() -> None:
        with pytest.raises(trio.TooSlowError):
            await ours.send_all(bytes(16 * MIB), 8)
        ends["write"] = trio.current_time() - began

    async with ours, theirs, trio.open_nursery() as nursery:
        nursery.start_soon(read)
        nursery.start_soon(write)
        await trio.sleep(12)
        await theirs.send_all(b"x")
    assert ends == {"read": 3, "write": 8, "read again": 12}


@pytest.mark.parametrize("moved", [3, 30])
async def test_a_deadline_may_be_moved_both_ways(autojump_clock, moved):
    ours, theirs = sockets()
    began = trio.current_time()

    async def wait() -> None:
        with pytest.raises(trio.TooSlowError):
            await ours.receive_some(10, began + 10)
        assert trio.current_time() == began + moved

    async with ours, theirs, trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        ours.move_deadline(began + moved)


def as_openssl_says(reason: str | None) -> ssl.SSLError:
    error = ssl.SSLError(1, "[SSL] words that differ from release to release (_ssl.c:1)")
    error.reason = reason
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


async def test_a_piece_is_unreadable_once_the_next_is_read():
    ours, theirs = sockets()
    async with ours, theirs:
        pieces = LentPieces(ours, 10)
        await theirs.send_all(b"0123456789abc")
        first = await pieces.next(10)
        assert first == b"0123456789"
        assert await pieces.next(10) == b"abc"
        with pytest.raises(ValueError, match="released"):
            bytes(first)


async def test_what_two_connections_lend_is_not_mixed():
    ours, theirs = sockets()
    other, others = sockets()
    async with ours, theirs, other, others:
        await theirs.send_all(b"a" * 10)
        await others.send_all(b"b" * 10)
        one, two = await LentPieces(ours, 10).next(10), await LentPieces(other, 10).next(10)
        assert one == b"a" * 10
        assert two == b"b" * 10
