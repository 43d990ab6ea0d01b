"""Real programs show what proves their agent besides the signature, with the settings that they have for it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from scripts.embedded.aws import ACCOUNTS, DEPLOY, REGION, WEB_IDENTITY
from tests.kit.gateway import AGENT, running
from tests.kit.wire.identity_tokens import AUDIENCE, ISSUER, SUBJECT, jwks, token
from tests.programs.kit import Job, need, ways
from tests.programs.programs import OWN, PROGRAMS

TOKEN = "ci_token-0123456789abcdef"
HASH = hashlib.sha256(TOKEN.encode()).hexdigest()
CLIS = {program.name: program for program in PROGRAMS if program.name.startswith("aws-cli")}


OIDC = f'  oidc {{\n    issuer = "{ISSUER}"\n    audience = "{AUDIENCE}"\n    claims = {{ sub = "{SUBJECT}" }}\n    jwks_file = "jwks"\n  }}\n'
PROVEN = {"a token of its own": (f'  proxy_token_sha256 = "{HASH}"\n', TOKEN), "an OIDC token": (OIDC, token())}


@pytest.fixture(scope="module", params=PROVEN)
def gate(request, embedded_aws, tmp_path_factory):
    block, shown = PROVEN[request.param]
    folder = tmp_path_factory.mktemp("gate")
    (folder / "jwks").write_text(jwks())
    with running(folder, embedded_aws, agent=AGENT.replace("}\n", f"{block}}}\n")) as gateway:
        yield gateway, shown


@pytest.mark.parametrize("name", CLIS)
def test_the_cli_shows_what_stands_in_the_proxys_address(gate, tmp_path, name):
    gateway, shown = gate
    [path] = CLIS[name].needs
    need(name, path)
    way = ways(gateway, ())["proxy"]
    job = Job(way=way, source=tmp_path, target=tmp_path, prefix="", folder=tmp_path)
    words = (path, "--ca-bundle", way.ca_file, "--query", "Account", "--output", "text", "sts", "get-caller-identity")
    for user, works in ((f"ci:{shown}", True), ("ci:another-token-0123456789", False), ("", False)):
        proxy = f"http://{user}@{gateway.doors['proxy']}" if user else way.proxy
        by = replace(job, way=replace(way, proxy=proxy))
        if works:
            assert by.run(*words).strip() == ACCOUNTS["staging"]
        else:
            with pytest.raises(AssertionError, match=r"Failed to connect to proxy URL|407|OIDC token"):
                by.run(*words, AWS_MAX_ATTEMPTS="1")


@pytest.mark.parametrize("name", CLIS)
def test_the_cli_assumes_a_role_with_a_web_identity_on_a_connection_that_proves_its_agent(gate, tmp_path, name):
    gateway, shown = gate
    [path] = CLIS[name].needs
    need(name, path)
    (tmp_path / "token").write_text(WEB_IDENTITY)
    way = replace(ways(gateway, ())["proxy"], proxy=f"http://ci:{shown}@{gateway.doors['proxy']}")
    job = Job(way=way, source=tmp_path, target=tmp_path, prefix="", folder=tmp_path, key=None)
    role = f"arn:aws:iam::{ACCOUNTS['staging']}:role/{DEPLOY}"
    env = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"), "AWS_ROLE_ARN": role, "AWS_ROLE_SESSION_NAME": "job"}
    said = job.run(path, "--query", "Arn", "--output", "text", "sts", "get-caller-identity", AWS_CA_BUNDLE=way.ca_file, **env)
    assert said.strip() == f"arn:aws:sts::{ACCOUNTS['staging']}:assumed-role/{DEPLOY}/job"


@pytest.fixture(scope="module")
def over_tls(embedded_aws, tmp_path_factory):
    agent = AGENT.replace("}\n", f'  proxy_token_sha256 = "{HASH}"\n}}\n')
    with running(tmp_path_factory.mktemp("tls"), embedded_aws, agent=agent, proxy='bind = "127.0.0.1:0" tls = true') as gateway:
        yield gateway


@pytest.mark.parametrize("name", CLIS)
def test_the_cli_shows_it_to_a_proxy_that_speaks_tls(over_tls, tmp_path, name):
    [path] = CLIS[name].needs
    need(name, path)
    way = replace(
        ways(over_tls, ())["proxy"], proxy=f"https://ci:{TOKEN}@{over_tls.doors['proxy']}", ca_file=over_tls.both_ca_file
    )
    job = Job(way=way, source=tmp_path, target=tmp_path, prefix="", folder=tmp_path)
    words = (path, "--query", "Account", "--output", "text", "sts", "get-caller-identity")
    assert job.run(*words, AWS_CA_BUNDLE=way.ca_file).strip() == ACCOUNTS["staging"]


def test_a_program_in_go_shows_it_to_a_proxy_that_speaks_tls(over_tls, tmp_path):
    rclone = OWN / "rclone"
    need("rclone", rclone)
    way = replace(
        ways(over_tls, ())["proxy"], proxy=f"https://ci:{TOKEN}@{over_tls.doors['proxy']}", ca_file=over_tls.both_ca_file
    )
    job = Job(way=way, source=tmp_path, target=tmp_path, prefix="", folder=tmp_path)
    listed = job.run(rclone, "lsd", f":s3,provider=AWS,env_auth=true,region={REGION}:", SSL_CERT_FILE=way.ca_file)
    assert "staging-data" in listed
