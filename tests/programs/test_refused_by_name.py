"""Names of AWS that are not served, called by real programs: each says the service's error with our sentence, at once."""

from __future__ import annotations

import socket
import zipfile

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS
from tests.kit.gateway import SECRET, running
from tests.programs.kit import CLIS, Job, namespaces, need, need_namespaces, no_namespaces, ways
from tests.programs.programs import CURL

REGION = "us-west-9"
"""What botocore takes for a region and AWS does not have."""

HOSTS = [f"{name}.{REGION}.amazonaws.com" for name in ("sqs", "ec2", "lambda", "s3", "unknown.s3")]
SENTENCE = "is not an AWS host that this gateway knows"
LARGE = 24 * 1024 * 1024


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), None, rules='rule "nothing" { action = "deny" }\n') as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


@pytest.fixture(scope="module")
def inside(gate, tmp_path_factory):
    if why_not := no_namespaces():
        yield why_not
    else:
        with namespaces(tmp_path_factory.mktemp("inside"), gate.doors["tls"], HOSTS) as enter:
            yield enter


@pytest.fixture(params=["proxy", "transparent"])
def job(request, gate, inside, tmp_path):
    if request.param == "transparent":
        need_namespaces(inside if isinstance(inside, str) else None)
    way = ways(gate, inside)[request.param]
    return Job(way=way, source=tmp_path, target=tmp_path, prefix="", folder=tmp_path)


@pytest.fixture
def large(tmp_path):
    """A file that the CLI takes for a function's code, too."""
    file = tmp_path / "large.zip"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("code", bytes(LARGE))
    return file


def failing(job, *words) -> str:
    """What a command that must fail has printed."""
    out = job.run(*words, shell='"$@" && echo DONE || true', AWS_RETRY_MODE="standard")
    assert "DONE" not in out
    return out


CALLS = {
    "json": (("sqs", "list-queues"), f"sqs.{REGION}", "ListQueues"),
    "ec2": (("ec2", "describe-vpcs"), f"ec2.{REGION}", "DescribeVpcs"),
    "s3": (("s3api", "list-buckets"), f"s3.{REGION}", "ListBuckets"),
    "a large object": (
        ("s3api", "put-object", "--bucket", "unknown", "--key", "k", "--body", "LARGE"),
        "unknown.s3",
        "PutObject",
    ),
    "a large function": (
        ("lambda", "update-function-code", "--function-name", "f", "--zip-file", "fileb://LARGE"),
        f"lambda.{REGION}",
        "UpdateFunctionCode",
    ),
}


@pytest.mark.parametrize("cli", CLIS)
@pytest.mark.parametrize("call", CALLS)
def test_the_aws_cli_prints_it(job, gate, large, cli, call):
    need(f"AWS CLI {cli}", CLIS[cli])
    words, host, operation = CALLS[call]
    before = gate.log.count(" refused ")
    out = failing(
        job, CLIS[cli], "--region", REGION, "--ca-bundle", job.way.ca_file, *(word.replace("LARGE", str(large)) for word in words)
    )
    assert f"when calling the {operation} operation" in out
    assert host in out
    assert SENTENCE in out
    assert "An error occurred (AccessDenied" in out or "An error occurred (UnauthorizedOperation" in out
    assert gate.log.count(" refused ") == before + 1, "it is not tried again"


def test_curl_prints_it(job, large):
    need("curl", CURL)
    trust = (CURL, "-sS", "--cacert", job.way.ca_file, "--aws-sigv4", f"aws:amz:{REGION}:s3", "--user", f"{job.key}:{job.secret}")
    for words in (("-T", large), ("-T", large, "-H", "Expect:"), ()):
        out = failing(job, *trust, "--fail-with-body", *words, f"https://unknown.s3.{REGION}.amazonaws.com/k")
        assert "<Error><Code>AccessDenied</Code>" in out
        assert f"unknown.s3.{REGION}.amazonaws.com {SENTENCE}" in out


@pytest.fixture(params=["proxy", "tls"])
def client(request, gate, monkeypatch):
    """botocore by either listener that goes by names."""
    if request.param == "proxy":
        return lambda service: gate.client(service, region_name=REGION, s3={"addressing_style": "virtual"})
    port = int(gate.doors["tls"].rpartition(":")[2])
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **given: resolve("127.0.0.1", *rest, **given))
    keys = {"aws_access_key_id": f"AKIA{ACCOUNTS['staging']}CI01", "aws_secret_access_key": SECRET}

    def made(service):
        url = f"https://{service}.{REGION}.amazonaws.com:{port}"
        config = Config(proxies={}, retries={"total_max_attempts": 1}, s3={"addressing_style": "virtual"})
        return boto3.client(service, endpoint_url=url, region_name=REGION, verify=gate.ca_file, config=config, **keys)

    return made


ASKED = {
    "json": ("sqs", lambda sqs: sqs.list_queues(), "AccessDeniedException"),
    "ec2": ("ec2", lambda ec2: ec2.describe_vpcs(), "UnauthorizedOperation"),
    "a large object": ("s3", lambda s3: s3.put_object(Bucket="unknown", Key="k", Body=bytes(LARGE)), "AccessDenied"),
    "a large function": (
        "lambda",
        lambda code: code.update_function_code(FunctionName="f", ZipFile=bytes(LARGE)),
        "AccessDeniedException",
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_boto3_raises_it(client, name):
    service, ask, code = ASKED[name]
    with pytest.raises(ClientError, match=SENTENCE) as caught:
        ask(client(service))
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
