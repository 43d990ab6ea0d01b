"""The server's side of a TLS handshake: the requested name is read first, the certificate chosen, then OpenSSL takes over.

Rule: whatever a peer does wrong in the handshake raises Malformed, within the deadline. The caller closes the stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from trio_gate.errors import Malformed
from trio_gate.shell.net.tls_transport import TlsTransport
from trio_gate.shell.net.transport import trouble
from trio_gate.shell.net.trio_streams import Clear
from trio_gate.wire.client_hello import MAX_HELLO, UNRECOGNIZED_NAME, read_client_hello

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from trio_gate.shell.net.transport import Transport
    from trio_gate.wire.client_hello import ClientHello

    Choose = Callable[[str | None], ssl.SSLContext | None]


async def accept_transport(
    below: Transport, choose: Choose, *, within: float, arrived: bytes = b""
) -> tuple[TlsTransport, str | None]:
    """Do the server's side of a handshake.

    Args:
        below: an accepted connection, which may be one inside TLS.
        choose: the context for a server name (lower case, None if the client gave none), or None to turn it away with the
            alert unrecognized_name. What it raises passes through.
        within: seconds for all of it.
        arrived: bytes of the peer's that were received before.

    Returns:
        The connection in the clear, and the name.

    Raises:
        Malformed: what came is not TLS, the name is not served, or the handshake broke off or was too slow.
    """
    deadline = trio.current_time() + within
    try:
        hello, context, name = await _greet(below, choose, arrived, deadline)
        transport = TlsTransport(below, context, server_side=True, arrived=hello)
        await transport.handshake(deadline)
    except trio.TooSlowError:
        raise Malformed(f"the TLS handshake was not over in {within:g} seconds", status=408, limit="head_timeout") from None
    except trio.BrokenResourceError as broken:
        raise Malformed(f"the TLS handshake broke off: {trouble(broken)}") from None
    return transport, name


async def accept_tls(below: Transport, choose: Choose, *, within: float) -> tuple[Clear, str | None]:
    """As `accept_transport`, but returns a trio stream, for libraries that need one."""
    transport, name = await accept_transport(below, choose, within=within)
    return Clear(transport), name


async def receive_hello(below: Transport, received: bytes, deadline: float) -> tuple[bytes, ClientHello]:
    """Read a client's hello, of which `received` has come, and return all that has come then.

    Raises Malformed, and what `below` does; the deadline is by trio's clock.
    """
    while (hello := read_client_hello(received)) is None:
        if len(received) >= MAX_HELLO:
            raise Malformed("the TLS client's hello is too long")
        more = await below.receive_some(MAX_HELLO - len(received), deadline)
        if not more:
            raise Malformed("the connection ended before the TLS client's hello")
        received += more
    return received, hello


async def _greet(below: Transport, choose: Choose, received: bytes, deadline: float) -> tuple[bytes, ssl.SSLContext, str | None]:
    """Read the client's hello. Returns what has come, the context for it, and the name."""
    received, hello = await receive_hello(below, received, deadline)
    name = hello.server_name
    context = choose(name)
    if context is None:
        await below.send_all(UNRECOGNIZED_NAME, deadline - trio.current_time())
        raise Malformed(f"the server name {name or '(none)'} is not served here", status=421)
    return received, context, name
