"""What is computed beside the loop: in turns, one piece of each asker at a time, and never waited for by who has left."""

from __future__ import annotations

import threading

import pytest
import trio
import trio.lowlevel
import trio.testing

from tests.kit.shortages import no_thread
from trio_gate.errors import Overloaded, TooMuchAtOnce
from trio_gate.shell.worker_threads import MAX_WAITING, WorkerThreads, in_thread

WAIT = 10


class Pieces:
    """Pieces of work that end when a test says so; `began` is the order in which they began."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self._go: dict[str, threading.Event] = {}

    def piece(self, name: str):
        go = self._go.setdefault(name, threading.Event())

        def work() -> str:
            self.began.append(name)
            assert go.wait(WAIT)
            return name

        return work

    def end(self, name: str) -> None:
        self._go[name].set()

    async def until(self, count: int) -> None:
        with trio.fail_after(WAIT):
            while len(self.began) < count:  # noqa: ASYNC110 - threads begin them, who can set no event of trio's
                await trio.sleep(0.01)


@pytest.fixture
def pieces():
    made = Pieces()
    yield made
    for go in made._go.values():
        go.set()


async def test_what_it_makes_and_what_it_raises_come_back():
    work = WorkerThreads()
    assert await work.run("a", lambda: threading.current_thread() is threading.main_thread()) is False

    def broken():
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await work.run("a", broken)
    assert await work.run("a", lambda: 1) == 1
    assert not work._queues, "an asker that waits for nothing is forgotten"


@pytest.mark.parametrize("threads", [1, 2])
async def test_another_waits_for_one_piece_at_most(pieces, threads):
    work = WorkerThreads(threads)
    busy = [f"hog{number}" for number in range(threads)]
    async with trio.open_nursery() as nursery:
        for hog in busy:
            for number in range(5):
                nursery.start_soon(work.run, hog, pieces.piece(f"{hog} {number}"))
        await pieces.until(threads)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(work.run, "other", pieces.piece("other"))
        await trio.testing.wait_all_tasks_blocked()
        assert len(pieces.began) == threads
        pieces.end(pieces.began[0])
        await pieces.until(threads + 1)
        assert pieces.began[-1] == "other"
        for name in ["other", *(f"{hog} {number}" for hog in busy for number in range(5))]:
            pieces.end(name)


async def test_one_asker_has_one_piece_under_way(pieces):
    work = WorkerThreads()
    async with trio.open_nursery() as nursery:
        for name in ("a1", "a2"):
            nursery.start_soon(work.run, "a", pieces.piece(name))
            await trio.testing.wait_all_tasks_blocked()
        await pieces.until(1)
        nursery.start_soon(work.run, "b", pieces.piece("b1"))
        await pieces.until(2)
        assert pieces.began == ["a1", "b1"]
        for name in ("b1", "a1", "a2"):
            pieces.end(name)
    assert pieces.began == ["a1", "b1", "a2"]


async def test_askers_take_turns(pieces):
    work = WorkerThreads(1)
    async with trio.open_nursery() as nursery:
        for name in ("a1", "a2", "b1", "b2", "c1"):
            nursery.start_soon(work.run, name[0], pieces.piece(name))
            await trio.testing.wait_all_tasks_blocked()
            pieces.end(name) if name != "a1" else None
        pieces.end("a1")
    assert pieces.began == ["a1", "b1", "c1", "a2", "b2"]


async def test_who_leaves_frees_its_place_and_who_runs_is_not_waited_for(pieces):
    work = WorkerThreads(1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work.run, "a", pieces.piece("a1"))
        await pieces.until(1)
        nursery.start_soon(work.run, "a", pieces.piece("a2"))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert pieces.began == ["a1"]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work.run, "b", pieces.piece("b1"))
        await trio.testing.wait_all_tasks_blocked()
        assert pieces.began == ["a1"], "the thread is still at it"
        pieces.end("a1")
        pieces.end("b1")
    last = pieces.piece("c1")
    pieces.end("c1")
    await work.run("c", last)
    assert pieces.began == ["a1", "b1", "c1"]


async def test_what_is_made_for_who_has_left_is_dropped_where_it_was_made(pieces):
    work, dropped = WorkerThreads(1), []

    def drop(made):
        dropped.append((made, threading.current_thread() is threading.main_thread()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(work.run, "a", pieces.piece("a1"), drop)
        await pieces.until(1)
        nursery.cancel_scope.cancel()
    pieces.end("a1")
    assert await work.run("a", lambda: list(dropped)) == [("a1", False)]
    assert await work.run("a", lambda: "kept", drop) == "kept"
    assert len(dropped) == 1


async def test_a_line_has_an_end_and_other_lines_have_room(pieces):
    work = WorkerThreads(1)
    async with trio.open_nursery() as nursery:
        for number in range(MAX_WAITING + 1):
            nursery.start_soon(work.run, "a", pieces.piece(f"a{number}"))
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(TooMuchAtOnce):
            await work.run("a", pieces.piece("more"))
        nursery.start_soon(work.run, "b", pieces.piece("b"))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()


def test_the_end_of_the_run_waits_for_no_piece(pieces):
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(WorkerThreads().run, "a", pieces.piece("a1"))
            await pieces.until(1)
            nursery.cancel_scope.cancel()

    trio.run(main)
    assert pieces.began == ["a1"]


async def test_where_no_thread_can_be_had_nobody_waits_for_one():
    work, fault = WorkerThreads(1), r"can start no thread just now"

    async def refused(key):
        with pytest.raises(Overloaded, match=fault):
            await work.run(key, lambda: 1)

    with no_thread(), trio.fail_after(WAIT):
        for _ in range(2):
            async with trio.open_nursery() as nursery:
                for key in "aab":
                    nursery.start_soon(refused, key)
        with pytest.raises(Overloaded, match=fault):
            await in_thread(lambda: 1)
    assert await work.run("a", lambda: 1) == await in_thread(lambda: 1) == 1


async def test_those_who_wait_for_a_turn_learn_that_there_is_no_thread(pieces, monkeypatch):
    work, faults = WorkerThreads(1), []

    def none(*_):
        raise RuntimeError("can't start new thread")

    async def asks(name):
        try:
            await work.run(name[0], pieces.piece(name))
        except Overloaded:
            faults.append(name)

    with trio.fail_after(WAIT):
        async with trio.open_nursery() as nursery:
            for name in ("a1", "a2", "a3", "b1"):
                nursery.start_soon(asks, name)
                await trio.testing.wait_all_tasks_blocked()
            await pieces.until(1)
            monkeypatch.setattr(trio.lowlevel, "start_thread_soon", none)  # of a real thread nobody knows when it is idle
            pieces.end("a1")
    assert sorted(faults) == ["a2", "a3", "b1"]
    assert not work._queues


async def test_what_a_job_raises_is_not_taken_for_a_thread_that_is_missing():
    def broken():
        raise RuntimeError("can't start new thread")

    with pytest.raises(RuntimeError, match="can't start"):
        await in_thread(broken)


async def test_who_begins_a_job_without_waiting_gets_its_outcome_in_its_turn_on_the_loop(pieces):
    work, ends, done = WorkerThreads(1), [], trio.Event()

    def ended(outcome):
        assert trio.lowlevel.in_trio_run()
        ends.append(outcome)
        if len(ends) == 2:
            done.set()

    def broken():
        raise ValueError("broken")

    with trio.fail_after(WAIT):
        work.begin("a", pieces.piece("a1"), ended)
        work.begin("a", broken, ended)
        await pieces.until(1)
        assert ends == []
        pieces.end("a1")
        await done.wait()
    assert ends[0].unwrap() == "a1"
    with pytest.raises(ValueError, match="broken"):
        ends[1].unwrap()
    assert not work._queues
    with no_thread():
        work.begin("a", lambda: 1, ended)
    with pytest.raises(Overloaded):
        ends[2].unwrap()
