"""HTTP on the admin listener: one request for each connection, read by h11 and then checked.

Rule: a request must name this listener as Host, and as Origin if it has one, and have no body. A WebSocket handshake is rewritten
from the checked values, so the library that takes over reads nothing unchecked.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from trio_gate.errors import Denied, Malformed
from trio_gate.values import value_class
from trio_gate.wire.writer import serialise

if TYPE_CHECKING:
    import trio

MAX_HEAD = 16 * 1024
"""Bytes of a request head: a browser's is under 2 KiB."""

RECEIVE = 16 * 1024
"""Bytes asked of the connection at once."""

_HOST = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9.\-]{1,253}))(?::[0-9]{1,5})?")


@value_class
class AdminRequest:
    """A request head. `early`: whether bytes came after it. Field names are in lower case."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    early: bool

    def one(self, name: str) -> str | None:
        """The field's value, None when absent. Raises Malformed if it is repeated."""
        values = [value for key, value in self.headers if key == name]
        if len(values) > 1:
            raise Malformed(f"the field {name} is repeated")
        return values[0] if values else None

    def tokens(self, name: str) -> frozenset[str]:
        """A comma-separated field's items, as sent."""
        return frozenset(item.strip() for key, value in self.headers if key == name for item in value.split(","))


async def read_request(stream: trio.abc.Stream) -> AdminRequest | None:
    """Read one request head; None if the peer closes without sending one. Raises Malformed."""
    import h11  # noqa: PLC0415 - for the admin listener alone; `warm_up` imports it before a request comes

    reader = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
    try:
        while (event := reader.next_event()) is h11.NEED_DATA:
            reader.receive_data(bytes(await stream.receive_some(RECEIVE)))
    except h11.RemoteProtocolError as error:
        raise Malformed("the request is not HTTP/1.1", status=error.error_status_hint) from None
    if not isinstance(event, h11.Request):
        return None
    try:
        headers = tuple((name.decode("ascii"), value.decode("ascii")) for name, value in event.headers)
    except UnicodeDecodeError:
        raise Malformed("a field's value is not ASCII") from None
    return AdminRequest(
        method=event.method.decode("ascii"),
        target=event.target.decode("ascii"),
        headers=headers,
        early=bool(reader.trailing_data[0]),
    )


def check_request(request: AdminRequest, names: frozenset[str]) -> None:
    """Check a request's Host, its Origin, and that it has no body.

    Raises:
        Malformed: the Host is not in `names` (421), there is a body (413), or a field is repeated (400).
        Denied: the Origin is another site.
    """
    host = (request.one("host") or "").lower()
    found = _HOST.fullmatch(host)
    if found is None or (found[1] or found[2]) not in names:
        raise Malformed(
            "this Host is not one of the admin listener's names: its operator adds it to `names` in the `admin` block", status=421
        )
    origin = request.one("origin")
    if origin is not None and origin.lower() != f"https://{host}":
        raise Denied("this Origin may not call the admin listener")
    if request.one("transfer-encoding") or request.one("content-length") not in (None, "0"):
        raise Malformed("nothing here takes a body", status=413)


def bearer(request: AdminRequest) -> str | None:
    """The token of the Authorization header, None without one. Raises Malformed on another scheme."""
    field = request.one("authorization")
    if field is None:
        return None
    token = _of_scheme("bearer", field)
    if token is None:
        raise Malformed("Authorization must be `Bearer TOKEN`", status=401)
    return token


def link_code(request: AdminRequest) -> str | None:
    """The code of a sign-in link, which the Authorization header holds as `Link CODE`; None without one. Raises Malformed."""
    return _of_scheme("link", request.one("authorization") or "")


def _of_scheme(scheme: str, field: str) -> str | None:
    found, _, credential = field.partition(" ")
    return credential.strip() or None if found.lower() == scheme else None


def own_page(request: AdminRequest) -> None:
    """Raise Denied unless the listener's own page sent it: browsers send Origin with every request that changes state."""
    if request.one("origin") is None or request.one("sec-fetch-site") not in (None, "same-origin"):
        raise Denied("only the admin listener's own page may do this")


def cookie(request: AdminRequest, name: str) -> str | None:
    """A cookie's value, None without one. Raises Malformed if there are two."""
    pairs = [pair.strip().partition("=") for pair in (request.one("cookie") or "").split(";")]
    values = [value for key, _, value in pairs if key == name]
    if len(values) > 1:
        raise Malformed(f"the cookie {name} is repeated")
    return values[0] if values else None


def upgrades(request: AdminRequest) -> bool:
    """Whether the request asks for a WebSocket."""
    return "websocket" in {item.lower() for item in request.tokens("upgrade")}


def handshake(request: AdminRequest, protocol: str) -> bytes:
    """The opening handshake (RFC 6455 section 4.2.1), from its checked values and without extensions. Raises Malformed."""
    if request.method != "GET" or "upgrade" not in {item.lower() for item in request.tokens("connection")}:
        raise Malformed("a WebSocket begins with GET and `Connection: Upgrade`")
    if request.one("sec-websocket-version") != "13":
        raise Malformed("use WebSocket version 13", status=426)
    if protocol not in request.tokens("sec-websocket-protocol"):
        raise Malformed(f"ask for the subprotocol {protocol}")
    if request.early:
        raise Malformed("a WebSocket client waits for the answer before it sends frames")
    fields = {
        "host": (request.one("host") or "").lower(),
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec-websocket-key": _key(request.one("sec-websocket-key") or ""),
        "sec-websocket-version": "13",
        "sec-websocket-protocol": protocol,
    }
    line = f"GET {request.target} HTTP/1.1".encode("ascii")
    return serialise(line, [(name.encode("ascii"), value.encode("ascii")) for name, value in fields.items()])


def _key(text: str) -> str:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 16:
        raise Malformed("Sec-WebSocket-Key is not 16 bytes in base64")
    return text
