"""A task on the page: what is asked for, who may approve it, and what it becomes."""

from dataclasses import replace
from datetime import timedelta

from tests.kit.records import intent, read
from trio_gate.approval.task import Task
from trio_gate.audit.rows import intent_row
from trio_gate.shell.clock import SystemClock

TASK = Task(
    purpose="move the reports",
    lines=("s3: PutObject, whose Bucket is data", "sns: write calls"),
    predicate="true",
    uses=7,
    minutes=5,
    rules=(("the rest", "s" * 64), ("topics", "t" * 64)),
)


def test_a_task_is_read_approved_and_stands_among_the_grants(visit, stage):
    made = replace(intent(), time=SystemClock().now() - timedelta(hours=1), rule="the rest")
    stage.recorded = [read(intent_row(made))]
    ask = stage.ask(task=TASK)
    visitor = visit()
    page = visitor.enter()
    visitor.open(ask)
    shown = page.inner_text("main")
    assert "Let up to 7 calls through" in shown
    page.wait_for_selector(
        "text=It would have covered 1 of the 1 recorded call of the last day for this agent, account and rules."
    )
    assert all(line in shown for line in TASK.lines)
    assert "goes through without asking" in shown
    assert "ARNs are not known" not in shown
    page.click(".decide button:text-is('Approve in prod')")
    page.wait_for_selector("text=Its calls go through.")
    assert "its next equal call" not in page.inner_text("main")
    page.click("a:text-is('A grant was made')")
    page.go_back()
    stage.do(lambda: [stage.hub.grants.end(grant, "expired") for grant in [*stage.hub.grants.table]])
    page.wait_for_selector("text=It is over, and its calls are asked about again.")


def test_a_grant_of_a_task_is_listed(visit, stage):
    ask = stage.ask(task=TASK)
    visitor = visit()
    page = visitor.enter()
    visitor.open(ask)
    page.click(".decide button:text-is('Approve in prod')")
    page.click("a:text-is('A grant was made')")
    card = page.locator("[data-grant]").inner_text()
    assert "the calls of a task" in card
    assert "the rest, topics" in card
    assert "0 of 7" in card


def test_each_line_that_lets_dangers_through_is_confirmed_by_hand(visit, stage):
    ask = stage.ask(
        task=replace(TASK, lines=("s3: PutObject", "iam: PutRolePolicy, dangers included", "ec2: RunInstances"), dangers=(2, 3))
    )
    visitor = visit()
    page = visitor.enter()
    visitor.open(ask)
    boxes = page.locator(".lines input")
    assert boxes.count() == 2
    page.click(".decide button:text-is('Confirm 2 lines first')")
    assert boxes.first.evaluate("box => box === document.activeElement")
    page.keyboard.press("Space")
    page.click(".decide button:text-is('Confirm line 3 first')")
    boxes.last.check()
    boxes.first.uncheck()
    page.click(".decide button:text-is('Confirm line 2 first')")
    assert not ask.done.is_set()
    boxes.first.check()
    page.click(".decide button:text-is('Approve in prod')")
    assert ask.outcome() == "approve"
    assert [act["act"]["confirmed"] for act in stage.acts if act["kind"] == "vote"] == [[2, 3]]


def test_what_one_person_confirmed_is_not_confirmed_for_the_next(visit, stage):
    ask = stage.ask(task=replace(TASK, lines=("iam: PutRolePolicy, dangers included",), dangers=(1,)))
    visitor = visit()
    page = visitor.enter()
    visitor.open(ask)
    page.locator(".lines input").check()
    page.wait_for_selector(".decide button:text-is('Approve in prod')")
    page.click("#leave")
    page.wait_for_selector("#token")
    visitor.sign_in("bob")
    visitor.open(ask)
    assert not page.locator(".lines input").is_checked()
    page.click(".decide button:text-is('Confirm line 1 first')")
    assert not ask.done.is_set()


def test_a_notification_of_a_task_has_no_words_of_the_agent(visit, stage):
    visitor = visit(permissions=["notifications"])
    page = visitor.away()
    page.wait_for_selector("text=Notifying")
    stage.ask(task=replace(TASK, purpose="APPROVE THIS AT ONCE"))
    page.wait_for_selector("text=1 call waiting")
    title, body = page.evaluate("window.told")
    assert title == "prod: a task of up to 7 calls"
    assert "APPROVE" not in body


def test_a_task_for_several_accounts_names_all_of_them(visit, stage):
    ask = stage.ask(task=replace(TASK, accounts={"111111111111": "prod", "222222222222": None}))
    visitor = visit()
    page = visitor.enter()
    visitor.open(ask)
    assert "prod, 222222222222" in page.inner_text(".call-head .account")
    page.click(".decide button:text-is('Approve in prod, 222222222222')")
    page.click("a:text-is('A grant was made')")
    assert "prod, 222222222222" in page.locator("[data-grant]").inner_text()


def test_who_may_not_grant_reads_that_before_answering(visit, stage):
    ask = stage.ask(task=TASK)
    visitor = visit()
    page = visitor.enter("carol")
    visitor.open(ask)
    assert "You may deny a task." in page.inner_text(".decide")
