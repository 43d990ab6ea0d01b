"""`trio-gate approve`: what may not be said together."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "words",
    [("--confirm", "1"), ("--yes", "--confirm", "1"), ("q1", "--confirm", "1"), ("q1", "--deny", "no", "--confirm", "1")],
    ids=" ".join,
)
async def test_lines_are_confirmed_of_one_task_that_is_approved(tell, monkeypatch, words):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    status, out, err = await tell("approve", *words)
    assert (status, out) == (2, "")
    assert err == "trio-gate approve: --confirm goes with --yes and ID: lines are confirmed of one task\n"
