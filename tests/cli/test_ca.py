from __future__ import annotations

import argparse
import ssl

import pytest
from cryptography import x509

from trio_gate.cli import ca
from trio_gate.shell.certificates.authority import interception, own
from trio_gate.shell.clock import SystemClock

CONFIG = """
gateway { state_dir = "state" }
credential "aws_account" "base" {}
endpoint "aws_api" "main" {
  role       = "gate"
  region     = "REGION"
  credential = aws_account.base
  accounts   = ["111111111111"]
}
agent "ci" {
  key_suffix = "CI01"
  secret     = env("TEST_CA_SECRET")
}
"""


def trio_gate_ca(*args):
    parser = argparse.ArgumentParser()
    ca.add_arguments(parser)
    return ca.run(parser.parse_args([str(arg) for arg in args]))


def subjects(pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    return [value for found in context.get_ca_certs() for ((_, value), *_) in found["subject"]]


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "state"
    interception(folder, ("amazonaws.com", "api.aws"), now=SystemClock().now())
    return folder


def permitted(pem):
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return [name.value for name in certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees]


def test_the_gateways_certificate_and_nothing_else_is_printed(state, capsys):
    assert trio_gate_ca("--state-dir", state) == 0
    assert capsys.readouterr() == ((state / "ca" / "interception.pem").read_text(), "")


def test_that_of_listeners_is_printed_too(state, capsys):
    assert trio_gate_ca("--state-dir", state, "--listeners") == 1
    assert capsys.readouterr().err.endswith(
        "own.pem cannot be read: No such file or directory: start the gateway, which makes it\n"
    )
    own(state, ("gate.example",), now=SystemClock().now())
    assert trio_gate_ca("--state-dir", state, "--listeners") == 0
    both = "".join((state / "ca" / f"{name}.pem").read_text() for name in ("interception", "own"))
    assert capsys.readouterr() == (both, "")


def test_a_listener_with_a_certificate_of_its_own_is_named(state, capsys):
    own(state, ("gate.example",), now=SystemClock().now())
    config, listener = state.parent / "gateway.hcl", 'listener "proxy" {\n bind = ":1"\n tls = true\n}\n'
    config.write_text("gateway {\n" + listener + listener.replace("tls = true", 'certificate = "a.crt"') + "}\n")
    assert trio_gate_ca(config, "--listeners") == 0
    said = f"trio-gate: the listener on line 6 of {config} has a `certificate` of its own, which this CA has not signed\n"
    assert capsys.readouterr().err == said
    assert trio_gate_ca(config) == 0
    assert capsys.readouterr().err == ""


def test_the_bundle_ends_with_ours(tmp_path, state, capsys, monkeypatch):
    root = interception(tmp_path / "other", ("api.aws",), now=SystemClock().now()).pem
    (tmp_path / "cert.pem").write_bytes(root)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    assert trio_gate_ca("--state-dir", state, "--bundle") == 0
    bundle = capsys.readouterr().out
    assert bundle == root.decode() + (state / "ca" / "interception.pem").read_text()
    assert subjects(bundle) == ["trio-gate interception CA"] * 2


@pytest.mark.parametrize(
    ("region", "domain", "other"),
    [("eu-west-1", "amazonaws.com", "amazonaws.com.cn"), ("cn-north-1", "amazonaws.com.cn", "amazonaws.com")],
)
def test_it_is_made_for_the_partition_of_the_accounts(tmp_path, capsys, monkeypatch, region, domain, other):
    monkeypatch.setenv("TEST_CA_SECRET", "a-secret-of-sixteen-or-more")
    config = tmp_path / "gateway.hcl"
    config.write_text(CONFIG.replace("REGION", region))
    assert trio_gate_ca(config) == 0
    made = capsys.readouterr().out
    assert domain in permitted(made)
    assert other not in permitted(made)
    assert trio_gate_ca(config) == 0
    assert capsys.readouterr().out == made == (tmp_path / "state" / "ca" / "interception.pem").read_text()


def test_one_that_is_there_needs_no_secrets(state, capsys):
    config = state.parent / "gateway.hcl"
    config.write_text(CONFIG)
    assert trio_gate_ca(config) == 0
    assert "BEGIN CERTIFICATE" in capsys.readouterr().out


def test_one_that_is_not_there_is_made_from_a_whole_configuration_only(tmp_path, capsys):
    config = tmp_path / "gateway.hcl"
    config.write_text(CONFIG)
    assert trio_gate_ca(config) == 2
    assert "TEST_CA_SECRET" in capsys.readouterr().err
    assert trio_gate_ca("--state-dir", tmp_path / "state") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "interception.pem yet: start the gateway, or name its configuration" in printed.err
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("text", ["gateway { state_dir = 7 }", None])
def test_a_configuration_that_does_not_say_is_an_error_of_usage(tmp_path, capsys, text):
    config = tmp_path / "gateway.hcl"
    if text is not None:
        config.write_text(text)
    assert trio_gate_ca(config) == 2
    assert capsys.readouterr().out == ""


def test_a_ca_that_is_not_to_be_used_is_one_line_of_error(state, capsys):
    (state / "ca" / "interception.key").chmod(0o644)
    assert trio_gate_ca("--state-dir", state) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("trio-gate: others can read")
    assert printed.err.count("\n") == 1
