"""URLs are signed as botocore signs them."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from tests.signing.test_sigv4 import QUERY, SEGMENT
from trio_gate.signing.signed_url import signed_url
from trio_gate.signing.sigv4 import NO_BODY, Credentials, SigningKeys
from trio_gate.wire.head import RequestHead, Target
from trio_gate.wire.parse import parse_request_head

NOW = datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC)
KEYS = Credentials(access_key_id="ASIAEXAMPLE", secret_access_key="wJalrXUtnFEMI/K7MDENG", session_token="TOKEN//+=")
HOST = "photos.s3.eu-west-1.amazonaws.com"


@pytest.fixture
def at_now(monkeypatch):
    """botocore's clock says NOW."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **_: NOW.replace(tzinfo=None))


def ours(head: RequestHead, service: str, seconds: int = 900, keys: Credentials = KEYS) -> str:
    payload = "UNSIGNED-PAYLOAD" if service == "s3" else NO_BODY
    return signed_url(
        head,
        seconds=seconds,
        payload_hash=payload,
        credentials=keys,
        service=service,
        region="eu-west-1",
        now=NOW,
        keys=SigningKeys(),
    )


def client(service: str, **config):
    keys = {"aws_access_key_id": KEYS.access_key_id, "aws_secret_access_key": KEYS.secret_access_key}
    return boto3.client(
        service, region_name="eu-west-1", aws_session_token=KEYS.session_token, config=Config(proxies={}, **config), **keys
    )


@pytest.mark.usefixtures("at_now")
@pytest.mark.parametrize(("method", "operation"), [("GET", "get_object"), ("PUT", "put_object")])
def test_an_object_as_botocore_presigns_it(method, operation):
    head = parse_request_head(f"{method} /a%20b/%C3%A9.txt HTTP/1.1\r\nhost: {HOST}\r\n\r\n".encode())
    s3 = client("s3", signature_version="s3v4", s3={"addressing_style": "virtual"})
    theirs = s3.generate_presigned_url(operation, {"Bucket": "photos", "Key": "a b/é.txt"}, ExpiresIn=60)
    assert ours(head, "s3", 60) == theirs


@pytest.mark.usefixtures("at_now")
def test_a_database_as_botocore_signs_it():
    host = "db.c0ffee.eu-west-1.rds.amazonaws.com"
    head = parse_request_head(f"GET /?Action=connect&DBUser=me%40x HTTP/1.1\r\nhost: {host}:5432\r\n\r\n".encode())
    assert ours(head, "rds-db") == f"https://{client('rds').generate_db_auth_token(host, 5432, 'me@x')}"


@given(st.data(), st.booleans(), QUERY, st.booleans(), st.integers(1, 604800))
def test_all_requests_as_botocore_signs_them(data, s3, query, with_field, seconds):
    plain = SEGMENT if s3 else SEGMENT.filter(lambda part: part not in ("", ".", ".."))
    segments = data.draw(st.lists(plain, min_size=1, max_size=4))
    token = data.draw(st.sampled_from([None, KEYS.session_token]))
    fields = (("host", HOST), *((("x-k8s-aws-id", "two  blanks"),) if with_field else ()))
    head = RequestHead(method="GET", target=Target(segments=tuple(segments), query=tuple(query)), headers=fields)
    keys = Credentials(access_key_id=KEYS.access_key_id, secret_access_key=KEYS.secret_access_key, session_token=token)
    service = "s3" if s3 else "sts"
    url = ours(head, service, seconds, keys)
    signed, _, signature = url.rpartition("&X-Amz-Signature=")
    auth = (S3SigV4QueryAuth if s3 else SigV4QueryAuth)(
        BotocoreCredentials(keys.access_key_id, keys.secret_access_key, token), service, "eu-west-1", seconds
    )
    request = AWSRequest("GET", signed, headers=dict(fields))
    request.context["timestamp"] = "20260131T235959Z"
    assert auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request) == signature
    assert urlsplit(url).netloc == HOST
    assert KEYS.secret_access_key not in url
