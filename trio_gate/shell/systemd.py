"""Telling systemd how the service stands (sd_notify(3)): one datagram to the socket that it names, nothing without one."""

from __future__ import annotations

import logging
import os
import socket

log = logging.getLogger(__name__)


def notify(state: str) -> None:
    """Send a state, as "READY=1" or "STOPPING=1"."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(state.encode("ascii"), path.replace("@", "\0", 1) if path.startswith("@") else path)
        except OSError as error:
            log.warning("the service manager could not be told %s: %s", state, error.strerror)
