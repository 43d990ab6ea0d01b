"""`trio-gate eks-token` prints what `aws eks get-token` prints for the same URL."""

from __future__ import annotations

import argparse
import base64
import json

import pytest

from tests.cli.agents.test_asking import ANSWER, gateway, keys
from trio_gate.cli.agents import eks_token

__all__ = ["keys"]


def run(capsys, status=200):
    parser = argparse.ArgumentParser()
    eks_token.add_arguments(parser)
    with gateway(status) as (at, got):
        done = eks_token.run(parser.parse_args(["blue", "--gateway", f"http://{at}"]))
    assert (got[0][0], json.loads(got[0][2])) == ("/-/agent/eks-token", {"cluster": "blue"})
    return done, capsys.readouterr().out


@pytest.mark.usefixtures("keys")
def test_the_token_is_its_url(capsys):
    done, text = run(capsys)
    token = f"k8s-aws-v1.{base64.urlsafe_b64encode(ANSWER['url'].encode()).decode().rstrip('=')}"
    status = {"expirationTimestamp": "2026-01-15T11:59:00Z", "token": token}
    version = "client.authentication.k8s.io/v1beta1"
    assert (done, json.loads(text)) == (0, {"kind": "ExecCredential", "apiVersion": version, "spec": {}, "status": status})
    assert list(json.loads(text)) == ["kind", "apiVersion", "spec", "status"]
    assert text == f"{json.dumps(json.loads(text), indent=4)}\n"


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("info", "version"),
    [
        ('{"apiVersion": "client.authentication.k8s.io/v1"}', "v1"),
        ('{"apiVersion": "client.authentication.k8s.io/v1alpha1"}', "v1alpha1"),
        ('{"apiVersion": "client.authentication.k8s.io/v2"}', "v1beta1"),
        ('{"apiVersion": ["x"]}', "v1beta1"),
        ("[]", "v1beta1"),
        ("{", "v1beta1"),
        ("", "v1beta1"),
    ],
)
def test_the_version_is_the_clients(capsys, monkeypatch, info, version):
    monkeypatch.setenv("KUBERNETES_EXEC_INFO", info)
    assert json.loads(run(capsys)[1])["apiVersion"] == f"client.authentication.k8s.io/{version}"


@pytest.mark.usefixtures("keys")
def test_a_refusal_is_no_credential(capsys):
    assert run(capsys, 403) == (1, "")
