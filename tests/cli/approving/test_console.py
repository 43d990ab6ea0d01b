"""What is printed of each frame, for people and with --json, and that nothing of it can play with the terminal."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.kit.approvals.questions import question
from trio_gate.approval.codec import decode_server, pending
from trio_gate.approval.frames import Accepted, Decided, GrantEnded, Hello, Lifted, Rejected, Resolved, Stopped
from trio_gate.approval.state import Prompt
from trio_gate.cli.approving.console import ApproverConsole

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
LINES = [
    (ENDED, []),
    (replace(ENDED, outcome=OUTCOME), ["q1: answered 404 No"]),
    (replace(ENDED, outcome={**OUTCOME, "end": "not_sent", "why": "it left"}), ["q1: not sent: it left: Delete it"]),
    (replace(ENDED, outcome={**OUTCOME, "end": "unanswered"}), ["q1: sent, and no answer is known: Delete it"]),
    (HELLO, ["connected as alice; 2 waiting, 1 grants", "STOPPED by bob", "older grants are void"]),
    (Accepted(ref="1", id="q1", status="approved"), ["accepted q1: approved"]),
    (Accepted(ref="1", id=None, status="done"), []),
    (Rejected(ref="1", id=None, code="gone", message=f"not{ESCAPE} here"), ["rejected : not"]),
    (Resolved(id="q1", status="denied", by=["bob"], reason="no\nyes", grant=None), ["resolved q1: denied by bob: no"]),
    (Resolved(id="q1", status="expired", by=[], reason="", grant=None), ["resolved q1: expired"]),
    (GrantEnded(id="g1", why="used", by=None), ["grant g1 ended: used"]),
    (Stopped(stop={**STOP, "agent": "ci", "reason": ""}), ["STOPPED by bob"]),
    (Lifted(agent=None, by="bob"), ["bob lifted the stop of everything"]),
    (SHOWN, []),
]


@pytest.mark.parametrize(("frame", "lines"), LINES, ids=lambda value: type(value).__name__)
def test_news_takes_a_line_each(capsys, frame, lines):
    ApproverConsole(json=False).frame(frame)
    out, err = capsys.readouterr()
    printed = out.splitlines()
    assert [line.startswith(begins) for line, begins in zip(printed, lines, strict=True)] == [True] * len(lines)
    assert "\x1b" not in out
    assert err == ""


@pytest.mark.parametrize("frame", [frame for frame, _ in LINES], ids=lambda value: type(value).__name__)
def test_with_json_each_frame_is_printed_as_it_came(capsys, frame):
    console = ApproverConsole(json=True)
    console.frame(frame)
    console.listed(frame)
    once, again = capsys.readouterr().out.splitlines()
    assert once == again
    assert type(decode_server(once)) is type(frame)


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


def test_a_prompt_is_printed_in_full_for_people_alone(capsys):
    ApproverConsole(json=False).prompt(SHOWN.prompt)
    out = capsys.readouterr().out
    assert out.index("prod  111111111111") < out.index("DeleteObjects") < out.index("digest")
    ApproverConsole(json=True).prompt(SHOWN.prompt)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("as_json", [False, True])
def test_a_list_has_prompts_grants_stops_and_notices(capsys, as_json):
    channel = SimpleNamespace(open={"q1": SHOWN.prompt}, grants={"g1": {"id": "g1", "kind": "once"}}, hello=HELLO)
    ApproverConsole(json=as_json).overview(channel)
    out = capsys.readouterr().out
    found = [out.find(words) for words in ("DeleteObjects", "grant g1", "STOPPED by bob", "older grants are void")]
    assert found == ([-1] * 4 if as_json else sorted(found))
    assert (-1 in found) is as_json


def test_hidden_parts_are_named_and_headed_plainly(capsys):
    console = ApproverConsole(json=False)
    console.hidden([])
    console.hidden([{"part": "p1", "name": f"Body{ESCAPE}"}, {"part": "p2", "name": ""}])
    console.part({"name": "Body", "why": f"large{ESCAPE}"})
    first, second = capsys.readouterr().out.splitlines()
    assert (first.startswith("PARTS NOT SHOWN: Body"), ", p2 (d shows them)" in first) == (True, True)
    assert second.startswith("--- Body (large")
    assert "\x1b" not in first + second
