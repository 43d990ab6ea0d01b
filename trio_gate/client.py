"""The client of the approval channel, for people and bots: one connection, frames in, decisions out.

Rule: the gateway's certificate is verified, and the token is sent only in a header of that connection.
"""

from __future__ import annotations

import re
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self

import trio
import trio_websocket

from trio_gate.approval.channel.codec import MAX_SERVER_FRAME, decode_server, encode
from trio_gate.approval.channel.frames import DECIDED, PROTOCOL, Decide, Read
from trio_gate.config.model import bracketed
from trio_gate.errors import Malformed
from trio_gate.text.visible import plain
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from trio_gate.approval.channel.frames import ClientFrame, ServerFrame
    from trio_gate.approval.terms import Answer, Terms

PATH = "/v1/approvals"
PORT = 9443
CONNECT_TIMEOUT = 20
"""Seconds for TCP and TLS, and again for the WebSocket's handshake."""

SEND_TIMEOUT = 10
"""Seconds to send a frame."""

CLOSE_TIMEOUT = 2
"""Seconds for the WebSocket's goodbye."""

GOING_AWAY = 1001
"""RFC 6455 section 7.4.1: the gateway stops."""

_URL = re.compile(r"(?:wss|https)://(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.\-]{1,253}))(?::([0-9]{1,5}))?/?")
TOKEN = re.compile(r"[!-~]{16,512}")
MALFORMED = "the token is not one of `trio-gate person new`: printable ASCII of at least 16 characters"


class ClientError(Exception):
    """There is no channel any more: the gateway cannot be reached, or refused or closed it. The text is one line, for the user."""


class Hopeless(ClientError):  # noqa: N818 - public: clients catch it by this name
    """An error that would occur again: do not retry."""


