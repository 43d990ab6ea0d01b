"""Requests that break off or lie about their bodies, agents that hang up, logs that take nothing: what is left is a record."""

from __future__ import annotations

import os
import socket
import struct
import time
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS
from tests.kit.gateway import running
from tests.kit.wire.raw import DYNAMODB, STS, Raw, connect, parted, request, tunnel
from tests.kit.wire.uploads import SIGNED, SIGNED_TRAILER, Upload

MIB = 1024 * 1024
BIG = 12 * MIB
"""More than what socket buffers between the gateway and a test hold."""


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("broken-off"), embedded_aws, knobs='held_limit = "64KiB"') as gateway:
        gateway.client("s3", by="endpoint").put_object(Bucket="staging-data", Key="big", Body=os.urandom(BIG))
        yield gateway
        assert gateway.client("sts").get_caller_identity()["Account"] == ACCOUNTS["staging"]
    assert gateway.process.returncode == 0
    assert "Traceback" not in gateway.log


def put(gateway, key: str, body: bytes) -> tuple[bytes, bytes]:
    """Head and body of an upload."""
    host = gateway.doors["endpoint"]
    return parted(request("s3", host, body=body, method="PUT", path=f"/staging-data/{key}"))


def get(gateway, key: str) -> bytes:
    return request("s3", gateway.doors["endpoint"], body=b"", method="GET", path=f"/staging-data/{key}")


def kept(gateway, key: str) -> bytes | None:
    with Raw(gateway.doors["endpoint"]).send(get(gateway, key)) as raw:
        answer = raw.answer()
    assert answer.status in (200, 404)
    return answer.body if answer.status == 200 else None


def last(gateway, action: str) -> dict | None:
    """The outcome of the last call of this name."""
    return gateway.records("--action", action)[-1]["outcome"]


def until(ask):
    """Ask until there is an answer."""
    deadline = time.monotonic() + 60
    while not (found := ask()):
        assert time.monotonic() < deadline
    return found


def hang_up(raw: Raw) -> None:
    """With a reset, as a process that is killed with bytes unread."""
    raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.socket.close()


# Bodies that are not what their head says


