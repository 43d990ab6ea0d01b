"""What the AWS CLI signs on its own, with the keys of a role: the gateway's signature for the same is the same text."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.agents.test_asking import gateway, keys
from tests.exchange.own_requests.kit import ROLE, named
from tests.programs.kit import need
from tests.programs.test_refused_by_name import CLIS
from trio_gate.cli.main import main
from trio_gate.exchange.own_requests.answers import signed
from trio_gate.signing.sigv4 import SigningKeys

__all__ = ["keys"]

REGION = "eu-west-1"
DATABASE = "db.c0ffee.eu-west-1.rds.amazonaws.com"
S3_CONFIG = "[default]\ns3 =\n  signature_version = s3v4\n  addressing_style = virtual\n"
"""What CLI 1 must be told to sign with version 4, for the host of the region; CLI 2 does so by itself."""

ENV = {
    "AWS_ACCESS_KEY_ID": ROLE.access_key_id,
    "AWS_SECRET_ACCESS_KEY": ROLE.secret_access_key,
    "AWS_SESSION_TOKEN": ROLE.session_token,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def signed_by(name, *words):
    """What a CLI prints, without any connection."""
    need(name, CLIS[name])
    plain = {word: value for word, value in os.environ.items() if not word.startswith("AWS_")}
    return subprocess.run([CLIS[name], *words], env=plain | ENV, capture_output=True, text=True, check=True, timeout=60).stdout


def ours(path, members, url):
    """The gateway's URL for the same, at the same time."""
    made = datetime.strptime(parse_qs(urlsplit(url).query)["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    found = named(f"/-/agent/{path}", json.dumps(members).encode())
    return json.loads(signed(found, ROLE, now=made, keys=SigningKeys())[1])["url"]


@pytest.mark.parametrize("name", CLIS)
def test_a_url(name, tmp_path, monkeypatch):
    config = tmp_path / "config"
    config.write_text(S3_CONFIG)
    monkeypatch.setitem(ENV, "AWS_CONFIG_FILE", str(config))
    url = signed_by(name, "s3", "presign", "s3://photos/a b/é.txt", "--expires-in", "60").strip()
    assert ours("presign", {"bucket": "photos", "key": "a b/é.txt", "expires": 60}, url) == url


@pytest.mark.parametrize("name", CLIS)
def test_a_clusters_token(name, monkeypatch, capsys):
    text = signed_by(name, "eks", "get-token", "--cluster-name", "blue")
    token = json.loads(text)["status"]["token"].removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    assert ours("eks-token", {"cluster": "blue"}, url) == url
    for variable, value in ENV.items():
        monkeypatch.setenv(variable, value)
    answer = json.dumps({"url": url, "headers": {}, "seconds": 900, "expires": "2026-01-15T12:15:00Z"}).encode()
    with gateway(body=answer) as (at, _):
        assert main(["eks-token", "blue", "--gateway", f"http://{at}"]) == 0
    printed = capsys.readouterr().out
    printed = printed.replace("2026-01-15T12:14:00Z", json.loads(text)["status"]["expirationTimestamp"])
    assert json.loads(printed, object_pairs_hook=list) == json.loads(text, object_pairs_hook=list)


@pytest.mark.parametrize("name", CLIS)
def test_a_databases_token(name):
    words = ("--hostname", DATABASE, "--port", "5432", "--username", "me@x")
    token = signed_by(name, "rds", "generate-db-auth-token", *words).strip()
    assert ours("rds-token", {"host": DATABASE, "port": 5432, "user": "me@x"}, f"https://{token}") == f"https://{token}"
