"""Writes a refusal in the shape of the service's own errors, so that an agent's SDK raises it as one.

Rule: in every protocol the body holds the same three things: a code (which SDKs do not retry for a status below 500), the reason,
and the request id to quote. The reason is plain text: it is escaped for its format and never interpreted.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from trio_gate.text.folding import fold
from trio_gate.text.late_patterns import late
from trio_gate.text.markup import escaped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.errors import GateError
    from trio_gate.wire.head import RequestHead

Refusal = tuple[int, tuple[tuple[bytes, bytes], ...], bytes]
"""Status, fields (without content-length, which the writer adds) and body."""

_JSON = {
    "AccessDenied": "AccessDeniedException",
    "InvalidRequest": "ValidationException",
    "ServiceUnavailable": "ServiceUnavailableException",
    "InternalFailure": "InternalFailure",
}
_XML = {"InvalidRequest": "ValidationError"}
_EC2 = {"AccessDenied": "UnauthorizedOperation", "ServiceUnavailable": "Unavailable", "InternalFailure": "InternalError"}
_S3 = {"InternalFailure": "InternalError"}
_CODES: Mapping[str, Mapping[str, str]] = {
    "json": _JSON,
    "rest-json": _JSON,
    "smithy-rpc-v2-cbor": _JSON,
    "query": _XML,
    "rest-xml": _XML,
    "ec2": _EC2,
    "s3": _S3,
}
"""Each protocol's word for a GateError's `code`; a code that is not listed is used as it is."""

_LATE: Mapping[str, tuple[str, int]] = {
    "json": ("InvalidSignatureException", 400),
    "rest-json": ("InvalidSignatureException", 403),
    "smithy-rpc-v2-cbor": ("InvalidSignatureException", 400),
    "query": ("SignatureDoesNotMatch", 403),
    "rest-xml": ("SignatureDoesNotMatch", 403),
    "ec2": ("RequestExpired", 400),
}
_CONDITIONS: Mapping[str, Mapping[str, tuple[str, int]]] = {
    "ClockSkew": {**_LATE, "s3": ("RequestTimeTooSkewed", 403)},
    "Expired": {**_LATE, "s3": ("AccessDenied", 403)},
    "HashMismatch": {**_LATE, "ec2": ("AuthFailure", 401), "s3": ("XAmzContentSHA256Mismatch", 400)},
    "BadDigest": {"rest-xml": ("BadDigest", 400), "s3": ("BadDigest", 400)},
    "MissingLength": {"rest-xml": ("MissingContentLength", 411), "s3": ("MissingContentLength", 411)},
    "TooLarge": {
        **dict.fromkeys(("json", "rest-json", "smithy-rpc-v2-cbor"), ("RequestEntityTooLargeException", 413)),
        **dict.fromkeys(("query", "rest-xml", "ec2"), ("RequestEntityTooLarge", 413)),
        "s3": ("EntityTooLarge", 400),
    },
    "SessionOver": {
        **dict.fromkeys(("json", "smithy-rpc-v2-cbor"), ("ExpiredTokenException", 400)),
        "rest-json": ("ExpiredTokenException", 403),
        **dict.fromkeys(("query", "rest-xml"), ("ExpiredToken", 403)),
        "ec2": ("RequestExpired", 400),
        "s3": ("ExpiredToken", 400),
    },
}
"""Conditions that SDKs act on, with the code and status that each protocol's services use; elsewhere they are bad requests.