@value_class
class Gateway:
    """The host and port of a gateway's admin listener."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host} port {self.port}"


class ApproverClient:
    """An open channel. Frames are read by iterating over it; the first is `hello`, then come the pending prompts."""

    def __init__(self, socket: trio_websocket.WebSocketConnection) -> None:
        self._socket = socket

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ServerFrame:
        return await self.receive()

    async def receive(self) -> ServerFrame:
        """The next frame. Raises ClientError when the channel has closed, Hopeless on what is not a frame."""
        try:
            message = await self._socket.get_message()
        except trio_websocket.ConnectionClosed as closed:
            raise ClientError(_why(closed)) from None
        if not isinstance(message, str):
            raise Hopeless("the gateway sent a binary frame")
        try:
            return decode_server(message)
        except Malformed as fault:
            raise Hopeless(f"the gateway sent a frame that this version cannot read: {fault.reason}") from None

    async def decide(
        self,
        prompt_id: str,
        digest: str,
        verdict: Answer,
        reason: str = "",
        grant: Terms | None = None,
        *,
        unread: bool | None = None,
    ) -> None:
        """Answer a prompt; `accepted` or `rejected` comes among the frames. Raises ClientError when the channel has closed.

        `unread` is whether to approve although parts that are to be read are unread, see `frames.Decide`.
        """
        await self.send(Decide(id=prompt_id, digest=digest, verdict=verdict, reason=reason, grant=grant, unread=unread))

    async def shown(self, prompt_id: str, digest: str, parts: Iterable[str]) -> None:
        """Say that the person was shown these parts, which the prompt holds whole. Raises ClientError when the channel has closed."""
        await self.send(Read(id=prompt_id, digest=digest, parts=tuple(parts)))

    async def send(self, frame: ClientFrame) -> None:
        """Send any frame; its answer comes among the frames. Raises ClientError when the channel has closed."""
        try:
            with trio.fail_after(SEND_TIMEOUT):
                await self._socket.send_message(encode(frame))
        except (trio_websocket.ConnectionClosed, trio.TooSlowError):
            raise ClientError("the gateway closed the channel before the decision was sent") from None


def parse_url(text: str) -> Gateway:
    """Read `wss://HOST[:PORT]`. Raises Hopeless."""
    found = _URL.fullmatch(text)
    port = int(found[3] or PORT) if found else 0
    if found is None or not 0 < port < 65536:
        raise Hopeless("the gateway's address must be wss://HOST:PORT, as wss://127.0.0.1:9443")
    return Gateway(host=found[1] or found[2], port=port)


@asynccontextmanager
async def connect(url: str, token: str, ssl_context: ssl.SSLContext, *, origin: str = "") -> AsyncIterator[ApproverClient]:
    """Open the channel to the gateway at `url` (wss://HOST:PORT) as the person whose token this is.

    `origin` says where the address comes from, for error messages.

    Raises:
        Hopeless: the address or the token is malformed, the certificate does not verify, or the gateway does not know the token
            or refuses for good.
        ClientError: the gateway cannot be reached, or refused for now.
    """
    gateway = parse_url(url)
    if not TOKEN.fullmatch(token):
        raise Hopeless(MALFORMED)
    stream = await _dial(gateway, ssl_context, f"{gateway} ({origin})" if origin else f"{gateway}")
    try:
        async with trio.open_nursery() as nursery:
            socket = await _open(nursery, stream, gateway, token)
            try:
                yield ApproverClient(socket)
            finally:
                with trio.move_on_after(CLOSE_TIMEOUT, shield=True):
                    await socket.aclose()
                nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        raise _translated(group.exceptions[0]) from None
    finally:
        await trio.aclose_forcefully(stream)


async def _dial(gateway: Gateway, ssl_context: ssl.SSLContext, where: str) -> trio.SSLStream[trio.SocketStream]:
    """Connect TCP and TLS; the handshake is done here so that a bad certificate has its own message."""
    try:
        with trio.fail_after(CONNECT_TIMEOUT):
            tcp = await trio.open_tcp_stream(gateway.host, gateway.port)
            stream = trio.SSLStream(tcp, ssl_context, server_hostname=gateway.host)
            try:
                await stream.do_handshake()
            except BaseException:
                await trio.aclose_forcefully(tcp)
                raise
            return stream
    except OSError as error:
        raise ClientError(f"cannot reach {where}: {error.strerror or error}") from None
    except trio.TooSlowError:
        raise ClientError(f"{where} does not answer") from None
    except trio.BrokenResourceError as broken:
        raise tls_fault(where, broken.__cause__) from None


def tls_fault(where: str, cause: BaseException | None) -> ClientError:
    """What a TLS handshake that failed means: whether the certificate does not verify, or there is no TLS."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Hopeless(f"tls with {where}: {cause.verify_message}; --ca names the file that verifies it")
    return ClientError(f"tls with {where}: the handshake failed")


async def _open(
    nursery: trio.Nursery, stream: trio.SSLStream[trio.SocketStream], gateway: Gateway, token: str
) -> trio_websocket.WebSocketConnection:
    try:
        with trio.fail_after(CONNECT_TIMEOUT):
            return await trio_websocket.wrap_client_stream(
                nursery,
                stream,
                f"{bracketed(gateway.host)}:{gateway.port}",
                PATH,
                subprotocols=[PROTOCOL, DECIDED],
                extra_headers=[(b"authorization", b"Bearer " + token.encode("ascii"))],
                max_message_size=MAX_SERVER_FRAME,
            )
    except trio.TooSlowError:
        raise ClientError("the gateway does not answer the WebSocket's handshake") from None


def _translated(error: BaseException) -> BaseException:
    if not isinstance(error, trio_websocket.ConnectionRejected):
        return error
    if error.status_code == 401:
        return Hopeless("the gateway does not know this token")
    said = plain((error.body or b"").decode("utf-8", "replace").strip()[:200])
    kind = Hopeless if 400 <= error.status_code < 500 and error.status_code != 429 else ClientError
    return kind(f"the gateway refused the channel ({error.status_code}): {said}")


def _why(closed: trio_websocket.ConnectionClosed) -> str:
    if closed.reason is None or not closed.reason.reason:
        return "the channel to the gateway broke"
    said = plain(closed.reason.reason)
    return said if closed.reason.code == GOING_AWAY else f"the gateway closed the channel: {said}"
