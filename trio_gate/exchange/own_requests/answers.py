"""What the gateway itself answers: the signature that was asked for, and JSON."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from trio_gate.errors import SessionOver
from trio_gate.signing.signed_url import signed_url
from trio_gate.wire.head import ResponseHead

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trio_gate.exchange.results import Identified
    from trio_gate.signing.sigv4 import Credentials, SigningKeys

_FIELDS = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))


def signed(identified: Identified, credentials: Credentials, *, now: datetime, keys: SigningKeys) -> tuple[ResponseHead, bytes]:
    """The answer that hands a signature out: its `url`, the `headers` to send with it, for how many `seconds` it works, and until when.

    It works no longer than the session that signs it, nor than the virtual session that asks for it. Raises SessionOver where such a
    session is over, or would be before a token that lives as long as EKS likes.
    """
    asked, session = identified.presign, identified.proven.admitted.session
    if asked is None:
        raise RuntimeError("no signature is asked for")
    ends = [one.expires for one in (credentials, session) if one is not None and one.expires is not None]
    works = min([asked.works, *(int((end - now).total_seconds()) for end in ends)])
    if works < 1:
        raise SessionOver("has expired")
    if session is not None and asked.kind == "cluster" and session.expires < now + timedelta(seconds=asked.works):
        raise SessionOver("ends before the token would")
    url = signed_url(
        identified.head,
        seconds=min(asked.seconds, works),
        payload_hash=asked.payload,
        credentials=credentials,
        service=identified.call.signing_name,
        region=identified.call.region,
        now=now,
        keys=keys,
    )
    headers = {name: value for name, value in identified.head.headers if name != "host"}
    until = (now + timedelta(seconds=works)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = {"url": url, "headers": headers, "seconds": works, "expires": until}
    return json_answer(said)


def json_answer(said: Mapping[str, object]) -> tuple[ResponseHead, bytes]:
    """An answer of the gateway's own, in JSON."""
    return ResponseHead(status=200, reason=b"OK", headers=_FIELDS), json.dumps(said).encode("ascii")
