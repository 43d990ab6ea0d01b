"""The channel of approvals: one WebSocket on a connection of the admin listener, from its handshake to its end.

Rule: a channel is served to a person alone, whose token came in the Authorization header, with the session of the page, or in the
first frame. Every wait has a deadline and ends when the gateway stops, or listens there no more.
"""

from __future__ import annotations

import logging
import math
from functools import partial
from typing import TYPE_CHECKING

import trio
from trio_websocket import ConnectionClosed, wrap_server_stream
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from trio_gate.approval.channel.codec import MAX_CLIENT_FRAME, decode_client
from trio_gate.approval.channel.frames import PROTOCOL, Compare, Preview, Rejected, Search, Token
from trio_gate.errors import GateError, Malformed, Unauthenticated, internal_fault
from trio_gate.shell.admin.connection_limits import CLOSE_TIMEOUT, HEAD_TIMEOUT, SEND_TIMEOUT
from trio_gate.shell.net.frame_pacing import PARTS, SEARCH, Paced
from trio_gate.shell.net.trio_streams import Replay

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_websocket import WebSocketConnection

    from trio_gate.approval.channel.frames import ClientFrame
    from trio_gate.config.model import Person
    from trio_gate.shell.admin.authentication import SignIn
    from trio_gate.shell.admin.connection_limits import AdminConnection
    from trio_gate.shell.admin.sessions import Session
    from trio_gate.shell.approval.commands import CommandHandler
    from trio_gate.shell.approval.hub import ApprovalHub
    from trio_gate.shell.approval.subscription import Subscription
    from trio_gate.shell.net.accept import Waits
    from trio_gate.shell.net.frame_pacing import Turns

    Talk = Callable[[WebSocketConnection, Subscription], Awaitable[tuple[int, str]]]

PING_EVERY_SECONDS = 20
"""Time from a pong to the next ping. A peer that fell off the network is noticed after this and `PONG_TIMEOUT`."""

PONG_TIMEOUT = 10
"""Seconds for the answer to a ping."""

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
REMOVED = "the gateway does not listen here any more: its operator has the new address"
TOO_MANY_PARTS = f"a message came in more than {PARTS} frames: send it in one"
RUNNING = "one of yours is already running: wait for its result"
FAILED = "this failed inside the gateway: its log says where"
NO_PONG = "the answer to a ping did not come in time: the network is slow, or more frames were sent than are read"

log = logging.getLogger(__name__)


class Channel:
    """Serves a WebSocket of the admin listener.

    Args:
        hub, commands: the waiting calls, and the handler of people's frames.
        sign_in: knows people by their tokens.
        waits: those that end when the gateway stops, or when its address is removed.
        refused: logs that somebody at an address was refused.
        follows: whether the client wants to be told of decided calls.
    """

    def __init__(
        self,
        hub: ApprovalHub,
        commands: CommandHandler,
        sign_in: SignIn,
        *,
        waits: Waits,
        refused: Callable[[str, str, GateError], None],
        follows: bool,
    ) -> None:
        self._follows = follows
        self._by_session = False
        self._hub = hub
        self._commands = commands
        self._sign_in = sign_in
        self._waits = waits
        self._refused = refused

    async def serve(
        self, stream: trio.abc.Stream, opening: bytes, connection: AdminConnection, person: Person | None, session: Session | None
    ) -> None:
        """Serve one connection whose request, given again as `opening`, asks for a WebSocket. Raises no error that a peer can cause."""
        try:
            await self._open(stream, opening, connection, person, session)
        except* _PEER_FAULTS:
            log.debug("a channel broke off")

    async def _open(
        self, stream: trio.abc.Stream, opening: bytes, connection: AdminConnection, person: Person | None, session: Session | None
    ) -> None:
        async with trio.open_nursery() as nursery:
            with trio.fail_after(HEAD_TIMEOUT):
                paced = Paced(stream, math.inf if person else HELLO, lambda: connection.turns)
                whole = Replay(paced, opening)
                request = await wrap_server_stream(nursery, whole, max_message_size=MAX_CLIENT_FRAME, receive_buffer_size=PIECE)
                socket = await request.accept(subprotocol=PROTOCOL)
            self._by_session = session is not None
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
            self._refused("approver", connection.source, error)
            return POLICY, error.reason
        log.info("approver %s connected", person.name)
        ends: list[tuple[int, str]] = []
        with self._hub.subscribe(person, follows=self._follows) as subscription:
            subscription.by_session = self._by_session
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
        with self._waits.idle():
            await trio.Event().wait()  # as sleep_forever, which type checkers believe never to end
        return GOING_AWAY, REMOVED if self._waits.over else STOPPING

    async def _introduced(self, message: str | bytes, connection: AdminConnection) -> Person:
        frame = decode_client(message) if isinstance(message, str) else None
        if not isinstance(frame, Token):
            raise Unauthenticated("the first frame must be hello with a token, or send an Authorization header")
        return await self._sign_in.person(frame.token, connection)

    async def _listen(
        self, beside: trio.Nursery, turns: Turns, socket: WebSocketConnection, subscription: Subscription
    ) -> tuple[int, str]:
        """Carry out a client's frames one after the other, but one search, preview and comparison at a time in `beside`."""
        running: set[type] = set()
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
            if not isinstance(frame, Search | Preview | Compare):
                await self._carry_out(subscription, frame)
            elif type(frame) not in running:
                running.add(type(frame))
                beside.start_soon(self._beside, running, turns, subscription, frame)
            else:
                subscription.send(Rejected(ref=frame.ref, id=None, code="unavailable", message=RUNNING))

    async def _carry_out(self, subscription: Subscription, frame: ClientFrame) -> None:
        """Carry out a frame; a bug does not end the channel. It is logged without its text, which may hold a secret."""
        try:
            await self._commands.receive(subscription, frame)
        except Exception as error:  # whatever it is
            fault = internal_fault(error)
        else:
            return
        log.error("internal error: %s of approver %s failed with %s", type(frame).__name__, subscription.person.name, fault)
        at = getattr(frame, "id", None)
        subscription.send(Rejected(ref=getattr(frame, "ref", ""), id=at, code="unavailable", message=FAILED))

    async def _beside(
        self, running: set[type], turns: Turns, subscription: Subscription, frame: Search | Preview | Compare
    ) -> None:
        try:
            await turns.take(SEARCH)
            await self._carry_out(subscription, frame)
        finally:
            running.discard(type(frame))


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
