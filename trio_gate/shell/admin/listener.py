"""The admin listener: TLS with a certificate of our own, then what `server` does.

Rule: who may stay here is this room's own affair (`guests`): nobody who came to the admin listener makes room for agents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.errors import Malformed
from trio_gate.shell.admin.guests import PROVEN, UNPROVEN
from trio_gate.shell.net.tls_handshake import accept_tls

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import trio

    from trio_gate.shell.admin.server import AdminServer
    from trio_gate.shell.net.connection_limits import Seat

ADMIN_CONNECTIONS = UNPROVEN + PROVEN + 16
"""Those that have a place, and some that are just being closed."""


class AdminListener:
    """Hands connections to an `AdminServer`.

    Args:
        server: what to hand them to.
        context: gives the certificate of the listener, as it is now.
        head_timeout: seconds for TLS.
        idle: a wait that a stop of the gateway ends.
    """

    def __init__(
        self,
        server: AdminServer,
        context: Callable[[], ssl.SSLContext],
        *,
        head_timeout: float,
        idle: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._server = server
        self._context = context
        self._head_timeout = head_timeout
        self._idle = idle

    async def handle(self, stream: trio.SocketStream, seat: Seat) -> None:
        """Serve a connection."""
        seat.prove(None)
        with self._server.guests.admit(seat.address) as guest:
            tls = None
            try:
                with self._idle():
                    tls, _ = await accept_tls(stream, lambda _: self._context(), within=self._head_timeout)
            except Malformed as fault:
                self._server.refused("admin connection", seat.address, fault)
            if tls is not None:
                await self._server.handle(tls, guest)
