"""The line and the row of each call: a plain read is told of while AWS works on it, any other call before it is sent; each once."""

from __future__ import annotations

import json
import os
import select
import time
from contextlib import suppress

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.kit.gateway import START, running
from tests.kit.standins.scripted import answer, held_back, scripted, well
from tests.kit.wire.raw import DYNAMODB, request, tunnel
from trio_gate.shell.exchange.large_calls import SMALL

ALLOW = 'rule "all" { action = "allow" }\n'
TYPE = "application/x-amz-json-1.0"
KEY = {"id": {"S": "x"}}


def raw_call(operation: str, name: str = "x") -> bytes:
    body = json.dumps({"TableName": "t", "Key" if operation == "GetItem" else "Item": {"id": {"S": name}}}).encode()
    return request("dynamodb", DYNAMODB, body=body, X_Amz_Target=f"DynamoDB_20120810.{operation}", Content_Type=TYPE)


def next_line(reader: int) -> dict:
    """The next line of a pipe, for which it waits."""
    readable, _, _ = select.select([reader], [], [], START)
    assert readable, "no line came"
    [line] = os.read(reader, 1 << 20).splitlines()
    return json.loads(line)


def ended(gate, count: int) -> list[dict]:
    """The rows of calls that nobody waits for, once there are so many."""
    over = time.monotonic() + START
    while len(rows := gate.records()) < count:
        assert time.monotonic() < over, rows
    return rows


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "decisions.jsonl")
    reader = os.open(tmp_path / "decisions.jsonl", os.O_RDONLY | os.O_NONBLOCK)
    yield reader
    os.close(reader)


LARGE = "x" * (SMALL + 1)
"""What makes a call one that is read, judged and described in a thread."""


@pytest.mark.parametrize(("operation", "name"), [("GetItem", "x"), ("GetItem", LARGE), ("PutItem", "x")])
def test_the_line_is_there_before_aws_has_answered(tmp_path, embedded_aws, pipe, operation, name):
    with (
        held_back(tmp_path, DYNAMODB) as aws,
        running(tmp_path, embedded_aws, rules=ALLOW, first=aws.route(DYNAMODB)) as gate,
        tunnel(gate, gate.ca_file, DYNAMODB) as raw,
    ):
        raw.send(raw_call(operation, name))
        assert aws.came.acquire(timeout=START)
        if (operation, name) != ("GetItem", "x"):
            assert select.select([pipe], [], [], 0)[0], "its line was written before it was sent"
        if operation == "PutItem":
            assert [(row["action"], row["outcome"]) for row in gate.records()] == [("PutItem", None)]
        line = next_line(pipe)
        assert (line["call"]["action"], line["decision"]["outcome"]) == (operation, "allow")
        aws.may.set()
        assert raw.answer().status == 200


def test_a_plain_read_is_not_sent_while_nobody_reads_its_line(tmp_path, embedded_aws):
    log = tmp_path / "decisions.jsonl"
    os.mkfifo(log)
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    with (
        scripted(tmp_path, DYNAMODB) as aws,
        running(tmp_path, embedded_aws, rules=ALLOW, first=aws.route(DYNAMODB)) as gate,
        tunnel(gate, gate.ca_file, DYNAMODB) as raw,
    ):
        assert raw.send(raw_call("GetItem")).answer().status == 200
        os.close(reader)
        refused = raw.send(raw_call("GetItem")).answer()
        assert (refused.status, "not executed" in refused.text) == (503, True)
        assert len(aws.heads) == 1
        reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
        assert raw.send(raw_call("PutItem")).answer().status == 200  # its intent takes the other rows along
        assert [row["outcome"]["end"] for row in gate.records()][:2] == ["answered", "refused"]
    os.close(reader)


def test_a_read_whose_line_the_pipe_did_not_take_whole_has_no_answer_and_the_next_is_not_sent(tmp_path, embedded_aws, pipe):
    with (
        scripted(tmp_path, DYNAMODB) as aws,
        running(tmp_path, embedded_aws, rules=ALLOW, first=aws.route(DYNAMODB)) as gate,
        tunnel(gate, gate.ca_file, DYNAMODB) as raw,
    ):
        filler = os.open(tmp_path / "decisions.jsonl", os.O_WRONLY | os.O_NONBLOCK)
        with suppress(BlockingIOError):
            while True:
                os.write(filler, bytes(select.PIPE_BUF))
        os.read(pipe, select.PIPE_BUF)
        withheld = raw.send(raw_call("GetItem", "x" * 2 * select.PIPE_BUF)).answer()
        assert (withheld.status, "may have been executed" in withheld.text) == (503, True)
        refused = raw.send(raw_call("GetItem")).answer()
        assert (refused.status, "not executed" in refused.text) == (503, True)
        assert len(aws.heads) == 1
        os.close(filler)
        assert [row["outcome"]["end"] for row in ended(gate, 2)] == ["aborted", "refused"]


def falls_over(peer):
    peer.request()
    peer.reset()


def expired_once(aws):
    def script(peer):
        peer.request()
        aws.script = well
        peer.send(answer(b'{"__type":"ExpiredTokenException"}', b"400 Bad Request"))

    return script


ENDS = {"answered": lambda _: well, "broken": lambda _: falls_over, "sent again": expired_once}


@pytest.mark.parametrize("how", ENDS)
def test_a_read_and_a_write_have_one_line_and_one_row_with_their_parameters_however_they_end(tmp_path, embedded_aws, how):
    with (
        scripted(tmp_path, DYNAMODB) as aws,
        running(tmp_path, embedded_aws, rules=ALLOW, first=aws.route(DYNAMODB)) as gate,
    ):
        dynamodb = gate.client("dynamodb")
        calls = {
            "GetItem": lambda: dynamodb.get_item(TableName="t", Key=KEY),
            "PutItem": lambda: dynamodb.put_item(TableName="t", Item=KEY),
        }
        for call in calls.values():
            aws.script = ENDS[how](aws)
            try:
                call()
            except (ClientError, BotoCoreError):
                assert how == "broken"
        rows = gate.records()
        assert [row["action"] for row in rows] == [*calls]
        lines = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text("utf-8").splitlines()]
        assert [line["id"] for line in lines] == [row["id"] for row in rows]
        for row, line in zip(rows, lines, strict=True):
            assert row["params"] == line["call"]["params"]
            assert row["params"]["TableName"] == "t"
            assert row["sentence"] == line["call"]["sentence"]
            assert (row["decision"]["outcome"], row["decision"]["rule"]) == ("allow", "all")
            assert line["time"] <= row["outcome"]["time"]


def test_a_read_whose_agent_leaves_has_its_line(tmp_path, embedded_aws):
    with (
        held_back(tmp_path, DYNAMODB) as aws,
        running(tmp_path, embedded_aws, rules=ALLOW, first=aws.route(DYNAMODB)) as gate,
    ):
        with tunnel(gate, gate.ca_file, DYNAMODB) as raw:
            raw.send(raw_call("GetItem"))
            assert aws.came.acquire(timeout=START)
        aws.may.set()
        [row] = ended(gate, 1)
        [line] = (tmp_path / "decisions.jsonl").read_text("utf-8").splitlines()
        assert (json.loads(line)["id"], row["params"]["TableName"]) == (row["id"], "t")
    assert "Traceback" not in gate.log
