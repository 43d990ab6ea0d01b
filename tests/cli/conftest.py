"""A gateway's admin listener, for approvers at a terminal, and the verbs that ask it."""

from __future__ import annotations

import pytest
import trio

from tests.kit.approvals.admin_gate import TOKENS, authority, gate, gate_on
from trio_gate.cli.main import main

__all__ = ["authority", "gate", "tell"]


@pytest.fixture
async def tell(authority, tmp_path, monkeypatch, capsys):
    """Runs verbs of the command line at a gateway whose people may do all: exit status, output, and what was said of faults."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("TRIO_GATE_TOKEN", TOKENS["alice"])
    async with gate_on(authority, may_grant=True, may_stop=True, may_observe=True) as made:

        async def run(*words: str) -> tuple[int, str, str]:
            where = ("--url", made.url, "--ca", str(tmp_path / "ca.pem"))
            status = await trio.to_thread.run_sync(main, [*words, *where])
            return status, *capsys.readouterr()

        run.hub = made.hub
        yield run
