"""Reads the server name from a TLS client's first message, which must be known before a certificate is chosen.

Rule: anything but exactly one ClientHello with at most one server name is refused. OpenSSL reads the same bytes afterwards and
decides everything else.
Theory: RFC 8446 sections 4.1.2 and 5.1, RFC 6066 section 3. OpenSSL's own callback cannot do this here: Python prints a
traceback for a name that is not ASCII, and trio drops the alert that would tell the client why.
"""

from __future__ import annotations

import re
import struct

from trio_gate.errors import Malformed
from trio_gate.values import value_class

MAX_HELLO = 16 * 1024
"""Bytes of a hello with its record headers. One with post-quantum keys and a session ticket has about 3 KiB."""

UNRECOGNIZED_NAME = bytes([21, 3, 3, 0, 2, 2, 112])
"""The fatal alert for a name that is not served here (RFC 6066 section 3), as a record."""

_MAX_RECORDS = 8
"""The most records that a hello may be split into."""

_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME = 22, 1, 0, 0
"""A record type, a message, an extension and a kind of name (RFC 8446 sections 5.1 and 4, RFC 6066 section 3)."""

_EXTENSION = struct.Struct(">HH")
"""The head of an extension: its type, and the bytes that follow."""

_CUT_SHORT = "the TLS client's hello is cut short"

_VERSION_AND_RANDOM = 2 + 32
"""Bytes at the beginning of a hello that are skipped: its version and random."""

_NAME = re.compile(rb"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")


@value_class
class ClientHello:
    """A client's first message. `server_name` is in lower case; None if the client sent none."""

    server_name: str | None


def read_client_hello(received: bytes) -> ClientHello | None:
    """Read the hello at the start of a connection; None while more bytes are needed. Raises Malformed."""
    message = _message(received)
    if message is None:
        return None
    at = _VERSION_AND_RANDOM
    for width in (1, 2, 1):  # session id, cipher suites, compression methods
        at = _end(message, at, width)
    names = []
    if at < len(message):
        at, end = at + 2, _end(message, at, 2)
        _check_all(message, end)
        while at < end:
            begin = at + _EXTENSION.size
            kind, size = _EXTENSION.unpack_from(message, at) if begin <= end else (0, end)
            at = begin + size
            if at > end:
                raise Malformed(_CUT_SHORT)
            if kind == _SERVER_NAME:
                names.append(_server_name(message[begin:at]))
    if len(names) > 1:
        raise Malformed("the TLS client names more than one server")
    return ClientHello(server_name=names[0] if names else None)


def _message(received: bytes) -> bytes | None:
    """The body of the handshake message, joined from its records; None while more bytes are needed."""
    found = b""
    for _ in range(_MAX_RECORDS):
        if received and received[0] != _HANDSHAKE:
            raise Malformed("what arrived is not TLS: use https")
        size = 5 + int.from_bytes(received[3:5], "big")
        if len(received) < size:
            break
        if size == 5:
            raise Malformed("the TLS client sent an empty record")
        found += received[5:size]
        received = received[size:]
        if found[0] != _CLIENT_HELLO:
            raise Malformed("the TLS client does not begin with a hello")
        end = 4 + int.from_bytes(found[1:4], "big")
        if len(found) > end:
            raise Malformed("the TLS client sent more than its hello")
        if len(found) == end:
            return found[4:]
    else:
        raise Malformed("the TLS client's hello is in too many pieces")
    return None


def _server_name(body: bytes) -> str:
    """The one host name that the extension holds."""
    _check_all(body, _end(body, 0, 2))
    _check_all(body, _end(body, 3, 2))
    text = body[5:].lower()
    if body[2] != _HOST_NAME or not _NAME.fullmatch(text):
        raise Malformed("the TLS client asks for a server name that is not a host name")
    return text.decode("ascii")


def _end(data: bytes, at: int, width: int) -> int:
    """Where the vector ends whose length is in the `width` bytes at `at`. Raises Malformed if `data` ends before."""
    end = at + width + int.from_bytes(data[at : at + width], "big")
    if end > len(data):
        raise Malformed(_CUT_SHORT)
    return end


def _check_all(data: bytes, end: int) -> None:
    if end != len(data):
        raise Malformed("the TLS client's hello holds more than it says")
