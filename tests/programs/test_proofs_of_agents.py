"""Real programs show what proves their agent besides the signature, with the settings that they have for it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from scripts.embedded.aws import ACCOUNTS
from tests.kit.gateway import AGENT, running
from tests.programs.kit import Job, need, ways
from tests.programs.programs import PROGRAMS

TOKEN = "ci_token-0123456789abcdef"
HASH = hashlib.sha256(TOKEN.encode()).hexdigest()
CLIS = {program.name: program for program in PROGRAMS if program.name.startswith("aws-cli")}


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    agent = AGENT.replace("}\n", f'  proxy_token_sha256 = "{HASH}"\n}}\n')
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, agent=agent) as gateway:
        yield gateway


@pytest.mark.parametrize("name", CLIS)
def test_the_cli_shows_the_proxy_token_that_stands_in_the_proxys_address(gate, tmp_path, name):
    [path] = CLIS[name].needs
    need(name, path)
    way = ways(gate, ())["proxy"]
    job = Job(way=way, source=tmp_path, target=tmp_path, prefix="", folder=tmp_path)
    words = (path, "--ca-bundle", way.ca_file, "--query", "Account", "--output", "text", "sts", "get-caller-identity")
    for user, works in ((f"ci:{TOKEN}", True), (f"ci:{TOKEN}x", False), ("", False)):
        proxy = f"http://{user}@{gate.doors['proxy']}" if user else way.proxy
        shown = replace(job, way=replace(way, proxy=proxy))
        if works:
            assert shown.run(*words).strip() == ACCOUNTS["staging"]
        else:
            with pytest.raises(AssertionError, match=r"Failed to connect to proxy URL|407"):
                shown.run(*words, AWS_MAX_ATTEMPTS="1")
