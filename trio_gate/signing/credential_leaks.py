"""Finds the gateway's credentials in answers: AWS repeats them in some errors, and an agent must never see them.

Rule: every encoding that AWS is known to use is searched: plain, percent-encoded once or twice, in base64, escaped for
XML or JSON, and as the hex bytes of S3's `StringToSignBytes`. A compressed answer is decompressed first. Success answers
never contain them.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from trio_gate.text.markup import escaped

if TYPE_CHECKING:
    from trio_gate.signing.sigv4 import Credentials

_FAULTS = re.compile(
    rb"SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|InvalidAccessKeyId|InvalidClientTokenId"
    rb"|UnrecognizedClientException|MissingAuthenticationToken|RequestTimeTooSkewed|InvalidSecurityToken|InvalidToken(?=[<\"])"
)
"""AWS's codes for a rejected signature or key. The gateway made both, so it is never the agent's fault."""

_EXPIRED = re.compile(rb"ExpiredToken(?:Exception)?|RequestExpired")


MAX_READ = 1024 * 1024
"""Bytes that an error may have after decompression."""


def readable(data: bytes, coding: str | None) -> bytes | None:
    """An error's body, decompressed; None if it cannot be: a coding other than gzip, malformed, or over MAX_READ."""
    if coding in (None, "identity"):
        return data
    if coding != "gzip":
        return None
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(data, MAX_READ)
    except zlib.error:
        return None
    return plain if inflater.eof and not inflater.unused_data else None


def holds(data: bytes, credentials: Credentials) -> bool:
    """Whether an answer contains the key id or the session token, in any encoding."""
    bare = re.sub(rb"[\s:]", b"", data).lower()
    secrets = [text for text in (credentials.access_key_id, credentials.session_token) if text]
    return any(text.encode().hex().encode() in bare or any(one in data for one in _spellings(text)) for text in secrets)


def _spellings(text: str) -> set[bytes]:
    once = quote(text, safe="")
    spelled = {
        text,
        once,
        once.lower(),
        quote(once, safe=""),
        quote_plus(text),
        escaped(text),
        json.dumps(text)[1:-1],
        text.replace("/", "\\/"),
    }
    return {spelling.encode() for spelling in spelled} | _in_base64(text.encode())


def _in_base64(text: bytes) -> set[bytes]:
    """The part of a text's base64 that does not depend on its neighbours, for each of its three possible alignments."""
    return {base64.b64encode(bytes(shift) + text)[shift + (shift > 0) : -4] for shift in range(3)}


def faults_signature(data: bytes) -> bool:
    """Whether an error says that the signature, key, token or date is wrong."""
    return _FAULTS.search(data) is not None


def expired(data: bytes) -> bool:
    """Whether an error says that the session token has expired."""
    return _EXPIRED.search(data) is not None
