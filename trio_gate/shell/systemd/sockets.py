"""Listening sockets that the service manager opened and passed (sd_listen_fds(3)).

Theory: they outlive the process. Who connects while the gateway is started again waits in their queue, and is neither refused nor reset.
"""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, MutableMapping

FIRST = 3
"""The number of the first passed descriptor; the others follow it."""

VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


class Passed:
    """The passed sockets. They stay open, so that a listener which a reload brings back finds its own again.

    The ports of those whose bind says 0 are found by their names.
    """

    def __init__(self, named: list[tuple[str, socket.socket]], kinds: Collection[str]) -> None:
        self._all = named
        self._named = named
        self._kinds = kinds

    def take(self, kind: str, hosts: Collection[str], port: int) -> list[socket.socket]:
        """The sockets of a listener at these IP addresses, once more, of those that no other has taken; empty if none was passed.

        One named after a kind of listener is of that kind alone, and with port 0 a name is needed. Raises ValueError, in one line, OSError.
        """
        found = [(name, sock) for name, sock in self._named if self._fits(name, sock, kind, hosts, port)]
        for name, sock in found:
            if name in self._kinds and name != kind:
                raise ValueError(
                    f"a passed socket is named {name}, and has the address of a listener of another kind: {_place(sock)}"
                )
        taken = found[:1] if port == 0 else found
        self._named = [one for one in self._named if one not in taken]
        return [sock.dup() for _, sock in taken]

    def give_back(self, addresses: Collection[tuple[str, int]]) -> None:
        """Have all be taken again but those at these addresses, which listeners have."""
        self._named = [(name, sock) for name, sock in self._all if sock.getsockname()[:2] not in addresses]

    def _fits(self, name: str, sock: socket.socket, kind: str, hosts: Collection[str], port: int) -> bool:
        host, own = sock.getsockname()[:2]
        return host in hosts and (name == kind if port == 0 else own == port)

    def __bool__(self) -> bool:
        return bool(self._named)

    def check_used(self) -> None:
        """Raises ValueError, in one line, if sockets are left."""
        if self._named:
            places = ", ".join(_place(sock) for _, sock in self._named)
            raise ValueError(f"no listener of the configuration has the address of a passed socket: {places}")


def passed(env: MutableMapping[str, str], process: int, kinds: Collection[str]) -> Passed:
    """The sockets that this process was passed; no program that it starts gets them, or is told of them.

    `kinds` are names of sockets that mean something. Raises ValueError, in one line.
    """
    said = {name: env.pop(name) for name in VARIABLES if name in env}
    if said.get("LISTEN_PID") != str(process):
        return Passed([], kinds)
    count, names = said.get("LISTEN_FDS", ""), said.get("LISTEN_FDNAMES", "").split(":")
    if not (count.isascii() and count.isdecimal()):
        raise ValueError(f"LISTEN_FDS is no number: {count[:20]!r}")
    numbers = range(FIRST, FIRST + int(count))
    return Passed(
        [(name, _listening(number)) for number, name in zip(numbers, [*names, *[""] * len(numbers)], strict=False)], kinds
    )


def _listening(number: int) -> socket.socket:
    """A listening TCP socket, from its descriptor. Raises ValueError."""
    try:
        os.set_inheritable(number, False)
        is_socket = stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError as error:
        raise ValueError(f"passed descriptor {number} cannot be used: {error.strerror}") from None
    sock = socket.socket(fileno=number) if is_socket else None
    if (
        sock is None
        or sock.family not in (socket.AF_INET, socket.AF_INET6)
        or sock.type != socket.SOCK_STREAM
        or not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    ):
        raise ValueError(f"passed descriptor {number} is no listening TCP socket")
    if sock.getsockname()[0] == "::" and not sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
        raise ValueError(f"the passed socket for {_place(sock)} is for IPv4, too: set BindIPv6Only=ipv6-only")
    sock.setblocking(False)
    return sock


def _place(sock: socket.socket) -> str:
    host, port, *_ = sock.getsockname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
