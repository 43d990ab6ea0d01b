"""The one place where TLS contexts are made, so that none differs by the Python or the system it runs on.

Rule: an end without TLS's close_notify is a failure, because anybody on the way can cause it. Some Pythons (as 3.11.2) set every
context to accept it as an end; that is undone here. TLS 1.2 or later, HTTP/1.1 only; SSLKEYLOGFILE is ignored.
"""

from __future__ import annotations

import ssl

SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""What accepted connections may use with TLS 1.2: forward secrecy, and ciphers that authenticate. TLS 1.3 has no others."""


def for_server(clients: str = "") -> ssl.SSLContext:
    """A TLS context for accepted connections; the caller adds its certificate.

    `clients` are certificates in PEM. With them the peer is asked for a certificate, and one that none of them vouches for is refused.
    TLS 1.2 may resume a connection of the same context, for up to two hours: it has the certificate that was verified then, so whether
    that is still valid is for the caller to say.

    Raises ssl.SSLError if OpenSSL cannot read one of them, ValueError if there is none.
    """
    context = _made(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(SUITES)
    context.num_tickets = 0  # two cost us as much as they save us, and most programs never use them
    if clients:
        context.load_verify_locations(cadata=clients)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # an intermediate authority may stand alone
    return context


def for_client() -> ssl.SSLContext:
    """A TLS context for outgoing connections, which checks certificates and names; the caller adds the trusted roots."""
    return _made(ssl.PROTOCOL_TLS_CLIENT)


def _made(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)  # create_default_context obeys SSLKEYLOGFILE, and is stricter in newer Pythons
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    context.options |= ssl.OP_NO_RENEGOTIATION  # a handshake costs us more than the peer
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
