"""One host for one request: the TLS handshake, CONNECT and the Host field must all name it.

Rule: names are compared whole, as ASCII in lower case; a port may be absent, 443 or the listener's own. An address, a trailing
dot, an underscore or anything else that no service's DNS name has is refused, so that no later reader can see a different host
in the same text (RFC 9110 §7.4: answer 421 where the names differ).
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from trio_gate.errors import Malformed
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Collection

    from trio_gate.wire.head import RequestHead

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?"
_AUTHORITY = re.compile(rf"((?:{_LABEL}\.)*{_LABEL})(?::([1-9][0-9]{{0,4}}))?")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")

_REMEMBERED = 256
"""How many agreements are remembered: agents call few hosts. Refusals are not remembered, so no text of any length is kept."""


def agreed_host(head: RequestHead, *, sni: str | None, connect: str | None, ports: Collection[int]) -> str:
    """The one host of a request, in lower case, without a port.

    Args:
        head: the request's head, for its Host field.
        sni: the server name from the TLS handshake, None without one.
        connect: the target of CONNECT, with or without its port; None without CONNECT.
        ports: the ports that may be named besides 443.

    Raises:
        Malformed: 400 where a name is not a host name, 421 where names or ports differ or the connection named none.
    """
    return _agreed(head.one("host") or "", sni, connect, tuple(ports))


@functools.lru_cache(_REMEMBERED)
def _agreed(field: str, sni: str | None, connect: str | None, ports: tuple[int, ...]) -> str:
    host = _name(field, "Host", ports)
    names = [_name(text, what, ports) for text, what in ((sni, "the TLS server name"), (connect, "CONNECT")) if text is not None]
    if not names:
        raise Malformed("the connection names no host: send the server name in the TLS handshake", status=421)
    if set(names) != {host}:
        raise Malformed(
            "CONNECT, the TLS server name and Host do not name the same host: use one connection for one host", status=421
        )
    return host


def _name(text: str, what: str, ports: Collection[int]) -> str:
    found = _AUTHORITY.fullmatch(text)
    if found is None or len(found[1]) > 253 or _NUMERIC.fullmatch(found[1].rpartition(".")[2]):
        raise Malformed(f"{what} is not a host name such as sts.us-east-1.amazonaws.com, or is an address")
    if found[2] is not None and int(found[2]) != 443 and int(found[2]) not in ports:
        raise Malformed(f"{what} names a port other than 443", status=421)
    return fold(found[1])
