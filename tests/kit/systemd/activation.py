"""Sockets passed to a program as systemd does it (sd_listen_fds(3))."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

PASS = """\
import os, sys
count, *rest = sys.argv[1:]
given, command = [os.dup(int(one)) for one in rest[: int(count)]], rest[int(count) :]
for one in rest[: int(count)]:
    os.set_inheritable(int(one), False)
for number, one in enumerate(given):
    os.dup2(one, 100 + number, inheritable=False)
for number in range(len(given)):
    os.dup2(100 + number, 3 + number)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(given)))
os.execv(command[0], command)
"""


def activated(sockets: Sequence[socket.socket]) -> list[str]:
    """The words before a command that is passed these sockets, which it must inherit; none if there are none."""
    numbers = [str(one.fileno()) for one in sockets]
    return [sys.executable, "-c", PASS, str(len(numbers)), *numbers] if numbers else []
