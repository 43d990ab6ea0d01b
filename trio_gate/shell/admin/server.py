"""The HTTP server of the admin listener: on a TLS stream, it serves one request or one WebSocket.

Rule: everything but health, readiness and the page's static files needs a person's token: in the Authorization header, in a
WebSocket's first frame, or by the session that the page got for it; never in a URL. Agents' credentials open nothing. Every wait
has a deadline and ends when the gateway stops, and `handle` raises no error that a peer can cause.
"""

from __future__ import annotations

import logging
import math
from functools import partial
from typing import TYPE_CHECKING

import trio
from trio_websocket import ConnectionClosed, wrap_server_stream
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from trio_gate.approval.codec import MAX_CLIENT_FRAME, decode_client
from trio_gate.approval.frames import PROTOCOL, Rejected, Search, Token
from trio_gate.errors import GateError, Malformed, Overloaded, Unauthenticated, Unidentified
from trio_gate.shell.admin.authentication import SignIn
from trio_gate.shell.admin.connection_limits import AdminConnections
from trio_gate.shell.admin.http_request import check_request, handshake, read_request, upgrades
from trio_gate.shell.admin.static_files import load
from trio_gate.shell.net.frame_pacing import PARTS, SEARCH, Paced
from trio_gate.shell.net.plain_response import answer
from trio_gate.shell.net.trio_streams import Replay

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractContextManager

    from trio_websocket import WebSocketConnection

    from trio_gate.config.model import Person
    from trio_gate.shell.admin.connection_limits import AdminConnection
    from trio_gate.shell.admin.http_request import AdminRequest
    from trio_gate.shell.admin.sessions import Session
    from trio_gate.shell.approval.commands import CommandHandler
    from trio_gate.shell.approval.hub import ApprovalHub
    from trio_gate.shell.approval.subscription import Subscription
    from trio_gate.shell.net.frame_pacing import Turns

    Talk = Callable[[WebSocketConnection, Subscription], Awaitable[tuple[int, str]]]

APPROVALS = "/v1/approvals"
HEALTH = "/healthz"
READY = "/readyz"
SESSION = "/v1/session"

HEAD_TIMEOUT = 10
"""Seconds for the request head; also for the WebSocket handshake, and for the first frame with the token."""

SEND_TIMEOUT = 10
"""Seconds to send one frame or response."""

PING_EVERY_SECONDS = 20
"""Time from a pong to the next ping. A peer that fell off the network is noticed after this and `PONG_TIMEOUT`."""

PONG_TIMEOUT = 10
"""Seconds for the answer to a ping."""

CLOSE_TIMEOUT = 2
"""Seconds for a channel's closing frames."""

PIECE = 256
"""Bytes of a WebSocket that are read at once: an empty frame has 6, and costs as much as a large one."""

HELLO = 4096
"""Bytes of frames that a channel may send before its token."""

GOING_AWAY, UNSUPPORTED, POLICY, TRY_AGAIN = 1001, 1003, 1008, 1013
"""Close codes: RFC 6455 section 7.4.1, and 1013 from IANA's registry."""

_PEER_FAULTS = (
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    trio.TooSlowError,
    ConnectionClosed,
    LocalProtocolError,  # wsproto's: we wrote to a connection that the peer has just broken
    RemoteProtocolError,
)

