"""What goes wrong around the gateway: each fault has its answer, and the gateway goes on."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial

import pytest
import trustme
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, ROLE
from tests.kit.gateway import AGENT, SECRET, TRIO_GATE, running
from tests.kit.wire.raw import STS, Raw, request
from trio_gate.errors import NOT_YOUR_FAULT


def refused(client, operation="get_caller_identity", **given):
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**given)
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture
def counting():
    """A server that only counts who connects."""
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def count():
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                seen.append(1)
                peer.close()

        threading.Thread(target=count, daemon=True).start()
        yield server.getsockname()[1], seen
        server.shutdown(socket.SHUT_RDWR)


def route(host: str, port: int) -> str:
    return f'upstream "{host}" {{ address = "127.0.0.1:{port}" }}\n'


def test_sts_that_cannot_be_reached_is_worth_another_try(embedded_aws, tmp_path, closed_port):
    with running(tmp_path, embedded_aws, first=route(STS, closed_port)) as gateway:
        status, code, message = refused(gateway.client("dynamodb"), "list_tables")
        assert (status, code) == (503, "ServiceUnavailableException")
        assert message.startswith(f"not executed: {NOT_YOUR_FAULT}")
        assert "STS could not be asked for arn:aws:iam::" in gateway.log
        assert gateway.records()[-1]["outcome"]["end"] == "failed"
    assert "Traceback" not in gateway.log


def test_a_wrong_base_key_is_not(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, base_secret="unequal" * 6) as gateway:
        status, code, message = refused(gateway.client("dynamodb"), "list_tables")
        assert (status, code) == (403, "AccessDeniedException")
        assert message.startswith(f"not executed: {NOT_YOUR_FAULT}")
        assert "AWS refuses the base key of credential" in gateway.log
        assert "SignatureDoesNotMatch" in gateway.log
        assert "unequal" not in message + gateway.log


def test_a_role_that_cannot_be_assumed_is_named_to_the_operator_alone(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, role="nobody") as gateway:
        status, _, message = refused(gateway.client("s3"), "list_buckets")
        assert status == 403
        assert message.startswith(f"not executed: {NOT_YOUR_FAULT}")
        assert "nobody" not in message
        arn = f"arn:aws:iam::{ACCOUNTS['staging']}:role/nobody"
        assert f"refused s3:ListBuckets for 127.0.0.1: {arn} could not be assumed (AccessDenied)" in gateway.log


DOWN, STRANGE, INSIDE = "us-west-2", "eu-west-1", "eu-central-1"
ASTRAY = f"""\
import socket
resolve = socket.getaddrinfo
def to_loopback(host, *rest, **given):
    return resolve("127.0.0.1" if ".{INSIDE}." in str(host) else host, *rest, **given)
