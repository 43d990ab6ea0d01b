"""A short HTTP response: of the admin listener, and to agents whose connection is refused. The connection closes after it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from trio_gate.wire.writer import serialise

if TYPE_CHECKING:
    from collections.abc import Sequence


def answer(
    status: int,
    body: str | bytes,
    *,
    kind: str = "text/plain; charset=utf-8",
    retry_after: int | None = None,
    more: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """The bytes of a whole response. Text gets a final line feed; `kind` is its Content-Type, `retry_after` are seconds, `more` headers."""
    content = f"{body}\n".encode() if isinstance(body, str) else body
    fields = [
        (b"content-type", kind.encode("ascii")),
        (b"content-length", b"%d" % len(content)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
        *more,
    ]
    if retry_after is not None:
        fields.append((b"retry-after", b"%d" % retry_after))
    if status == 401:
        fields.append((b"www-authenticate", b"Bearer"))
    if status == 407:
        fields.append((b"proxy-authenticate", b'Basic realm="trio-gate"'))
    if status == 426:
        fields += [(b"upgrade", b"websocket"), (b"sec-websocket-version", b"13")]
    return serialise(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode("ascii"), fields) + content
