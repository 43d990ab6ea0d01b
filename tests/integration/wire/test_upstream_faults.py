"""AWS at its worst: silent, broken, lying, slow. The agent gets one error, nothing is sent twice, and the next call is well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, IncompleteReadError, ResponseStreamingError

from tests.kit.gateway import running
from tests.kit.standins.scripted import answer, scripted, well
from tests.kit.wire.raw import Raw, request

EC2, DYNAMODB, S3 = "ec2.us-east-1.amazonaws.com", "dynamodb.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"
MIB = 1024 * 1024
LARGE = 64 * MIB
WINDOW = 12 * MIB
"""More than sockets and the gateway together keep of a body that nobody takes."""

KNOBS = 'answer_timeout = "2s"\n  idle_timeout = "2s"'


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with scripted(tmp_path_factory.mktemp("aws"), EC2, DYNAMODB, S3) as server:
        yield server


@pytest.fixture(scope="module")
def gate(aws, embedded_aws, tmp_path_factory):
    first = aws.route(EC2) + aws.route(DYNAMODB) + aws.route(S3)
    with running(tmp_path_factory.mktemp("upstream-faults"), embedded_aws, knobs=KNOBS, first=first) as gateway:
        gateway.client("s3", by="endpoint").head_bucket(Bucket="b-1")  # S3's model is loaded, whichever test comes first
        yield gateway
    assert "Traceback" not in gateway.log


@pytest.fixture(autouse=True)
def the_next_call_is_well(aws, gate):
    yield
    aws.script = well
    gate.client("dynamodb").list_tables()


def outcome(call) -> int:
    """The status that an agent sees; its SDK's word for a broken answer counts as 0."""
    try:
        return call()["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    except (ConnectionClosedError, HTTPClientError, IncompleteReadError, ResponseStreamingError):
        return 0


def calls(gate):
    """A write, a write that is sent in a form, and a read."""
    return {
        "PutItem": lambda: gate.client("dynamodb").put_item(TableName="t", Item={"id": {"S": "1"}}),
        "RunInstances": lambda: gate.client("ec2").run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1),
        "GetItem": lambda: gate.client("dynamodb").get_item(TableName="t", Key={"id": {"S": "1"}}),
    }


def falls_over(peer):
    peer.request()
    peer.reset()


@pytest.mark.parametrize("action", ["PutItem", "RunInstances", "GetItem"])
def test_what_was_sent_is_not_sent_again(gate, aws, action):
    aws.script, before = falls_over, len(aws.heads)
    assert outcome(calls(gate)[action]) == 502
    assert len(aws.heads) == before + 1
    assert gate.records("--action", action)[-1]["outcome"]["end"] == "failed"


def answers_once(peer):
    peer.request()
    peer.send(answer())
    raise EOFError


def test_a_kept_connection_that_is_dead_costs_one_new_one(gate, aws):
    aws.script = answers_once
    assert outcome(calls(gate)["PutItem"]) == 200
    aws.script, before = well, len(aws.heads)
    assert outcome(calls(gate)["PutItem"]) == 200
    assert len(aws.heads) == before + 1


def says_nothing(peer):
    peer.request()
    peer.wait()


def stops_after_its_head(peer):
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
    peer.wait()


@pytest.mark.parametrize("action", ["PutItem", "GetItem"])
def test_silence_has_an_end(gate, aws, action):
    aws.script, before = says_nothing, len(aws.heads)
    assert outcome(calls(gate)[action]) == 504
    assert len(aws.heads) == before + 1


def test_an_answer_that_stops_breaks_the_agents(gate, aws):
    aws.script = stops_after_its_head
    host = gate.doors["endpoint"]
    with Raw(host).send(request("s3", host, body=b"", method="GET", path="/b-1/k")) as raw:
        status, fields = raw.head()
        assert (status, fields["content-length"]) == (200, "2")
        assert raw.rest() == b""
    assert gate.records("--action", "GetObject")[-1]["outcome"]["end"] in ("aborted", "failed")


MALFORMED = {
    "two framings": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length below nothing": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
    "another protocol": b"HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "no protocol": b"hello\r\n\r\n",
    "a huge head": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    "endless interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + answer(),
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("said", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_answer_is_a_502_and_its_connection_is_not_used_again(gate, aws, said):
    def script(peer):
        peer.request()
        peer.send(said)
        peer.wait()

    aws.script, before = script, aws.connections
    assert outcome(calls(gate)["PutItem"]) == 502
    aws.script = well
    assert outcome(calls(gate)["PutItem"]) == 200
    assert aws.connections >= before + 1


@pytest.mark.parametrize("extra", [answer(b'{"stolen":1}'), b"HTTP/1.1 200 OK\r\n", b"x"])
def test_what_comes_behind_an_answer_is_nobodys(gate, aws, extra):
    def script(peer):
        peer.request()
        peer.send(answer(b'{"TableNames":["mine"]}') + extra)
        peer.wait()

    aws.script = script
    assert gate.client("dynamodb").list_tables()["TableNames"] == ["mine"]
    aws.script = well
    assert "stolen" not in gate.client("dynamodb").list_tables()


def takes_no_body(peer):
    peer.head()
    peer.send(answer(b"<Error><Code>SlowDown</Code></Error>", b"503 Slow Down", b"Connection: close"))
    peer.wait()


def test_an_answer_before_the_whole_body_is_the_answer(gate, aws):
    aws.script = takes_no_body
    client = gate.client("s3", by="endpoint")
    assert outcome(lambda: client.put_object(Bucket="b-1", Key="k", Body=bytes(LARGE))) == 503


def memory(gate) -> int:
    """Bytes of the most that the gateway has ever used."""
    status = Path(f"/proc/{gate.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def test_a_download_that_nobody_reads_waits_at_its_source(gate, aws):
    sent = []

    def pours(peer):
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
        for _ in range(LARGE // MIB):
            peer.send(bytes(MIB))
            sent.append(MIB)

    aws.script, before = pours, memory(gate)
    host = gate.doors["endpoint"]
    with Raw(host).send(request("s3", host, body=b"", method="GET", path="/b-1/k")) as raw:
        raw.head()
        gate.records()
        assert sum(sent) < WINDOW
    assert memory(gate) - before < 8 * MIB


def test_an_upload_that_aws_does_not_take_waits_at_the_agent(gate, aws):
    def stalls(peer):
        peer.head()
        peer.wait()

    aws.script, before = stalls, memory(gate)
    client = gate.client("s3", by="endpoint")
    assert outcome(lambda: client.put_object(Bucket="b-1", Key="k", Body=bytes(LARGE))) in (0, 502, 504)
    assert memory(gate) - before < 8 * MIB
