"""What the admin and the metrics listener have in common: one request for each connection, health for everyone, and refusals.

Rule: `/healthz` and `/readyz` are answered before anything else of a request is looked at, and say nothing but a word. Every wait has a
deadline, and `handle` raises no error that a peer can cause.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import trio

from trio_gate.errors import Denied, GateError, Overloaded, Unauthenticated
from trio_gate.shell.admin.connection_limits import CLOSE_TIMEOUT, HEAD_TIMEOUT, SEND_TIMEOUT, AdminConnections
from trio_gate.shell.admin.http_request import read_request
from trio_gate.shell.net.plain_response import answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractContextManager

    from trio_gate.config.model import Person
    from trio_gate.shell.admin.connection_limits import AdminConnection
    from trio_gate.shell.admin.http_request import AdminRequest

    Monitored = Mapping[str, Callable[[], Awaitable[bytes]]]
    """By target, what makes the response for those who may monitor. Raises Overloaded."""

HEALTH = "/healthz"
READY = "/readyz"

_PEER_FAULTS = (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError)

log = logging.getLogger(__name__)


class HttpServer:
    """Serves connections; a subclass says in `_respond` what it answers.

    Args:
        idle: wraps a wait, which ends when the gateway stops.
        unready: returns why all calls are refused at present, None if they are not.
        counted: whether a refusal, by address and text, is one of too many to be logged by itself.
    """

    name = ""

    def __init__(
        self,
        *,
        idle: Callable[[], AbstractContextManager[None]],
        unready: Callable[[], str | None],
        counted: Callable[[str, str], bool] = lambda _, __: False,
    ) -> None:
        self.connections = AdminConnections()
        self._idle = idle
        self._unready = unready
        self._counted = counted

    async def handle(self, stream: trio.abc.Stream, connection: AdminConnection) -> None:
        """Serve one connection and close it. Raises no error that a peer can cause."""
        try:
            await self._serve(stream, connection)
        except* _PEER_FAULTS:
            log.debug("%s connection broke off", self.name)
        finally:
            with trio.move_on_after(CLOSE_TIMEOUT, shield=True):
                await self._close(stream)

    async def _serve(self, stream: trio.abc.Stream, connection: AdminConnection) -> None:
        request, found = None, None
        try:
            with self._idle(), trio.fail_after(HEAD_TIMEOUT):
                request = await read_request(stream)
            if request is None:
                return
            found = self._health(request) or await self._respond(stream, request, connection)
        except GateError as error:
            self.refused(f"{self.name} request", connection.source, error)
            found = answer(error.status, error.reason, retry_after=error.retry_after)
        if found is not None:
            with trio.fail_after(SEND_TIMEOUT):
                await stream.send_all(found)

    def refused(self, what: str, address: str, fault: GateError) -> None:
        """Log that a request or connection of `address` was refused; at debug level if there are many."""
        silent = isinstance(fault, Overloaded) or self._counted(address, f"{fault.status} at the {self.name} listener")
        log.log(logging.DEBUG if silent else logging.INFO, "%s of %s refused: %s", what, address, fault.detail)

    def _health(self, request: AdminRequest) -> bytes | None:
        if request.method != "GET" or request.target not in (HEALTH, READY):
            return None
        if request.target == READY and self._unready():
            return answer(503, "not ready")
        return answer(200, "ok" if request.target == HEALTH else "ready")

    async def _respond(self, stream: trio.abc.Stream, request: AdminRequest, connection: AdminConnection) -> bytes | None:
        """What is answered to a request; None where that was done. Raises GateError."""
        raise NotImplementedError

    async def _close(self, stream: trio.abc.Stream) -> None:
        try:
            await stream.aclose()
        except trio.BrokenResourceError:
            log.debug("%s connection was broken when it closed", self.name)


def check_monitor(person: Person | None) -> None:
    """Raise Unauthenticated without a person, Denied for one who may not monitor."""
    if person is None:
        raise Unauthenticated("a token is needed of a person or bot with `may_monitor`: Authorization: Bearer TOKEN", status=401)
    if not person.may_monitor:
        raise Denied("you may not monitor: `may_monitor` in your person block allows it")
