"""`trio-gate env`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.wiring.kit import PEM, SECRET, status_of
from trio_gate.cli.main import main


def env(capsys, config, *words):
    status = status_of("env", *words, "--config", config, "--format", "json")
    out, err = capsys.readouterr()
    assert status == 0, err
    return json.loads(out), err


def test_it_is_the_agents_keys_in_one_account(config, capsys, monkeypatch):
    found, _ = env(capsys, config, "ci", "--account", "staging")
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]) == ("AKIA222222222222CI01", SECRET)
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert (found["AWS_ENDPOINT_URL"], found["NO_PROXY"]) == ("http://127.0.0.1:8081", "127.0.0.1")
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert env(capsys, config, "ci", "--account", "staging")[0]["AWS_REGION"] == "us-west-2"
    assert env(capsys, config, "ci", "--account", "staging", "--region", "sa-east-1")[0]["AWS_REGION"] == "sa-east-1"


def test_no_service_is_led_past_the_gateway(config, capsys, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://elsewhere.example")
    found, _ = env(capsys, config, "ci", "--account", "staging")
    assert found["AWS_ENDPOINT_URL_S3"] is None
    assert "AWS_ENDPOINT_URL_STS" not in found


def test_a_token_is_in_the_proxys_address(config, capsys, monkeypatch):
    monkeypatch.setenv("TRIO_GATE_AGENT_TOKEN", "t/k n")
    found, err = env(capsys, config, "token", "--gateway", "gate.example:8080")
    assert found["HTTPS_PROXY"] == "http://token:t%2Fk%20n@gate.example:8080"
    assert err == (
        "trio-gate env: the proxy takes AWS's hosts alone: name others that the agent needs by --direct HOST, "
        "or in `passthrough`\n"
    )


def test_a_proxy_that_speaks_tls_is_reached_by_https_and_what_that_takes_is_said(config, capsys, monkeypatch):
    monkeypatch.setenv("TRIO_GATE_AGENT_TOKEN", "t")
    path = Path(config) if Path(config).is_file() else Path(config) / "gateway.hcl"
    path.write_text(path.read_text().replace('"0.0.0.0:8080"', '"0.0.0.0:8080" names = ["gate.example"] tls = true'))
    found, err = env(capsys, config, "token", "--direct", "model.example")
    assert found["HTTPS_PROXY"] == found["https_proxy"] == "https://token:t@gate.example:8080"
    assert found["GIT_PROXY_SSL_CAINFO"] == found["SSL_CERT_FILE"]
    assert {"interception", "own"} <= {file.stem for file in path.parent.glob("state/ca/*.pem")}
    assert Path(found["NODE_EXTRA_CA_CERTS"]).read_text() == PEM + PEM.replace("b3Vycw==", "b3du")
    assert f"curl needs --proxy-cacert {found['SSL_CERT_FILE']}; Java and Python's urllib cannot use such a proxy" in err


def test_nothing_is_said_where_the_proxy_lets_all_hosts_through(config, capsys, monkeypatch):
    monkeypatch.setenv("TRIO_GATE_AGENT_TOKEN", "t")
    path = Path(config) if Path(config).is_file() else Path(config) / "gateway.hcl"
    path.write_text(re.sub(r'(listener "proxy" *\{)', r'\1 passthrough = ["*"] ', path.read_text()))
    assert env(capsys, config, "token", "--gateway", "gate.example:8080")[1] == ""


def test_a_certificate_has_no_variable_and_that_is_said(config, capsys, monkeypatch):
    monkeypatch.setenv("TRIO_GATE_AGENT_TOKEN", "a.b.c")
    _, err = env(capsys, config, "job", "--direct", "model.example")
    assert (
        err
        == "trio-gate env: job also needs its client certificate, for which there is no variable: its program must be given it\n"
    )


@pytest.mark.parametrize("words", [("nobody",), ("ci",), ("ci", "--account", "other"), ("token",)])
def test_who_cannot_be_wired_up_is_said_in_a_line(config, capsys, words):
    assert status_of("env", *words, "--config", config) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith("trio-gate env: ")) == ("", 1, True)


def test_a_configuration_that_cannot_be_read(tmp_path, config, capsys):
    assert status_of("env", "ci", "--config", str(tmp_path / "none")) == 2
    assert capsys.readouterr().err == f"trio-gate env: cannot read {tmp_path}/none: No such file or directory\n"
    (tmp_path / "gateway.hcl").write_text("gateway { state_dir = 7 }")
    assert status_of("env", "ci", "--config", config) == 2
    assert "state_dir" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("region", "zone"),
    [
        ("cn-north-1", "cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "us-gov-west-1.amazonaws.com"),
        ("zz-north-1", "zz-north-1.amazonaws.com"),
    ],
)
def test_the_registries_are_those_of_the_regions_partition(config, capsys, region, zone):
    found, _ = env(capsys, config, "ci", "--account", "prod", "--via", "proxy", "--region", region)
    assert f",.dkr.ecr.{zone},.d.codeartifact.{zone}" in found["NO_PROXY"]


@pytest.mark.parametrize("words", [("--region", "eu west"), ("--region", "x\ny"), ("--region", "us-east-1\n")])
def test_what_is_no_region_is_said(config, capsys, words):
    assert status_of("env", "ci", "--account", "prod", "--config", config, *words) == 2
    assert " is no region, such as us-east-1: pass another by --region\n" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["gate", "gate:x", "gate:0", "gate:65536", "http://gate:1", "a\nb:1", "[::1]", "gate:$(id)"])
def test_what_is_no_address_is_wrong_usage(config, capsys, given):
    with pytest.raises(SystemExit) as ended:
        main(["env", "ci", "--config", config, "--gateway", given])
    assert (ended.value.code, "is no host with a port, such as gate.example:3128" in capsys.readouterr().err) == (2, True)


def test_a_secret_with_a_line_break_is_none(config, capsys, tmp_path):
    (tmp_path / "secret").write_text("one\n[profile evil]\n")
    words = ("env", "ci", "--account", "prod", "--config", config, "--secret-file", str(tmp_path / "secret"))
    assert status_of(*words) == 2
    assert capsys.readouterr().err.startswith(f"trio-gate env: what is in {tmp_path}/secret is no secret, ")


def test_any_word_is_a_name_where_no_agent_is_configured(config, capsys):
    Path(config).write_text(Path(config).read_text().partition("agent ")[0].replace("0.0.0.0", "127.0.0.1"))
    assert status_of("env", "any", "--account", "prod", "--config", config) == 0
    assert status_of("env", "a]\nb", "--account", "prod", "--config", config) == 2
    assert "an agent's name has at most 64 letters" in capsys.readouterr().err
