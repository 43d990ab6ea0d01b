"""Requests by hand: raw heads through the real reader, places and claims without the host table."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from trio_gate.aws.call import Candidate, Claim, Place
from trio_gate.aws.model.catalog import Catalog
from trio_gate.aws.naming import body_mode, name_call
from trio_gate.shell.models.model_loader import load_pruned
from trio_gate.wire.head import Empty, Held, Streamed, StreamKind
from trio_gate.wire.parse import parse_request_head

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import NamedCall
    from trio_gate.wire.head import RequestHead

ACCOUNT = "111111111111"
REGION = "us-east-1"

_SIGNED_AS = {"cloudwatch": "monitoring", "elbv2": "elasticloadbalancing", "elb": "elasticloadbalancing", "s3control": "s3"}
_SIGNED_AS |= {
    "neptune": "rds",
    "docdb": "rds",
    "sesv2": "ses",
    "timestream-write": "timestream",
    "timestream-query": "timestream",
}
_SIGNED_AS |= {"cloudsearchdomain": "cloudsearch", "iot-data": "iotdata"}


@functools.cache
def catalog() -> Catalog:
    return Catalog(load_pruned)


def place(*services: str, host: str = "", bucket: str | None = None, signing_name: str = "", account: str | None = None) -> Place:
    catalog().ensure(services)
    host = host or f"{services[0]}.{REGION}.amazonaws.com"
    candidates = tuple(
        Candidate(
            service=service,
            host=host,
            partition="aws",
            region=REGION,
            signing_name=signing_name or _SIGNED_AS.get(service, service),
        )
        for service in services
    )
    return Place(host=host, candidates=candidates, bucket=bucket, account=account)


def claim(service: str, *, region: str = REGION, account: str = ACCOUNT) -> Claim:
    return Claim(
        access_key_id=f"AKIA{account}XXXX",
        account=account,
        suffix="XXXX",
        date="20260115",
        region=region,
        service=service,
        signed_headers=("host",),
        signature="0" * 64,
        amz_date="20260115T120000Z",
    )


def head(line: str, headers: Mapping[str, str] | None = None) -> RequestHead:
    fields = {"Host": "agent.test", **(headers or {})}
    raw = f"{line} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
    return parse_request_head(raw.encode())


def named(
    line: str, headers: Mapping[str, str] | None = None, body: bytes = b"", *, at: Place, as_: Claim | None = None
) -> NamedCall:
    request = head(line, headers)
    scope = as_ or claim(at.candidates[0].signing_name)
    kind = StreamKind.UNSIGNED
    if body_mode(request, place=at, claim=scope, catalog=catalog()) == "streamed":
        content: Empty | Held | Streamed = Streamed(kind=kind, length=len(body), decoded_length=len(body))
    else:
        content = Held(data=body) if body else Empty()
    return name_call(request, content, place=at, claim=scope, catalog=catalog())


JSON_10 = {"Content-Type": "application/x-amz-json-1.0"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
CBOR = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
REST_JSON = {"Content-Type": "application/json"}


def target(name: str, **more: str) -> dict[str, str]:
    return {"X-Amz-Target": name, **JSON_10, **more}
