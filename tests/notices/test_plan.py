"""Who is told of what, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.kit.approvals.questions import NOW, ONCALL, question
from trio_gate.approval.question import Group
from trio_gate.approval.state import Prompt, Vote
from trio_gate.config.receivers.model import Program, Receiver
from trio_gate.notices.plan import Key, planned, receiver_of

PAGER = Receiver(name="pager", to=Program(command=("/bin/page",)))
LEADS = replace(ONCALL, name="leads", people=("carol",), notify=(PAGER,))


def by_id(*approvers):
    return {one.id: one for one in approvers}


def keys(prompt, *approvers):
    return {(key.event, key.approver, key.receiver): at for key, at in planned(prompt, by_id(*approvers)).items()}


def test_every_receiver_of_every_approver_is_told_at_once():
    oncall = replace(ONCALL, notify=(PAGER, replace(PAGER, name="chat")))
    groups = [Group(id=one.id, people=one.people, quorum=1, timeout=600.0) for one in (oncall, LEADS)]
    assert keys(Prompt(question=question("q1", *groups)), oncall, LEADS) == {
        ("asked", "human.oncall", "pager"): NOW,
        ("asked", "human.oncall", "chat"): NOW,
        ("asked", "human.leads", "pager"): NOW,
    }
    assert keys(Prompt(question=question()), LEADS) == {}


@pytest.mark.parametrize(
    ("level", "of", "told"),
    [
        (None, "fact", True),
        ("caution", "fact", False),
        ("caution", "caution", True),
        ("caution", "danger", True),
        ("danger", "fact", False),
        ("danger", "caution", False),
        ("danger", "danger", True),
        ("danger", None, True),
    ],
)
def test_a_level_narrows_a_receiver_and_what_is_unknown_is_told(level, of, told):
    oncall = replace(ONCALL, notify=(replace(PAGER, level=level),))
    assert bool(keys(Prompt(question=question(level=of)), oncall)) == told


def test_others_are_told_later_once_while_people_are_missing():
    oncall = replace(ONCALL, escalate_to=("human.leads", "human.oncall"), escalate_after=180.0, notify=(PAGER,))
    groups = [Group(id="human.oncall", people=("alice", "bob"), quorum=2, timeout=600.0)]
    prompt, later = Prompt(question=question("q1", *groups)), NOW + timedelta(seconds=180)
    asked = {("asked", "human.oncall", "pager"): NOW}
    escalated = {("escalated", "human.leads", "pager"): later, ("escalated", "human.oncall", "pager"): later}
    assert keys(prompt, oncall, LEADS) == asked | escalated
    vote = Vote(person="alice", answer="approve", reason="", at=NOW)
    assert keys(replace(prompt, votes=(vote,)), oncall, LEADS) == asked | escalated
    assert keys(replace(prompt, votes=(vote, replace(vote, person="bob"))), oncall, LEADS) == asked


def test_of_two_escalations_to_one_receiver_the_earlier_counts():
    first = replace(ONCALL, escalate_to=("human.leads",), escalate_after=180.0)
    second = replace(first, name="second", escalate_after=60.0)
    groups = [Group(id=one.id, people=one.people, quorum=1, timeout=600.0) for one in (first, second)]
    assert keys(Prompt(question=question("q1", *groups)), first, second, LEADS) == {
        ("escalated", "human.leads", "pager"): NOW + timedelta(seconds=60)
    }


def test_nothing_is_due_after_the_question_is_over():
    oncall = replace(ONCALL, escalate_to=("human.leads",), escalate_after=60.0)
    assert keys(Prompt(question=question(life=61.0)), oncall, LEADS)
    assert keys(Prompt(question=question(life=60.0)), oncall, LEADS) == {}


def test_a_receiver_is_found_by_its_key():
    key = Key(event="asked", approver="human.leads", receiver="pager")
    assert receiver_of(key, by_id(LEADS)) is PAGER
    assert receiver_of(replace(key, receiver="chat"), by_id(LEADS)) is None
    assert receiver_of(key, {}) is None
