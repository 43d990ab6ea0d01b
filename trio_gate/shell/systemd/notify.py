"""Reports the service's state to systemd (sd_notify(3)), which does nothing without NOTIFY_SOCKET, and asks for its watchdog."""

from __future__ import annotations

import logging
import os
import socket

log = logging.getLogger(__name__)


def notify(state: str) -> None:
    """Send a state such as "READY=1" or "STOPPING=1", without waiting. A failure is logged."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto(
                state.encode("utf-8", "backslashreplace"),
                socket.MSG_DONTWAIT,
                path.replace("@", "\0", 1) if path.startswith("@") else path,
            )
    except OSError as error:
        log.warning("cannot send %s to the service manager: %s", state, error.strerror)


def watchdog() -> float | None:
    """Seconds after which the service manager ends this process if it has not sent "WATCHDOG=1" (sd_watchdog_enabled(3)); None for never."""
    microseconds, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not (microseconds.isascii() and microseconds.isdecimal() and int(microseconds)) or process != str(os.getpid()):
        return None
    return int(microseconds) / 1_000_000
