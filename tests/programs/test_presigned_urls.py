"""URLs that SDKs and the CLI presign with placeholder keys, called by curl: each is judged as the call it is, and signed again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from botocore.signers import RequestSigner

from scripts.embedded.aws import ACCOUNTS, assumed, client
from tests.kit.gateway import AGENT, running
from tests.kit.paths import ROOT
from tests.programs.kit import BUCKET, CLIENTS, Job, Way, need
from tests.programs.programs import CURL, MODULES, NODE

RULES = 'rule "all" { action = "allow" }\n'
ONE_ACCOUNT = AGENT.replace("}", f'accounts = ["{ACCOUNTS["staging"]}"] }}')
"""Signatures of version 2 do not cover the account."""

CLI_1 = ROOT / ".venv-awscli" / "bin" / "aws"
CLI_2 = Path("/usr/bin/aws")


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, agent=ONE_ACCOUNT) as gateway:
        yield gateway


@pytest.fixture(params=["proxy", "endpoint"])
def job(request, gate, tmp_path):
    door = f"http://{gate.doors[request.param]}"
    way = Way(name=request.param, ca_file=gate.ca_file, **{request.param: door})
    return Job(way=way, source=tmp_path, target=tmp_path, prefix="presigned", folder=tmp_path)


@pytest.fixture
def direct(embedded_aws):
    """S3 behind the gateway's back."""
    return client_of(embedded_aws)


def client_of(aws):
    return client("s3", aws, assumed(aws, ACCOUNTS["staging"]))


def s3(gate, job):
    return gate.client("s3", by=job.way.name, signature_version="s3v4")


def curl(job, url, *words, method=None, **fields):
    """Status and body of what curl got."""
    need("curl", CURL)
    headers = [word for name, value in fields.items() for word in ("--header", f"{name.replace('_', '-')}: {value}")]
    request = ("--request", method) if method else ()
    trust = ("--cacert", job.way.ca_file) if job.way.ca_file else ()
    out = job.run(CURL, "-sS", *trust, "-w", "\n%{http_code}", *request, *headers, *words, url)
    body, _, status = out.rpartition("\n")
    return int(status), body


def put(job, url, **fields):
    (job.folder / "hello").write_text("hello")
    return curl(job, url, "--upload-file", job.folder / "hello", **fields)


def record(gate):
    return gate.records()[-1]


def test_boto3_presigns_a_download(gate, job, direct):
    direct.put_object(Bucket=BUCKET, Key="presigned/get ü+", Body=b"what is there")
    url = s3(gate, job).generate_presigned_url(
        "get_object", Params={"Bucket": BUCKET, "Key": "presigned/get ü+", "ChecksumMode": "ENABLED"}
    )
    assert curl(job, url, x_amz_checksum_mode="ENABLED", Range="bytes=5-6") == (206, "is")
    assert record(gate)["action"] == "GetObject"


def test_boto3_presigns_an_upload_with_everything(gate, job, direct):
    told = {"ACL": "private", "Metadata": {"who": "agent"}, "ServerSideEncryption": "AES256", "ContentType": "text/x-odd"}
    url = s3(gate, job).generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "presigned/put", **told})
    fields = {"x_amz_acl": "private", "x_amz_meta_who": "agent", "x_amz_server_side_encryption": "AES256"}
    assert put(job, url, content_type="text/x-odd", **fields) == (200, "")
    held = direct.get_object(Bucket=BUCKET, Key="presigned/put")
    assert (held["Body"].read(), held["Metadata"], held["ContentType"]) == (b"hello", {"who": "agent"}, "text/x-odd")
    assert held["ServerSideEncryption"] == "AES256"
    assert put(job, url, content_type="text/x-odd", **{**fields, "x_amz_acl": "public-read"})[0] == 403
    assert put(job, url, content_type="text/x-odd", **{**fields, "x_amz_tagging": "a=b"})[0] == 403


def test_boto3_presigns_an_upload_with_its_checksum(gate, job, direct):
    digest = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    told = {"Bucket": BUCKET, "Key": "presigned/sum", "ChecksumSHA256": digest}
    url = s3(gate, job).generate_presigned_url("put_object", Params=told)
    assert put(job, url, x_amz_checksum_sha256=digest)[0] == 200
    (job.folder / "other").write_text("other")
    assert curl(job, url, "--upload-file", job.folder / "other", x_amz_checksum_sha256=digest)[0] == 400
    assert direct.get_object(Bucket=BUCKET, Key="presigned/sum")["Body"].read() == b"hello"