@pytest.mark.parametrize("size", [1000, MIB], ids=["checked before it is sent", "checked on its way"])
def test_an_upload_that_ends_early_is_no_object(gate, size):
    head, body = put(gate, "short", os.urandom(size))
    with Raw(gate.doors["endpoint"]).send(head, body[: size * 3 // 4]).end() as raw:
        answer = raw.last()
    assert (answer.status, "closed inside a body" in answer.text) == (400, True)
    assert b"<Error><Code>InvalidRequest</Code>" in answer.body
    assert kept(gate, "short") is None
    assert last(gate, "PutObject")["end"] == ("refused" if size == 1000 else "aborted")


@pytest.mark.parametrize("size", [1000, MIB], ids=["checked before it is sent", "checked on its way"])
def test_an_upload_of_other_bytes_than_were_signed_is_no_object(gate, size):
    head, body = put(gate, "swapped", os.urandom(size))
    with Raw(gate.doors["endpoint"]).send(head, body[:-1], bytes([body[-1] ^ 1])) as raw:
        answer = raw.answer()
    assert answer.status == 400
    assert kept(gate, "swapped") is None


FORGED = {
    "checked before it is sent": {"data": bytes(1000), "path": "/staging-data/forged"},
    "checked on its way": {"data": bytes(MIB), "path": "/staging-data/forged"},
    "kept for a person": {"data": bytes(1000), "path": "/prod-data/forged", "account": "prod"},
    "held": {"data": b"<Delete><Object><Key>k</Key></Object></Delete>", "path": "/staging-data?delete=", "method": "POST"},
}


@pytest.mark.parametrize("form", [SIGNED, SIGNED_TRAILER])
@pytest.mark.parametrize("name", FORGED)
def test_a_chunk_that_the_agent_did_not_sign_is_refused(gate, name, form):
    host = gate.doors["endpoint"]
    made = Upload(host=host, form=form, forged=(-1,), **FORGED[name])
    with Raw(host).send(*made.made) as raw:
        answer = raw.answer()
    assert (answer.status, "the signature of a chunk" in answer.text) == (403, True)
    assert gate.records()[-1]["outcome"]["end"] == ("aborted" if name == "checked on its way" else "refused")
    assert kept(gate, "forged") is None


def test_what_follows_a_body_is_not_part_of_it(gate):
    head, body = put(gate, "long", b"0123456789")
    with Raw(gate.doors["endpoint"]).send(head, body, b"0123456789") as raw:
        assert raw.answer().status == 200
        assert raw.answer().status == 400
        assert raw.closed()
    assert kept(gate, "long") == b"0123456789"


def test_a_held_body_that_ends_early_is_no_call(gate):
    head, body = parted(request(host=gate.doors["endpoint"]))
    with Raw(gate.doors["endpoint"]).send(head, body[:-1]).end() as raw:
        assert raw.last().status == 400


def test_a_body_too_large_to_hold_is_refused_in_the_words_of_s3(gate):
    path = "/staging-data?tagging="
    asked = request("s3", gate.doors["endpoint"], body=b"<" * 70_000, method="PUT", path=path)
    with Raw(gate.doors["endpoint"]).send(asked) as raw:
        answer = raw.answer()
    assert answer.status == 400
    assert b"<Error><Code>EntityTooLarge</Code>" in answer.body


# Agents that hang up


def test_an_upload_whose_agent_hangs_up_is_no_object(gate):
    head, body = put(gate, "left", os.urandom(MIB))
    raw = Raw(gate.doors["endpoint"]).send(head, body[: MIB // 2])
    until(lambda: gate.records("--action", "PutObject")[-1]["outcome"] is None)  # it is under way
    hang_up(raw)
    assert until(lambda: last(gate, "PutObject"))["end"] == "aborted"
    assert kept(gate, "left") is None


def test_a_download_whose_agent_hangs_up_is_recorded_as_half(gate):
    raw = Raw(gate.doors["endpoint"]).send(get(gate, "big"))
    assert raw.head()[0] == 200
    before = len(gate.records("--action", "GetObject"))
    hang_up(raw)
    until(lambda: len(gate.records("--action", "GetObject")) > before)
    outcome = last(gate, "GetObject")
    assert (outcome["end"], outcome["upstream_status"]) == ("aborted", 200)
    assert 0 < outcome["bytes_out"] < BIG


def test_nothing_is_left_open_by_connections_that_broke(gate):
    ca, host = gate.ca_file, gate.doors["endpoint"]
    assert kept(gate, "small") is None
    idle = open_files(gate)
    head, body = put(gate, "again", os.urandom(MIB))
    for _ in range(5):
        hang_up(Raw(host).send(head, body[: MIB // 2]))
        hang_up(Raw(host).send(get(gate, "big")))
        hang_up(Raw(host).send(request("s3", host, body=b"", method="DELETE", path="/prod-data/report.txt", account="prod")))
        hang_up(Raw(host).send(b"POST / HT"))
        hang_up(Raw(gate.doors["tls"]).send(b"\x16\x03\x01"))
        hang_up(Raw(gate.doors["proxy"]).send(connect(f"{STS}:443")))
        hang_up(tunnel(gate, ca, DYNAMODB))
    until(lambda: open_files(gate) <= idle)


def open_files(gateway) -> int:
    return len(os.listdir(f"/proc/{gateway.process.pid}/fd"))


# Agents that stop


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    with running(tmp_path_factory.mktemp("hasty"), None, knobs='head_timeout = "1s"\nidle_timeout = "1s"') as gateway:
        yield gateway
    assert gateway.process.returncode == 0
    assert "Traceback" not in gateway.log


@pytest.mark.parametrize("said", [b"", b"CONNECT sts"])
def test_a_connect_that_does_not_come_is_answered(hasty, said):
    with Raw(hasty.doors["proxy"]).send(said) as raw:
        answer = raw.answer()
        assert (answer.status, "in time" in answer.text) == (408, True)
        assert raw.closed()


def test_a_handshake_that_does_not_come_ends_the_connection(hasty):
    with Raw(hasty.doors["tls"]).send(b"\x16\x03\x01\x02") as raw:
        assert raw.closed()
    with Raw(hasty.doors["proxy"]).send(connect(f"{STS}:443")) as raw:
        assert raw.head()[0] == 200
        assert raw.closed()


def test_an_upload_that_stops_half_way_is_answered(hasty):
    host = hasty.doors["endpoint"]
    head, body = parted(request("s3", host, body=b"x" * 1000, method="PUT", path="/prod-data/k", account="prod"))
    with Raw(host).send(head, body[:500]) as raw:
        answer = raw.last()
    assert (answer.status, "half-way" in answer.text) == (408, True)
    assert b"<Error><Code>InvalidRequest</Code>" in answer.body


# Logs that take nothing


def test_a_decision_that_cannot_be_logged_is_no(embedded_aws, tmp_path):
    (tmp_path / "decisions.jsonl").symlink_to("/dev/full")
    with running(tmp_path, embedded_aws) as gateway:
        s3 = gateway.client("s3", by="endpoint")
        for ask in (lambda: s3.put_object(Bucket="staging-data", Key="unlogged", Body=b"x"), s3.list_buckets):
            with pytest.raises(ClientError) as caught:
                ask()
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
            assert "could not be logged" in str(caught.value)
        with pytest.raises(ClientError):
            gateway.client("secretsmanager", by="endpoint").get_secret_value(SecretId="db-password")
        assert [record["outcome"]["end"] for record in gateway.records()] == ["refused"] * 3
    assert "Traceback" not in gateway.log


@pytest.mark.parametrize(("folder", "said"), [("decisions.jsonl", "the decision log"), ("state/audit.db", "the audit database")])
def test_a_log_that_cannot_be_opened_is_one_line_and_no_gateway(tmp_path, folder, said):
    (tmp_path / folder).mkdir(parents=True)
    with suppress(RuntimeError), running(tmp_path, None):
        pytest.fail("it started")
    lines = [line for line in (tmp_path / "gateway.log").read_text().splitlines() if line.startswith("trio-gate: ")]
    assert len(lines) == 1
    assert said in lines[0]
    assert "Traceback" not in (tmp_path / "gateway.log").read_text()
