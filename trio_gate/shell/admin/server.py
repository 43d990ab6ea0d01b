"""The HTTP server of the admin listener: on a TLS stream, it serves one request, or hands it to a `Channel`.

Rule: everything but health, readiness and the page's static files needs a person's token: in the Authorization header, in a
WebSocket's first frame, or by the session that the page got for it; never in a URL. Agents' credentials open nothing. Every wait
has a deadline and ends when the gateway stops, and `handle` raises no error that a peer can cause.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import trio

from trio_gate.approval.channel.frames import DECIDED, PROTOCOL
from trio_gate.errors import GateError, Malformed, Overloaded, Unauthenticated, Unidentified
from trio_gate.shell.admin.authentication import SignIn
from trio_gate.shell.admin.connection_limits import CLOSE_TIMEOUT, HEAD_TIMEOUT, SEND_TIMEOUT, AdminConnections
from trio_gate.shell.admin.http_request import check_request, handshake, read_request, upgrades
from trio_gate.shell.admin.static_files import load
from trio_gate.shell.net.plain_response import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from trio_gate.config.model import Person
    from trio_gate.shell.admin.connection_limits import AdminConnection
    from trio_gate.shell.admin.http_request import AdminRequest
    from trio_gate.shell.approval.commands import CommandHandler
    from trio_gate.shell.approval.hub import ApprovalHub

APPROVALS = "/v1/approvals"
HEALTH = "/healthz"
READY = "/readyz"
SESSION = "/v1/session"

_PEER_FAULTS = (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError)

log = logging.getLogger(__name__)


class AdminServer:
    """Serves the connections of the admin listener.

    Args:
        hub, commands: the waiting calls, and the handler of people's frames.
        people: those of the current configuration, by name.
        names: the Host names it answers to, lower case, without port and brackets.
        idle: wraps a wait, which ends when the gateway stops.
        unready: returns why all calls are refused at present, None if they are not.
        counted: whether a refusal, by address and text, is one of too many to be logged by itself.
    """

    def __init__(
        self,
        *,
        hub: ApprovalHub,
        commands: CommandHandler,
        people: Mapping[str, Person],
        names: frozenset[str],
        idle: Callable[[], AbstractContextManager[None]],
        unready: Callable[[], str | None],
        counted: Callable[[str, str], bool] = lambda _, __: False,
    ) -> None:
        self.connections = AdminConnections()
        self._hub = hub
        self._commands = commands
        self._sign_in = SignIn(people, hub.links)
        self._files = load()
        self._names = names
        self._idle = idle
        self._unready = unready
        self._counted = counted

    async def handle(self, stream: trio.abc.Stream, connection: AdminConnection) -> None:
        """Serve one connection and close it. Raises no error that a peer can cause."""
        try:
            await self._serve(stream, connection)
        except* _PEER_FAULTS:
            log.debug("an admin connection broke off")
        finally:
            with trio.move_on_after(CLOSE_TIMEOUT, shield=True):
                await _close(stream)

    async def _serve(self, stream: trio.abc.Stream, connection: AdminConnection) -> None:
        request = None
        try:
            with self._idle(), trio.fail_after(HEAD_TIMEOUT):
                request = await read_request(stream)
            if request is None:
                return
            check_request(request, self._names)
            if request.target == APPROVALS and upgrades(request):
                await self._upgrade(stream, request, connection)
                return
            found = await self._answer(request, connection)
        except GateError as error:
            self.refused("admin request", connection.source, error)
            found = answer(error.status, error.reason)
        with trio.fail_after(SEND_TIMEOUT):
            await stream.send_all(found)

    def refused(self, what: str, address: str, fault: GateError) -> None:
        """Log that a request or connection of `address` was refused; at debug level if there are many."""
        silent = isinstance(fault, Overloaded) or self._counted(address, f"{fault.status} at the admin listener")
        log.log(logging.DEBUG if silent else logging.INFO, "%s of %s refused: %s", what, address, fault.detail)

    async def _answer(self, request: AdminRequest, connection: AdminConnection) -> bytes:
        if request.method == "GET" and request.target == HEALTH:
            return answer(200, "ok")
        if request.method == "GET" and request.target == READY:
            why_not = self._unready()
            return answer(503, why_not) if why_not else answer(200, "ready")
        if request.method == "GET" and request.target in self._files:
            return self._files[request.target]
        if request.target == SESSION:
            return await self._sign_in.answer(request, connection)
        if await self._sign_in.bearer(request, connection) is None:
            raise Unauthenticated("a person's token is needed: Authorization: Bearer TOKEN", status=401)
        if request.target == APPROVALS:
            raise Malformed("this is a WebSocket: `trio-gate approve` speaks it", status=426)
        raise Unidentified("there is nothing here", status=404)

    async def _upgrade(self, stream: trio.abc.Stream, request: AdminRequest, connection: AdminConnection) -> None:
        person, session = await self._sign_in.speaker(request, connection)
        from trio_gate.shell.admin.channel import Channel  # noqa: PLC0415 - loads trio_websocket; `warm_up` does so before a person connects

        follows = DECIDED in request.tokens("sec-websocket-protocol")
        channel = Channel(self._hub, self._commands, self._sign_in, idle=self._idle, refused=self.refused, follows=follows)
        await channel.serve(stream, handshake(request, PROTOCOL), connection, person, session)


async def _close(stream: trio.abc.Stream) -> None:
    try:
        await stream.aclose()
    except trio.BrokenResourceError:
        log.debug("an admin connection was broken when it closed")