STOPPING = "the gateway is stopping"
TOO_MANY_PARTS = f"a message came in more than {PARTS} frames: send it in one"
SEARCHING = "a search of yours is already running: wait for its result"
NO_PONG = "the answer to a ping did not come in time: the network is slow, or more frames were sent than are read"

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
        self._sign_in = SignIn(people)
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
                person, session = await self._sign_in.speaker(request, connection)
                opening = handshake(request, PROTOCOL)
                await self._upgrade(stream, opening, connection, person, session)
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

    async def _upgrade(
        self, stream: trio.abc.Stream, opening: bytes, connection: AdminConnection, person: Person | None, session: Session | None
    ) -> None:
        async with trio.open_nursery() as nursery:
            with trio.fail_after(HEAD_TIMEOUT):
                paced = Paced(stream, math.inf if person else HELLO, lambda: connection.turns)
                whole = Replay(paced, opening)
                request = await wrap_server_stream(nursery, whole, max_message_size=MAX_CLIENT_FRAME, receive_buffer_size=PIECE)
                socket = await request.accept(subprotocol=PROTOCOL)
            if session is None:
                code, reason = await self._session(socket, paced, connection, person)
            else:
                code, reason = await self._while_it_lasts(session, partial(self._session, socket, paced, connection, person))
            with trio.move_on_after(CLOSE_TIMEOUT):
                await socket.aclose(code, reason)
            nursery.cancel_scope.cancel()

    async def _while_it_lasts(self, session: Session, talk: Callable[[], Awaitable[tuple[int, str]]]) -> tuple[int, str]:
        """Run `talk` until it returns or the session ends; return the close code and reason."""
        end = POLICY, "this session has ended: sign in again"
        with session.open_channel():
            async with trio.open_nursery() as nursery:

                async def over() -> None:
                    await session.over()
                    nursery.cancel_scope.cancel()

                nursery.start_soon(over)
                end = await talk()
                nursery.cancel_scope.cancel()
        return end

    async def _session(
        self, socket: WebSocketConnection, paced: Paced, connection: AdminConnection, person: Person | None
    ) -> tuple[int, str]:
        """Serve a channel until one side ends it; return the close code and reason."""
        try:
            if person is None:
                with trio.fail_after(HEAD_TIMEOUT):
                    person = await self._introduced(await socket.get_message(), connection)
                    paced.left = math.inf
        except GateError as error:
            self.refused("approver", connection.source, error)
            return POLICY, error.reason
        log.info("approver %s connected", person.name)
        ends: list[tuple[int, str]] = []
        with self._hub.subscribe(person) as subscription:
            async with trio.open_nursery() as nursery:

                async def until(talk: Talk) -> None:
                    ends.append(await talk(socket, subscription))
                    nursery.cancel_scope.cancel()

                async def refused(*_: object) -> tuple[int, str]:
                    await paced.refused.wait()
                    return POLICY, TOO_MANY_PARTS

                for talk in (_tell, _ping, partial(self._listen, nursery, connection.turns), self._stopping, refused):
                    nursery.start_soon(until, talk)
        return ends[0]

    async def _stopping(self, _: WebSocketConnection, __: Subscription) -> tuple[int, str]:
        with self._idle():
            await trio.Event().wait()  # as sleep_forever, which type checkers believe never to end
        return GOING_AWAY, STOPPING

    async def _introduced(self, message: str | bytes, connection: AdminConnection) -> Person:
        frame = decode_client(message) if isinstance(message, str) else None
        if not isinstance(frame, Token):
            raise Unauthenticated("the first frame must be hello with a token, or send an Authorization header")
        return await self._sign_in.person(frame.token, connection)

    async def _listen(
        self, beside: trio.Nursery, turns: Turns, socket: WebSocketConnection, subscription: Subscription
    ) -> tuple[int, str]:
        """Carry out a client's frames one after the other, but one search at a time in `beside`."""
        searching: list[Search] = []
        while True:
            message = await socket.get_message()
            if not isinstance(message, str):
                return UNSUPPORTED, "text frames only"
            try:
                frame = decode_client(message)
            except Malformed as error:
                subscription.send(Rejected(ref="", id=None, code="malformed", message=error.reason))
                continue
            if isinstance(frame, Token):
                return POLICY, "hello comes first, and once"
            if not isinstance(frame, Search):
                await self._commands.receive(subscription, frame)
            elif not searching:
                searching.append(frame)
                beside.start_soon(self._search, searching, turns, subscription, frame)
            else:
                subscription.send(Rejected(ref=frame.ref, id=None, code="unavailable", message=SEARCHING))

    async def _search(self, searching: list[Search], turns: Turns, subscription: Subscription, frame: Search) -> None:
        try:
            await turns.take(SEARCH)
            await self._commands.receive(subscription, frame)
        finally:
            searching.clear()


async def _tell(socket: WebSocketConnection, subscription: Subscription) -> tuple[int, str]:
    while (frame := await subscription.next()) is not None:
        with trio.fail_after(SEND_TIMEOUT):
            await socket.send_message(frame)
    return TRY_AGAIN, "you read too slowly: connect again"


async def _ping(socket: WebSocketConnection, _: Subscription) -> tuple[int, str]:
    while True:
        await trio.sleep(PING_EVERY_SECONDS)
        with trio.move_on_after(PONG_TIMEOUT) as wait:
            await socket.ping()
        if wait.cancelled_caught:
            return POLICY, NO_PONG


async def _close(stream: trio.abc.Stream) -> None:
    try:
        await stream.aclose()
    except trio.BrokenResourceError:
        log.debug("an admin connection was broken when it closed")
