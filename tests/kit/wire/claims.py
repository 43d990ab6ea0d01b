"""Signed requests in tests: a key, a lenient reader of claims, and the proof of one."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime

from trio_gate.aws.call import Claim
from trio_gate.errors import Unauthenticated
from trio_gate.signing.verify import payload_hash_of, verify
from trio_gate.wire.agent_connection import AgentConnection
from trio_gate.wire.aws_chunked import streamed_body
from trio_gate.wire.events import BodyData
from trio_gate.wire.head import Empty, Held, RequestHead, Target

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEY_ID = "AKIA111111111111CI01"
NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
EMPTY = hashlib.sha256(b"").hexdigest()
HELLO = hashlib.sha256(b"hello").hexdigest()
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/([^/]+)/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)"
)


def claim_of(head: RequestHead) -> Claim | None:
    """A lenient reader of claims; the strict one is another room's."""
    query = dict(head.target.query)
    if found := AUTHORIZATION.fullmatch(head.one("authorization") or ""):
        key_id, date, region, service, names, signature = found.groups()
        amz_date = head.one("x-amz-date")
    elif "X-Amz-Signature" in query:
        key_id, date, region, service, _ = query["X-Amz-Credential"].split("/")
        names, signature, amz_date = query["X-Amz-SignedHeaders"], query["X-Amz-Signature"], query["X-Amz-Date"]
    else:
        return None
    return Claim(
        access_key_id=key_id,
        account=key_id[4:16],
        suffix=key_id[16:],
        date=date,
        region=region,
        service=service,
        signed_headers=tuple(names.split(";")),
        signature=signature,
        amz_date=amz_date or "",
    )


def when(claim: Claim) -> datetime:
    return datetime.strptime(claim.amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def read(raw: bytes) -> tuple[RequestHead, int | None, bytes]:
    connection = AgentConnection()
    connection.receive(raw)
    head, data = connection.next_event(), b""
    while isinstance(event := connection.next_event(), BodyData):
        data += event.data
    return head, connection.content_length, data


def prove(raw: bytes, *, secret: str = SECRET, streamed: bool = False, now: datetime | None = None) -> None:
    head, length, data = read(raw)
    body = streamed_body(head, length) if streamed else Held(data=data) if data else Empty()
    claim = claim_of(head)
    if claim is None:
        raise Unauthenticated("no claim")
    verify(head, claim, payload_hash=payload_hash_of(head, body), secrets=(secret,), now=now or when(claim))


PLAIN = RequestHead(
    method="POST",
    target=Target(segments=("a", "b"), query=(("c", "d"),)),
    headers=(("host", "lambda.us-east-1.amazonaws.com"), ("x-amz-target", "A.B"), ("x-note", "n"), ("user-agent", "u")),
)


def field(head: RequestHead, name: str, value: str | None) -> RequestHead:
    rest = tuple(pair for pair in head.headers if pair[0] != name)
    return replace(head, headers=rest if value is None else (*rest, (name, value)))
