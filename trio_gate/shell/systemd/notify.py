"""Reports the service's state to systemd (sd_notify(3)); does nothing without NOTIFY_SOCKET."""

from __future__ import annotations

import logging
import os
import socket

log = logging.getLogger(__name__)


def notify(state: str) -> None:
    """Send a state such as "READY=1" or "STOPPING=1". A failure is logged."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(state.encode("ascii"), path.replace("@", "\0", 1) if path.startswith("@") else path)
        except OSError as error:
            log.warning("cannot send %s to the service manager: %s", state, error.strerror)
