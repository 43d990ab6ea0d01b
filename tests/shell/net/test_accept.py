"""What a connection that ends badly leaves behind: a line, and its seat."""

from __future__ import annotations

import errno
import os
import socket
import struct

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.shortages import no_descriptor
from trio_gate.config.model import Address
from trio_gate.shell.net import accept
from trio_gate.shell.net.accept import OpenListener, Server, Shutdown, Waits, listen, run
from trio_gate.shell.net.connection_limits import Seats

ABORT = struct.pack("ii", 1, 0)


@pytest.fixture
async def door():
    """Makes a door, and serves it at once or when a test says so."""
    [listener] = await listen(Address(host="127.0.0.1", port=0))
    with listener:
        yield lambda handle: OpenListener(kind="test", socket=listener, handle=handle, seats=Seats(1, 1))


async def served(door, wait: trio.Event) -> None:
    """Serve until the event is there."""
    stop = Shutdown()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run, [door], stop)
        with trio.fail_after(10):
            await wait.wait()
        await wait_all_tasks_blocked()
        stop.request()


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), ConnectionResetError(), ValueError("x")])
async def test_whatever_a_handler_lets_through_is_a_bug_and_has_a_line(door, caplog, fault):
    came = trio.Event()

    async def handle(stream, seat):
        await trio.lowlevel.checkpoint()
        came.set()
        raise fault

    made = door(handle)
    with socket.create_connection(made.socket.getsockname()):
        await served(made, came)
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.exc_info[1] is fault


@pytest.mark.parametrize("code", [errno.EPERM, errno.EPROTO, errno.ENETDOWN, errno.ECONNABORTED, errno.EAGAIN])
async def test_an_error_of_the_connection_that_is_accepted_is_not_the_listeners(code):
    await trio.lowlevel.checkpoint()
    assert await accept._accepted(Refusing(code)) is None


async def test_an_error_of_the_listener_itself_ends_it():
    with pytest.raises(OSError, match="Bad file descriptor"):
        await accept._accepted(Refusing(errno.EBADF))


async def test_a_shortage_of_sockets_is_logged_and_waited_out(autojump_clock, caplog):
    assert await accept._accepted(Refusing(errno.EMFILE)) is None
    assert trio.current_time() > 0
    assert "no connection can be accepted" in caplog.text


class Refusing:
    """A listening socket that accepts nothing."""

    def __init__(self, code: int) -> None:
        self._code = code

    def accept(self):
        raise OSError(self._code, os.strerror(self._code))


async def test_who_has_left_before_it_is_served_is_no_bug(door, caplog):
    came = trio.Event()

    async def handle(stream, seat):
        await trio.lowlevel.checkpoint()
        came.set()

    made = door(handle)
    gone = socket.create_connection(made.socket.getsockname())
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    gone.close()
    with socket.create_connection(made.socket.getsockname()):
        await served(made, came)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_listener_that_drains_is_served_until_the_others_have_ended():
    stop, ended, left = Shutdown(), trio.Event(), []

    async def call(accepted, _) -> None:
        await ended.wait()

    async def ready(accepted, _) -> None:
        await accepted.send_all(b"not ready")

    [calls], [probes] = [await listen(Address(host="127.0.0.1", port=0)) for _ in range(2)]
    opened = [
        OpenListener(kind="test", socket=calls, handle=call, seats=Seats(1, 1)),
        OpenListener(kind="test", socket=probes, handle=ready, seats=Seats(1, 1), drains=True),
    ]

    async def serve() -> None:
        await run(opened, stop)
        left.append(True)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        under_way = await trio.open_tcp_stream(*calls.getsockname())
        await under_way.send_all(b"x")
        await wait_all_tasks_blocked()
        stop.request()
        async with await trio.open_tcp_stream(*probes.getsockname()) as probe:
            assert await probe.receive_some() == b"not ready"
        assert left == []
        ended.set()
    assert left == [True]
    await under_way.aclose()


async def test_a_listener_that_is_removed_while_sockets_are_short_keeps_no_seat(caplog):
    stop, seats, served_at = Shutdown(), Seats(1, 1), trio.Event()

    async def handle(accepted, _) -> None:
        await trio.lowlevel.checkpoint()
        served_at.set()

    gone, other = [
        OpenListener(kind="test", socket=one, handle=handle, seats=seats)
        for _ in range(2)
        for one in await listen(Address(host="127.0.0.1", port=0))
    ]
    server = Server([gone], stop)
    with socket.socket() as short, socket.socket() as client:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.run)
            await wait_all_tasks_blocked()
            with no_descriptor():
                short.connect(gone.socket.getsockname())
                await wait_all_tasks_blocked()
                assert "no connection can be accepted" in caplog.text
                server.change([gone], [other])
            client.connect(other.socket.getsockname())
            with trio.fail_after(10):
                await served_at.wait()
            stop.request()


async def test_a_wait_that_begins_after_the_end_ends_at_once(autojump_clock):
    waits = Waits()
    waits.end()
    with trio.fail_after(1), waits.idle():
        await trio.sleep_forever()
