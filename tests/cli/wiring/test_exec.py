"""`trio-gate exec` becomes the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.wiring.kit import CONFIG
from tests.kit.gateway import TRIO_GATE

SHOW = "import os, sys; print(sys.argv[1:], os.environ.get('AWS_ACCESS_KEY_ID'), sorted(n for n in os.environ if n.startswith(('TEST_', 'TRIO_'))))"


def ran(config, *words, **more):
    env = os.environ | {"TEST_BASE_SECRET": "base", "TRIO_GATE_TOKEN": "tg", "TEST_MINE": "1", "AWS_PROFILE": "mine"} | more
    env.pop("TRIO_GATE_NOW", None)  # of tests/conftest.py
    command = [*TRIO_GATE, "exec", "ci", "--account", "prod", "--config", config, "--", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_a_command_is_run_as_the_agent_and_without_what_is_not_for_it(config):
    done = ran(config, sys.executable, "-c", SHOW, "--account", "--", "x")
    assert done.stdout == "['--account', '--', 'x'] AKIA111111111111CI01 ['TEST_MINE']\n"
    assert done.returncode == 0


SPELLINGS = """
approver "human" "oncall" {
  people = [
    env(/* the base key */ "TEST_COMMENT" ),
    env("TEST\\u005fESCAPE"),
    env( # one a line
      "TEST_LINE"
    ),
  ]
  notify {
    url = env("TEST_NESTED")
  }
}
rule "all" { match = "env(\\"TEST_MINE\\")" action = "deny" }
"""
"""How else a variable may be named."""


def test_no_spelling_of_a_variable_leaves_it_with_the_agent(config):
    Path(config).write_text(CONFIG + SPELLINGS)
    spelled = dict.fromkeys(("TEST_COMMENT", "TEST_ESCAPE", "TEST_LINE", "TEST_NESTED"), "secret")
    done = ran(config, sys.executable, "-c", SHOW, **spelled)
    assert done.stdout == "[] AKIA111111111111CI01 ['TEST_MINE']\n", done.stderr


@pytest.mark.parametrize(("agent", "kept"), [("job", True), ("token", False)])
def test_an_identity_token_is_left_to_its_agent_and_a_proxy_token_is_not(config, agent, kept):
    words = [*TRIO_GATE, "exec", agent, "--config", config, "--", sys.executable, "-c", SHOW]
    done = subprocess.run(words, env=os.environ | {"TRIO_GATE_AGENT_TOKEN": "a.b.c"}, capture_output=True, text=True, check=False)
    assert ("TRIO_GATE_AGENT_TOKEN" in done.stdout, done.returncode) == (kept, 0), done.stderr


CREDENTIALS = [
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_ENDPOINT_URL_S3",
    "AWS_SECRET_KEY",
    "AWS_SESSION_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
]


def test_no_credential_besides_its_own_is_left_with_the_agent(config):
    show = f"import os; print([name for name in {CREDENTIALS!r} if name in os.environ])"
    assert ran(config, sys.executable, "-c", show, **dict.fromkeys(CREDENTIALS, "x")).stdout == "[]\n"


@pytest.mark.parametrize(
    ("words", "status"),
    [(("sh", "-c", "exit 7"), 7), (("sh", "-c", "kill -TERM $$"), -15), (("no-such-command",), 127), (("/",), 126)],
)
def test_its_end_is_the_commands(config, words, status):
    done = ran(config, *words)
    assert done.returncode == status
    assert done.stderr.count("\n") == (status in (126, 127))


def test_what_python_ignores_the_command_does_not(config):
    done = ran(config, "grep", "SigIgn", "/proc/self/status")
    assert int(done.stdout.split()[1], 16) == 0, "a pipe whose reader is gone ends the command"


def test_who_cannot_be_wired_up_runs_nothing(config):
    done = ran(config, "echo", "ran", TEST_CI_NEW="short")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--secret-file" in done.stderr
