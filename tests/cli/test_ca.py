from __future__ import annotations

import argparse
import ssl

import pytest

from trio_gate.cli import ca
from trio_gate.shell.authority import DOMAINS, interception
from trio_gate.shell.clock import SystemClock


def trio_gate_ca(*args):
    parser = argparse.ArgumentParser()
    ca.add_arguments(parser)
    return ca.run(parser.parse_args([str(arg) for arg in args]))


def subjects(pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    return [value for found in context.get_ca_certs() for ((_, value), *_) in found["subject"]]


def test_the_gateways_certificate_and_nothing_else_is_printed(tmp_path, capsys):
    state = tmp_path / "state"
    assert trio_gate_ca("--state-dir", state) == 0
    made = capsys.readouterr()
    assert made.out.encode() == interception(state, DOMAINS, now=SystemClock().now()).pem
    assert made.err == ""
    assert trio_gate_ca("--state-dir", state) == 0
    assert capsys.readouterr().out == made.out


def test_the_bundle_ends_with_ours(tmp_path, capsys, monkeypatch):
    roots = tmp_path / "cert.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    trio_gate_ca("--state-dir", tmp_path / "other")
    root = capsys.readouterr().out
    roots.write_text(root)
    assert trio_gate_ca("--state-dir", tmp_path / "state") == 0
    ours = capsys.readouterr().out
    assert trio_gate_ca("--state-dir", tmp_path / "state", "--bundle") == 0
    bundle = capsys.readouterr().out
    assert bundle == root + ours
    assert subjects(bundle) == ["trio-gate interception CA"] * 2


def test_a_configuration_is_read_for_its_state_dir_only(tmp_path, capsys):
    config = tmp_path / "gateway.hcl"
    config.write_text('gateway { state_dir = "kept" }\nagent "a" { secret = env("NOT_SET") }')
    assert trio_gate_ca(config) == 0
    assert capsys.readouterr().out == (tmp_path / "kept" / "ca" / "interception.pem").read_text()


@pytest.mark.parametrize("text", ["gateway { state_dir = 7 }", None])
def test_a_configuration_that_does_not_say_is_an_error_of_usage(tmp_path, capsys, text):
    config = tmp_path / "gateway.hcl"
    if text is not None:
        config.write_text(text)
    assert trio_gate_ca(config) == 2
    assert capsys.readouterr().out == ""


def test_a_ca_that_is_not_to_be_used_is_one_line_of_error(tmp_path, capsys):
    trio_gate_ca("--state-dir", tmp_path)
    capsys.readouterr()
    (tmp_path / "ca" / "interception.key").chmod(0o644)
    assert trio_gate_ca("--state-dir", tmp_path) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("trio-gate: others can read")
    assert printed.err.count("\n") == 1
