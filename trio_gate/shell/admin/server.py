"""The HTTP server of the admin listener: on a TLS stream, it serves one request, or hands it to a `Channel`.

Rule: everything but health, readiness and the page's static files needs a person's token: in the Authorization header, in a
WebSocket's first frame, or by the session that the page got for it; never in a URL. Agents' credentials open nothing. Every wait
ends when the gateway stops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.approval.channel.frames import DECIDED, PROTOCOL
from trio_gate.errors import Malformed, Unauthenticated, Unidentified
from trio_gate.shell.admin.http_request import check_request, handshake, upgrades
from trio_gate.shell.admin.http_server import HttpServer, check_monitor
from trio_gate.shell.admin.static_files import load

if TYPE_CHECKING:
    from collections.abc import Callable

    import trio

    from trio_gate.shell.admin.authentication import SignIn
    from trio_gate.shell.admin.connection_limits import AdminConnection
    from trio_gate.shell.admin.http_request import AdminRequest
    from trio_gate.shell.admin.http_server import Monitored
    from trio_gate.shell.approval.commands import CommandHandler
    from trio_gate.shell.approval.hub import ApprovalHub
    from trio_gate.shell.net.accept import Waits

APPROVALS = "/v1/approvals"
SESSION = "/v1/session"


class AdminServer(HttpServer):
    """Serves the connections of the admin listener.

    Args:
        hub, commands: the waiting calls, and the handler of people's frames.
        sign_in: authenticates the people of the current configuration.
        names: the Host names it answers to, lower case, without port and brackets.
        waits: those that end when the gateway stops, or when its address is removed.
        unready, counted: as of `HttpServer`.
        monitored: what it shows to those who may monitor.
    """

    name = "admin"

    def __init__(
        self,
        *,
        hub: ApprovalHub,
        commands: CommandHandler,
        sign_in: SignIn,
        names: frozenset[str],
        waits: Waits,
        unready: Callable[[], str | None],
        counted: Callable[[str, str], bool] = lambda _, __: False,
        monitored: Monitored | None = None,
    ) -> None:
        super().__init__(idle=waits.idle, unready=unready, counted=counted)
        self._waits = waits
        self._hub = hub
        self._commands = commands
        self._sign_in = sign_in
        self._files = load()
        self._names = names
        self._monitored = monitored or {}

    async def _respond(self, stream: trio.abc.Stream, request: AdminRequest, connection: AdminConnection) -> bytes | None:
        check_request(request, self._names)
        if request.target == APPROVALS and upgrades(request):
            await self._upgrade(stream, request, connection)
            return None
        return await self._answer(request, connection)

    async def _answer(self, request: AdminRequest, connection: AdminConnection) -> bytes:
        if request.method == "GET" and request.target in self._files:
            return self._files[request.target]
        if request.target == SESSION:
            return await self._sign_in.answer(request, connection)
        person = await self._sign_in.bearer(request, connection)
        if request.method == "GET" and request.target in self._monitored:
            check_monitor(person)
            return await self._monitored[request.target]()
        if person is None:
            raise Unauthenticated("a person's token is needed: Authorization: Bearer TOKEN", status=401)
        if request.target == APPROVALS:
            raise Malformed("this is a WebSocket: `trio-gate approve` speaks it", status=426)
        raise Unidentified("there is nothing here", status=404)

    async def _upgrade(self, stream: trio.abc.Stream, request: AdminRequest, connection: AdminConnection) -> None:
        person, session = await self._sign_in.speaker(request, connection)
        from trio_gate.shell.admin.channel import Channel  # noqa: PLC0415 - loads trio_websocket; `warm_up` does so before a person connects

        follows = DECIDED in request.tokens("sec-websocket-protocol")
        channel = Channel(self._hub, self._commands, self._sign_in, waits=self._waits, refused=self.refused, follows=follows)
        await channel.serve(stream, handshake(request, PROTOCOL), connection, person, session)
