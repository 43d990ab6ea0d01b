"""A task as a value."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.exchange.own_requests.kit import head, proven
from tests.exchange.tasks.kit import OBJECTS, SNAPSHOT, read
from tests.kit.approvals.questions import NOW, question
from tests.kit.aws.operations import TABLES
from trio_gate.approval.decided import DecidedTable
from trio_gate.approval.state import Prompt, expire
from trio_gate.approval.task import Task, digest_of, is_task, together
from trio_gate.exchange.tasks.question import task_question
from trio_gate.exchange.tasks.scope import task_of

TASK = Task(purpose="p", lines=("s3: PutObject",), predicate="true", uses=3, minutes=5, rules=(("a", "1"), ("b", "2")))


@pytest.mark.parametrize(
    ("standings", "stands"),
    [({"a": "1", "b": "2", "c": "3"}, True), ({"a": "1", "b": "3"}, False), ({"a": "2", "b": "2"}, False), ({"a": "1"}, False)],
)
def test_a_task_stands_while_all_its_rules_do(standings, stands):
    assert TASK.stands(standings) is stands


def test_what_people_decided_says_whether_it_was_a_task():
    asked, arrived = read(OBJECTS), proven(head("/-/agent/tasks", b""), snapshot=SNAPSHOT)
    of_task = task_question(task_of(asked, arrived, SNAPSHOT, TABLES), asked, arrived, SNAPSHOT, question_id="q1", asked_at=NOW)
    for made, said in ((of_task, True), (question(), False)):
        assert is_task(DecidedTable().ended(expire(Prompt(question=made)), at=NOW, grant=None).call) is said


def test_other_rules_are_another_standing():
    assert TASK.standing == together((("a", "1"), ("b", "2")))
    assert TASK.standing != replace(TASK, rules=(("a", "1"),)).standing


def test_an_approval_is_bound_to_who_asks_and_all_that_is_asked():
    asked = {"purpose": "p", "uses": 3}
    same = digest_of("ci", "111111111111", asked)
    assert same == digest_of("ci", "111111111111", {"uses": 3, "purpose": "p"})
    others = [("eve", "111111111111", asked), (None, "111111111111", asked), ("ci", "222222222222", asked)]
    others.append(("ci", "111111111111", {**asked, "uses": 4}))
    assert same not in [digest_of(*other) for other in others]
