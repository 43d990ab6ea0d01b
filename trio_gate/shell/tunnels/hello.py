"""Reads how TLS begins in a tunnel: the host that the agent's program names there must be the one that its CONNECT named.

Rule: nothing is decrypted, and what was read goes on to the host unchanged. So a program that means another host, or speaks no TLS, is
told at once. It is no proof of where a tunnel leads: the host alone decides what it makes of the name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from trio_gate.errors import Malformed
from trio_gate.shell.net.tls_handshake import receive_hello
from trio_gate.shell.net.transport import trouble
from trio_gate.wire.client_hello import UNRECOGNIZED_NAME

if TYPE_CHECKING:
    from trio_gate.shell.net.transport import Transport


async def read_hello(agent: Transport, host: str, *, within: float, arrived: bytes) -> bytes:
    """Read a client's first message, of which `arrived` has come, within so many seconds.

    Returns all that has come. Raises Malformed if it is not TLS, does not name `host`, in lower case, or does not come.
    """
    deadline = trio.current_time() + within
    try:
        received, hello = await receive_hello(agent, arrived, deadline)
        if hello.server_name != host:
            await agent.send_all(UNRECOGNIZED_NAME, deadline - trio.current_time())
            raise Malformed(
                f"TLS in the tunnel names the server {hello.server_name or '(none)'}, and its CONNECT {host}", status=421
            )
    except trio.TooSlowError:
        raise Malformed(f"TLS did not begin in the tunnel within {within:g} seconds", status=408, limit="head_timeout") from None
    except trio.BrokenResourceError as broken:
        raise Malformed(f"the agent broke off before TLS began in the tunnel: {trouble(broken)}") from None
    return received
