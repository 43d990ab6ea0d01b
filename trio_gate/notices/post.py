"""How a notice is posted to a URL, and what the answer means.

Rule: it was taken if the answer is 2xx. A redirect is never followed: an answer could send the message anywhere.
Signatures are those of the specification Standard Webhooks 1.0: HMAC-SHA256 of id, time and body, so that receivers can use any
library for it and refuse old messages.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from typing import TYPE_CHECKING

from trio_gate.notices.trouble import Trouble
from trio_gate.wire.parse import parse_request_head

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trio_gate.config.receivers.model import Url
    from trio_gate.wire.head import RequestHead, ResponseHead

_AGAIN = (408, 425, 429)
"""Statuses below 500 after which a later try may be taken."""

_SECONDS = re.compile(rb"[0-9]{1,6}")


def request(url: Url, fields: Mapping[str, str]) -> RequestHead:
    """The head of a POST of JSON."""
    fixed = {"host": url.host, "content-type": "application/json", "user-agent": "trio-gate", "accept-encoding": "identity"}
    lines = [f"POST {url.target} HTTP/1.1", *(f"{name}: {value}" for name, value in {**fixed, **fields}.items())]
    return parse_request_head("\r\n".join([*lines, "", ""]).encode("ascii"))


def signed(message: str, body: bytes, secret: bytes, now: datetime) -> Mapping[str, str]:
    """The fields that prove a message (its id) and its time to those who have the secret."""
    at = str(int(now.timestamp()))
    mac = hmac.new(secret, f"{message}.{at}.".encode("ascii") + body, hashlib.sha256).digest()
    return {"webhook-id": message, "webhook-timestamp": at, "webhook-signature": f"v1,{b64encode(mac).decode('ascii')}"}


def trouble_of(host: str, answer: ResponseHead) -> Trouble | None:
    """Why a message was not taken; None if it was."""
    if 200 <= answer.status < 300:
        return None
    if 300 <= answer.status < 400:
        return Trouble(text=f"{host} answers with a redirect, which is not followed", final=True)
    after = answer.one(b"retry-after") or b""
    return Trouble(
        text=f"{host} answers with status {answer.status}",
        final=answer.status < 500 and answer.status not in _AGAIN,
        after=float(after) if _SECONDS.fullmatch(after) else 0.0,
    )
