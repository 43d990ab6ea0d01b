"""The watchdog is fed while real connections are accepted, the record's disk answers and the loop runs, and not otherwise."""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.shortages import no_descriptor
from trio_gate.app.self_check import A_PERIOD, EVERY, SelfCheck
from trio_gate.config.model import Address
from trio_gate.shell.audit.writer import open_audit_log
from trio_gate.shell.net.accept import OpenListener, Shutdown, listen, run
from trio_gate.shell.net.connection_limits import Seats

PERIOD = 40.0
FED = b"WATCHDOG=1"


@pytest.fixture
def manager(monkeypatch):
    """What the service manager hears."""
    name = f"@trio-gate-test-{secrets.token_hex(8)}"
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(name.replace("@", "\0", 1))
        heard.setblocking(False)
        yield heard


def said(manager) -> list[bytes]:
    found = []
    try:
        while True:
            found.append(manager.recv(256))
    except BlockingIOError:
        return found


class Checked:
    """A self-check, its listeners, and what it reports when its time has come."""

    def __init__(self, manager, clock):
        self.manager = manager
        self.clock = clock
        self.state = "well"
        self.opened = []
        self.handled = 0

    async def handle(self, stream, seat):
        await trio.lowlevel.checkpoint()
        self.handled += 1

    async def open(self, host="127.0.0.1", seats=2):
        [sock] = await listen(Address(host=host, port=0))
        self.opened.append(OpenListener(kind="test", socket=sock, handle=self.handle, seats=Seats(seats, seats)))

    async def after(self, seconds):
        """What it says in that time."""
        self.clock.jump(seconds)
        for _ in range(10):  # sockets of this process: what is sent is there, once all had their turn
            await wait_all_tasks_blocked(0.01)
        return said(self.manager)


@asynccontextmanager
async def checked(manager, clock, path, watchdog=PERIOD, hosts=("127.0.0.1", "::", "0.0.0.0"), serving=True):
    made, stop = Checked(manager, clock), Shutdown()
    for host in hosts:
        await made.open(host)
    async with open_audit_log(str(path / "audit.db")) as made.audit, trio.open_nursery() as nursery:
        check = SelfCheck(lambda: made.opened, made.audit, lambda: made.state, watchdog)
        if serving:
            nursery.start_soon(run, made.opened, stop)
        nursery.start_soon(check.run)
        await wait_all_tasks_blocked()
        assert said(manager) == [b"STATUS=well"]
        yield made
        nursery.cancel_scope.cancel()
    for one in made.opened:
        one.socket.close()


async def test_it_is_fed_by_connections_that_no_handler_sees(manager, mock_clock, tmp_path):
    async with checked(manager, mock_clock, tmp_path) as made:
        assert await made.after(PERIOD / A_PERIOD - 1) == []
        assert await made.after(1) == [FED]
        assert (made.handled, [one.probes for one in made.opened]) == (0, [set()] * 3)
        made.state = "busy"
        assert await made.after(PERIOD / A_PERIOD) == [FED, b"STATUS=busy"]
        with socket.create_connection(made.opened[0].socket.getsockname()):
            assert await made.after(0) == []
            assert made.handled == 1


async def test_without_a_watchdog_the_status_alone_is_said(manager, mock_clock, tmp_path):
    async with checked(manager, mock_clock, tmp_path, watchdog=None) as made:
        made.state = "generation 2"
        assert await made.after(EVERY) == [b"STATUS=generation 2"]
        assert await made.after(EVERY) == []


async def test_a_listener_that_accepts_nothing(manager, mock_clock, tmp_path, caplog):
    async with checked(manager, mock_clock, tmp_path, serving=False) as made:
        assert await made.after(PERIOD / A_PERIOD) == []
        assert await made.after(PERIOD / A_PERIOD) == []
        assert f"the watchdog is not fed: the listener at {made.opened[0].address} accepts no connection" in caplog.text


@pytest.mark.parametrize("which", [0, 1])
async def test_a_listener_that_a_reload_removes_while_it_is_looked_at(manager, mock_clock, tmp_path, which):
    async with checked(manager, mock_clock, tmp_path, hosts=["127.0.0.1"] * 2, serving=False) as made:
        mock_clock.jump(PERIOD / A_PERIOD)
        await wait_all_tasks_blocked()  # the first is asked
        gone = made.opened.pop(which)
        gone.socket.close()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run, made.opened, Shutdown())
            assert await made.after(0) == [FED]
            nursery.cancel_scope.cancel()


async def test_without_descriptors_it_is_not_fed_and_goes_on(manager, mock_clock, tmp_path, caplog):
    async with checked(manager, mock_clock, tmp_path) as made:
        with no_descriptor():
            assert await made.after(PERIOD / A_PERIOD) == []
        assert "accepts no connection" in caplog.text
        assert await made.after(PERIOD / A_PERIOD) == [FED]


async def test_a_listener_whose_seats_are_all_taken_is_not_asked(manager, mock_clock, tmp_path):
    async with checked(manager, mock_clock, tmp_path, hosts=["127.0.0.1"], serving=False) as made:
        seats = made.opened[0].seats
        await seats.keep_room()
        await seats.keep_room()
        assert await made.after(PERIOD / A_PERIOD) == [FED]


async def test_a_loop_that_is_late(manager, mock_clock, tmp_path, caplog):
    async with checked(manager, mock_clock, tmp_path) as made:
        assert await made.after(PERIOD / 2 + 1) == []
        assert "the watchdog is not fed: the event loop is 11.0 seconds late" in caplog.text
        assert await made.after(PERIOD / A_PERIOD) == [FED]


async def test_a_disk_that_does_not_answer(manager, mock_clock, tmp_path, caplog):
    async with checked(manager, mock_clock, tmp_path, watchdog=0.2) as made:
        go = threading.Event()
        stuck = made.audit._thread.run("", go.wait)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: stuck)
            while made.audit.silent <= 0.2:
                await wait_all_tasks_blocked(0.01)
            said(manager)
            assert await made.after(0.05) == []
            assert "the watchdog is not fed: the disk of the record has not answered for 0." in caplog.text
            go.set()


async def test_a_disk_that_is_full_answers(manager, mock_clock, tmp_path):
    async with checked(manager, mock_clock, tmp_path) as made:
        (tmp_path / "audit.db").rename(tmp_path / "away")
        before = made.audit.silent
        assert await made.after(PERIOD / A_PERIOD) == [FED]
        assert made.audit.failing
        assert made.audit.silent < before + 1
