"""The adversarial cases through a running gateway: what its rules saw, what left, and that it lives."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest

from tests.kit.gateway import START, running
from tests.kit.paths import CASES

EVERYTHING = 'rule "everything" { action = "allow" vends = true }\n'

pytestmark = pytest.mark.skipif(not CASES.exists(), reason=f"{CASES} is not here: the adversarial cases are not run")


@pytest.fixture
def aws(tmp_path):
    """The stand-in that comes with the cases, recording what it is asked."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ca_file, log = tmp_path / "aws-ca.pem", tmp_path / "upstream.jsonl"
    words = ("--port", str(port), "--log", str(log), "--ca-out", str(ca_file))
    process = subprocess.Popen([sys.executable, str(CASES / "fake_aws.py"), *words])
    try:
        deadline = time.monotonic() + START
        while not (ca_file.exists() and "-----END" in ca_file.read_text()):
            assert time.monotonic() < deadline
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"the stand-in ended with {process.wait(0.1)}")
        yield SimpleNamespace(
            port=port, ca_file=str(ca_file), log=log, base_access_key_id="AKIAANYTHINGATALL000", base_secret_access_key="anything"
        )
    finally:
        process.terminate()
        process.wait(START)


def test_no_attack_gets_through_and_no_honest_request_is_refused(tmp_path, aws):
    results, cases = tmp_path / "results.jsonl", CASES / "cases-public.jsonl"
    with running(tmp_path, aws, rules=EVERYTHING, agent="", endpoint='tls = true names = ["gateway.test"]') as gateway:
        port, endpoint = (gateway.doors[kind].rpartition(":")[2] for kind in ("proxy", "endpoint"))
        words = ("--port", port, "--endpoint-port", endpoint, "--ca", gateway.both_ca_file, "--timeout", "4")
        seen = ("--audit", str(tmp_path / "decisions.jsonl"), "--upstream", str(aws.log))
        subprocess.run([sys.executable, str(CASES / "run_cases.py"), str(cases), str(results), *words, *seen], check=True)
    done = subprocess.run(
        [sys.executable, str(CASES / "score.py"), str(cases), str(results)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
