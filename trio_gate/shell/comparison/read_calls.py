"""Requests and answers of calls that the gateway makes itself to read something, by botocore's serializers and parsers.

Theory: they work on botocore's own models, so a call is written as an SDK writes it, whatever the protocol of its service. What a client of
botocore adds (its endpoint, its signature, its retries) is the gateway's own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from botocore.awsrequest import HeadersDict
from botocore.exceptions import BotoCoreError
from botocore.model import ServiceModel
from botocore.parsers import ResponseParserError, create_parser
from botocore.serialize import create_serializer

from trio_gate.comparison.reads import IncomparableError
from trio_gate.errors import UpstreamError
from trio_gate.wire.parse import parse_request_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.comparison.reads import Answer, Read
    from trio_gate.wire.head import RequestHead, ResponseHead

_MODELS = 4
"""Models of services that are kept; each has some megabytes, and is loaded in a tenth of a second."""

_MISSING = re.compile(r"NotFound|NoSuch|NonExistent|DoesNotExist")
"""In the code of an error which says that there is no such thing."""

_MAX_CODE = 128


@lru_cache(maxsize=_MODELS)
def model_of(service: str, load: Callable[[str], Any]) -> ServiceModel:
    """Botocore's model of a service, which `load` reads as JSON."""
    return ServiceModel(load(service), service)


def request_of(model: ServiceModel, asked: Read, host: str) -> tuple[RequestHead, bytes]:
    """The request of a read, unsigned. Raises IncomparableError for parameters that AWS cannot be sent."""
    operation = model.operation_model(asked.operation)
    try:
        made = create_serializer(model.resolved_protocol).serialize_to_request(asked.params, operation)
    except (BotoCoreError, ValueError, TypeError):
        raise IncomparableError("what it names cannot be asked for") from None
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
    data = body.encode() if isinstance(body, str) else bytes(body or b"")
    query = made["query_string"]
    asked_for = urlencode(query, doseq=True) if isinstance(query, dict) else query
    path = made["url_path"] + (("&" if "?" in made["url_path"] else "?") + asked_for if asked_for else "")
    fields = {"host": host, **{name.lower(): str(value) for name, value in made["headers"].items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return parse_request_head(f"{made['method']} {path} HTTP/1.1\r\n{lines}\r\n".encode()), data


def answer_of(model: ServiceModel, asked: Read, head: ResponseHead, content: bytes) -> Answer:
    """What AWS answered; None where it says that there is no such thing. Raises IncomparableError, UpstreamError."""
    fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
    operation, status = model.operation_model(asked.operation), head.status
    streamed = operation.has_streaming_output and status < 300
    answer = {"status_code": status, "headers": HeadersDict(fields), "body": b"" if streamed else content}
    try:
        found = create_parser(model.resolved_protocol).parse(answer, operation.output_shape)
    except (ResponseParserError, ValueError, KeyError):
        raise UpstreamError(f"AWS answered {asked.service}.{asked.operation} with {status}, and what cannot be read") from None
    if streamed:
        return {**found, operation.output_shape.serialization["payload"]: content}
    if status < 300:
        return dict(found)
    code = str(found.get("Error", {}).get("Code", ""))[:_MAX_CODE]
    if _MISSING.search(code):
        return None
    said = f" {code}" if code.replace(".", "").isalnum() and code.isascii() else ""
    raise IncomparableError(f"AWS answered {asked.service}.{asked.operation} with {status}{said}")