def test_boto3_presigns_a_part(gate, job, direct):
    upload = direct.create_multipart_upload(Bucket=BUCKET, Key="presigned/part")["UploadId"]
    told = {"Bucket": BUCKET, "Key": "presigned/part", "UploadId": upload, "PartNumber": 1}
    assert put(job, s3(gate, job).generate_presigned_url("upload_part", Params=told))[0] == 200
    parts = direct.list_parts(Bucket=BUCKET, Key="presigned/part", UploadId=upload)["Parts"]
    assert [(part["PartNumber"], part["Size"]) for part in parts] == [(1, 5)]
    assert record(gate)["action"] == "UploadPart"


def test_an_expired_url_is_refused(gate, job):
    url = s3(gate, job).generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "report.txt"}, ExpiresIn=60)
    assert curl(job, url)[0] == 200
    for changed in (
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"),
        re.sub(r"(X-Amz-Date=\d{8}T)\d{6}", r"\g<1>000000", url),
    ):
        assert curl(job, changed)[0] == 403
    assert curl(job, f"{url}&x-amz-request-payer=requester")[0] == 403


@pytest.fixture
def from_javascript(job):
    need("the AWS SDK for JavaScript", NODE, MODULES / "@aws-sdk" / "s3-request-presigner")
    return json.loads(
        job.run(NODE, "--no-warnings", CLIENTS / "presign.mjs", MODULES, BUCKET, "presigned/js key").splitlines()[-1]
    )


def test_javascript_presigns_with_everything_in_the_query(gate, job, direct, from_javascript):
    assert "x-amz-checksum-crc32=AAAAAA" in from_javascript["put"]
    assert put(job, from_javascript["put"]) == (200, "")
    held = direct.get_object(Bucket=BUCKET, Key="presigned/js key")
    assert held["Body"].read() == b"hello"
    assert record(gate)["action"] == "PutObject"
    assert direct.get_object_tagging(Bucket=BUCKET, Key="presigned/js key")["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert curl(job, from_javascript["get"]) == (200, "hello")
    assert curl(job, from_javascript["copy"], method="PUT")[0] == 200
    assert record(gate)["action"] == "CopyObject"
    assert direct.get_object(Bucket=BUCKET, Key="presigned/js key-copy")["Body"].read() == b"hello"


def test_javascript_presigns_encryption_and_a_body(job, direct, from_javascript):
    assert put(job, from_javascript["put_encrypted"], x_amz_server_side_encryption="AES256")[0] == 200
    assert direct.head_object(Bucket=BUCKET, Key="presigned/js key")["ServerSideEncryption"] == "AES256"
    assert put(job, from_javascript["put_known"])[0] == 200
    (job.folder / "other").write_text("other")
    assert curl(job, from_javascript["put_known"], "--upload-file", job.folder / "other")[0] == 400
    assert direct.get_object(Bucket=BUCKET, Key="presigned/js key")["Body"].read() == b"hello"


@pytest.mark.parametrize("cli", [CLI_1, CLI_2], ids=["1", "2"])
def test_the_cli_presigns_a_download(job, cli):
    need(str(cli), cli)
    (job.folder / "config").write_text("[default]\ns3 =\n    signature_version = s3v4\n")
    endpoint = ("--endpoint-url", job.way.endpoint) if job.way.endpoint else ()
    presign = (cli, *endpoint, "s3", "presign", f"s3://{BUCKET}/report.txt")
    assert curl(job, job.run(*presign, AWS_CONFIG_FILE="config").strip()) == (200, "the report of staging\n")
    if cli == CLI_1:  # which signs as of 2006 unless another version is set
        url = job.run(*presign).strip()
        assert "AWSAccessKeyId" in url
        assert curl(job, url) == (200, "the report of staging\n")


def v2(gate, job, operation, key, *, life=60, account="staging", **params):
    """What boto3 presigns where no signature version is set."""
    s3 = gate.client("s3", account, by=job.way.name)
    return s3.generate_presigned_url(operation, Params={"Bucket": BUCKET, "Key": key, **params}, ExpiresIn=life)


def test_version_2_as_boto3_presigns_by_default(gate, job, direct):
    key = "presigned/v2 ü+=&?"
    assert put(job, v2(gate, job, "put_object", key)) == (200, "")
    assert record(gate)["action"] == "PutObject"
    assert direct.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"hello"
    download = v2(gate, job, "get_object", key, ResponseContentType="text/x-odd")
    assert curl(job, download) == (200, "hello")
    assert curl(job, download, Range="bytes=1-2") == (206, "el")
    status, head = curl(job, v2(gate, job, "head_object", key), "--head")
    assert (status, record(gate)["action"]) == (200, "HeadObject")
    assert "content-length: 5" in head.lower()


def test_version_2_with_fields(gate, job, direct):
    url = v2(gate, job, "put_object", "presigned/v2", ContentType="text/x-odd", Metadata={"a": "1", "a-b": "2"})
    assert put(job, url, content_type="text/x-odd", x_amz_meta_a="1") == (200, "")
    held = direct.get_object(Bucket=BUCKET, Key="presigned/v2")
    assert (held["ContentType"], held["Metadata"], held["Body"].read()) == ("text/x-odd", {"a": "1", "a-b": "2"}, b"hello")
    for fields in (
        {"content_type": "text/html"},
        {"x_amz_meta_a": "3"},
        {"x_amz_acl": "public-read"},
        {"cache_control": "no-store"},
    ):
        assert put(job, url, **fields)[0] in (400, 403)


CHANGES = {
    "its time is over": lambda url: re.sub(r"Expires=\d+", "Expires=1700000000", url),
    "another key": lambda url: url.replace("report.txt", "other.txt"),
    "another account": lambda url: url.replace(ACCOUNTS["staging"], ACCOUNTS["prod"]),
    "another parameter": lambda url: f"{url}&x-id=GetObject",
    "a sub-resource": lambda url: f"{url}&acl",
    "a version": lambda url: f"{url}&versionId=null",
    "another signature": lambda url: url.replace("Signature=", "Signature=A").replace("%3D", ""),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_version_2_changed(gate, job, change):
    url = v2(gate, job, "get_object", "report.txt")
    assert curl(job, url)[0] == 200
    status, body = curl(job, change(url))
    assert status in (400, 403)
    assert re.search("<Error><Code>(AccessDenied|InvalidRequest)</Code>", body)
    assert curl(job, url, method="DELETE")[0] == 403


def test_version_2_is_refused_where_the_account_is_not_proven(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, rules=RULES) as gate:
        way = Way(name="endpoint", ca_file="", endpoint=f"http://{gate.doors['endpoint']}")
        job = Job(way=way, source=tmp_path, target=tmp_path, prefix="", folder=tmp_path)
        status, body = curl(job, v2(gate, job, "get_object", "report.txt"))
        assert (status, "<Code>AccessDenied</Code>" in body) == (403, True)
        assert 'Config(signature_version="s3v4")' in body.replace("&quot;", '"')
        assert (
            curl(job, s3(gate, job).generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "report.txt"}))[0]
            == 200
        )


