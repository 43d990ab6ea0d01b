"""The view as Markdown: complete, and what others wrote stays where it stands."""

from __future__ import annotations

from datetime import timedelta

from tests.agent_view.test_view import seen
from tests.kit.approvals.questions import NOW, question
from trio_gate.agent_view.page import page
from trio_gate.agent_view.page import question as line
from trio_gate.approval.for_agents import of_grant, of_prompt
from trio_gate.approval.grant import grant_of
from trio_gate.approval.state import Prompt

RULES = """
rule "prod" {
  match  = aws.region == "us-east-1"
  action = "deny"
  reason = "# see | the wiki"
}
rule "rest" {
  match  = aws.access == "read"
  action = "allow"
}
"""
WAITS = Prompt(question=question(sentence="# Delete | all"))
GRANT = grant_of(WAITS.question, None, grant_id="g1", by=("alice",), now=NOW, life=timedelta(minutes=5), standing="s")


def test_the_whole_page():
    view = seen(RULES, used=["s3"]) | {
        "waiting": [of_prompt(WAITS, "https://gate/")],
        "granted": [of_grant(GRANT)],
        "stopped": {"reason": "look\nfirst", "since": "2026-03-04T05:06:07.000Z"},
        "accounts_in_all": 5,
    }
    lines = page(view).splitlines()
    assert lines[0] == "# What you may do here"
    assert "- 000000000001 (prod)" in lines
    assert "- and 3 more" in lines
    assert '1. "prod" denies: \\# see \\| the wiki' in lines
    assert "| | read | list | write | permissions | tagging |" in lines
    depends = 'depends: "prod" denies some, "rest" allows the rest'
    assert f"| s3 | {depends} | denied | denied | denied | denied |" in lines
    assert "All your calls are stopped by a person since 2026-03-04T05:06:07.000Z: look first. Tell your user, and wait." in lines
    assert any(one.startswith('- q1: \\# Delete \\| all (account 111111111111, rule "the rest", open until') for one in lines)
    assert any(one.startswith("- g1: the same call once, unchanged, first") for one in lines)
    assert "- AssumeRole of a role in an account of yours, which the gateway answers with a session of its own: depends:" in page(
        view
    )
    assert "- all else that returns credentials, but for what is never served: " in page(view)
    assert "- GetSessionToken, which is answered so as well: " in page(view)
    assert [lines.index(one) for one in lines if one.startswith("## ")] == sorted(
        lines.index(f"## {one}")
        for one in (
            *("Waiting for people", "Granted", "Accounts", "How", "Rules, the first that matches decides"),
            "Calls in 000000000001, 000000000002",
        )
    )
    assert {len(one.replace("\\|", "").split("|")) for one in lines if one.startswith("|")} == {8}


def test_an_empty_page_says_so():
    text = page(seen('rule "no" { match = agent.name == "other" action = "deny" }'))
    assert text.count("None.") == 3
    assert "stopped" not in text


def test_a_question_is_one_line_in_each_state():
    told = of_prompt(WAITS, "")
    assert ", open until 2026-03-04T05:16:07.000Z)" in line(told)
    assert "until" not in line({**told, "status": "denied", "until": None, "next": "no"})
    assert ", until x)" in line({**told, "status": "approved", "until": "x", "next": "yes"})
