"""What is printed of each frame, for people and with --json, and that nothing of it can play with the terminal."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.kit.approvals.questions import question
from trio_gate.approval.channel.codec import decode_server, pending
from trio_gate.approval.channel.frames import Accepted, Decided, GrantEnded, Hello, Lifted, Pending, Rejected, Resolved, Stopped
from trio_gate.approval.state import Prompt
from trio_gate.cli.approving.terminal.console import ApproverConsole

ESCAPE = "\x1b[2J"
STOP = {"agent": None, "by": f"bob{ESCAPE}", "reason": "odd calls", "at": "2026-03-04T05:06:07.000Z"}
HELLO = Hello(
    person="alice",
    kind="human",
    may_grant=False,
    may_observe=False,
    may_stop=False,
    now="2026-03-04T05:06:07.000Z",
    max_minutes=1,
    max_uses=1,
    agents=(),
    stops=(STOP,),
    notices=(f"older grants are void{ESCAPE}",),
    pending=2,
    grants=1,
)
SHOWN = pending(Prompt(question=question()))
AT = "2026-03-04T05:06:08.000Z"
OUTCOME = {"at": AT, "end": "answered", "status": 404, "error_code": f"No{ESCAPE}Such", "seconds": 0.123, "why": None}
ENDED = Decided(
    id="q1", at=AT, status="approved", by=["bob"], reason="", grant=None, call={"sentence": "Delete it"}, outcome=None
)
UNTOLD = {"level": "fact", "code": "unnotified", "text": f"desk was not notified{ESCAPE}"}
LINES = [
    (ENDED, []),
    (replace(ENDED, outcome=OUTCOME), ["q1: answered 404 No"]),
    (replace(ENDED, outcome={**OUTCOME, "end": "not_sent", "why": "it left"}), ["q1: not sent: it left: Delete it"]),
    (replace(ENDED, outcome={**OUTCOME, "end": "unanswered"}), ["q1: sent, and no answer is known: Delete it"]),
    (HELLO, ["connected as alice; 2 waiting, 1 grants", "STOPPED by bob", "older grants are void"]),
    (Accepted(ref="1", id="q1", status="approved"), ['q1 approved by you: prod: Delete object "a" from "reports"']),
    (Accepted(ref="1", id="q1", status="pending"), ["q1 your approval counts, others have to approve too: prod: "]),
    (Accepted(ref="1", id=None, status="done"), []),
    (Rejected(ref="1", id=None, code="gone", message=f"not{ESCAPE} here"), ["this was not done: not"]),
    (Resolved(id="q1", status="denied", by=["bob"], reason="no\nyes", grant=None), ["q1 denied by bob (no"]),
    (Resolved(id="q1", status="expired", by=[], reason="", grant=None), ['q1 expired: prod: Delete object "a" from "reports"']),
    (
        Resolved(id="q1", status="approved", by=["bob"], reason="", grant="g1"),
        ['q1 approved by bob: prod: Delete object "a" from "reports"; grant g1 covers later calls'],
    ),
    (GrantEnded(id="g1", why="used", by=None), ["grant g1 ended: used"]),
    (Stopped(stop={**STOP, "agent": "ci", "reason": ""}), ["STOPPED by bob"]),
    (Lifted(agent=None, by="bob"), ["bob lifted the stop of everything"]),
    (SHOWN, []),
    (Pending(prompt={**SHOWN.prompt, "risks": [UNTOLD, *SHOWN.prompt["risks"]]}), ["q1: desk was not notified"]),
]


@pytest.mark.parametrize(("frame", "lines"), LINES, ids=lambda value: type(value).__name__)
def test_news_takes_a_line_each(capsys, frame, lines):
    ApproverConsole(json=False).frame(frame, SHOWN.prompt)
    out, err = capsys.readouterr()
    printed = out.splitlines()
    assert [line.startswith(begins) for line, begins in zip(printed, lines, strict=True)] == [True] * len(lines)
    assert "\x1b" not in out
    assert err == ""


@pytest.mark.parametrize("frame", [frame for frame, _ in LINES], ids=lambda value: type(value).__name__)
def test_with_json_each_frame_is_printed_as_it_came(capsys, frame):
    console = ApproverConsole(json=True)
    console.frame(frame, SHOWN.prompt)
    [line] = capsys.readouterr().out.splitlines()
    assert decode_server(line) == frame


def test_what_ended_before_the_channel_opened_is_no_news(capsys):
    console = ApproverConsole(json=False)
    console.frame(HELLO)
    capsys.readouterr()
    console.frame(replace(ENDED, outcome={**OUTCOME, "at": "2026-03-04T05:06:06.999Z"}))
    assert capsys.readouterr().out == ""
    console.frame(replace(ENDED, outcome=OUTCOME))
    assert capsys.readouterr().out.endswith(" after 0.12 s: Delete it\n")


def test_sentences_leave_the_output_to_json(capsys):
    ApproverConsole(json=True).say("trying again")
    assert capsys.readouterr() == ("", "trying again\n")
    ApproverConsole(json=False).say("trying again")
    assert capsys.readouterr() == ("trying again\n", "")


def test_a_prompt_leads_with_account_level_and_sentence(capsys):
    console = ApproverConsole(json=False)
    console.prompt(SHOWN.prompt)
    console.bound(SHOWN.prompt)
    out = capsys.readouterr().out
    found = [
        out.index(words)
        for words in (' prod  CAUTION  Delete object "a" from "reports"', "DeleteObjects", "agent", "Bucket", "digest")
    ]
    assert found == sorted(found)
    ApproverConsole(json=True).prompt(SHOWN.prompt)
    assert capsys.readouterr().out == ""


SCRIPT = {"what": "script", "lines": ["# all", "rm -rf / \\u{1b}"], "whole": True, "how": [], "size": 4}
COLORS = [[5, "c"], [6, "!", 9, ""]]
RED, PLAIN = "\x1b[1;7;31mrm -rf\x1b[0m", "     2 | rm -rf / "


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"FORCE_COLOR": "1", "TERM": "xterm"}, RED),
        ({"FORCE_COLOR": "1", "TERM": "xterm", "NO_COLOR": "1"}, "\x1b[1;7mrm -rf\x1b[0m"),
        ({}, PLAIN),
    ],
    ids=["a terminal", "one without colors", "no terminal"],
)
def test_code_is_printed_in_the_colors_of_the_page(capsys, monkeypatch, environment, found):
    for name in ("FORCE_COLOR", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    console = ApproverConsole(json=False)
    console.prompt({**SHOWN.prompt, "params": {"commands": {"$code": {**SCRIPT, "colors": COLORS}}}})
    out = capsys.readouterr().out
    assert (found in out, "\x1b" in out) == (True, bool(environment))
    console.prompt({**SHOWN.prompt, "params": {"commands": {"$code": {**SCRIPT, "colors": [["5"]]}}}})
    assert RED not in capsys.readouterr().out


def waits(*prompts, left=552.0):
    return SimpleNamespace(waiting=lambda: list(prompts), left=lambda _: left)


def test_the_question_repeats_the_sentence_and_says_where_one_is_and_how_long(capsys):
    others = [{**SHOWN.prompt, "id": f"q{number}"} for number in range(2, 10)]
    asked = ApproverConsole(json=False).question(waits(*others[:2], SHOWN.prompt, *others[2:]), SHOWN.prompt)
    assert asked.plain == ' prod  CAUTION  Delete object "a" from "reports"\n3 of 9, 9:12 left: '


def test_what_waits_takes_a_line_with_the_id_first(capsys):
    console = ApproverConsole(json=False)
    console.waiting(waits(), SHOWN.prompt)
    console.waiting(waits(left=3723), {**SHOWN.prompt, "detached": True, "agent": None})
    first, second = capsys.readouterr().out.splitlines()
    assert first == 'q1  9:12 left   prod  CAUTION  Delete object "a" from "reports"  for ci'
    assert second == 'q1  1:02:03 left   prod  CAUTION  Delete object "a" from "reports"  for unnamed, who has left'


def test_grants_stops_and_notices_take_a_line_each(capsys):
    console = ApproverConsole(json=False)
    console.grants(SimpleNamespace(grants={"g1": {"id": "g1", "kind": "once"}}))
    console.standing(HELLO)
    grant, stop, notice = capsys.readouterr().out.splitlines()
    assert grant.startswith("grant g1: ")
    assert (stop.startswith("STOPPED by bob"), notice.startswith("older grants are void")) == (True, True)


def test_hidden_parts_are_named_and_headed_plainly(capsys):
    console = ApproverConsole(json=False)
    console.hidden([])
    console.hidden([{"part": "p1", "name": f"Body{ESCAPE}"}, {"part": "p2", "name": ""}])
    console.part({"name": "Body", "why": f"large{ESCAPE}"})
    first, second = capsys.readouterr().out.splitlines()
    assert (first.startswith("PARTS NOT SHOWN: Body"), ", p2 (d shows them)" in first) == (True, True)
    assert second.startswith("--- Body (large")
    assert "\x1b" not in first + second
