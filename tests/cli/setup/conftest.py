"""A configuration whose secrets are not set, and a way to run verbs on it."""

from __future__ import annotations

import pytest

from tests.cli.wiring.kit import CONFIG, placed, status_of

PEOPLE = """
person "alice" {
  token_sha256 = env("TEST_ALICE")
  may_grant    = true
}
person "bob" { token_sha256 = env("TEST_BOB") kind = "bot" }
approver "human" "oncall" {
  people = [person.alice]
}
approver "bot" "both" {
  people = [person.alice, person.bob]
  quorum = 2
}
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.delenv("TRIO_GATE_CONFIG", raising=False)
    return placed(tmp_path, CONFIG + PEOPLE)


@pytest.fixture
def run(config, capsys):
    """Runs a verb on the configuration: its exit status and what it printed."""

    def ran(*words):
        status = status_of(*words, "--config", config)
        return status, *capsys.readouterr()

    return ran
