"""The current configuration, and its replacement by a reload.

Rule: a reload applies as a whole or not at all: all that may fail is done first. Of what is left each step is taken, whatever a bug makes
of another. What is not part of the snapshot is changed by `changes`, which says what takes a restart.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

import trio

from trio_gate.app.state_dir import StartFailed
from trio_gate.audit.acts import reload_row
from trio_gate.errors import GateError, internal_fault
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.shell.approval.hub_config import hub_config
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.systemd.notify import notify
from trio_gate.shell.worker_threads import in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from trio_gate.config.model import Config, Person
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.shell.approval.hub import ApprovalHub

log = logging.getLogger(__name__)

READ_WITHIN = 20.0
"""Seconds for a reload to read and open all that it needs: fewer than `trio-gate reload` waits. A file may be a pipe, or on another machine."""

EARLIER = "an earlier reload was applied in part: restart the gateway"
"""Said of all later ones."""


class ActiveConfig:
    """Holds the current configuration; call it to get its snapshot.

    Attributes:
        people: those of the current configuration, by name.
        reload_failed: why the last reload did not change all, in one line; None if it did, or there was none.
        in_part: a reload since the start left only a part of its configuration in force, and no later one makes that whole.
    """

    def __init__(self, config: Config, hub: ApprovalHub) -> None:
        self._snapshot = compile_snapshot(1, config)
        self._hub = hub
        self.reload_failed: str | None = None
        self.in_part = False
        self._end_sessions()
        self.people: dict[str, Person] = {person.name: person for person in config.people}

    def __call__(self) -> Snapshot:
        """The snapshot to serve the next request by."""
        return self._snapshot

    def status(self) -> str:
        """Its generation and what waits, in one line."""
        failed = f"; not reloaded: {self.reload_failed}" if self.reload_failed else ""
        if self.in_part:
            failed = "; reloaded in part: restart the gateway"
        return f"generation {self._snapshot.number}; calls that wait for people: {self._hub.pending}{failed}"

    def compiled(self, config: Config) -> Snapshot:
        """The next snapshot, which changes nothing before it is applied."""
        return compile_snapshot(self._snapshot.number + 1, config)

    def steps(self, snapshot: Snapshot) -> Sequence[Callable[[], None]]:
        """What has the gateway serve by `snapshot` from then on; waiting calls are judged by it before they are sent.

        People who were removed, or have another token, are disconnected. Prompts and grants whose rule, approvers or agent
        changed end, and so do virtual sessions: an old secret can no longer sign, and an old token can no longer answer.
        """
        of_hub, people = hub_config(snapshot.config), {person.name: person for person in snapshot.config.people}

        def serve() -> None:
            self._snapshot = snapshot

        def take_people() -> None:
            gone = [name for name, person in self.people.items() if people.get(name) != person]
            self.people.clear()
            self.people.update(people)
            self._hub.subscribers.drop(gone)

        return serve, take_people, partial(self._hub.judge_again, of_hub), self._end_sessions

    def _end_sessions(self) -> None:
        """End the virtual sessions whose agent is gone or is proven otherwise now."""
        if self._hub.sessions is not None:
            self._hub.sessions.end(lambda session: not self._snapshot.keeps(session))


async def reload_on_signal(
    hangups: AsyncIterator[int],
    present: ActiveConfig,
    read: Callable[[], Config],
    hub: ApprovalHub,
    prepared: Callable[[Snapshot, Snapshot], Awaitable[Sequence[Callable[[], None]]]],
) -> None:
    """At every signal, apply the configuration that `read` returns, and log the result.

    `read` runs in a thread; it raises StartFailed if the configuration has errors. `prepared` is that of `Changes`.
    """
    reading = trio.CapacityLimiter(1)  # what hangs is not joined by more
    async for _ in hangups:
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        config: Config | None = None
        why_not: str | None = None
        in_part = False
        try:
            with trio.fail_after(READ_WITHIN):
                config = await in_thread(read, limiter=reading, abandon_on_cancel=True)
                snapshot = present.compiled(config)
                steps = [*present.steps(snapshot), *await prepared(present(), snapshot)]
            why_not = _taken(steps)
            in_part = why_not is not None
        except trio.TooSlowError:
            why_not = f"its files could not be read within {READ_WITHIN:g} seconds: one of them does not answer"
        except (GateError, StartFailed, OSError) as fault:
            why_not = str(fault)
        except Exception as error:  # a bug must not end the gateway
            why_not = f"internal error: {internal_fault(error)}"
        earlier = EARLIER if present.in_part else None
        present.reload_failed, present.in_part = why_not, present.in_part or in_part
        row = reload_row(config, why_not, present().number, SystemClock().now(), in_part=in_part, earlier=earlier)
        hub.acts.note(row)
        _say(present().number, why_not, earlier, in_part=in_part)
        notify(f"READY=1\nSTATUS={present.status()}")


def _say(number: int, why_not: str | None, earlier: str | None, *, in_part: bool) -> None:
    """Log what became of a reload, and what an earlier one left."""
    more = f"; {earlier}" if earlier else ""
    if why_not is None:
        log.log(logging.WARNING if earlier else logging.INFO, "trio-gate: reloaded, generation %d%s", number, more)
    else:
        log.error("trio-gate: %s: %s%s", "reloaded in part" if in_part else "not reloaded", why_not, more)


def _taken(steps: Sequence[Callable[[], None]]) -> str | None:
    """Take all steps; return why some were not taken, None if all were."""
    faults: list[str] = []
    for step in steps:
        try:
            step()
        except Exception as error:  # the others leave less of the old configuration
            faults.append(internal_fault(error))
    return f"restart the gateway (internal error: {', '.join(faults)})" if faults else None
