"""Parameters as large as a service takes them, many at once, and refusals that reach programs which are still sending."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.kit.gateway import SECRET, running
from tests.kit.paths import ROOT
from tests.kit.standins.recording import recording

LAMBDA = "lambda.us-east-1.amazonaws.com"
MOST = 69_905_067
"""Bytes of a request that Lambda takes: base64 of 50 MiB, and some."""

MIB = 1024 * 1024
RULES = 'rule "staging" { match = aws.account_name == "staging"  action = "allow" }\n'
CURL, CLI_1, CLI_2 = shutil.which("curl"), ROOT / ".venv-awscli" / "bin" / "aws", Path("/usr/bin/aws")


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with recording(tmp_path_factory.mktemp("aws"), LAMBDA) as server:
        server.answer = (200, {"Content-Type": "application/json"}, b"{}")
        yield server


@pytest.fixture(scope="module")
def gate(aws, embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("large"), embedded_aws, rules=RULES, first=aws.route(LAMBDA)) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


@pytest.fixture(scope="module")
def small(aws, embedded_aws, tmp_path_factory):
    """A gateway that takes little, so that what it refuses is still being sent."""
    folder = tmp_path_factory.mktemp("small")
    with running(folder, embedded_aws, rules=RULES, first=aws.route(LAMBDA), knobs='held_limit = "1MiB"') as gateway:
        with zipfile.ZipFile(folder / "code.zip", "w") as code:
            code.writestr("a.bin", bytes(31_000_000))
        gateway.ca = gateway.ca_file
        yield gateway
    assert "Traceback" not in gateway.log


def test_a_body_of_the_most_that_lambda_takes_passes_with_the_defaults(gate, aws):
    code = os.urandom(MOST * 3 // 4 - 3000)
    gate.client("lambda", read_timeout=120).update_function_code(FunctionName="f", ZipFile=code)
    seen = aws.seen[-1]
    assert base64.b64decode(re.search(rb'"ZipFile": ?"([^"]*)"', seen.body)[1]) == code
    assert int(seen.headers["content-length"]) == len(seen.body) > MOST - 10_000
    assert gate.records("--action", "UpdateFunctionCode")[-1]["outcome"]["bytes_in"] == len(seen.body)
    assert list((gate.folder / "state" / "spool").iterdir()) == []


def peak(process: int) -> int:
    """The most memory that a process has had, in bytes."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())[1]) * 1024


def test_many_large_bodies_at_once_take_turns_in_memory(aws, embedded_aws, tmp_path):
    count, size = 6, 8 * MIB
    knobs = 'held_limit = "12MiB"\n  held_total = "16MiB"'
    with (
        running(tmp_path, embedded_aws, rules=RULES, first=aws.route(LAMBDA), knobs=knobs) as gateway,
        ThreadPoolExecutor(count) as pool,
    ):
        client = gateway.client("lambda", read_timeout=120, max_pool_connections=count)
        client.update_function_code(FunctionName="f", ZipFile=bytes(MIB))
        before = peak(gateway.process.pid)
        client.update_function_code(FunctionName="f", ZipFile=bytes(size))
        alone = peak(gateway.process.pid) - before
        sent = [
            pool.submit(client.update_function_code, FunctionName=f"f{number}", ZipFile=bytes(size)) for number in range(count)
        ]
        for one in sent:
            one.result()
        assert peak(gateway.process.pid) - before < alone * count / 2


def test_boto3_reads_why_a_body_is_refused_that_it_still_sends(small):
    with pytest.raises(ClientError, match="send it in parts") as caught:
        small.client("lambda").update_function_code(FunctionName="f", ZipFile=bytes(31_000_000))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_boto3_reads_why_a_stranger_is_refused(small):
    with pytest.raises(ClientError, match="no agent here"):
        small.client("s3", secret=SECRET + "x", s3={"payload_signing_enabled": True}).put_object(
            Bucket="b", Key="k", Body=bytes(31_000_000)
        )


@pytest.mark.parametrize("program", [CLI_1, CLI_2], ids=["AWS CLI 1", "AWS CLI 2"])
def test_the_aws_cli_prints_why_a_body_is_refused(small, program):
    if not program.exists():
        pytest.skip(f"{program} is not installed")
    env = {
        "AWS_ACCESS_KEY_ID": f"AKIA{ACCOUNTS['staging']}CI01",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CA_BUNDLE": small.ca,
        "HTTPS_PROXY": f"http://{small.doors['proxy']}",
        "AWS_MAX_ATTEMPTS": "1",
    }
    words = ["lambda", "update-function-code", "--function-name", "f", "--zip-file", f"fileb://{small.folder / 'code.zip'}"]
    done = subprocess.run([program, *words], env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode != 0
    assert "send it in parts" in done.stderr
    assert "held_limit" not in done.stderr


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
@pytest.mark.parametrize("way", ["proxy", "tls"])
@pytest.mark.parametrize("expect", ["Expect:", "Expect: 100-continue"])
@pytest.mark.parametrize("chunked", [False, True])
def test_curl_prints_why_a_body_is_refused(small, way, expect, chunked):
    host, _, port = small.doors["tls"].rpartition(":")
    to = ["--proxy", f"http://{small.doors['proxy']}"] if way == "proxy" else ["--connect-to", f"{LAMBDA}:443:{host}:{port}"]
    framing = ["-H", "Transfer-Encoding: chunked"] if chunked else []
    url = f"https://{LAMBDA}/2015-03-31/functions/f/code"
    command = [CURL, "-sS", "-X", "PUT", url, *to, "--cacert", small.ca, "-H", expect, *framing, "-T", small.folder / "code.zip"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert "the request is not signed" in done.stdout
