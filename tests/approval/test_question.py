"""The question that is made from a call."""

import json
from dataclasses import replace
from datetime import timedelta

from tests.kit.approvals.questions import NOW, ONCALL, asked, call, parts
from trio_gate.approval.channel.codec import pending
from trio_gate.approval.digest import digest
from trio_gate.approval.question import FOLDED, MAX_HEADERS, MAX_LINE, MAX_RESOURCES, request_text
from trio_gate.approval.state import Prompt
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.idempotency import IdempotentForm
from trio_gate.cli.approving.terminal.prompt_view import bound
from trio_gate.config.role_settings import MOST_POLICY
from trio_gate.text.visible import visible


def test_it_says_who_wants_what_and_is_bound_to_the_digest():
    question = asked(reason="ask first")
    assert (question.account_name, question.account, question.agent, question.rule) == ("prod", "111111111111", "ci", "the rest")
    assert (question.service, question.operation, question.reason) == ("s3", "DeleteObjects", "ask first")
    assert question.digest == question.repeat_key == digest(parts())
    assert question.params == {"Bucket": "reports", "Delete": {"Objects": [{"Key": "a"}]}}


def test_it_lives_as_long_as_its_shortest_timeout():
    question = asked(approvers=[ONCALL, replace(ONCALL, name="lead", timeout=60.0)])
    assert question.expires_at == NOW + timedelta(seconds=60)
    assert question.life == 60.0
    assert [group.id for group in question.approvers] == ["human.oncall", "human.lead"]


def test_what_cannot_be_known_is_absent():
    question = asked(call(resources=UNKNOWN, cross_account=UNKNOWN, iam_actions=UNKNOWN))
    assert (question.resources, question.resources_total, question.cross_account, question.iam_actions) == (
        None,
        None,
        None,
        None,
    )


def test_what_a_newer_operation_hands_out_cannot_be_said_and_nothing_like_it_is_granted():
    question = asked(call(vends_credentials=UNKNOWN, reads_secret=UNKNOWN, reviewed=False))
    assert (question.vends_credentials, question.reads_secret, question.grantable) == (None, None, False)
    assert question.risks[0].code == "newer"
    assert asked(call(vends_credentials=UNKNOWN)).suggestion is None


def test_what_is_proposed_for_a_grant_and_what_the_organization_calls_the_account():
    question = asked(organization_name="Production\N{RIGHT-TO-LEFT OVERRIDE}", session_chain=("arn:1", "arn:2"))
    assert question.organization_name == r"Production\u{202e}"
    assert 'aws.session_role == "arn:2"' in question.suggestion


def test_a_signature_is_granted_to_nobody_in_advance():
    assert asked(call()).grantable
    assert not asked(call(presigned=60)).grantable


def test_it_says_in_what_an_equal_call_may_differ():
    repeat = IdempotentForm(sha256="3" * 64, headers=frozenset(), tokens=("ClientToken",))
    question = asked(bound=parts(repeat=repeat))
    assert question.may_differ == ("ClientToken",)
    [line] = [line for line in bound(pending(Prompt(question=question)).prompt) if "ClientToken" in line]
    assert "a later call counts as equal whatever its ClientToken" in line
    assert asked().may_differ == ()


def test_many_resources_are_counted():
    question = asked(call(resources=tuple(f"arn:aws:s3:::b/{number}" for number in range(MAX_RESOURCES + 5))))
    assert len(question.resources) == MAX_RESOURCES
    assert question.resources_total == MAX_RESOURCES + 5


def test_every_line_is_safe_and_short():
    question = asked(call(path="/\x1b[2J" + "a" * 5000, resources=("arn:aws:s3:::b/\u202e",)))
    assert question.path.startswith("/\\u{1b}[2J")
    assert question.path.endswith("… (cut, 5005 characters)")
    assert len(question.path) < MAX_LINE + 40
    assert question.resources == ("arn:aws:s3:::b/\\u{202e}",)


def test_it_is_for_the_people_of_its_groups():
    assert asked().is_for("alice")
    assert not asked().is_for("mallory")


def test_what_lines_cut_is_not_shown():
    def hidden(made=None, **changes):
        return [(part.part, part.why) for part in asked(made, parts(**changes)).not_shown]

    assert hidden() == []
    assert hidden(path="/" + "a" * MAX_LINE) == [("request", "cut")]
    assert hidden(query="k=" + "\u202e" * 300) == [("request", "cut")]
    assert hidden(headers=(("a", "b"),) * (MAX_HEADERS + 1)) == [("request", "cut")]
    assert hidden(call(resources=("r",) * (MAX_RESOURCES + 1))) == [("resources", "more")]
    assert [part.part for part in asked(streamed=True).not_shown] == ["body"]
    assert asked(bound=parts(payload_length=0), streamed=True).not_shown == ()


def test_sensitive_headers_and_queries_are_folded():
    bound = parts(headers=(("x-amz-server-side-encryption-customer-key", "canary"), ("a", "b")), query="New%50assword=canary&a=b")
    question = asked(bound=bound)
    assert (question.headers, question.query) == (((bound.headers[0][0], FOLDED), ("a", "b")), FOLDED)
    assert [part.why for part in question.not_shown] == ["masked"]
    assert request_text(bound).count("canary") == 2


def test_the_request_as_text():
    bound = parts(headers=(("host", "h"), ("a", "b")))
    assert request_text(bound) == "POST /reports?delete=\nhost: h\na: b"
    assert request_text(parts(query="", headers=())) == "POST /reports"


def test_it_holds_no_longer_than_it_lives():
    assert asked(approvers=[replace(ONCALL, hold=20.0)]).hold == 20.0
    assert asked(approvers=[replace(ONCALL, hold=900.0)]).hold == 600.0
    assert asked(approvers=[replace(ONCALL, hold=20.0)], patience=2.0).hold == 2.0


def test_it_says_which_role_signs_and_what_narrows_it():
    gate = "arn:aws:iam::111111111111:role/gate"

    def said(session=None, session_chain=(), **assume):
        bound = parts(assume_role={"role_arn": gate, **assume, **({"session": session} if session else {})})
        found = asked(bound=bound, session=session, session_chain=session_chain)
        return found.role, found.session, found.session_policy

    whole = json.dumps({"Statement": "\\" * (MOST_POLICY // 2 - 20)})
    assert len(whole) > MOST_POLICY - 40
    assert said() == said(session_policy=None) == (gate, None, None)
    assert said(session_policy=whole) == (gate, None, whole)
    assert said(session_policy='"\\u{1b}"') == (gate, None, visible('"\\u{1b}"'))
    assert said("TGVS1", session_policy="{}") == (gate, "TGVS1", None)
    assert said("TGVS1", ("a", "b"), session_policy="{}") == ("b via a", "TGVS1", None)
