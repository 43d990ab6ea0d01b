"""The listeners of people and of monitoring: TLS, where they have it, then their server.

Rule: these connections have limits of their own (`connection_limits`) and never make room for agents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.errors import Malformed
from trio_gate.shell.admin.connection_limits import PROVEN, UNPROVEN
from trio_gate.shell.net.tls_handshake import accept_tls
from trio_gate.shell.net.trio_streams import Clear

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from trio_gate.shell.admin.http_server import HttpServer
    from trio_gate.shell.net.connection_limits import Seat
    from trio_gate.shell.net.transport import SocketTransport

ADMIN_CONNECTIONS = UNPROVEN + PROVEN + 16
"""Those within the limits, and some that are being closed."""


class AdminListener:
    """Hands connections to the server of the admin or the metrics listener.

    Args:
        server: what to hand them to.
        context: returns a TLS context with the listener's current certificate; None for a listener without TLS.
        head_timeout: returns the seconds for the TLS handshake.
        idle: wraps a wait, which ends when the gateway stops.
    """

    def __init__(
        self,
        server: HttpServer,
        context: Callable[[], ssl.SSLContext] | None,
        *,
        head_timeout: Callable[[], float],
        idle: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._server = server
        self._context = context
        self._head_timeout = head_timeout
        self._idle = idle

    async def handle(self, accepted: SocketTransport, seat: Seat) -> None:
        """Serve an accepted connection to its end. The caller closes it."""
        seat.count_for(None)
        with self._server.connections.admit(seat.address) as connection:
            stream = None
            try:
                with self._idle():
                    stream = await self._stream(accepted)
            except Malformed as fault:
                self._server.refused(f"{self._server.name} connection", seat.address, fault)
            if stream is not None:
                await self._server.handle(stream, connection)

    async def _stream(self, accepted: SocketTransport) -> Clear:
        """The connection in the clear. Raises Malformed."""
        context = self._context
        if context is None:
            return Clear(accepted)
        return (await accept_tls(accepted, lambda _: context(), within=self._head_timeout()))[0]
