"""What a signed request says of its body, and which body it may have."""

from dataclasses import replace

import pytest

from tests.kit.wire.claims import EMPTY, HELLO, KEY_ID, PLAIN, field, read
from trio_gate.errors import Malformed
from trio_gate.signing.verify import payload_hash_of
from trio_gate.wire.head import Empty, Held, RequestHead, Streamed, StreamKind, Target


@pytest.mark.parametrize("form", sorted(kind.value for kind in StreamKind if kind.value.startswith("STREAMING")))
def test_a_form_of_uploads_is_no_hash_of_another_body(form):
    head, _, _ = read(f"POST / HTTP/1.1\r\nHost: h\r\nx-amz-content-sha256: {form}\r\n\r\n".encode())
    with pytest.raises(Malformed, match="only S3 takes"):
        payload_hash_of(head, Held(data=b"1\r\na\r\n0\r\n\r\n"))


def head_saying(declared: str | None) -> RequestHead:
    return PLAIN if declared is None else field(PLAIN, "x-amz-content-sha256", declared)


def test_what_stands_for_the_body():
    held = Held(data=b"hello")
    assert payload_hash_of(head_saying(None), held) == HELLO
    assert payload_hash_of(head_saying(HELLO), held) == HELLO
    assert payload_hash_of(head_saying("UNSIGNED-PAYLOAD"), held) == "UNSIGNED-PAYLOAD"
    assert payload_hash_of(head_saying(None), Empty()) == EMPTY
    assert payload_hash_of(head_saying(EMPTY), Empty()) == EMPTY
    streamed = Streamed(kind=StreamKind.UNSIGNED_TRAILER, length=None, decoded_length=5)
    assert payload_hash_of(head_saying(None), streamed) == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    assert payload_hash_of(head_saying(None), replace(streamed, kind=StreamKind.HASHED, sha256=HELLO)) == HELLO
    for kind in (StreamKind.UNSIGNED_TRAILER, StreamKind.SIGNED, StreamKind.SIGNED_TRAILER):
        assert payload_hash_of(head_saying(kind.value), replace(streamed, kind=kind)) == kind.value
        assert payload_hash_of(head_saying(kind.value), replace(held, framed=kind)) == kind.value


@pytest.mark.parametrize(
    "declared", [EMPTY, HELLO.upper(), "abc", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"]
)
def test_a_held_body_is_what_its_head_says(declared):
    with pytest.raises(Malformed):
        payload_hash_of(head_saying(declared), Held(data=b"hello"))


def test_a_presigned_request_outside_s3_signs_its_body():
    query = (("X-Amz-Credential", f"{KEY_ID}/20260131/us-east-1/sts/aws4_request"), ("X-Amz-Signature", "0"))
    head = replace(PLAIN, target=Target(segments=("",), query=query))
    assert payload_hash_of(head, Empty()) == EMPTY
