"""The admin listener: TLS with the gateway's own certificate, then `server`.

Rule: these connections have limits of their own (`connection_limits`) and never make room for agents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.errors import Malformed
from trio_gate.shell.admin.connection_limits import PROVEN, UNPROVEN
from trio_gate.shell.net.tls_handshake import accept_tls

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from trio_gate.shell.admin.server import AdminServer
    from trio_gate.shell.net.connection_limits import Seat
    from trio_gate.shell.net.transport import SocketTransport

ADMIN_CONNECTIONS = UNPROVEN + PROVEN + 16
"""Those within the limits, and some that are being closed."""


class AdminListener:
    """Hands connections to an `AdminServer`.

    Args:
        server: what to hand them to.
        context: returns a TLS context with the listener's current certificate.
        head_timeout: seconds for the TLS handshake.
        idle: wraps a wait, which ends when the gateway stops.
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

    async def handle(self, accepted: SocketTransport, seat: Seat) -> None:
        """Serve an accepted connection to its end. The caller closes it."""
        seat.prove(None)
        with self._server.connections.admit(seat.address) as connection:
            tls = None
            try:
                with self._idle():
                    tls, _ = await accept_tls(accepted, lambda _: self._context(), within=self._head_timeout)
            except Malformed as fault:
                self._server.refused("admin connection", seat.address, fault)
            if tls is not None:
                await self._server.handle(tls, connection)
