"""Requests of a real client, signed for a gateway and sent nowhere."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import botocore.auth
import botocore.session
import pytest
from botocore.config import Config

if TYPE_CHECKING:
    from datetime import datetime

QUIET = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "virtual"}, inject_host_prefix=True)


class StoppedError(Exception):
    """Raised where a request would be sent."""


def request_of(service, operation, params, *, key_id, secret, at: datetime, region="us-east-1") -> tuple[str, bytes]:
    """The host and the bytes of a call by botocore, as it signs it at a time."""
    client, sent = _client(service, region, key_id, secret)
    sent.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda **_: at.replace(tzinfo=None))
        with pytest.raises(StoppedError):
            client._make_api_call(operation, params)
    return _wire(sent[0])


@functools.cache
def _client(service, region, key_id, secret):
    """A client, and the list that its requests end in."""
    session = botocore.session.Session()
    session.set_credentials(key_id, secret)
    client = session.create_client(service, region_name=region, config=QUIET)
    sent: list = []

    def catch(request, **_):
        sent.append(request)
        raise StoppedError

    client.meta.events.register("before-send", catch)
    return client, sent


def _wire(request) -> tuple[str, bytes]:
    host, slash, path = request.url.partition("://")[2].partition("/")
    host, mark, query = host.partition("?")
    body = request.body or b""
    data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
    fields = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    fields.pop("Transfer-Encoding", None)  # the body is sent whole
    fields |= {"Host": host, "Content-Length": str(len(data))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return host, f"{request.method} {slash or '/'}{path}{mark}{query} HTTP/1.1\r\n{lines}\r\n".encode() + data
