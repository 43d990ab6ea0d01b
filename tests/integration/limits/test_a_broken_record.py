"""A record or a decision log that cannot be written: nothing passes meanwhile, health is told, and it goes on by itself afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.kit.gateway import AGENT, START, running
from tests.kit.wire.raw import Raw, request

DENY = 'rule "nothing" { action = "deny" }\n'
METRICS = 'metrics { bind = "127.0.0.1:0" }'


@contextmanager
def gateway(folder):
    """One with metrics, and a connection to its endpoint."""
    with running(folder, None, agent=AGENT, rules=DENY, knobs=METRICS) as gate, Raw(gate.doors["endpoint"]) as raw:
        yield gate, raw
    assert "Traceback" not in gate.log


def status(gate, path: str) -> int:
    try:
        with urlopen(f"http://{gate.doors['metrics']}{path}", timeout=START) as answer:
            return answer.status
    except HTTPError as refused:
        return refused.status


def becomes(gate, raw, wanted: int):
    """Ask until the answer has this status; health is told all the while."""
    deadline = time.monotonic() + START
    while (answer := raw.send(request(host=gate.doors["endpoint"])).answer()).status != wanted:
        assert status(gate, "/healthz") == 200
        assert time.monotonic() < deadline, answer
    return answer


def refused(gate, raw) -> None:
    """Wait until calls are refused, which is told."""
    assert "retry-after" in becomes(gate, raw, 503).fields
    assert [status(gate, path) for path in ("/healthz", "/readyz")] == [200, 503]


def test_a_decision_log_that_nobody_reads(tmp_path):
    log = tmp_path / "decisions.jsonl"
    os.mkfifo(log)
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    with gateway(tmp_path) as (gate, raw):
        becomes(gate, raw, 403)
        os.close(reader)
        refused(gate, raw)
        reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
        becomes(gate, raw, 403)
        assert status(gate, "/readyz") == 200
        assert os.read(reader, 1 << 20).endswith(b"}\n")
        os.close(reader)


@contextmanager
def failing(process: int):
    """All writes and syncs of files at a place fail with an error of the device."""
    calls = "pwrite64,fdatasync,fsync"
    inject = ["-e", f"trace={calls}", "-e", f"inject={calls}:error=EIO"]
    command = ["strace", "-f", "-o", os.devnull, "-p", str(process), *inject]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        said = strace.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"NO STRACE: this machine lets no process be traced: {said}")  # reason: nothing else breaks a disk
        yield
    finally:
        strace.terminate()
        strace.communicate()


def test_a_record_whose_disk_fails(tmp_path):
    if shutil.which("strace") is None:
        pytest.skip("NO STRACE: no disk fails here. apt-get install strace")  # reason: nothing else breaks a disk
    with gateway(tmp_path) as (gate, raw):
        becomes(gate, raw, 403)
        with failing(gate.process.pid):
            refused(gate, raw)
        becomes(gate, raw, 403)
        assert status(gate, "/readyz") == 200
        assert gate.gate("log", "verify", str(gate.config)).returncode == 0
