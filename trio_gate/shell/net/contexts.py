"""The one place where TLS contexts are made, so that none differs by the Python or the system it runs on.

Rule: an end without TLS's goodbye is a break, because anybody on the way can cause it. Some Pythons (3.11.2 is one) tell OpenSSL
on every context to take it for an end; here that is undone. TLS 1.2 or later, HTTP/1.1 alone; SSLKEYLOGFILE is not heard.
"""

from __future__ import annotations

import ssl


def for_server() -> ssl.SSLContext:
    """A context without a certificate."""
    return _made(ssl.PROTOCOL_TLS_SERVER)


def for_client() -> ssl.SSLContext:
    """A context without roots, which checks certificates and names."""
    return _made(ssl.PROTOCOL_TLS_CLIENT)


def _made(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)  # create_default_context would hear SSLKEYLOGFILE, and is stricter in newer Pythons
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    context.options |= ssl.OP_NO_RENEGOTIATION  # a handshake costs us more than the peer
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