socket.getaddrinfo = to_loopback
"""
"""What a gateway runs first, to be given a wrong address for the hosts of a region that has no `upstream` block."""


@pytest.fixture(scope="module")
def ailing(embedded_aws, tmp_path_factory):
    """A gateway that reaches AWS in one region. Others are down, of a stranger, or said to be on this machine."""
    folder = tmp_path_factory.mktemp("ailing")
    trustme.CA().cert_pem.write_to_path(str(folder / "stranger.pem"))
    (folder / "sitecustomize.py").write_text(ASTRAY)
    strange = f'address = "127.0.0.1:{embedded_aws.port}"\n  ca_file = "{folder / "stranger.pem"}"'
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.MonkeyPatch.context() as patch:
        down = route(f"*.{DOWN}.amazonaws.com", taken.getsockname()[1])
        patch.setenv("PYTHONPATH", str(folder))
        taken.close()
        first = f'{down}upstream "*.{STRANGE}.amazonaws.com" {{\n  {strange}\n}}\n'
        with running(folder, embedded_aws, first=first, hosts="*.us-east-1.amazonaws.com") as gateway:
            yield gateway
            assert gateway.client("sts").get_caller_identity()["Account"] == ACCOUNTS["staging"]
            assert "Traceback" not in gateway.log


@pytest.mark.parametrize(
    ("region", "why"),
    [(DOWN, "refused the connection"), (STRANGE, "certificate is not accepted"), (INSIDE, "may not connect to")],
)
@pytest.mark.parametrize(
    ("service", "operation", "said"),
    [
        ("s3", "list_buckets", "ServiceUnavailable"),
        ("dynamodb", "list_tables", "ServiceUnavailableException"),
        ("sns", "list_topics", "ServiceUnavailable"),
    ],
)
def test_aws_out_of_reach_is_a_502_in_the_services_words(ailing, region, why, service, operation, said):
    status, code, message = refused(ailing.client(service, region_name=region), operation)
    assert (status, code) == (502, said)
    assert f"{service}.{region}.amazonaws.com" in message
    assert why in message
    assert "127.0.0.1" not in message
    assert ailing.records()[-1]["outcome"]["end"] == "failed"


def test_what_proves_no_agent_costs_no_call_to_sts(embedded_aws, tmp_path, counting):
    port, seen = counting
    with running(tmp_path, embedded_aws, first=route(STS, port)) as gateway:
        for given in ({"secret": "another-secret-0123456789"}, {"suffix": "XX01"}, {"account": "333333333333"}):
            assert refused(gateway.client("dynamodb", **given), "list_tables")[0] == 403
        assert seen == []
        assert refused(gateway.client("dynamodb"), "list_tables")[0] == 503
        assert seen != []


REAL = "AKIA" + "Q3EGRIFYVWHKXJ7L"  # of the shape of a real one


def test_a_real_key_id_is_recognised_and_not_repeated(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws) as gateway:
        with Raw(gateway.doors["endpoint"]).send(request(host=gateway.doors["endpoint"], key_id=REAL)) as raw:
            answer = raw.answer()
        assert answer.status == 403
        assert "real" in answer.text
        assert REAL not in answer.text + gateway.log + (gateway.folder / "decisions.jsonl").read_text()
        with Raw(gateway.doors["endpoint"]).send(request(host=gateway.doors["endpoint"], key_id="AKIA12345CI01")) as raw:
            assert "12 digits" in raw.answer().text


def test_a_hundred_first_requests_make_one_session_and_two_agents_make_two(embedded_aws, tmp_path):
    other = f'agent "other" {{\n  key_suffix = "OT02"\n  secret = "other-{SECRET}"\n}}\n'
    with running(tmp_path, embedded_aws, agent=AGENT + other) as gateway:
        client = gateway.client("sts", by="endpoint", max_pool_connections=100)
        with ThreadPoolExecutor(100) as pool:
            callers = list(pool.map(lambda _: client.get_caller_identity(), range(100)))
        assert {caller["Arn"] for caller in callers} == {f"arn:aws:sts::{ACCOUNTS['staging']}:assumed-role/{ROLE}/trio-gate@ci"}
        assert len({caller["UserId"] for caller in callers}) == 1
        arn = gateway.client("sts", by="endpoint", suffix="OT02", secret=f"other-{SECRET}").get_caller_identity()["Arn"]
        assert arn.endswith("/trio-gate@other")
        assert "Traceback" not in gateway.log


def test_what_is_approved_after_its_agent_hung_up_waits_for_the_same_call(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws) as gateway:
        host = gateway.doors["endpoint"]
        asked = request("s3", host, body=b"", method="DELETE", path="/prod-data/invoice.txt", account="prod")
        with Raw(host).send(asked):
            until(lambda: gateway.gate(*gateway.approver(verb="pending")).stdout, "Delete invoice.txt")
        until(lambda: gateway.gate(*gateway.approver(verb="pending")).stdout, "who has left")
        record = gateway.records()[-1]
        assert (record["action"], record["outcome"]["end"]) == ("DeleteObject", "aborted")
        client = gateway.client("s3", "prod", by="endpoint")
        assert gateway.gate(*gateway.approver("--once", "--yes")).returncode == 0
        assert client.get_object(Bucket="prod-data", Key="invoice.txt")["Body"].read()
        with Raw(host).send(request("s3", host, body=b"", method="DELETE", path="/prod-data/invoice.txt", account="prod")) as raw:
            assert raw.head()[0] == 204
        with pytest.raises(ClientError, match="NoSuchKey"):
            client.get_object(Bucket="prod-data", Key="invoice.txt")


def until(ask, wanted: str) -> str:
    """Ask until the answer holds what is wanted."""
    deadline = time.monotonic() + 60
    while wanted not in (said := ask()):
        assert time.monotonic() < deadline, said
    return said


def test_a_record_that_cannot_be_written_stops_writes_and_what_follows(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws) as gateway:
        s3 = gateway.client("s3", by="endpoint")
        put = partial(s3.put_object, Bucket="staging-data", Body=b"x")
        put(Key="before")
        with full(gateway.folder / "state" / "audit.db"):
            with pytest.raises(ClientError) as caught:
                put(Key="during")
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
            assert caught.value.response["Error"]["Code"] == "ServiceUnavailable"
            assert refused(s3, "list_buckets")[0] == 503  # a plain read too, now that it is known
        put(Key="after")
        keys = {item["Key"] for item in s3.list_objects_v2(Bucket="staging-data")["Contents"]}
        assert keys & {"before", "during", "after"} == {"before", "after"}
        assert [record["action"] for record in gateway.records()] == ["PutObject", "PutObject", "ListObjectsV2"]


@contextmanager
def full(path):
    """The database takes no more rows, for a while."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(FAIL, 'full'); END")
        yield
        db.execute("DROP TRIGGER full")


