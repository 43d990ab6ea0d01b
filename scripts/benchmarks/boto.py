"""What boto3 would send: the requests of botocore's clients, caught before they leave."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

import botocore.session
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

LOCK = threading.Lock()
SIGNED_BODIES = Config(request_checksum_calculation="when_required", s3={"payload_signing_enabled": True})


def sent(service: str, operation: str, params: dict[str, object], access_key: str, secret: str) -> AWSPreparedRequest:
    """The request of a call, signed now."""
    caught: list[AWSPreparedRequest] = []

    def catch(request: AWSPreparedRequest, **_: object) -> object:
        caught.append(request)
        return AWSResponse(request.url, 400, {}, None)

    with LOCK:
        client = _client(service, access_key, secret)
        client.meta.events.register_first("before-send.*.*", catch, unique_id="benchmark")
        with suppress(Exception):  # the client fails without an answer, but only its request is needed
            getattr(client, operation)(**params)
        client.meta.events.unregister("before-send.*.*", unique_id="benchmark")
    return caught[0]


@cache
def _client(service: str, access_key: str, secret: str) -> botocore.client.BaseClient:
    session = botocore.session.Session()
    return session.create_client(
        service, "us-east-1", aws_access_key_id=access_key, aws_secret_access_key=secret, config=SIGNED_BODIES
    )


def wire(request: AWSPreparedRequest) -> bytes:
    """A request as http.client writes it."""
    return head(request) + content(request)


def head(request: AWSPreparedRequest) -> bytes:
    headers = {"Host": host(request), **{name: _text(value) for name, value in request.headers.items()}}
    lines = (f"{request.method} /{request.url.split('/', 3)[3]} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers))
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def host(request: AWSPreparedRequest) -> str:
    found: str = request.url.split("/")[2]
    return found


def content(request: AWSPreparedRequest) -> bytes:
    body = request.body or b""
    if hasattr(body, "seek"):
        body.seek(0)
        body = body.read()
    return body.encode() if isinstance(body, str) else body


def unsigned(request: AWSPreparedRequest) -> AWSRequest:
    """The same request, to be signed once more."""
    kept = {name: _text(value) for name, value in request.headers.items() if name != "Authorization"}
    return AWSRequest(method=request.method, url=request.url, headers=kept, data=b"")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
