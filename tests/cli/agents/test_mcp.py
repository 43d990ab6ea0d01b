"""`trio-gate mcp` without a gateway; `tests/integration/approvals/test_mcp.py` drives it with the SDK's own client."""

from __future__ import annotations

import argparse
import json
import sys

import pytest

from trio_gate.cli.agents import mcp
from trio_gate.cli.agents.asking import NotAnsweredError

QUESTION = "q0123456789abcdef"


def test_without_the_extra_it_says_which(monkeypatch, capsys):
    for name in [name for name in sys.modules if name.partition(".")[0] == "mcp"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert mcp.run(argparse.Namespace()) == 1
    assert capsys.readouterr().err == "trio-gate mcp: it needs the extra `mcp`: pip install '.[mcp]' in its checkout\n"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("denied", "do not run it again"),
        ("expired", "Run the same command again"),
        ("unavailable", "not the call's fault"),
        ("", "Do what"),
    ],
)
async def test_a_refusal_is_explained_by_its_outcome(outcome, said):
    def ask(*_words, **_more):
        raise AssertionError

    assert said in await mcp.Tools(ask).explain_refusal("AccessDenied: no", outcome)


async def test_the_approvals_of_a_message_are_looked_up_and_no_more_than_a_few():
    asked = []

    def ask(method, path, **more):
        asked.append((method, path, more["query"]))
        return f"{path} is pending"

    said = await mcp.Tools(ask).explain_refusal(" ".join([QUESTION, QUESTION, *(f"q{number:016x}" for number in range(9))]))
    assert asked[0] == ("GET", f"/-/agent/approvals/{QUESTION}", (("wait", "0"),))
    assert len(asked) == len(said.splitlines()) == mcp.MOST_NAMED


@pytest.mark.parametrize(("seconds", "sent"), [(10, "10"), (1000, str(mcp.MOST_WAIT)), (-1, "0")])
async def test_a_wait_is_bounded(seconds, sent):
    def ask(_method, _path, **more):
        return more["query"][0][1]

    assert await mcp.Tools(ask).wait(QUESTION, seconds) == sent


async def test_what_is_not_answered_is_said():
    def ask(*_words, **_more):
        raise NotAnsweredError("the gateway does not answer")

    tools = mcp.Tools(ask)
    assert [await tools.what_may_i(), await tools.pending()] == ["the gateway does not answer"] * 2


async def test_what_is_pending_is_what_the_view_says_of_it():
    view = {
        "agent": "ci",
        "stopped": None,
        "waiting": [{"id": QUESTION}],
        "waiting_in_all": 2,
        "granted": [],
        "granted_in_all": 0,
    }
    said = await mcp.Tools(lambda *_words, **_more: json.dumps({**view, "calls": []})).pending()
    assert json.loads(said) == {name: told for name, told in view.items() if name != "agent"}
