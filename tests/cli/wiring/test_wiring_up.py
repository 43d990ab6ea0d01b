"""Agents that are wired up by what `trio-gate` prints reach AWS through a gateway, with unmodified programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.embedded.aws import ACCOUNTS
from tests.kit.gateway import AGENT, running, sha256
from tests.kit.paths import ROOT
from tests.programs.programs import MODULES, NODE

STAGING = ACCOUNTS["staging"]
AWS = ROOT / ".venv-awscli" / "bin" / "aws"
BOTO3 = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
JAVASCRIPT = """\
const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");
new STSClient({}).send(new GetCallerIdentityCommand({})).then((answer) => console.log(answer.Account));
"""
TOKEN = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws) as gateway:
        yield gateway


def wired(gate, verb, *words, via="proxy", agent="ci"):
    where = ("--config", str(gate.config), "--via", via, "--gateway", gate.doors[via])
    done = gate.gate(verb, agent, *where, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def commands(monkeypatch):
    """Programs that say in which account they are; boto3 and, where they are installed, the AWS CLI and the SDK for JavaScript."""
    monkeypatch.setenv("NODE_PATH", str(MODULES))
    cli = ("sts", "get-caller-identity", "--query", "Account", "--output", "text")
    known = {"boto3": (sys.executable, "-c", BOTO3), "aws": (str(AWS), *cli), "javascript": (str(NODE), "-e", JAVASCRIPT)}
    return {name: command for name, command in known.items() if Path(command[0]).exists()}


def test_a_command_is_in_the_agents_account_by_the_proxy(gate, commands):
    commands.pop("javascript", None)  # its SDK ignores proxies
    for command in commands.values():
        assert wired(gate, "exec", "--account", "staging", "--", *command).strip() == STAGING


def test_a_command_is_in_the_agents_account_by_a_proxy_that_speaks_tls(embedded_aws, tmp_path, commands):
    commands.pop("javascript", None)
    with running(tmp_path, embedded_aws, proxy='bind = "127.0.0.1:0" tls = true') as gate:
        for command in commands.values():
            assert wired(gate, "exec", "--account", "staging", "--", *command).strip() == STAGING
        assert f"HTTPS_PROXY=https://{gate.doors['proxy']}\n" in wired(gate, "env", "--account", "staging")


@pytest.mark.parametrize("tls", ["", "tls = true"])
def test_a_command_is_in_the_agents_account_by_the_endpoint(embedded_aws, tmp_path, commands, tls):
    with running(tmp_path, embedded_aws, endpoint=tls) as gate:
        for command in commands.values():
            assert wired(gate, "exec", "--account", "staging", "--", *command, via="endpoint").strip() == STAGING


def test_a_shell_that_takes_the_variables_is_in_the_agents_account(gate, commands):
    commands.pop("javascript", None)
    text = wired(gate, "env", "--account", "prod") + '\nexec "$@"'
    for command in commands.values():
        done = subprocess.run(["sh", "-euc", text, "sh", *command], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == ACCOUNTS["prod"]


def test_a_profile_is_in_its_account(gate, commands, tmp_path):
    wired(gate, "profiles", "--write", str(tmp_path / "config"), via="endpoint")
    for account in ACCOUNTS:
        env = os.environ | {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_PROFILE": f"ci-{account}"}
        for command in commands.values():
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
            assert done.stdout.strip() == ACCOUNTS[account]


def test_a_proxy_token_is_shown(embedded_aws, tmp_path, monkeypatch, commands):
    agent = AGENT.replace("}\n", f'  proxy_token_sha256 = "{sha256(TOKEN)}"\n}}\n')
    monkeypatch.setenv("TRIO_GATE_AGENT_TOKEN", TOKEN)
    with running(tmp_path, embedded_aws, agent=agent) as gate:
        for name in commands.keys() - {"javascript"}:
            assert wired(gate, "exec", "--account", "staging", "--", *commands[name]).strip() == STAGING