def presigned_of(client, path, **headers):
    """As botocore presigns what is no operation of S3."""
    meta = client.meta
    service = meta.service_model
    signer = RequestSigner(
        service.service_id, meta.region_name, service.signing_name, "v4", client._get_credentials(), meta.events
    )
    params = {"method": "GET", "url": f"{meta.endpoint_url}{path}", "body": {}, "headers": headers, "context": {}}
    return signer.generate_presigned_url(params, expires_in=60, operation_name="")


def test_who_am_i_as_eks_presigns_it(gate, job):
    """moto takes the query of a GET for its body and refuses every such signature: here it is sent, and that is all."""
    url = presigned_of(
        gate.client("sts", by=job.way.name), "/?Action=GetCallerIdentity&Version=2011-06-15", **{"x-k8s-aws-id": "c"}
    )
    curl(job, url, x_k8s_aws_id="c")
    sent = record(gate)
    assert (sent["action"], sent["decision"]["rule"], sent["outcome"]["upstream_status"]) == ("GetCallerIdentity", "all", 403)
    for changed in ({"x_k8s_aws_id": "another"}, {}):
        assert curl(job, url, **changed)[0] == 403
        assert record(gate)["outcome"]["upstream_status"] is None


def test_what_is_not_allowed_is_refused_in_either_form(embedded_aws, tmp_path):
    rules = 'rule "no acl" { match = has(aws.params.ACL)  action = "deny" }\nrule "rest" { action = "allow" }\n'
    with running(tmp_path, embedded_aws, rules=rules) as gate:
        way = Way(name="endpoint", ca_file="", endpoint=f"http://{gate.doors['endpoint']}")
        job = Job(way=way, source=tmp_path, target=tmp_path, prefix="", folder=tmp_path)
        agent = s3(gate, job)

        def hoist(request, **_):
            request.url += "?x-amz-acl=public-read"

        told = {"Bucket": BUCKET, "Key": "presigned/acl"}
        assert put(job, agent.generate_presigned_url("put_object", Params=told))[0] == 200
        agent.meta.events.register("before-sign.s3.PutObject", hoist)
        assert put(job, agent.generate_presigned_url("put_object", Params=told))[0] == 403
        assert record(gate)["decision"]["rule"] == "no acl"
