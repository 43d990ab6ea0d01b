"""`trio-gate doctor`, as it is run."""

from __future__ import annotations

import json

import pytest

from tests.kit.gateway import SECRET, running


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws) as gateway:
        yield gateway


def test_a_gateway_that_works_has_nothing_that_fails(gate):
    done = gate.gate("doctor", str(gate.config))
    assert (done.returncode, "fail " in done.stdout, done.stderr) == (0, False, "")
    for part in (
        "ok    base key base: arn:aws:iam::",
        "ok    role trio-gate in prod: it can be assumed",
        "ok    clock: ",
        "disk: ",
        "review: ",
    ):
        assert part in done.stdout


def test_what_fails_is_in_the_exit_status_and_in_json(gate, tmp_path):
    broken = tmp_path / "gateway.hcl"
    broken.write_text(gate.config.read_text().replace('role       = "trio-gate"', 'role       = "spoke"'))
    done = gate.gate("doctor", str(broken), "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (1, "")
    assert [row["what"] for row in rows if row["level"] == "fail"] == ["role spoke in prod", "role spoke in staging"]
    done = gate.gate("doctor", str(broken), "--offline")
    assert (done.returncode, "role" in done.stdout) == (0, False)


def test_tokens_in_the_clear_are_noted(gate, tmp_path):
    listener = 'listener "proxy" { bind = "0.0.0.0:0" }\n  listener'
    agent = f'\nagent "tok" {{\n  key_suffix = "TOK01"\n  secret = "tok-{SECRET}"\n  proxy_token_sha256 = "{"0" * 64}"\n}}\n'
    clear = tmp_path / "gateway.hcl"
    clear.write_text(gate.config.read_text().replace("listener", listener, 1) + agent)
    done = gate.gate("doctor", str(clear), "--offline")
    assert "note  tokens: listener proxy on 0.0.0.0:0 is off loopback" in done.stdout, done.stdout + done.stderr


def test_a_configuration_that_cannot_be_read_is_not_tried(gate, tmp_path):
    (tmp_path / "gateway.hcl").write_text("gateway {")
    done = gate.gate("doctor", str(tmp_path / "gateway.hcl"))
    assert (done.returncode, done.stdout) == (1, "")


def test_roots_that_cannot_be_used_fail(gate, tmp_path):
    broken = tmp_path / "gateway.hcl"
    broken.write_text(gate.config.read_text().replace('state_dir = "./state"', 'state_dir = "./state"\n  ca_file = "none.pem"'))
    done = gate.gate("doctor", str(broken))
    assert done.returncode == 1
    assert "fail  AWS: the roots " in done.stdout


def test_a_state_folder_that_cannot_be_seen_is_a_finding(gate, tmp_path):
    (tmp_path / "state").symlink_to(tmp_path / "state")
    closed = tmp_path / "gateway.hcl"
    closed.write_text(gate.config.read_text())
    done = gate.gate("doctor", str(closed), "--offline")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"fail  certificates: cannot look into {tmp_path}/state: " in done.stdout
