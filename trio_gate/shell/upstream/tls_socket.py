"""TLS to AWS, directly on a socket.

Theory: a large body is copied twice less than by `TlsTransport`, whose care about hostile records a peer with AWS's certificate does
not need. OpenSSL writes all of a piece or asks for the same piece again; reads and writes do not disturb each other.
"""

from __future__ import annotations

import math
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import trio

from trio_gate.shell.net.transport import RECORDS, SocketTransport

if TYPE_CHECKING:
    import socket

    from trio_gate.shell.net.transport import ReadInto

SMALL = 4096
"""Bytes of a record that is likely to be the last."""


class TlsSocket(SocketTransport):
    """A client's `Transport` with TLS over a connected socket, which it owns. Call `handshake` first."""

    __slots__ = ("_goodbye", "_read_into", "_tls")

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, *, server_hostname: str) -> None:
        sock.setblocking(False)
        tls = context.wrap_socket(
            sock, server_hostname=server_hostname, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
        super().__init__(tls)
        self._tls = tls
        self._read_into = cast("ReadInto", tls.read)
        self._goodbye = False

    @property
    def certificate(self) -> bytes:
        """The peer's certificate in DER, after the handshake; empty if it has none."""
        return self._tls.getpeercert(binary_form=True) or b""

    async def handshake(self) -> None:
        """Agree on keys and check certificates. Raises trio.BrokenResourceError; cancelling it ends the transport."""
        writable = self._writable(math.inf)
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._readable.ready()
            except ssl.SSLWantWriteError:
                await writable.ready()
            except OSError as fault:
                raise trio.BrokenResourceError from fault
            else:
                return

    async def send_all(self, data: bytes | memoryview, within: float = math.inf) -> None:
        """See `Transport`."""
        if self._cut_off:
            raise trio.BrokenResourceError("an earlier write was cut off")
        if not self._written(data):
            self._cut_off = True
            writable = self._writable(trio.current_time() + within)
            while not self._written(data):
                await writable.ready()
            self._cut_off = False

    def _written(self, data: bytes | memoryview) -> bool:
        """Whether all of it could be written at once."""
        try:
            if data:
                self._tls.send(data)
        except ssl.SSLWantWriteError:
            return False
        except (OSError, ValueError) as fault:
            raise trio.BrokenResourceError from fault
        return True

    def _must_wait(self) -> bool:
        return not (self._goodbye or self._pending())  # the peer may keep its connection open after a goodbye

    def receive_now(self, room: memoryview) -> int | None:
        """See `Transport`."""
        count = 0
        try:
            for _ in range(RECORDS):
                read = self._read_into(len(room) - count, room[count:])
                count += read
                if not read:
                    self._goodbye = True
                if not read or count == len(room):
                    break
                if read < SMALL and self.quiet():  # to ask costs less than to try in vain
                    break
        except ssl.SSLWantReadError:
            return count or None
        except (OSError, ValueError) as fault:
            if not count:
                raise trio.BrokenResourceError from fault
        return count

    def _pending(self) -> int:
        try:
            return self._tls.pending()
        except ValueError as closed:
            raise trio.BrokenResourceError from closed

    def quiet(self) -> bool:
        """See `SocketTransport`."""
        return not self._goodbye and super().quiet() and not self._tls.pending()

    def close(self) -> None:
        """See `SocketTransport`. Sends TLS's close_notify, and does not wait for the peer's."""
        with suppress(OSError, ValueError):
            self._tls.unwrap()
        super().close()
