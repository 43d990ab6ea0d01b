"""A folder with a configuration, and nothing of the machine's own environment."""

from __future__ import annotations

import pytest

from tests.cli.wiring.kit import SECRET, placed


@pytest.fixture
def config(tmp_path, monkeypatch):
    """The path of the configuration, where the newest secret of agent `ci` is set."""
    for name in ("TRIO_GATE_CONFIG", "TRIO_GATE_AGENT_SECRET", "TRIO_GATE_AGENT_TOKEN", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TEST_CI_NEW", SECRET)
    monkeypatch.setenv("TEST_CI_OLD", "an-older-secret-of-the-agent")
    return placed(tmp_path)
