"""What people are asked for a task, and what is serious about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.exchange.own_requests.kit import head, proven
from tests.exchange.tasks.kit import DROP, GATEWAY, OBJECTS, OTHERS, PEOPLE, SECOND_ENDPOINT, SNAPSHOT, read, sent
from tests.kit.aws.operations import TABLES
from tests.kit.configs import MAIN, load
from tests.kit.records import NOW
from trio_gate.approval.grant import Grant
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.exchange.tasks.question import task_question
from trio_gate.exchange.tasks.scope import task_of


def test_what_a_task_adds_to_is_said_while_it_stands():
    old = Grant(
        **dict.fromkeys(("rule", "account", "about", "digest", "repeat_key", "standing"), "x"),
        **dict.fromkeys(("agent", "account_name", "predicate")),
        id=f"t{'1' * 16}",
        kind="task",
        uses=9,
        used=2,
        made_at=NOW,
        expires_at=NOW,
        by=(),
        people=(),
    )
    asked, arrived = read(OBJECTS, extends=old.id), proven(head("/-/agent/tasks", b""), snapshot=SNAPSHOT)
    made = task_of(asked, arrived, SNAPSHOT, TABLES)
    risks = [
        task_question(made, asked, arrived, SNAPSHOT, question_id="q1", asked_at=NOW, grants=grants).risks[-1].text
        for grants in ((old,), (replace(old, kind="exact"),), ())
    ]
    assert risks[0] == f"it adds to task {old.id}, of which 7 of 9 uses are left until {NOW:%H:%M} UTC"
    assert "adds to" not in risks[1] + risks[2]
    assert read(OBJECTS).body != asked.body  # so it is another question


def test_lines_with_dangers_are_a_danger_that_names_each_of_them():
    needs = (OBJECTS, DROP, {**DROP, "actions": ["DeleteBackup"]})
    asked, arrived = read(*needs), proven(head("/-/agent/tasks", sent(*needs)), snapshot=SNAPSHOT)
    found = task_question(task_of(asked, arrived, SNAPSHOT, TABLES), asked, arrived, SNAPSHOT, question_id="q1", asked_at=NOW)
    assert found.level == "danger"
    told = [(risk.level, risk.text.partition(" dangerous calls through")[0]) for risk in found.risks]
    assert told[:2] == [("danger", "line 2 and line 3 let"), ("caution", found.risks[1].text)]
    alone = task_question(
        task_of(read(DROP), arrived, SNAPSHOT, TABLES), read(DROP), arrived, SNAPSHOT, question_id="q1", asked_at=NOW
    )
    assert alone.risks[0].text.startswith("line 1 lets dangerous calls through")
    plain = [OBJECTS, {**DROP, "danger": False}, needs[2]]
    other = task_question(
        task_of(read(*plain), arrived, SNAPSHOT, TABLES), read(*plain), arrived, SNAPSHOT, question_id="q1", asked_at=NOW
    )
    assert other.digest != found.digest


def test_people_are_asked_one_question_for_all_rules():
    needs = ({"access": "write", "match": 'aws.region == "eu-west-1"'}, OBJECTS)
    asked, arrived = read(*needs), proven(head("/-/agent/tasks", sent(*needs)), snapshot=SNAPSHOT)
    made = task_of(asked, arrived, SNAPSHOT, TABLES)
    found = task_question(made, asked, arrived, SNAPSHOT, question_id="q1", asked_at=NOW)
    assert found.sentence == 'Let up to 30 calls through in 60 min: "move the reports"'
    assert [group.id for group in found.approvers] == ["human.one", "human.two"]
    assert found.expires_at - NOW == timedelta(minutes=5)  # the shortest
    assert found.names == made.lines
    assert made.lines == ("any service: write calls, in eu-west-1", "s3: PutObject, DeleteObject, whose Bucket is b")
    assert (found.level, found.grantable, found.task, found.rule) == ("caution", False, made, "objects, tables")
    other = task_question(made, read(*needs, uses=31), arrived, SNAPSHOT, question_id="q1", asked_at=NOW)
    assert found.digest != other.digest


def test_a_task_that_only_reads_is_a_fact():
    snapshot = compile_snapshot(1, load(GATEWAY + MAIN + SECOND_ENDPOINT + PEOPLE + OTHERS))
    need = {"service": "s3", "access": "read"}
    asked, arrived = read(need), proven(head("/-/agent/tasks", sent(need)), snapshot=snapshot)
    found = task_question(task_of(asked, arrived, snapshot, TABLES), asked, arrived, snapshot, question_id="q1", asked_at=NOW)
    assert (found.level, found.risks) == ("fact", ())
