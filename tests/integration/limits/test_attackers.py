"""What programs find that attack servers: slowhttptest's slow heads, bodies and reads, and sslyze's list of what TLS must not have."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.integration.wire.test_passthrough import METRICS, metric
from tests.kit.gateway import AGENT, running
from tests.kit.paths import ROOT
from tests.kit.wire.raw import Raw, request

DENY = 'rule "nothing" { action = "deny" }\n'
SLOW = {"heads": "-H", "bodies": "-B", "reads": "-X"}
CONNECTIONS, SECONDS, PLACES = 1000, 20, 200
REFUSED = 'limit_refused_total{limit="refusal_rows"}'
"""Refusals without proof that were only counted."""

CLOSED, OPEN = 'limit_refused_total{limit="max_connections"}', 'connections{kind="agents"}'
SCANS = [
    f"--{one}"
    for one in ["sslv2", "sslv3", "tlsv1", "tlsv1_1", "tlsv1_2", "heartbleed", "openssl_ccs", "compression", "robot", "reneg"]
]
SSLYZE = ROOT / ".venv-sslyze" / "bin" / "python"


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    tls = "tls = true"
    folder = tmp_path_factory.mktemp("attacked")
    with running(folder, None, agent=AGENT, rules=DENY, knobs=f"max_connections = {PLACES}", endpoint=tls) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    knobs = f"max_connections = {PLACES}\n  {METRICS}"
    with running(tmp_path_factory.mktemp("slowed"), None, agent=AGENT, rules=DENY, knobs=knobs) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


@pytest.mark.long("programs that attack servers")
@pytest.mark.parametrize("kind", SLOW)
def test_slow_clients_keep_out_nobody(plain, kind):
    if shutil.which("slowhttptest") is None:
        pytest.skip("NO SLOWHTTPTEST: apt-get install slowhttptest")  # reason: the attack is another program's
    host = plain.doors["endpoint"]
    numbers = ["-c", str(CONNECTIONS), "-r", str(CONNECTIONS), "-l", str(SECONDS), "-i", "1", "-p", "5"]
    command = ["slowhttptest", SLOW[kind], *numbers, "-u", f"http://{host}/"]
    met = REFUSED if kind == "bodies" else CLOSED  # a body without proof is not waited for
    before = metric(plain, met)
    with ThreadPoolExecutor() as pool:
        attack = pool.submit(subprocess.run, command, capture_output=True, text=True, check=False)
        answered = 0
        while not attack.done():
            with Raw(host) as raw:
                assert raw.send(request(host=host)).answer().status == 403
            assert answered % SECONDS or metric(plain, OPEN) <= PLACES
            answered += 1
        said = attack.result()
    assert metric(plain, met) > before
    assert answered >= SECONDS, f"{answered} calls in {SECONDS} seconds"
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.long("hundreds of connections")
def test_handshakes_that_are_left_half_open_keep_out_nobody(plain):
    host, before = plain.doors["endpoint"], metric(plain, CLOSED)
    with ExitStack() as stack:
        for number in range(2 * PLACES):
            stack.enter_context(Raw(plain.doors["tls"])).send(b"\x16\x03\x01\x02\x00\x01")
            if number % 50 == 0:
                with Raw(host) as raw:
                    assert raw.send(request(host=host)).answer().status == 403
                assert metric(plain, OPEN) <= PLACES
        assert metric(plain, CLOSED) > before  # how many depends on the machine: a place whose handshake took too long is free


@pytest.mark.long("programs that attack servers")
@pytest.mark.parametrize("door", ["admin", "endpoint", "tls"])
def test_sslyze_finds_nothing(gate, door, tmp_path):
    if not SSLYZE.exists():
        pytest.skip("NO SSLYZE: scripts/programs installs it")  # reason: the list is another program's
    found = tmp_path / "found.json"
    name = "sts.us-east-1.amazonaws.com" if door == "tls" else "localhost"
    words = ["-m", "sslyze", "--json_out", str(found), *SCANS, "--sni", name, gate.doors[door]]
    done = subprocess.run([SSLYZE, *words], capture_output=True, text=True, check=False)
    assert found.exists(), done.stdout + done.stderr
    [server] = json.loads(found.read_text())["server_scan_results"]
    assert server["scan_status"] == "COMPLETED", server
    results = {key: value["result"] for key, value in server["scan_result"].items() if value["status"] == "COMPLETED"}
    for old in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
        assert results[f"{old}_cipher_suites"]["accepted_cipher_suites"] == []
    assert not results["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not results["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert not results["tls_compression"]["supports_compression"]
    assert results["robot"]["robot_result"].startswith("NOT_VULNERABLE")
    assert not results["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"]
    named = [one["cipher_suite"]["name"] for one in results["tls_1_2_cipher_suites"]["accepted_cipher_suites"]]
    assert named
    assert [one for one in named if not re.fullmatch(r"TLS_ECDHE_.*(_GCM_.*|_CHACHA20_POLY1305_.*)", one)] == []
