"""`trio-gate check` fails where `serve` would not start, says why as `serve` does, and makes nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
import trustme

from tests.kit.gateway import TRIO_GATE, running
from trio_gate.cli.config_file import read
from trio_gate.cli.judging.check_start import start_faults

TEXT = """\
gateway {
  state_dir = "./state"
  listener "endpoint" {
    bind = "127.0.0.1:0"
  }
  %s
}
credential "aws_account" "base" {}
endpoint "aws_api" "main" {
  role       = "gate"
  region     = "us-east-1"
  credential = aws_account.base
  accounts   = ["111111111111"]
}
"""
METRICS = 'metrics {\n    bind = "127.0.0.1:0"\n    certificate = "./good.pem"\n    key = "./none.key"\n  }'
FAULTS = {
    "roots without a certificate": ('ca_file = "./empty.pem"', "{}/empty.pem holds no certificates in PEM"),
    "roots that are not there": ('ca_file = "./none.pem"', "the roots {}/none.pem cannot be read: No such file or directory"),
    "a listener's key": (METRICS.replace("metrics", "admin"), "the file {}/none.key cannot be read: No such file or directory"),
    "the metrics' key": (METRICS, "the file {}/none.key cannot be read: No such file or directory"),
    "a folder as a decision log": ('decision_log = "."', "the decision log {} cannot be opened: Is a directory"),
    "a decision log in no folder": (
        'decision_log = "./none/log"',
        "the decision log {}/none/log cannot be opened: No such file or directory",
    ),
}


def faults(folder, gateway):
    (folder / "gateway.hcl").write_text(TEXT % gateway)
    config = read(str(folder / "gateway.hcl"))
    before = sorted(folder.rglob("*"))
    found = [one.replace(str(folder), "{}") for one in start_faults(config)]
    assert sorted(folder.rglob("*")) == before
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_it_says_what_serve_says(tmp_path, fault):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "good.pem"))
    (tmp_path / "empty.pem").write_text("nothing")
    text, said = FAULTS[fault]
    assert faults(tmp_path, text) == [said]
    checked, served = (
        subprocess.run([*TRIO_GATE, verb, str(tmp_path / "gateway.hcl")], capture_output=True, text=True, check=False)
        for verb in ("check", "serve")
    )
    assert (checked.returncode, served.returncode) == (1, 1)
    assert checked.stderr == f"trio-gate: the gateway would not start: {said.format(tmp_path)}\n"
    assert served.stderr.splitlines()[-1] == f"trio-gate: {said.format(tmp_path)}"


def test_all_reasons_are_said(tmp_path):
    assert len(faults(tmp_path, f'ca_file = "./none.pem"\n  decision_log = "."\n  {METRICS}')) == 3


@pytest.mark.parametrize("text", ["", 'decision_log = "./new"', 'decision_log = "./there"', 'traces = "http://127.0.0.1:4318"'])
def test_of_what_is_made_at_the_start_nothing_is_said(tmp_path, text):
    (tmp_path / "there").touch()
    assert faults(tmp_path, text) == []


def test_traces_take_their_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trio_gate.shell.traces", None)
    assert faults(tmp_path, 'traces = "http://127.0.0.1:4318"') == [
        "`traces` needs OpenTelemetry: pip install '.[otel]' in its checkout"
    ]


def test_a_state_folder_that_is_none(tmp_path):
    (tmp_path / "state").write_text("no folder")
    assert faults(tmp_path, "") == ["cannot use state_dir {}/state: it is no folder"]


def test_names_and_hosts_that_the_authorities_of_the_state_folder_may_not_sign(tmp_path):
    with running(tmp_path, None):
        pass
    assert faults(tmp_path, "") == []
    [said] = faults(tmp_path, 'admin {\n    bind = "127.0.0.1:0"\n    names = ["x.example"]\n  }')
    assert said.startswith("the CA {}/state/ca/own.pem may not sign for x.example: remove it")
    text = (tmp_path / "gateway.hcl").read_text()
    (tmp_path / "gateway.hcl").write_text(text.replace("us-east-1", "cn-north-1").replace("x.example", "localhost"))
    [said] = start_faults(read(str(tmp_path / "gateway.hcl")))
    assert "ca/interception.pem may not sign for" in said
