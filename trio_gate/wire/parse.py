"""The strict reader of request heads.

Rule: accept or refuse. What is accepted reads the same to every reader; the rest is a Malformed that says what to send
instead, and the connection closes. Values are decoded here, once, and never again.

Theory: each refusal closes a gap between two readers that attacks have used: two framings, two hosts, two values of one
field, a target in another form, an escape that decodes to something else in the next reader.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_to_bytes

from trio_gate.errors import Malformed
from trio_gate.text.folding import fold
from trio_gate.values import value_class
from trio_gate.wire.fields import CONTENT_LENGTH, split_text
from trio_gate.wire.head import RequestHead, Target

if TYPE_CHECKING:
    from trio_gate.wire.head import Headers

MAX_HEAD = 32 * 1024
"""Bytes of a request head. S3 allows 8 KiB of fields, Go's server 1 MiB, nginx 32 KiB; a session token has up to 4 KiB."""

MAX_FIELDS = 100
"""Fields of a request head; the default of Envoy and Apache too."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"})
"""The methods of AWS's operations."""

_SINGLE = frozenset(
    {
        "authorization",
        "content-length",
        "content-md5",
        "content-type",
        "date",
        "expect",
        "host",
        "if-modified-since",
        "if-range",
        "if-unmodified-since",
        "proxy-authorization",
        "range",
        "smithy-protocol",
        "transfer-encoding",
        "x-trio-gate-token",
    }
)
_SINGLE_PREFIXES = ("x-amz-", "x-amzn-", "amz-sdk-")
_NOMINABLE = frozenset({"close", "keep-alive"})

