"""Finds credentials in answers: a key id with a secret, a session token, a private key.

Rule: this checks answers of operations for which the operator's review says `vends = false`. An answer that cannot be parsed counts as
having credentials. Every pattern is linear; the caller limits the answer's length.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from trio_gate.aws.params.readers.cbor_body import read_cbor
from trio_gate.aws.params.readers.json_patient import by_parts
from trio_gate.errors import Malformed
from trio_gate.signing.credential_leaks import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.wire.head import ResponseHead

_KEY_ID = re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])")
_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])(?=[^a-z\n]{0,39}[a-z])(?=[^A-Z\n]{0,39}[A-Z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_TOKEN = re.compile(
    r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz|AQoDYXdz)[A-Za-z0-9/+=]{20}"  # beginnings of STS's session tokens
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\."  # RFC 7519
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY|PuTTY-User-Key-File|openssh-key-v1"
    r"|(?<![^\n])\x30(?:\x81.|\x82..|[\x20-\x7f])\x02\x01[\x00\x01][\x30\x02\x04]",  # DER of PKCS #8, PKCS #1 and SEC 1
    re.DOTALL,
)
_SECRET_NAME = re.compile(r"secret(?:access)?(?:key)?\Z")
_TOKEN_NAME = re.compile(r"(?:session|security|access|refresh|id|auth|authorization|bearer|identity)token\Z|\A(?:sso)?token\Z")
_PRIVATE_NAME = re.compile(r"privatekey(?:material|pem)?\Z|\Akeymaterial\Z")
_NO_LETTER = re.compile(r"[^a-z]")
_ELEMENT = re.compile(r"<([A-Za-z_][\w.:-]{0,200})(?: [^<>]{0,1000})?>([^<>]{1,100000})<")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{40,}")

LEAST = 16
"""Least length of a value that counts as a secret because of its name."""

MAX_DEPTH = 200
"""Levels of nesting in an answer; a deeper one counts as having credentials."""

Pair = tuple[str, str]


class _UnreadableError(Exception):
    """An answer cannot be parsed."""


def hands_out(head: ResponseHead, body: bytes) -> bool:
    """Whether an answer contains credentials, or cannot be parsed."""
    coding = head.one(b"content-encoding")
    plain = readable(body, coding.decode("latin-1").strip().lower() if coding else None) if body else b""
    if plain is None:
        return True
    try:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers]
        pairs += _pairs((head.one(b"content-type") or b"").decode("latin-1").lower(), plain)
    except _UnreadableError:
        return True
    return _named(pairs) or _told("\n".join(text for pair in pairs for text in pair), pairs)


def _pairs(media: str, body: bytes) -> Iterator[Pair]:
    """The names and texts in a body. Raises _UnreadableError."""
    if not body.strip():
        return
    if "eventstream" in media or "event-stream" in media:
        raise _UnreadableError
    try:
        if "cbor" in media:
            yield from _walk(read_cbor(body))
        elif "json" in media or body.lstrip()[:1] in (b"{", b"["):
            yield from _walk(by_parts(body.decode("utf-8")))
        else:
            import html  # noqa: PLC0415 - loads a table of all of HTML's names, which only answers that vend credentials in XML need

            text = html.unescape(body.decode("utf-8", "replace"))
            yield "", text
            yield from ((found[1].rpartition(":")[2], found[2]) for found in _ELEMENT.finditer(text))
    except (ValueError, RecursionError, Malformed):
        raise _UnreadableError from None


def _walk(tree: Any) -> Iterator[Pair]:
    todo: list[tuple[str, Any, int]] = [("", tree, 0)]
    while todo:
        name, value, depth = todo.pop()
        if depth > MAX_DEPTH:
            raise _UnreadableError
        if isinstance(value, dict):
            if "kty" in value and ("d" in value or "k" in value):  # RFC 7517: a private or symmetric key
                yield "privateKey", "-----BEGIN PRIVATE KEY"
            todo.extend((str(key), item, depth + 1) for key, item in value.items())
        elif isinstance(value, list):
            todo.extend((name, item, depth + 1) for item in value)
        else:
            yield name, value if isinstance(value, str) else value.decode("latin-1") if isinstance(value, bytes) else ""


def _named(pairs: list[Pair]) -> bool:
    """Whether a member's name says that it is a token or a private key."""
    for name, value in pairs:
        if len(value.strip()) >= LEAST:
            bare = _bare(name)
            if _TOKEN_NAME.search(bare) or _PRIVATE_NAME.search(bare):
                return True
    return False


def _told(text: str, pairs: list[Pair]) -> bool:
    """Whether a text contains credentials by their form, also in base64."""
    whole = f"{text}\n{_decoded(text)}"
    if _TOKEN.search(whole) or _PRIVATE_KEY.search(whole):
        return True
    if _KEY_ID.search(whole) is None:
        return False
    named = any(len(value.strip()) >= LEAST and _SECRET_NAME.search(_bare(name)) for name, value in pairs)
    return named or _SECRET.search(whole) is not None


def _decoded(text: str) -> str:
    found = []
    for run in _BASE64.findall(text):
        whole = run[: len(run) // 4 * 4].translate(_STANDARD)
        try:
            found.append(base64.b64decode(whole).decode("latin-1"))
        except binascii.Error:
            continue
    return "\n".join(found)


_STANDARD = str.maketrans("-_", "+/")


def _bare(name: str) -> str:
    return _NO_LETTER.sub("", name[:200].lower())
