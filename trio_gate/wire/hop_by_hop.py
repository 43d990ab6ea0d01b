"""Which fields stop at the gateway (RFC 9110 §7.6.1), and which fields of AWS an agent must not see.

Rule: fields about a connection, cookies or a login stay on the side that they came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_gate.wire.fields import Fields

HOP_BY_HOP = frozenset(
    {
        "connection",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Names of fields that concern a single connection, in either direction."""

_KEPT_BACK = frozenset(name.encode() for name in HOP_BY_HOP) | {
    b"alt-svc",  # would lead the agent past the gateway
    b"authorization",
    b"content-length",  # the connection to the agent does its own framing
    b"set-cookie",
    b"set-cookie2",
    b"strict-transport-security",
    b"www-authenticate",
    b"x-amz-s3session-token",
    b"x-amz-security-token",  # it echoes what we sent
}


def response_headers(fields: Sequence[tuple[bytes, bytes]]) -> Fields:
    """The fields of an answer, names in lower case, that may go to the agent: in order, without framing fields."""
    kept_back = _KEPT_BACK
    for name, value in fields:
        if name == b"connection":
            kept_back = kept_back.union([option.strip(b" \t").lower() for option in value.split(b",")])
    return [field for field in fields if field[0] not in kept_back]
