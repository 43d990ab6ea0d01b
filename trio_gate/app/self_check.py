"""Tells the service manager what the gateway does, and feeds its watchdog while the gateway serves.

Rule: whether it serves is seen from outside: connections through all of its own listeners are accepted in time, the record's disk answers, and the
event loop runs. Who is stuck is ended by the service manager, and started again.

Theory: a disk that is full answers. The gateway then refuses calls, goes on by itself once there is room, and is not ended for it.
"""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import trio

from trio_gate.config.gateway_block import EVERY_ADDRESS
from trio_gate.shell.systemd.notify import notify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trio_gate.ports import AuditLog
    from trio_gate.shell.net.accept import OpenListener

EVERY = 10.0
"""Seconds between two reports where there is no watchdog."""

A_PERIOD = 4
"""Looks in a period of the watchdog: one takes at most half of it with its wait, so that one may be missed."""

log = logging.getLogger(__name__)


class SelfCheck:
    """Looks at the gateway, and reports what it sees.

    Args:
        listeners: those that accept connections now.
        audit: the record.
        status: the gateway's state in one line.
        watchdog: the watchdog's period in seconds, None if there is no watchdog.
    """

    def __init__(
        self,
        listeners: Callable[[], Sequence[OpenListener]],
        audit: AuditLog,
        status: Callable[[], str],
        watchdog: float | None,
    ) -> None:
        self._listeners = listeners
        self._audit = audit
        self._status = status
        self._watchdog = watchdog
        self._said = ""

    async def run(self) -> None:
        """Report until cancelled."""
        pause = self._watchdog / A_PERIOD if self._watchdog else EVERY
        while True:
            self.tell_status()
            due = trio.current_time() + pause
            await trio.sleep_until(due)
            if self._watchdog:
                why_not = await self._trouble(self._watchdog, trio.current_time() - due)
                log.error("the watchdog is not fed: %s", why_not) if why_not else notify("WATCHDOG=1")

    def tell_status(self) -> None:
        """Report the status, if it is another than before."""
        status = self._status()
        if status != self._said:
            self._said = status
            notify(f"STATUS={status}")

    async def _trouble(self, period: float, late: float) -> str | None:
        """Why the gateway does not serve, None if it does."""
        if late > period / A_PERIOD:
            return f"the event loop is {late:.1f} seconds late"
        if self._audit.silent > period:
            return f"the disk of the record has not answered for {self._audit.silent:.1f} seconds"
        silent = [(opened, opened.address) for opened in self._listeners() if not opened.seats.full]
        with trio.move_on_after(period / A_PERIOD):
            while silent:
                opened, _ = silent[0]
                if not await _accepts(opened) and self._is_there(opened):
                    break
                del silent[0]
        silent = [one for one in silent if self._is_there(one[0])]
        return f"the listener at {silent[0][1]} accepts no connection" if silent else None

    def _is_there(self, opened: OpenListener) -> bool:
        """Whether a listener was not removed meanwhile, by a reload or a stop."""
        return any(opened is one for one in self._listeners())


async def _accepts(opened: OpenListener) -> bool:
    """Whether a connection to a listener reaches the place where it would be handled."""
    try:
        host, port, *_ = opened.socket.getsockname()
        if host in EVERY_ADDRESS:
            host = "::1" if ":" in host else "127.0.0.1"
        with trio.socket.socket(opened.socket.family, socket.SOCK_STREAM) as probe:
            await probe.bind((host, 0))
            own = probe.getsockname()[:2]
            opened.probes.add(own)
            try:
                await probe.connect((host, port))
                return await probe.recv(1) == b""
            finally:
                opened.probes.discard(own)
    except OSError:  # also where there is no descriptor: then others are not accepted either; or it was closed just now
        return False
