"""A record or a decision log that cannot be written: nothing reaches AWS meanwhile, health is told, and it goes on by itself afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.kit.gateway import START, running
from tests.kit.shortages import room
from tests.kit.standins.recording import recording
from tests.kit.wire.raw import DYNAMODB, request, tunnel

ALLOW = 'rule "all" { action = "allow" }\n'
METRICS = 'metrics { bind = "127.0.0.1:0" }'
PUT = {"X_Amz_Target": "DynamoDB_20120810.PutItem", "Content_Type": "application/x-amz-json-1.0"}
BODY = b'{"TableName":"t","Item":{"id":{"S":"x"}}}'
CALLS = 5


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with recording(tmp_path_factory.mktemp("aws"), DYNAMODB) as server:
        server.answer = (200, {"Content-Type": "application/x-amz-json-1.0"}, b"{}")
        yield server


@contextmanager
def no_reader(gate, reader):
    os.close(reader)
    yield
    assert os.open(gate.folder / "decisions.jsonl", os.O_RDONLY | os.O_NONBLOCK) == reader


@contextmanager
def failing(gate, _):
    """All writes and syncs of files at a place fail with an error of the device."""
    if shutil.which("strace") is None:
        pytest.skip("NO STRACE: no disk fails here. apt-get install strace")  # reason: nothing else breaks a disk
    calls = "pwrite64,fdatasync,fsync"
    inject = ["-e", f"trace={calls}", "-e", f"inject={calls}:error=EIO"]
    command = ["strace", "-f", "-o", os.devnull, "-p", str(gate.process.pid), *inject]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        said = strace.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"NO STRACE: this machine lets no process be traced: {said}")  # reason: nothing else breaks a disk
        yield
    finally:
        strace.terminate()
        strace.communicate()


@contextmanager
def gone(gate, _):
    state, names = gate.folder / "state", ("audit.db", "audit.db-wal")
    for name in names:
        (state / name).rename(gate.folder / name)
    yield
    for name in names:
        (gate.folder / name).rename(state / name)


BROKEN = {
    "a decision log that nobody reads": no_reader,
    "a disk that fails": failing,
    "a disk that is full": lambda gate, _: room(1, gate.process.pid),
    "a file that is gone": gone,
}


@pytest.mark.parametrize("broken", BROKEN)
def test_nothing_reaches_aws_until_it_can_be_written_again(tmp_path, embedded_aws, aws, broken):
    log = tmp_path / "decisions.jsonl"
    os.mkfifo(log)
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    with (
        running(tmp_path, embedded_aws, rules=ALLOW, knobs=METRICS, first=aws.route(DYNAMODB)) as gate,
        tunnel(gate, gate.ca_file, DYNAMODB) as raw,
    ):
        before = len(aws.seen)
        becomes(gate, raw, 200)
        with BROKEN[broken](gate, reader):
            assert "retry-after" in becomes(gate, raw, 503).fields
            assert [status(gate, path) for path in ("/healthz", "/readyz")] == [200, 503]
            passed = len(aws.seen)
            assert [call(raw).status for _ in range(CALLS)] == [503] * CALLS
            assert len(aws.seen) == passed
        becomes(gate, raw, 200)
        assert status(gate, "/readyz") == 200
        lines = [json.loads(line) for line in os.read(reader, 1 << 20).splitlines()]
        assert lines[-1]["outcome"] == "call"
        begun = [row for row in gate.records() if row["outcome"] is None or row["outcome"]["end"] == "answered"]
        assert len(begun) >= len(aws.seen) - before > 1, "the end of a call may be lost, and its beginning never"
        assert gate.gate("log", "verify", str(gate.config)).returncode == 0
    assert "Traceback" not in gate.log
    os.close(reader)


def call(raw):
    return raw.send(request("dynamodb", DYNAMODB, body=BODY, **PUT)).answer()


def status(gate, path: str) -> int:
    try:
        with urlopen(f"http://{gate.doors['metrics']}{path}", timeout=START) as answer:
            return answer.status
    except HTTPError as refused:
        return refused.status


def becomes(gate, raw, wanted: int):
    """Make the call until its answer has this status; health is told all the while."""
    deadline = time.monotonic() + START
    while (answer := call(raw)).status != wanted:
        assert status(gate, "/healthz") == 200
        assert time.monotonic() < deadline, answer
    return answer
