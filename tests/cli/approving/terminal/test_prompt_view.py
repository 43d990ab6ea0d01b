"""A prompt as lines: the account and what the call does, everything the approval is bound to, and nothing that plays with the terminal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.kit.approvals.questions import NOW, asked, call, question
from trio_gate.approval.channel.codec import as_json, pending
from trio_gate.approval.channel.frames import Previewed
from trio_gate.approval.grant import grant_of
from trio_gate.approval.state import Prompt
from trio_gate.approval.terms import Terms
from trio_gate.cli.approving.terminal.prompt_view import (
    account,
    bound,
    details,
    grant_line,
    parts_in_words,
    previewed,
    sentence,
    summary,
    terms,
    time_left,
)

ESCAPE = "\x1b[31m"


def shown(**changes) -> dict:
    return {**pending(Prompt(question=question())).prompt, **changes}


def lines(**changes) -> list[str]:
    return [*map(str, details(shown(**changes))), *bound(shown(**changes))]


def test_the_account_is_shown_with_its_label_or_without_one():
    assert account(shown()) == "prod"
    assert account(shown(account_name=None)) == "111111111111"
    assert summary(shown()) == "s3:DeleteObjects in us-east-1, write; account 111111111111; q1"
    assert summary(shown(account_name=None)).endswith("; account 111111111111 (no label); q1")
    assert summary(shown(organization_name="Prod")).endswith("; account 111111111111 (AWS calls it Prod); q1")


def test_the_level_and_what_the_call_does_lead():
    assert sentence(shown(level="danger", sentence="Delete it")) == "DANGER  Delete it"
    assert sentence(shown(level=None, sentence=None)) == "delete objects"


@pytest.mark.parametrize(
    ("seconds", "words"), [(552.9, "9:12 left"), (59, "0:59 left"), (3723, "1:02:03 left"), (-1, "0:00 left")]
)
def test_the_time_that_is_left_is_in_words(seconds, words):
    assert time_left(seconds) == words


def test_accounts_are_as_many_as_a_task_has():
    several = {"111111111111": "prod", "222222222222": None}
    assert "; accounts 111111111111, 222222222222; " in summary({"task": {"accounts": several}})
    assert "; account 222222222222; " in summary({"account": "111111111111", "task": {"accounts": {"222222222222": None}}})


def test_whole_names_and_reasons_come_first():
    reasons = [{"code": "sent", "text": "already sent"}, {"level": "danger", "code": "code", "text": "it runs"}]
    first, second, third, fourth, *_ = lines(names=["a/long/name"], risks=reasons, detached=True)
    assert first == "  whole     a/long/name"
    assert second == "  CAUTION   already sent"
    assert third == "  DANGER    it runs"
    assert fourth.startswith("  DETACHED  the agent has disconnected")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "  resource  arn:aws:s3:::reports/a"),
        ({"resources": None}, "  resource  not known"),
        ({"resources": [], "resources_total": 0}, "  resource  none"),
        ({"resources_total": 9}, "  resource  and 8 more"),
        ({"agent": None}, "  agent     unnamed at 127.0.0.1"),
        ({"reason": "look first"}, "  rule      the rest: look first"),
        ({"iam_actions": []}, "  actions   not known"),
        ({}, "  request   POST s3.us-east-1.amazonaws.com /reports?delete="),
        ({"address": "10.0.0.1:443"}, "  dialled   10.0.0.1:443"),
        ({}, f"  payload   3 bytes, sha256 {'0' * 64}"),
        ({}, "  approvers human.oncall: 0 of 1"),
        (
            {"proposed": {"uses": 2, "minutes": 5, "predicate": None}},
            "  proposed  a grant: calls equal to this one, 2 times within 5 minutes",
        ),
        ({"session_policy": '{"Statement":[]}'}, '  narrowed  {"Statement":[]}'),
        ({"session": "TGVS1"}, "  session   TGVS1"),
        ({"may_differ": ["ClientToken"]}, "  equal     a later call counts as equal whatever its ClientToken"),
        ({"params": {}}, "  params    none"),
    ],
)
def test_each_fact_has_its_line(changes, line):
    assert line in lines(**changes)


def test_many_resources_do_not_push_the_call_off_the_screen():
    arns = [f"arn:aws:s3:::reports/{number}" for number in range(28)]
    prompt = shown(resources=arns, resources_total=30)
    first = [line for line in map(str, details(prompt)) if line.startswith("  resource")]
    assert (len(first), first[0], first[-1]) == (9, f"  resource  {arns[0]}", "  resource  and 22 more")
    assert [line for line in bound(prompt) if line.startswith("  resource")] == [f"  resource  {arn}" for arn in arns[8:]]


def test_parameters_are_a_tree_whose_marks_cannot_be_mistaken_for_text():
    made = call(params={"Bucket": "reports", "Delete": {"Objects": [{"Key": '"quoted"'}]}})
    tree = list(details(pending(Prompt(question=asked(made))).prompt))
    assert '     Bucket: "reports"' in tree
    assert "     Delete:" in tree
    marked = lines(params={"Body": {"$masked": {"length": 5, "part": "p1"}}, "Text": "<masked: length 5>"})
    params = marked.index("  params    ")
    assert marked[params + 1 : params + 3] == ["     Body: <masked: length 5>", '     Text: "<masked: length 5>"']


def test_nothing_that_is_shown_moves_the_cursor():
    nasty = shown(
        account_name=ESCAPE, words=ESCAPE, rule=ESCAPE, host=ESCAPE, agent=ESCAPE, params={ESCAPE: [ESCAPE]}, resources=[ESCAPE]
    )
    text = "".join([account(nasty), summary(nasty), *details(nasty), *bound(nasty)])
    assert "\x1b" not in text
    assert "[31m" in text


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (None, "its next equal call; 0 of 1 used"),
        (Terms(uses=3, minutes=5), "calls equal to it; 0 of 3 used"),
        (Terms(uses=3, minutes=5, predicate="aws.service == 's3'"), "aws.service == 's3'; 0 of 3 used"),
    ],
)
def test_a_grant_takes_one_line(given, what):
    made = grant_of(question(), given, grant_id="g1", by=("alice",), now=NOW, life=timedelta(minutes=1), standing="s")
    line = grant_line(as_json(made))
    assert line.startswith("grant g1: ")
    assert f" in prod for ci, {what}, until 2026-" in line


def test_terms_name_their_condition():
    assert terms({"uses": 1, "minutes": 2, "predicate": "true"}) == "true, 1 times within 2 minutes"


def test_code_is_numbered_and_no_line_of_it_passes_for_another():
    code = {"what": "script", "lines": ["echo", f"{ESCAPE}params    none"], "whole": True, "how": ["base64"], "size": 4}
    made = lines(params={"UserData": {"$code": code}})
    at = made.index("     UserData: script, 2 lines, decoded from Base64")
    assert made[at + 1] == "     1 | echo"
    assert made[at + 2].startswith("     2 | \\u{1b}")
    part = lines(params={"UserData": {"$code": {**code, "whole": False}}})
    assert "     UserData: script, the beginning of 4 bytes, d shows all, decoded from Base64" in part


def test_parts_to_read_are_said_in_words():
    assert parts_in_words([{"what": "script", "name": "commands"}, {"what": "parameters", "name": ""}]) == (
        "the script commands, the parameters"
    )


PREVIEWED = {"ref": "1", "id": "q1", "words": "all", "calls": 9, "since": "2026-03-03T05:06:07.000Z", "waiting": ()}


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ((2, 0, True), "would have covered 2 of 9 recorded calls of the last day for this agent, account and rule"),
        (
            (2, 3, True),
            "would have covered at least 2 and at most 5 of 9 recorded calls of the last day for this agent, account and rule"
            " (the record masks or lacks what this needs of 3)",
        ),
        (
            (2, 0, False),
            "would have covered 2 of 9 recorded calls since 2026-03-03T05:06:07.000Z, as there are too many to look at all"
            " for this agent, account and rule",
        ),
    ],
)
def test_what_a_grant_would_let_through_is_said_before_it_is_given(counts, line):
    covered, undecided, complete = counts
    found = Previewed(**PREVIEWED, covered=covered, undecided=undecided, complete=complete)
    assert list(previewed(found, {}, [])) == ["lets through: all", line, "lets go none of the other calls that wait"]
    several = {"task": {"accounts": {"111111111111": "prod", "222222222222": None}, "rules": ["one", "two"]}}
    assert "this agent, accounts and rules" in list(previewed(found, several, []))[1]
    assert list(previewed(found, {}, [shown(level="fact", sentence="Do it")]))[2:] == [
        "lets go 1 other waiting calls, if it has the uses:",
        "  prod: FACT  Do it",
    ]