AWS's SDKs correct their clock at `RequestTimeTooSkewed`, `InvalidSignatureException`, `SignatureDoesNotMatch` and `RequestExpired`, by
the answer's Date. S3's are from its "Error responses", EC2's from "Error codes for the Amazon EC2 API", the others' from
"Common Errors" of the API references.
"""

_QUERY_SCOPES = (
    "autoscaling cloudformation cloudsearch elasticache elasticbeanstalk elasticloadbalancing iam importexport rds redshift sdb ses"
    " sns sts"
)
_BY_SCOPE = {
    **dict.fromkeys(_QUERY_SCOPES.split(), "query"),
    **dict.fromkeys(("s3", "s3express", "s3-object-lambda", "s3-outposts"), "s3"),
    **dict.fromkeys(("route53", "cloudfront"), "rest-xml"),
    "ec2": "ec2",
}
OWN_SHAPE = frozenset({"cloudsearchdomain", "mailmanager", "s3control", "s3outposts"})
"""Services whose errors have another shape than those of the service that they share a signing name with."""

_BY_TYPE = {
    "application/json": "rest-json",
    "application/x-amz-json-1.0": "json",
    "application/x-amz-json-1.1": "json",
    "application/cbor": "smithy-rpc-v2-cbor",
}
_NOT_TEXT = late("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REASON_LIMIT = 1024
"""Characters of a reason in a header field; a longer one is cut."""


def refuse(fault: GateError, *, protocol: str | None, service: str | None, method: str, reason: str, request_id: str) -> Refusal:
    """The answer to a request that is not forwarded.

    Args:
        fault: why; its status, code, outcome, approval and retry_after are told.
        protocol: botocore's name of the wire protocol, or what `guess_protocol` returned; None is answered as JSON.
        service: botocore's service name where it is known; distinguishes S3 from other rest-xml services.
        method: of the request; HEAD gets no body, but the reason in `x-trio-gate-reason`.
        reason: the text for people and models.
        request_id: the gateway's own id of the exchange, plain ASCII.

    Source of the shapes: Smithy's AWS protocols; S3 alone has no wrapper around Error (trait `noErrorWrapping`).
    """
    kind = protocol if protocol is not None and protocol in _CODES else "json"
    kind = "s3" if kind == "rest-xml" and service == "s3" else kind
    name, status = _name(kind, fault.code, fault.status)
    fields, body = _shape(kind, status, name, _NOT_TEXT.sub("?", reason), request_id)
    fields |= {name: value for name, value in _told(fault).items() if value}
    if method == "HEAD":
        fields, body = {**fields, "x-trio-gate-reason": _field_text(reason)}, b""
    return status, tuple((key.encode("ascii"), value.encode("ascii")) for key, value in fields.items()), body


def _told(fault: GateError) -> dict[str, str]:
    """What programs read of a refusal, whatever the form of its body."""
    later = "" if fault.retry_after is None else str(fault.retry_after)
    return {"x-trio-gate-outcome": fault.outcome, "x-trio-gate-approval": fault.approval or "", "retry-after": later}


def _name(kind: str, code: str, status: int) -> tuple[str, int]:
    """The service's own error code for a GateError's code, and the status that goes with it."""
    if code in _CONDITIONS:
        own = _CONDITIONS[code].get(kind)
        return own or (_CODES[kind].get("InvalidRequest", "InvalidRequest"), status)
    family = "AccessDenied" if code == "ServiceUnavailable" and status < 500 else code
    return _CODES[kind].get(family, family), status


def _shape(kind: str, status: int, code: str, reason: str, request_id: str) -> tuple[dict[str, str], bytes]:
    error = f"<Code>{code}</Code><Message>{escaped(reason)}</Message>"
    ids = {"x-amzn-requestid": request_id}
    if kind == "s3":
        ids = {"x-amz-request-id": request_id, "x-amz-id-2": request_id}
        return _xml(ids, f"<Error>{error}<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></Error>")
    if kind == "ec2":
        return _xml(ids, f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>")
    if kind in {"query", "rest-xml"}:
        blame = "Sender" if status < 500 else "Receiver"
        error = f"<Error><Type>{blame}</Type>{error}</Error>"
        return _xml(ids, f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>")
    if kind == "smithy-rpc-v2-cbor":
        fields = {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor", **ids}
        import cbor2  # noqa: PLC0415 - takes memory, and only services that speak CBOR need it

        return fields, cbor2.dumps({"__type": code, "message": reason})
    media = "application/json" if kind == "rest-json" else "application/x-amz-json-1.1"
    body = json.dumps({"__type": code, "message": reason})
    return {"content-type": media, "x-amzn-errortype": code, **ids}, body.encode("ascii")


def _xml(ids: dict[str, str], body: str) -> tuple[dict[str, str], bytes]:
    return {"content-type": "text/xml", **ids}, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def _field_text(reason: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "?", reason)[:_REASON_LIMIT].strip(" ")


def guess_protocol(head: RequestHead, named: str | None = None) -> str | None:
    """The protocol in which the sender of `head` most likely reads errors; None without a hint.

    Only for the shape of a refusal of a request that was not named; nothing is decided by it. "s3" stands for rest-xml without a
    wrapper, and `refuse` accepts it. `named` is the signing name for the connection's host, where that is one of AWS.
    """
    if head.one("smithy-protocol") == "rpc-v2-cbor":
        return "smithy-rpc-v2-cbor"
    if head.one("x-amz-target") is not None:
        return "json"
    if _is_s3_v2(head):
        return "s3"
    service = _scope_service(head)
    by_scope, by_name = _BY_SCOPE.get(service or ""), _BY_SCOPE.get(named or "") if service is None else None
    if by_scope is not None:
        return by_scope
    media = fold((head.one("content-type") or "").partition(";")[0].strip(" \t"))
    if media == "application/x-www-form-urlencoded" or any(name == "Action" for name, _ in head.target.query):
        return "query"
    if service is None and (by_name == "s3" or _is_s3_host(head)):
        return "s3"
    return _BY_TYPE.get(media) or by_name or ("rest-json" if service or named else None)  # better hints than a signature


def _is_s3_host(head: RequestHead) -> bool:
    labels = fold(head.one("host") or "").partition(":")[0].split(".")
    return labels[-2:] == ["amazonaws", "com"] and any(label == "s3" or label.startswith("s3-") for label in labels)


def _is_s3_v2(head: RequestHead) -> bool:
    """Whether it is signed with version 2 the way only S3 requests are; those of the query protocol have `Action`."""
    names = {name for name, _ in head.target.query}
    return "Action" not in names and ("AWSAccessKeyId" in names or (head.one("authorization") or "").startswith("AWS "))


def _scope_service(head: RequestHead) -> str | None:
    """The service in the scope of a signature's credential; None without one."""
    authorization = (head.one("authorization") or "").partition("Credential=")[2].partition(",")[0]
    asked = (value for name, value in head.target.query if name == "X-Amz-Credential")
    parts = (authorization or next(asked, "")).strip(" ").rsplit("/", 2)
    return parts[1] if len(parts) == 3 and parts[2] == "aws4_request" else None
