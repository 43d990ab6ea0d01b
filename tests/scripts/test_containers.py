"""The examples for containers: what checks such files finds no fault, and the configurations in them load."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.kit.paths import ROOT
from trio_gate.cli.main import main

CONTAINERS = ROOT / "scripts/containers"
TOOLS = Path(sys.executable).parent
SIDECAR = list(yaml.safe_load_all((CONTAINERS / "sidecar.yaml").read_text("utf-8")))


def passes(*command):
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_dockerfile_has_no_known_fault():
    passes(TOOLS / "hadolint", CONTAINERS / "Dockerfile")


def test_kubernetes_knows_every_field_of_the_sidecar():
    passes(TOOLS / "kubernetes-validate", "--strict", CONTAINERS / "sidecar.yaml")


@pytest.mark.parametrize("text", [(CONTAINERS / "gateway.hcl").read_text("utf-8"), SIDECAR[0]["data"]["gateway.hcl"]])
def test_its_configuration_loads(text, tmp_path, monkeypatch, capsys):
    for name in ("BASE_ACCESS_KEY_ID", "BASE_SECRET_ACCESS_KEY", "TRIO_GATE_AGENT_WORKER", "TRIO_GATE_ALICE_SHA256"):
        monkeypatch.setenv(name, "ab" * 32)
    (tmp_path / "gateway.hcl").write_text(text)
    assert main(["check", str(tmp_path / "gateway.hcl")]) == 0, capsys.readouterr().err


def test_the_image_is_made_of_all_that_the_package_needs():
    """`pip install` of what reaches the image's build would fail if one of these were missing."""
    sent = [line[1:] for line in (CONTAINERS / "Dockerfile.dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    assert [name for name in sent if not (ROOT / name).exists()] == []
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {"pyproject.toml", "README.md", "LICENSE", "trio_gate", *wheel["shared-data"]} <= set(sent)


def test_only_the_gateway_of_the_pod_can_read_the_token_that_stands_for_the_base_key():
    pod = SIDECAR[-1]["spec"]["template"]["spec"]
    [token] = [one["name"] for one in pod["volumes"] if "projected" in one]
    holders = [one["name"] for one in pod["containers"] if token in [mount["name"] for mount in one.get("volumeMounts", ())]]
    assert (holders, pod["automountServiceAccountToken"]) == (["trio-gate"], False)


def test_the_agent_of_the_composition_has_no_way_but_the_gateway():
    made = yaml.safe_load((CONTAINERS / "compose.yaml").read_text("utf-8"))
    [network] = made["services"]["worker"]["networks"]
    assert made["networks"][network]["internal"] is True
    assert made["services"]["gate"]["read_only"] is True
