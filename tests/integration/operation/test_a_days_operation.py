"""What a day's operation meets: a record that vanishes, a flood of refusals, a stop with people connected."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import time

import pytest
import trio
from botocore.exceptions import ClientError

from tests.kit.gateway import STOP, TOKEN, running
from tests.kit.shortages import room
from tests.kit.wire.raw import DYNAMODB, request, tunnel
from trio_gate.client import ClientError as ChannelError
from trio_gate.client import connect

ALLOW = 'rule "all" { action = "allow" }\n'
DENY = 'rule "nothing" { action = "deny" }\n'
LAMBDA = "lambda.us-east-1.amazonaws.com"
PATIENCE = 30


def admin(gateway, target):
    """A plain question at the admin listener."""
    trust = ssl.create_default_context(cafile=str(gateway.folder / "state" / "ca" / "own.pem"))
    connection = http.client.HTTPSConnection(gateway.doors["admin"], context=trust, timeout=10)
    try:
        connection.request("GET", target)
        found = connection.getresponse()
        return found.status, found.read().decode()
    finally:
        connection.close()


def until(answer, wanted):
    """The answer, once its status is the one wanted."""
    end = time.monotonic() + PATIENCE
    while (found := answer())[0] != wanted:
        assert time.monotonic() < end, found
    return found


def test_a_record_that_vanishes_refuses_calls_and_readiness_says_so(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, rules=ALLOW) as gateway:
        tables = gateway.client("dynamodb").list_tables
        tables()
        assert admin(gateway, "/readyz") == (200, "ready\n")
        state = tmp_path / "state"
        for name in ("audit.db", "audit.db-wal"):
            (state / name).rename(tmp_path / name)
        status, why = until(lambda: admin(gateway, "/readyz"), 503)
        assert why == "not ready\n"
        assert admin(gateway, "/healthz") == (200, "ok\n")
        with pytest.raises(ClientError) as refused:
            tables()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        assert "audit.db is gone" in gateway.log
        for name in ("audit.db", "audit.db-wal"):
            (tmp_path / name).rename(state / name)
        until(lambda: admin(gateway, "/readyz"), 200)
        tables()


def test_approvals_that_cannot_be_kept_refuse_calls_and_readiness_says_so(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, rules=ALLOW) as gateway:
        tables, kept = gateway.client("dynamodb").list_tables, tmp_path / "state" / "approvals.db"
        tables()
        kept.rename(tmp_path / "away.db")
        status, why = until(lambda: admin(gateway, "/readyz"), 503)
        assert why == "not ready\n"
        with pytest.raises(ClientError) as refused:
            tables()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        assert str(tmp_path) not in str(refused.value)
        assert "approvals.db is gone" in gateway.log
        (tmp_path / "away.db").rename(kept)
        until(lambda: admin(gateway, "/readyz"), 200)
        tables()


def test_a_record_at_its_limit_refuses_calls(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, rules=ALLOW, knobs='record_limit = "1MiB"') as gateway:
        table = gateway.client("dynamodb")
        key = {f"k{number}": {"S": "x" * 900} for number in range(16)}

        def ask():
            try:
                table.get_item(TableName="absent", Key=key)
            except ClientError as fault:
                return fault.response["ResponseMetadata"]["HTTPStatusCode"], str(fault)
            return 200, ""

        assert "could not be recorded" in until(ask, 503)[1]
        assert admin(gateway, "/readyz")[0] == 503
        assert "record_limit" in gateway.log
        assert (tmp_path / "state" / "audit.db").stat().st_size < 2 << 20


def test_a_decision_log_that_takes_nothing_refuses_calls_and_readiness_says_so(embedded_aws, tmp_path):
    pipe = tmp_path / "decisions.jsonl"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with running(tmp_path, embedded_aws, rules=ALLOW) as gateway:
        tables = gateway.client("dynamodb").list_tables
        tables()
        assert admin(gateway, "/readyz") == (200, "ready\n")
        os.close(reader)
        with pytest.raises(ClientError):
            tables()
        assert admin(gateway, "/readyz") == (503, "not ready\n")
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        assert admin(gateway, "/readyz") == (200, "ready\n")
        tables()
    os.close(reader)


def test_a_disk_that_is_full_at_a_bodys_last_bytes_is_a_refusal(tmp_path):
    full = 2 << 20
    with running(tmp_path, None, rules=DENY) as gateway, room(full, gateway.process.pid):
        for size in (full + 1, full + 5000, full + 100_000):
            with tunnel(gateway, gateway.ca_file, LAMBDA) as raw:
                answer = raw.send(request("lambda", LAMBDA, path="/2015-03-31/functions", body=b"x" * size)).answer()
            assert (answer.status, "could not store the body" in answer.text) == (503, True)
            assert str(tmp_path) not in answer.text
        rows = gateway.records()
    assert [(row["outcome"]["end"], row["outcome"]["status"]) for row in rows] == [("refused", 503)] * 3
    assert all("File too large" in row["outcome"]["reason"] for row in rows)
    assert "internal error" not in gateway.log


def test_a_flood_of_wrong_signatures_is_counted_and_a_proven_call_has_its_row(tmp_path):
    body = json.dumps({"TableName": "t", "Item": {f"k{n}": {"S": "a" * 900} for n in range(16)}}).encode()
    given = {"X_Amz_Target": "DynamoDB_20120810.PutItem", "Content_Type": "application/x-amz-json-1.0"}
    wrong = request("dynamodb", DYNAMODB, body=body, secret="WRONG-WRONG-WRONG-WRONG", **given)
    with running(tmp_path, None, rules=DENY) as gateway:
        with tunnel(gateway, gateway.ca_file, DYNAMODB) as raw:
            assert {raw.send(wrong).answer().status for _ in range(250)} == {403}
        with tunnel(gateway, gateway.ca_file, DYNAMODB) as raw:
            assert raw.send(request("dynamodb", DYNAMODB, body=body, **given)).answer().status == 403
        right = gateway.records()[-1]
        assert (right["agent"], right["action"], right["decision"]["rule"]) == ("ci", "PutItem", "nothing")
    rows = gateway.records()
    [told] = [row for row in rows if "counted" in row]
    assert len(rows) < 130
    assert sum(told["counted"]["codes"].values()) + len(rows) == 250 + 2
    lines = (tmp_path / "decisions.jsonl").read_text().splitlines()
    assert len(lines) == len(rows) - 1
    assert max(len(json.dumps(row)) for row in rows if row is not right and row["agent"] is None) < 3000
    assert gateway.log.count("refused POST") < 130


def test_a_stop_tells_those_who_are_connected(tmp_path):
    with running(tmp_path, None) as gateway:

        async def connected() -> None:
            trust = ssl.create_default_context(cafile=str(tmp_path / "state" / "ca" / "own.pem"))
            with trio.fail_after(PATIENCE):
                async with connect(f"wss://{gateway.doors['admin']}", TOKEN, trust) as client:
                    await client.receive()
                    gateway.process.send_signal(signal.SIGTERM)
                    with pytest.raises(ChannelError, match=r"\Athe gateway is stopping\Z"):
                        await client.receive()

        trio.run(connected)
        assert gateway.process.wait(STOP) == 0
