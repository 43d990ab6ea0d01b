"""`trio-gate approve` finds the gateway by its configuration, and ends where trying again cannot help."""

from __future__ import annotations

import os
import socket
import subprocess

import pytest
import trustme

from tests.kit.gateway import TOKEN, TRIO_GATE, running

PATIENCE = 60


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    with running(tmp_path_factory.mktemp("approve"), None) as gateway:
        yield gateway


def configured(gate, name, **changes):
    """A copy of the configuration that says on which port the gateway listens for people."""
    text = gate.config.read_text()
    admin = f'admin               {{ bind = "{gate.doors["admin"]}" }}'
    text = text.replace('admin               { bind = "127.0.0.1:0" }', admin)
    for old, new in changes.values():
        text = text.replace(old, new)
    (gate.folder / name).write_text(text)
    return str(gate.folder / name)


def run(gate, *words, verb="approve"):
    """A verb, from a folder that holds no state."""
    elsewhere = gate.folder / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    return gate.gate(verb, *words, timeout=PATIENCE, cwd=elsewhere)


def test_address_and_ca_come_from_the_configuration(gate):
    assert (done := run(gate, "--config", configured(gate, "right.hcl"), verb="pending")).returncode == 0, done.stderr


def test_none_of_the_gateways_secrets_is_needed_for_that(gate):
    env = {name: value for name, value in os.environ.items() if not name.startswith("BASE_")} | {"TRIO_GATE_TOKEN": TOKEN}
    words = [*TRIO_GATE, "pending", "--config", configured(gate, "bare.hcl")]
    assert subprocess.run(words, env=env, capture_output=True, check=False, timeout=PATIENCE).returncode == 0


@pytest.mark.parametrize("words", [("pending",), ("approve", "--yes")], ids=" ".join)
def test_a_certificate_that_does_not_verify_ends_it(gate, words):
    (gate.folder / "other" / "ca").mkdir(parents=True, exist_ok=True)
    trustme.CA().cert_pem.write_to_path(str(gate.folder / "other" / "ca" / "own.pem"))
    config = configured(gate, "wrong.hcl", state=('"./state"', '"./other"'))
    done = run(gate, *words[1:], "--config", config, verb=words[0])
    assert done.returncode == 1
    assert f"of `admin` in {config} line " in done.stderr
    assert "certificate" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_gateway_that_is_not_there_is_tried_again(gate):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = configured(gate, "absent.hcl", port=(gate.doors["admin"], f"127.0.0.1:{port}"))
    env = {**os.environ, "TRIO_GATE_TOKEN": TOKEN}
    words = [*TRIO_GATE, "approve", "--config", config, "--yes"]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        said = process.stdout.readline()
        process.kill()
    assert f"cannot reach 127.0.0.1 port {port} (of `admin` in {config} line " in said
    assert "trying again" in said
