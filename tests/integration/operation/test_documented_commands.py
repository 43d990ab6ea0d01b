"""Every command of the documentation runs here, with a gateway, an embedded AWS and an agent, or is named with what runs it, or why not."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.docs.pages import examples
from tests.kit.approvals.approver import Person
from tests.kit.gateway import SECRET, START, TOKEN, TRIO_GATE, running, sha256
from tests.kit.paths import ROOT

AWS = ROOT / ".venv-awscli" / "bin" / "aws"

NOT_HERE = {
    "pipx install": "installs from a registry",
    "trio-gate init": "tests/cli/setup/test_init.py",
    "trio-gate check": "tests/docs/test_examples.py",
    "trio-gate doctor": "tests/cli/diagnosis/test_doctor.py: it reads all models of AWS",
    "trio-gate serve": "it runs, for all of these",
    "trio-gate approve": "tests/cli/approving/test_approve.py, with answers typed at a terminal",
    "trio-gate log gateway.hcl --follow": "tests/cli/test_log.py: it does not end by itself",
    "trio-gate explain": "tests/docs/test_examples.py and tests/cli/judging/test_explain.py",
    "trio-gate task": "tests/integration/approvals/test_tasks.py: it waits for a person",
    "trio-gate person link alice --page": "tests/cli/setup/test_person.py",
    "trio-gate revoke": "tests/cli/approving/test_revoke.py",
    "trio-gate sessions --config gateway.hcl --end": "tests/cli/approving/test_sessions.py",
    "scripts/": "it takes minutes; tests/scripts run the parts",
    "sudo": "it is for root, and for the machine itself; test_systemd_unit.py runs what is installed",
    "python3 -m venv": "installs from a registry",
    "/opt/trio-gate": "it was installed by the line before",
}
"""Beginnings of lines that are not run here, and where or why."""

RIGHTS = "may_grant = true may_observe = true may_stop = true may_monitor = true"
EXTRA = f"""\
person "olga" {{ token_sha256 = "{sha256(TOKEN[::-1])}" {RIGHTS} }}
approver "human" "olgas" {{ people = [person.olga] timeout = "20s" }}
"""
RULES = """\
rule "signed"   { match = aws.presigned  action = "allow"  presign = true  vends = true }
rule "reads"    { match = aws.access in ["read", "list"]  action = "allow" }
rule "the rest" { action = "approve"  approvers = [human.olgas] }
"""
KEYS = f"""\
export AWS_ACCESS_KEY_ID=AKIA111111111111CI01 AWS_SECRET_ACCESS_KEY={SECRET} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
"""
"""What pages call the keys above."""


def not_here(line):
    return next((begins for begins in NOT_HERE if line.startswith(begins)), None)


def lines(example):
    return [line for line in example.text.splitlines() if not_here(line) is None]


EXAMPLES = examples("sh")


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    """A gateway whose file names the ports that it has, and programs by which a shell finds it and an agent."""
    folder = tmp_path_factory.mktemp("documented")
    with running(folder, embedded_aws, rules=RULES, extra=EXTRA) as gateway:
        text = gateway.config.read_text()
        for kind, address in gateway.doors.items():
            text = re.sub(rf'(\b{kind}\b[^\n]*bind = )"127.0.0.1:0"', rf'\1"{address}"', text)
        gateway.config.write_text(text)
        programs = {"trio-gate": f'PYTHONPATH={ROOT} exec {shlex.join(TRIO_GATE)} "$@"', "claude": "env"}
        for name, does in programs.items():
            program = folder / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(f"#!/bin/sh\n{does}\n")
            program.chmod(0o700)
        (folder / ".aws").mkdir()
        yield gateway


@pytest.fixture
def shell(gate):
    """What runs a text in the gateway's folder, as somebody whose home it is."""
    path = os.pathsep.join([str(gate.folder / "bin"), *([str(AWS.parent)] if AWS.exists() else []), os.environ["PATH"]])
    own = {"PATH": path, "HOME": str(gate.folder), "TRIO_GATE_TOKEN": TOKEN[::-1], "TRIO_GATE_CONFIG": str(gate.config)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TRIO_GATE"))}
    given = {"env": {**kept, **gate.env, **own}, "cwd": gate.folder, "capture_output": True, "text": True}
    return lambda text: subprocess.run(["bash", "-euc", text], check=False, stdin=subprocess.DEVNULL, timeout=START, **given)


def adapted(gate, line):
    """A line with this gateway's addresses, the agent's secret and the person's token."""
    for kind, port in (("proxy", 8080), ("endpoint", 8081)):
        line = line.replace(f"127.0.0.1:{port}", gate.doors[kind])
    line = line.replace("AWS_SECRET_ACCESS_KEY=…", f"AWS_SECRET_ACCESS_KEY={SECRET}").replace("$token", "a-proxy-token")
    return line.replace("TRIO_GATE_TOKEN=…", f"TRIO_GATE_TOKEN={TOKEN[::-1]}").replace("link alice", "link olga")


@pytest.mark.parametrize("example", [one for one in EXAMPLES if lines(one)], ids=str)
def test_what_a_page_shows_runs(gate, shell, example):
    text = "\n".join(adapted(gate, line) for line in lines(example))
    if not AWS.exists() and re.search(r"\baws ", text):
        pytest.skip("NO AWS CLI: run scripts/programs")  # reason: it has an environment of its own
    keys = KEYS + f"export AWS_ENDPOINT_URL=http://{gate.doors['endpoint']}\n" if "token" in text or "presign" in text else KEYS
    with ThreadPoolExecutor() as pool:
        if waiting := re.findall(r"\bq0123456789abcdef\b", text):
            pool.submit(gate.client("s3", "prod").create_bucket, Bucket="never-made")
            text = text.replace(waiting[0], Person(gate, TOKEN[::-1]).until(lambda _: True)["id"])
        done = shell(keys + text)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"(?m)^(?:trio-gate [\w-]+: |usage: ).*", done.stderr) == [], "what a shell evaluates has no exit status"


def test_each_that_is_named_is_on_a_page_and_each_test_is_there():
    shown = [line for one in EXAMPLES for line in one.text.splitlines()]
    assert [begins for begins in NOT_HERE if not any(line.startswith(begins) for line in shown)] == []
    tests = [test for why in NOT_HERE.values() for test in re.findall(r"tests/[\w/]+\.py", why)]
    assert [test for test in tests if not (ROOT / test).exists()] == []