# The command line


def gate(folder, *words):
    return subprocess.run([*TRIO_GATE, *words], capture_output=True, text=True, check=False, cwd=folder)


BROKEN = """\
gateway { stat_dir = "./state" }
endpoint "aws_api" "main" {
  role       = "trio-gate"
  region     = "us-east-1"
  credential = aws_account.bas
  accounts   = ["1111=prod"]
}
credential "aws_account" "base" {}
rule "typo" { match = aws.acton == "x"  action = "allow" }
rule "type" { match = aws.action == 5   action = "allow" }
"""


@pytest.mark.parametrize("verb", ["check", "serve"])
def test_all_faults_of_a_broken_configuration_are_logged(tmp_path, verb):
    (tmp_path / "broken.hcl").write_text(BROKEN)
    done = gate(tmp_path, verb, "broken.hcl")
    assert done.returncode == 1
    for place, said in {
        "1:11": "state_dir",
        "5:16": "aws_account.base",
        "6:17": "12 digits",
        "9:": "did you mean",
        "10:34": "does not fit",
    }.items():
        assert f"broken.hcl:{place}" in done.stderr
        assert said in done.stderr
    assert "5 faults" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [(), ("serve",), ("nothing",), ("check", "--what"), ("person", "new")])
def test_wrong_usage_has_its_own_status(tmp_path, words):
    assert gate(tmp_path, *words).returncode == 2


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    done = gate(tmp_path, "serve", "missing.hcl")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_address_that_is_taken_is_one_line(tmp_path, form):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = f'gateway {{\n  log_format = "{form}"\n  listener "proxy" {{ bind = "127.0.0.1:{port}" }}\n}}\n'
        (tmp_path / "g.hcl").write_text(text)
        done = gate(tmp_path, "serve", "g.hcl")
    assert done.returncode == 1
    *_, last = done.stderr.splitlines() if form == "text" else (json.loads(line)["message"] for line in done.stderr.splitlines())
    assert last == f"trio-gate: cannot listen on 127.0.0.1 port {port}: Address already in use"


def test_a_state_folder_is_one_gateways(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws) as gateway:
        second = gateway.gate("serve", str(gateway.config))
        assert second.returncode == 1
        assert "state is in use by another gateway" in second.stderr.splitlines()[-1]
        assert gateway.client("sts").get_caller_identity()["Account"] == ACCOUNTS["staging"]
    with running(tmp_path, embedded_aws) as gateway:
        assert gateway.client("sts").get_caller_identity()["Account"] == ACCOUNTS["staging"]


def test_a_listener_that_others_can_reach_wants_proven_agents(tmp_path):
    (tmp_path / "g.hcl").write_text('gateway {\n  listener "proxy" { bind = "0.0.0.0:0" }\n}\n')
    done = gate(tmp_path, "check", "g.hcl")
    assert (done.returncode, "nothing proves which agent" in done.stderr) == (1, True)
