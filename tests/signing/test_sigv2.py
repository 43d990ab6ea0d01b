"""URLs to S3 that are signed with version 2: what boto3 presigns is proven, and whatever its signature leaves open is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import boto3
import botocore.auth
import pytest
from botocore.config import Config

from tests.kit.aws.naming import catalog
from tests.kit.calls import make_call
from trio_gate.aws.claim import read_claim
from trio_gate.aws.forwarded_headers import HTTP, SET_BY_US
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.ingress import Ingress, destination
from trio_gate.aws.naming import body_mode, name_call
from trio_gate.errors import GateError, Malformed, Unauthenticated, WrongSignature
from trio_gate.shell.models.packaged_data import packaged_hosts
from trio_gate.signing import sigv2
from trio_gate.wire.aws_chunked import streamed_body
from trio_gate.wire.head import Empty, StreamKind
from trio_gate.wire.parse import parse_request_head

SECRET = "agents-secret-of-a-test"
KEY_ID = "AKIA111111111111CI01"
NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
TABLE = HostTable(packaged_hosts())
OBJECT = {"Bucket": "bucket", "Key": "k"}
SHA256 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    """botocore presigns at NOW."""
    monkeypatch.setattr(botocore.auth.time, "time", NOW.timestamp)


def url(operation: str, life: int = 60, token: str | None = None, region: str = "us-east-1", **params) -> str:
    session = boto3.Session(aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, aws_session_token=token, region_name=region)
    config = Config(s3={"addressing_style": params.pop("style", "auto")})
    return session.client("s3", config=config).generate_presigned_url(operation, Params={**OBJECT, **params}, ExpiresIn=life)


def arrived(url: str, method: str = "GET", **fields: str):
    split = urlsplit(url)
    named = {"host": split.netloc, **{name.replace("_", "-"): value for name, value in fields.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return parse_request_head(f"{method} {split.path}?{split.query} HTTP/1.1\r\n{lines}\r\n".encode())


def prove(request, now: datetime = NOW, secret: str = SECRET):
    """The call that a request is, proven, and its head."""
    claim = read_claim(request)
    ingress = Ingress(kind="proxy", sni=urlsplit(f"//{request.one('host')}").hostname)
    said = sigv2.spoken(request)
    sigv2.verify(*destination(said, claim, ingress, TABLE), claim, secrets=(secret,), now=now)
    head, place = destination(sigv2.declared(said), claim, ingress, TABLE)
    catalog().ensure([candidate.service for candidate in place.candidates])
    streams = body_mode(head, place=place, claim=claim, catalog=catalog()) == "streamed"
    named = name_call(head, streamed_body(head, 5) if streams else Empty(), place=place, claim=claim, catalog=catalog())
    sigv2.check_call(make_call(service=named.service, operation=named.operation), head)
    return named, head


PRESIGNED = [
    ("get_object", "GET", {}, {}),
    ("get_object", "GET", {"Key": "a b/ü+~:@=k//x"}, {"range": "bytes=1-2", "if_none_match": '"e"'}),
    ("get_object", "GET", {"VersionId": "7.a", "PartNumber": 2}, {"cache_control": "no-cache"}),
    ("get_object", "GET", {"ResponseContentDisposition": 'attachment; filename="a&b=c.txt"', "ResponseExpires": NOW}, {}),
    ("get_object", "GET", {"ChecksumMode": "ENABLED", "RequestPayer": "requester"}, {}),
    ("head_object", "HEAD", {"VersionId": "7"}, {"accept": "*/*", "user_agent": "x"}),
    ("put_object", "PUT", {}, {}),
    ("put_object", "PUT", {"ACL": "private", "Metadata": {"a": "1", "a-b": "2"}, "Tagging": "a=b"}, {}),
    (
        "put_object",
        "PUT",
        {"ContentType": "text/plain", "ContentMD5": "XUFAKrxLKna5cZ2REBfFkg=="},
        {"content_type": "text/plain"},
    ),
    ("put_object", "PUT", {"ChecksumSHA256": SHA256}, {"x_amz_checksum_sha256": SHA256}),
]


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize(("operation", "method", "params", "fields"), PRESIGNED, ids=[str(n) for n in range(len(PRESIGNED))])
def test_what_boto3_presigns_is_proven(operation, method, params, fields, style):
    named, head = prove(arrived(url(operation, style=style, **params), method, **fields))
    assert named.operation == operation.title().replace("_", "")
    told = {**OBJECT, **params}
    assert {name: value for name, value in named.params.items() if name in told and name != "ResponseExpires"} == {
        name: value for name, value in told.items() if name != "ResponseExpires"
    }
    assert not {name for name, _ in head.target.query} - sigv2.SUBRESOURCES


def test_the_documented_example():
    """ "Signing and authenticating REST requests": its query string example."""
    query = "AWSAccessKeyId=AKIA111111111111CI01&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620"
    request = arrived(f"https://johnsmith.s3.amazonaws.com/photos/puppy.jpg?{query}")
    then = datetime(2007, 3, 29, 3, 40, 20, tzinfo=UTC)
    assert prove(request, then, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")[0].params == {
        "Bucket": "johnsmith",
        "Key": "photos/puppy.jpg",
    }
    with pytest.raises(WrongSignature):
        prove(request, then)


def test_the_key_id_is_not_covered_so_that_its_account_must_be_the_agents_only_one():
    request = arrived(url("get_object").replace("111111111111", "222222222222"))
    assert prove(request)[0].account == "222222222222"
    sigv2.check_account(["222222222222"])
    with pytest.raises(Unauthenticated, match=r"does not cover the account.*s3v4"):
        sigv2.check_account(["111111111111", "222222222222"])


def test_a_session_token_is_signed_and_goes_no_further():
    named, _ = prove(arrived(url("get_object", token="agents-token")))
    assert named.operation == "GetObject"
    with pytest.raises(WrongSignature):
        prove(arrived(url("get_object", token="agents-token").replace("agents-token", "another")))


def test_the_region_is_that_of_the_host():
    assert prove(arrived(url("get_object", region="us-west-2", style="path")))[0].candidate.region == "us-west-2"
    assert prove(arrived(url("get_object", style="path")))[0].candidate.region == "us-east-1"


def test_the_body_is_unsigned_unless_the_url_says_its_hash():
    _, head = prove(arrived(url("put_object"), "PUT"))
    assert streamed_body(head, 5).kind is StreamKind.UNSIGNED
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    said = sigv2.declared(sigv2.spoken(arrived(f"{url('put_object')}&x-amz-content-sha256={digest}", "PUT")))
    assert streamed_body(said, 5).sha256 == digest


GET = [
    ("the key", lambda url: url.replace("/k?", "/l?"), {}),
    ("the bucket", lambda url: url.replace("//bucket.", "//bucke2."), {}),
    ("the bucket in the path", lambda url: url.replace("//bucket.", "//").replace("/k?", "/bucke2/k?"), {}),
    ("a second bucket", lambda url: url.replace("/k?", "/bucket/k?"), {}),
    ("the version", lambda url: url.replace("versionId=7", "versionId=8"), {}),
    ("no version", lambda url: url.replace("versionId=7&", ""), {}),
    ("a part", lambda url: f"{url}&partNumber=1", {}),
    ("a response's field", lambda url: f"{url}&response-content-type=text%2Fhtml", {}),
    ("a longer life", lambda url: url.replace("Expires=17", "Expires=18"), {}),
    ("a shorter life", lambda url: url.replace("Expires=1769860860", "Expires=1769860859"), {}),
    ("another signature", lambda url: url.replace("Signature=", "Signature=A").replace("%3D&Expires", "&Expires"), {}),
    ("a field in the query", lambda url: f"{url}&x-amz-request-payer=requester", {}),
    ("a field", lambda url: url, {"x_amz_request_payer": "requester"}),
    ("a type", lambda url: url, {"content_type": "text/plain"}),
    ("a digest", lambda url: url, {"content_md5": "XUFAKrxLKna5cZ2REBfFkg=="}),
    *(
        (f"the parameter {name}", lambda url, name=name: f"{url}&{name}", {})
        for name in (
            "x-id=GetObject",
            "acl",
            "tagging",
            "uploadId=1",
            "torrent",
            "attributes",
            "list-type=2",
            "a=b",
            "Versionid=7",
        )
    ),
    *((f"{name} twice", lambda url, name=name: f"{url}&{name}", {}) for name in ("versionId=7", "Expires=1769860860")),
    ("an empty one", lambda url: f"{url}&partNumber=", {}),
    *(
        (name, lambda url: url, {name: "x"})
        for name in ("content_encoding", "content_language", "content_disposition", "expires")
    ),
    ("another signature too", lambda url: f"{url}&X-Amz-Signature={'0' * 64}", {}),
    ("a signed head", lambda url: url, {"authorization": "AWS4-HMAC-SHA256 x"}),
    ("a key of AWS", lambda url: url.replace(KEY_ID, "AKIAIOSFODNN7EXAMPLE"), {}),
]


@pytest.mark.parametrize(("change", "fields"), [row[1:] for row in GET], ids=[row[0] for row in GET])
def test_whatever_else_changes_a_download_is_refused(change, fields):
    one = url("get_object", VersionId="7")
    assert prove(arrived(one))[0].params["VersionId"] == "7"
    assert change(one) != one or fields
    with pytest.raises((Malformed, Unauthenticated)):
        prove(arrived(change(one), **fields))


PUT = [
    ("another ACL", lambda url: url.replace("acl=private", "acl=public-read"), {}),
    ("no ACL", lambda url: url.replace("&x-amz-acl=private", ""), {}),
    ("its field differs", lambda url: url, {"x_amz_acl": "public-read"}),
    ("its name in capitals too", lambda url: f"{url}&X-Amz-Acl=private", {}),
    ("the type differs", lambda url: url, {"content_type": "text/html"}),
    ("a copy", lambda url: url, {"x_amz_copy_source": "other/secret"}),
    ("a hash", lambda url: url, {"x_amz_content_sha256": "a" * 64}),
    ("framing", lambda url: url, {"x_amz_content_sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}),
    ("a part", lambda url: f"{url}&partNumber=1&uploadId=u", {}),
    *(
        (name, lambda url: url, {name: "x"})
        for name in (
            *("cache_control", "content_disposition", "content_encoding", "content_language", "expires"),
            *("if_match", "if_none_match", "if_modified_since", "if_unmodified_since", "if_range", "range"),
        )
    ),
]


@pytest.mark.parametrize(("change", "fields"), [row[1:] for row in PUT], ids=[row[0] for row in PUT])
def test_whatever_else_changes_an_upload_is_refused(change, fields):
    one = url("put_object", ACL="private", ContentType="text/plain")
    assert prove(arrived(one, "PUT"))[0].params["ACL"] == "private"
    with pytest.raises((Malformed, Unauthenticated)):
        prove(arrived(change(one), "PUT", **fields))


@pytest.mark.parametrize("method", ["HEAD", "PUT", "POST", "DELETE"])
def test_another_method_is_refused(method):
    with pytest.raises(WrongSignature):
        prove(arrived(url("get_object"), method))


OTHERS = [
    ("delete_object", "DELETE", {}),
    ("list_objects", "GET", {"Key": None}),
    ("get_object_acl", "GET", {}),
    ("get_object_tagging", "GET", {}),
    ("upload_part", "PUT", {"PartNumber": 1, "UploadId": "u"}),
    ("copy_object", "PUT", {"CopySource": "other/secret"}),
    ("create_multipart_upload", "POST", {}),
    ("get_bucket_policy", "GET", {"Key": None}),
    ("create_bucket", "PUT", {"Key": None}),
]


@pytest.mark.parametrize(("operation", "method", "params"), OTHERS, ids=[row[0] for row in OTHERS])
def test_other_operations_are_refused_with_what_to_do(monkeypatch, operation, method, params):
    if "Key" in params:
        monkeypatch.delitem(OBJECT, "Key")
        params = {name: value for name, value in params.items() if name != "Key"}
    with pytest.raises(GateError, match='signature_version="s3v4"'):
        prove(arrived(url(operation, **params), method))


@pytest.mark.parametrize(
    "host",
    [
        "shared-111111111111.s3-accesspoint.us-east-1.amazonaws.com",
        "o-111111111111.s3-object-lambda.us-east-1.amazonaws.com",
        "bucket--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com",
        "111111111111.s3-control.us-east-1.amazonaws.com",
    ],
)
def test_hosts_of_other_kinds_are_refused(host):
    with pytest.raises(GateError):
        prove(arrived(url("get_object").replace("bucket.s3.amazonaws.com", host)))


def test_a_value_that_holds_another_parameter_is_refused():
    """The same text is signed for both."""
    both = url("get_object", ResponseContentType="text/x", VersionId="7")
    one = url("get_object", ResponseContentType="text/x&versionId=7")
    signature = both.partition("Signature=")[2]
    assert one.partition("Signature=")[2] == signature
    with pytest.raises(Malformed, match="cannot distinguish"):
        prove(arrived(one))


def test_time():
    one = url("get_object", 60)
    end = NOW + timedelta(seconds=60)
    prove(arrived(one), end)
    with pytest.raises(Unauthenticated, match="request has expired") as caught:
        prove(arrived(one), end + timedelta(seconds=1))
    assert caught.value.code == "Expired"
    week = url("get_object", 604800)
    prove(arrived(week))
    prove(arrived(week), NOW - timedelta(minutes=15))
    with pytest.raises(Unauthenticated, match="at most 604800 seconds"):
        prove(arrived(week), NOW - timedelta(minutes=16))


@pytest.mark.parametrize("value", ["", "0", "-1", "1e9", "01769860860", "99999999999", "1769860860.0", "\u0661"])
def test_an_end_of_another_form_is_refused(value):
    with pytest.raises(Unauthenticated, match="malformed"):
        prove(arrived(url("get_object").replace("Expires=1769860860", f"Expires={quote(value)}")))


@pytest.mark.parametrize("name", ["AWSAccessKeyId", "Signature", "Expires"])
def test_each_part_once(name):
    one = url("get_object")
    pairs = urlsplit(one).query.split("&")
    left = "&".join(pair for pair in pairs if not pair.startswith(name))
    for query in (left, "&".join([*pairs, f"{name}=x"])):
        with pytest.raises((Malformed, Unauthenticated)):
            prove(arrived(f"{one.partition('?')[0]}?{query}"))


def test_the_models_of_these_operations_have_no_other_fields():
    """What a field means is in the model: one that it binds is of x-amz, which is covered, or known here."""
    for name in sigv2.OPERATIONS:
        shape = catalog().service("s3").operations[name].input
        bound = {member.wire for member in shape.at("header") if not member.wire.startswith("x-amz-")}
        assert bound <= HTTP | SET_BY_US
        assert all(member.wire.startswith("x-amz-") for member in shape.at("headers"))


def test_the_path_is_signed_as_it_arrived():
    request = arrived(url("get_object", Key="a:b"))
    bare = replace(request.target, arrived="/a:b")
    with pytest.raises(WrongSignature):
        prove(replace(request, target=bare))