_VERSION = re.compile(r"HTTP/[0-9]\.[0-9]")
_TARGET = re.compile(r"/[A-Za-z0-9\-._~%!$&'()*+,;=:@/\[\]]*(?:\?[A-Za-z0-9\-._~%!$&'()*+,=:@/?\[\]]*)?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"(?:[A-Za-z0-9._\-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?"
_AUTHORITY = re.compile(rf"((?:{_LABEL}\.)*{_LABEL}):([1-9][0-9]{{0,4}})")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_ROOT = Target(segments=("",), arrived="/")
"""The target of every request whose protocol names its operation elsewhere."""

_METADATA = "x-amz-meta-"
_WIDE = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff"
_UNSEEN = re.compile(rf"[\u0080-\u009f\u2028\u2029]|\A[{_WIDE}]|[{_WIDE}]\Z")


@value_class
class ConnectHead:
    """A CONNECT request. `host` is in lower case and never an address."""

    host: str
    port: int
    headers: Headers


def parse_request_head(raw: bytes) -> RequestHead:
    """Read the head of a request, its blank line included.

    Raises:
        Malformed: 400, or 417, 431, 501, 505.
    """
    line, headers = _read(raw)
    method, target, version = line
    if method not in METHODS:
        reason = "CONNECT belongs at the proxy listener" if method == "CONNECT" else "no aws operation has this method"
        raise Malformed(reason, status=400 if method == "CONNECT" else 501)
    if version != "HTTP/1.1":
        raise Malformed("use HTTP/1.1", status=505)
    host = _checked(headers)["host"]
    return RequestHead(method=method, target=_target(_origin_form(target, host)), headers=headers)


def glimpse(raw: bytes) -> RequestHead:
    """What is readable of a head that was refused, only for the shape of the answer. Never raises."""
    first, *lines = raw[:MAX_HEAD].decode("ascii", "replace").split("\r\n", MAX_FIELDS)
    parted = [line.partition(":") for line in lines]
    headers = tuple((fold(name), value.strip(" \t")) for name, colon, value in parted if colon)
    method, _, target = first.partition(" ")
    asked = [pair.partition("=") for pair in target.partition(" ")[0].partition("?")[2].split("&")]
    query = tuple((name, unquote(value) if name == "X-Amz-Credential" else "") for name, _, value in asked if name)
    return RequestHead(method=method, target=Target(segments=("",), query=query), headers=headers)


def parse_connect(raw: bytes) -> ConnectHead:
    """Read what a client sends to the proxy listener. HTTP/1.0 is accepted here: Python before 3.12 sends it for CONNECT.

    Raises:
        Malformed: 400, or 405, 431, 505.
    """
    line, headers = _read(raw)
    method, target, version = line
    if method != "CONNECT":
        raise Malformed(
            "this listener takes only CONNECT: use https URLs, and unset HTTP_PROXY, which is for http URLs", status=405
        )
    if version not in ("HTTP/1.0", "HTTP/1.1"):
        raise Malformed("use HTTP/1.1", status=505)
    found = _AUTHORITY.fullmatch(target)
    if not found or _NUMERIC.fullmatch(found[1].rpartition(".")[2]):
        raise Malformed("CONNECT takes a host name and a port, such as sts.us-east-1.amazonaws.com:443, and no address")
    host, port = fold(found[1]), int(found[2])
    if len(host) > 253 or port > 65535:
        raise Malformed("the host name or the port of CONNECT is out of range")
    if {"content-length", "transfer-encoding"} & {name for name, _ in headers}:
        raise Malformed("CONNECT has no body")
    _check_repeats(headers)
    if any(fold(value) not in (host, f"{host}:{port}") for name, value in headers if name == "host"):
        raise Malformed("Host and the target of CONNECT differ")
    return ConnectHead(host=host, port=port, headers=headers)


def _read(raw: bytes) -> tuple[tuple[str, str, str], Headers]:
    if len(raw) > MAX_HEAD:
        raise Malformed(f"the head is larger than {MAX_HEAD} bytes", status=431)
    start, fields = split_text(raw)
    if len(fields) > MAX_FIELDS:
        raise Malformed(f"the head has more than {MAX_FIELDS} fields", status=431)
    parts = start.split(" ")
    if len(parts) != 3 or not _VERSION.fullmatch(parts[2]):
        raise Malformed("the first line is not `METHOD /target HTTP/1.1`")
    if not raw.isascii() or b"\t" in raw:  # else there is nothing that `field_value` would read otherwise
        fields = [(name, field_value(name, value.encode("latin-1"))) for name, value in fields]
    return (parts[0], parts[1], parts[2]), tuple(fields)


def field_value(name: str, value: bytes) -> str:
    """The value of a field as text: printable ASCII, or UTF-8 in an object's metadata, where Go's SDK writes it and S3 keeps it.

    `wire.fields` has checked the value before: it holds no control byte but TAB.

    Raises:
        Malformed: two readers could decode it differently.
    """
    if b"\t" in value:
        raise Malformed(f"the field `{name}` holds a TAB: send a space")
    if value.isascii():
        return value.decode("ascii")
    if not name.startswith(_METADATA):
        raise Malformed(
            f"the field `{name}` holds a byte that is not ASCII, which readers decode in different ways: percent-encode it"
        )
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(f"the field `{name}` is not UTF-8") from None
    if _UNSEEN.search(text):
        raise Malformed(f"the field `{name}` holds a control character, or begins or ends with a blank that is not ASCII")
    return text


def _origin_form(raw: str, host: str) -> str:
    """Remove scheme and host from a target in absolute form, if they are https and the host in `host`.

    Servers must accept that form (RFC 9112 §3.2.2), and the AWS SDK for Rust sends it inside a proxy's tunnel.
    """
    own = f"https://{host}"
    return raw.removeprefix(own) if raw.startswith(f"{own}/") else raw


def _target(raw: str) -> Target:
    if raw == "/":
        return _ROOT
    if not raw.startswith("/"):
        raise Malformed("the request target must be a path, or an https URL with the host that `host` names")
    if not _TARGET.fullmatch(raw):
        raise Malformed("the request target holds a character that must be percent-encoded")
    path, _, query = raw.partition("?")
    return Target(
        segments=tuple(map(_decode, path[1:].split("/"))),
        query=tuple(map(_pair, query.split("&"))) if query else (),
        arrived=path,
    )


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    if not name:
        raise Malformed("the query has a parameter without a name")
    return _decode(name), _decode(value)


def _decode(part: str) -> str:
    if "%" not in part:
        return part
    if _BAD_ESCAPE.search(part):
        raise Malformed("the request target holds a `%` without two hex digits after it")
    try:
        text = unquote_to_bytes(part).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the request target does not decode to UTF-8") from None
    if "\0" in text:
        raise Malformed("the request target holds NUL")
    return text


def _check_repeats(headers: Headers) -> None:
    for name, times in Counter(name for name, _ in headers).items():
        if times > 1 and (name in _SINGLE or name.startswith(_SINGLE_PREFIXES)):
            raise Malformed(f"the field `{name}` came more than once")


def _checked(headers: Headers) -> dict[str, str]:
    """The fields by name. Refuses those that must not be sent, or not together (RFC 9112 §3.2, §6; RFC 9110 §7.6.1, §10.1.1)."""
    fields = dict(headers)
    if len(fields) != len(headers):
        _check_repeats(headers)
    if not _HOST.fullmatch(fields.get("host", "")):
        raise Malformed("the field `host` is missing or is not a host name")
    if "upgrade" in fields:
        raise Malformed("the field `upgrade` is refused: this gateway does not switch to another protocol")
    if fold(fields.get("expect", "100-continue")) != "100-continue":
        raise Malformed("the field `expect` may only say 100-continue", status=417)
    _check_framing(fields)
    if "connection" in fields:
        options = [option for name, value in headers if name == "connection" for option in value.split(",")]
        if not {fold(option.strip(" \t")) for option in options} <= _NOMINABLE:
            raise Malformed("the field `connection` may say close or keep-alive and name no other field")
    return fields


def _check_framing(fields: dict[str, str]) -> None:
    length, coding = fields.get("content-length"), fields.get("transfer-encoding")
    if length is not None and coding is not None:
        raise Malformed("`content-length` and `transfer-encoding` came together: send one")
    if length is not None and not CONTENT_LENGTH.fullmatch(length):
        raise Malformed("`content-length` is not a plain number")
    if coding is not None and coding != "chunked":
        raise Malformed("`transfer-encoding` may only say chunked", status=501)
