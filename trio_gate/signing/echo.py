"""Answers that give our credentials away: AWS repeats them in some errors, and an agent must never read them.

Rule: found in any spelling that AWS is known to use: plain, percent-encoded, escaped for XML or JSON, and as the hex bytes of
S3's `StringToSignBytes`. Success answers hold none of ours.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from trio_gate.signing.sigv4 import Credentials

_FAULTS = re.compile(
    rb"SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|InvalidAccessKeyId|InvalidClientTokenId"
    rb"|UnrecognizedClientException|MissingAuthenticationToken|RequestTimeTooSkewed|InvalidSecurityToken|InvalidToken(?=[<\"])"
)
"""AWS's words for a signature or key that it does not take: never the agent's fault, whose signature ended here."""

_EXPIRED = re.compile(rb"ExpiredToken(?:Exception)?|RequestExpired")


def holds(data: bytes, credentials: Credentials) -> bool:
    """Whether an answer holds the key id or the session token, in any spelling."""
    plain = re.sub(rb"[\s:]", b"", data).lower()
    for text in filter(None, (credentials.access_key_id, credentials.session_token)):
        spellings = {text, quote(text, safe=""), quote_plus(text), escape(text), json.dumps(text)[1:-1], text.replace("/", "\\/")}
        if any(spelling.encode() in data for spelling in spellings) or text.encode().hex().encode() in plain:
            return True
    return False


def faults_signature(data: bytes) -> bool:
    """Whether an error says that the signature, key, token or date is wrong."""
    return _FAULTS.search(data) is not None


def expired(data: bytes) -> bool:
    """Whether an error says that the session token has expired."""
    return _EXPIRED.search(data) is not None
