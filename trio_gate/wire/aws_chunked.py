"""Uploads to S3: what a head says about how its body is framed, signed and checked.

Rule: every value of `x-amz-content-sha256` is one of the forms below, or refused with what to set instead. It alone says
whether the body has aws-chunked framing.

Theory: with STREAMING-UNSIGNED-PAYLOAD-TRAILER the body is `hex CRLF data CRLF … 0 CRLF name:checksum CRLF CRLF`. The seed
signature covers only the head, so the bytes are sent on as they came. In the signed forms each chunk has a signature, so they
are framed and signed again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.errors import Malformed
from trio_gate.text.folding import fold
from trio_gate.wire.checksums import declared_in, known
from trio_gate.wire.fields import CONTENT_LENGTH
from trio_gate.wire.head import Streamed, StreamKind

if TYPE_CHECKING:
    from trio_gate.wire.head import Headers, RequestHead

SHA256_HEX = re.compile(r"[0-9a-f]{64}")

UNSIGNED = StreamKind.UNSIGNED.value
UNSIGNED_TRAILER = StreamKind.UNSIGNED_TRAILER.value

FRAMED = {kind.value: kind for kind in (StreamKind.UNSIGNED_TRAILER, StreamKind.SIGNED, StreamKind.SIGNED_TRAILER)}
"""The forms with aws-chunked framing, by their value of `x-amz-content-sha256`."""

_NOT_SERVED = {
    "STREAMING-AWS4-HMAC-SHA256-EVENTS": "signed event streams are not served: call an operation whose input is not a stream, "
    "such as ConverseStream instead of InvokeModelWithBidirectionalStream",
    "STREAMING-AWS4-ECDSA-P256-SHA256": "SigV4A is not served: set AWS_AUTH_SCHEME_PREFERENCE=sigv4",
}

_FRAMING = frozenset({"x-amz-decoded-content-length", "x-amz-trailer"})


def declared_payload(head: RequestHead) -> str | None:
    """The value of x-amz-content-sha256, from the field or, when presigned, the query; None without one."""
    return head.one("x-amz-content-sha256") or (
        dict(head.target.query).get("X-Amz-Content-Sha256") if head.target.query else None
    )


def framing_of(head: RequestHead) -> StreamKind | None:
    """The form of aws-chunked framing that a head declares; None without."""
    return FRAMED.get(declared_payload(head) or "")


def streamed_body(head: RequestHead, content_length: int | None) -> Streamed:
    """Read how an upload to S3 is framed and signed.

    Args:
        head: the request's head.
        content_length: bytes that will come; None when HTTP-chunked.

    Raises:
        Malformed: 400, 411, or 501 for a form that is not supported, with what to set instead.
    """
    declared = declared_payload(head)
    if declared is None:
        if "X-Amz-Signature" not in dict(head.target.query):
            raise undeclared()
        declared = UNSIGNED
    if declared in FRAMED:
        return _framed(head, FRAMED[declared], content_length)
    if declared != UNSIGNED and not SHA256_HEX.fullmatch(declared):
        raise refused_payload(declared)
    if head.one("x-amz-trailer") is not None or _aws_chunked(head):
        raise Malformed(f"aws-chunked framing and trailers need x-amz-content-sha256: {UNSIGNED_TRAILER}, or a signed form")
    decoded = _decoded_length(head)
    length = decoded if content_length is None else content_length
    if length == 0 and head.one("content-length") is None and head.one("transfer-encoding") is None:
        raise Malformed("the field `content-length` is missing: s3 requires it", status=411, condition="MissingLength")
    if decoded not in (None, length):
        raise Malformed("`x-amz-decoded-content-length` and `content-length` differ")
    hashed = declared != UNSIGNED
    return Streamed(
        kind=StreamKind.HASHED if hashed else StreamKind.UNSIGNED,
        length=length,
        decoded_length=length,
        sha256=declared if hashed else None,
        checksums=declared_in(head),
    )


def undeclared() -> Malformed:
    """The refusal of an upload to S3 without x-amz-content-sha256."""
    return Malformed("the field `x-amz-content-sha256` is missing: s3 requires it")


def refused_payload(declared: str) -> Malformed:
    """The refusal of a value of x-amz-content-sha256 that is not served, with what to use instead where that is known."""
    for prefix, reason in _NOT_SERVED.items():
        if declared.startswith(prefix):
            return Malformed(reason, status=501)
    return Malformed("`x-amz-content-sha256` is neither 64 lower-case hex digits nor a form that s3 knows")


def refuse_unserved_form(head: RequestHead) -> None:
    """Refuse a form that is never served, before its possibly endless body is read. Raises Malformed."""
    declared = declared_payload(head)
    if declared is not None and declared.startswith(tuple(_NOT_SERVED)):
        raise refused_payload(declared)


def unframed_head(head: RequestHead, trailers: Headers) -> RequestHead:
    """The head as it would be without aws-chunked: trailers become fields, other content codings stay."""
    codings = [coding.strip(" \t") for value in head.all("content-encoding") for coding in value.split(",")]
    other = ", ".join(coding for coding in codings if fold(coding) != "aws-chunked")
    kept = head.where(lambda name: name not in _FRAMING and name != "content-encoding").headers
    encoding = (("content-encoding", other),) if other else ()
    return replace(head, headers=(*kept, *encoding, *trailers))


def _framed(head: RequestHead, kind: StreamKind, content_length: int | None) -> Streamed:
    decoded = _decoded_length(head)
    if decoded is None:
        raise Malformed(
            "`x-amz-decoded-content-length` is missing: aws-chunked bodies need it", status=411, condition="MissingLength"
        )
    checksums = declared_in(head)
    return Streamed(
        kind=kind,
        length=content_length,
        decoded_length=decoded,
        trailers=_trailers(head, kind, {name for name, _ in checksums}),
        checksums=checksums,
    )


def _trailers(head: RequestHead, kind: StreamKind, declared: set[str]) -> tuple[str, ...]:
    announced = head.one("x-amz-trailer")
    names = tuple(fold(name.strip(" \t")) for name in announced.split(",")) if announced else ()
    if kind is StreamKind.SIGNED and announced is not None:
        raise Malformed(f"`x-amz-trailer` needs x-amz-content-sha256: {StreamKind.SIGNED_TRAILER.value}")
    if kind is StreamKind.SIGNED_TRAILER and not names:
        raise Malformed("`x-amz-trailer` is missing: it must name the trailers that are signed")
    if len(set(names)) != len(names) or declared & set(names) or not all(known(name) for name in names):
        raise Malformed("`x-amz-trailer` may name checksums that the head does not have, each once, such as x-amz-checksum-crc32")
    return names


def _decoded_length(head: RequestHead) -> int | None:
    text = head.one("x-amz-decoded-content-length")
    if text is None:
        return None
    if not CONTENT_LENGTH.fullmatch(text):
        raise Malformed("`x-amz-decoded-content-length` is not a plain number")
    return int(text)


def _aws_chunked(head: RequestHead) -> bool:
    codings = (coding.strip(" \t") for value in head.all("content-encoding") for coding in value.split(","))
    return any(fold(coding) == "aws-chunked" for coding in codings)
