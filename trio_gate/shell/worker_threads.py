"""Worker threads for what would block the event loop, shared fairly: no key's caller waits for more than one job of another key.

Rule: a key, such as an agent, has at most one job running; its others wait in a queue of its own, of bounded length, and the queues
take turns. A caller that is cancelled leaves its queue at once. A running job cannot be stopped: it keeps its thread until it ends.

Theory: jobs that compute do so under the interpreter's one lock, so more threads would not be faster. There are two, so that one long
job does not block the rest.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.errors import Overloaded, TooMuchAtOnce

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, TypeVar, TypeVarTuple, Unpack

    T = TypeVar("T")
    Ts = TypeVarTuple("Ts")

    class Outcome(Protocol):
        """A job's result, as trio delivers it."""

        def unwrap(self) -> Any:
            """Return what the job returned, or raise what it raised."""


THREADS = 2

NO_THREAD = "the gateway can start no thread just now: try again later"
"""Said where the system, or systemd's TasksMax, allows no more of them."""

MAX_WAITING = 512
"""Jobs that may wait in one queue: as many as an agent's connections are by default, for each may bring a call to ask about at once.

Not a knob: two threads take minutes for so many, which is longer than SDKs wait.
"""


class _NoThread:
    """The outcome of a job for which no thread can be had."""

    def unwrap(self) -> Any:
        raise Overloaded(NO_THREAD)


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[], Any]
    then: Callable[[Outcome], None]
    drop: Callable[[Any], None] | None = None
    left: bool = False


class WorkerThreads:
    """Runs jobs in threads, at most one at a time for each key, and the keys in turn.

    Args:
        threads: how many jobs may run at once.
    """

    def __init__(self, threads: int = THREADS) -> None:
        self._free = threads
        self._queues: dict[str, deque[_Job]] = {}
        self._busy: set[str] = set()

    @property
    def most(self) -> int:
        """How many jobs wait in the longest queue."""
        return max(map(len, self._queues.values()), default=0)

    async def run(self, key: str, work: Callable[[], T], drop: Callable[[T], None] | None = None) -> T:
        """Run `work` in a thread when its turn comes, and return what it returns.

        If the caller is cancelled meanwhile, the result is passed to `drop`, in the thread.

        Raises:
            TooMuchAtOnce: `MAX_WAITING` jobs of this key wait already.
            Overloaded: no thread can be had.
            Exception: what `work` raises.
        """
        done = trio.Event()
        ends: list[Outcome] = []

        def ended(outcome: Outcome) -> None:
            ends.append(outcome)
            done.set()

        job = self._add(key, _Job(work, ended, drop))
        try:
            await done.wait()
        finally:
            job.left = True
            self._leave(key, job)
        result: T = ends[0].unwrap()
        return result

    def begin(self, key: str, work: Callable[[], object], then: Callable[[Outcome], None]) -> None:
        """As `run`, for a caller that does not wait: `then` gets the outcome, on the event loop, and raises nothing. Raises TooMuchAtOnce."""
        self._add(key, _Job(work, then))

    def _add(self, key: str, job: _Job) -> _Job:
        """Put a job into its queue, and start it if its turn has come. Raises TooMuchAtOnce."""
        queue = self._queues.setdefault(key, deque())
        if len(queue) >= MAX_WAITING:
            raise TooMuchAtOnce("too much of this agent's work waits for its turn: run it again later", limit="work_per_agent")
        queue.append(job)
        self._start()
        return job

    def _leave(self, key: str, job: _Job) -> None:
        """Remove a job that has not started from its queue."""
        queue = self._queues.get(key, deque())
        if job in queue:
            queue.remove(job)
        if not queue:
            self._queues.pop(key, None)

    def _start(self) -> None:
        """Start the first job of each queue, in turn, while threads are free."""
        for key, queue in list(self._queues.items()):
            while self._free and queue and key not in self._busy:
                self._begin(key, queue.popleft())

    def _begin(self, key: str, job: _Job) -> None:
        """Start a job; where no thread can be had it is over."""
        token = trio.lowlevel.current_trio_token()

        def work() -> Any:
            made = job.work()
            if job.left and job.drop is not None:
                job.drop(made)
                return None
            return made

        def deliver(outcome: Outcome) -> None:
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(self._end, key, job, outcome)

        try:
            trio.lowlevel.start_thread_soon(work, deliver, "trio-gate work")
        except RuntimeError:
            job.then(_NoThread())
            return
        self._free -= 1
        self._busy.add(key)

    def _end(self, key: str, job: _Job, outcome: Outcome) -> None:
        self._free += 1
        self._busy.discard(key)
        if queue := self._queues.pop(key, None):  # to the end: the other queues come first
            self._queues[key] = queue
        job.then(outcome)
        self._start()


async def in_thread(
    work: Callable[[Unpack[Ts]], T],
    *args: *Ts,
    limiter: trio.CapacityLimiter | None = None,
    abandon_on_cancel: bool = False,
) -> T:
    """As `trio.to_thread.run_sync`, for what nobody has to share. Raises Overloaded if no thread can be had, and what `work` raises."""
    begun = False

    def marked() -> T:
        nonlocal begun
        begun = True
        return work(*args)

    try:
        return await trio.to_thread.run_sync(marked, limiter=limiter, abandon_on_cancel=abandon_on_cancel)
    except RuntimeError:
        if begun:
            raise
    raise Overloaded(NO_THREAD)
