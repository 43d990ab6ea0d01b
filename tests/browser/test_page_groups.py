"""Calls of equal shape on the page: one row, and one press that decides those that were shown, and no other."""

import pytest

from trio_gate.effect.effect import Effect
from trio_gate.errors import AuditUnavailable

FOLDER = "arn:aws:s3:::data/tmp"


def delete(stage, name, **changes):
    """A delete of one object in a folder."""
    arn = f"{FOLDER}/{name}"
    of = {"operation": "DeleteObject", "resource": arn, "resources": (arn,)}
    return stage.ask({"Bucket": "data", "Key": f"tmp/{name}"}, **of | changes)


class FullDisk:
    """A record that takes no more rows."""

    async def acted(self, row):
        raise AuditUnavailable("the disk is full", detail="the disk is full")


def waiting(stage, *asks):
    """Which of some calls still wait."""
    return [ask for ask in asks if not ask.done.is_set()]


def texts(page):
    return page.locator(".calls:not(.decided) .item-words").all_inner_texts()


def test_a_hundred_calls_with_ten_planted_dangers(visit, stage):
    deletes, puts, dangers = [], [], []
    for number in range(100):
        if number % 10 == 7:
            dangers.append(delete(stage, f"{number}", operation="PutObject", destroys=False, makes_public=True))
        elif number % 2:
            deletes.append(delete(stage, f"{number}"))
        else:
            puts.append(delete(stage, f"{number}", operation="PutObject", destroys=False))
    page = visit().enter()
    page.wait_for_selector("text=100 calls waiting")
    rows = page.locator("[data-call]")
    assert [rows.nth(at).get_attribute("data-call") for at in range(10)] == [ask.id for ask in dangers]
    assert rows.count() == 12
    assert texts(page)[10:] == [
        f"{len(deletes)} deletes by ci in data/tmp/",
        f"{len(puts)} writes by ci in data/tmp/",
    ]
    rows.nth(10).click()
    page.wait_for_selector(".members li")
    assert page.locator(".members li").count() == len(deletes) == 40
    page.click("button:text-is('Approve 40 in prod')")
    page.wait_for_selector("text=60 calls waiting")
    assert {ask.outcome() for ask in deletes} == {"approve"}
    page.click("[data-call^='~']")
    page.click("button:text-is('Approve 50 in prod')")
    page.wait_for_selector("text=10 calls waiting")
    assert {ask.outcome() for ask in puts} == {"approve"}
    assert waiting(stage, *dangers) == dangers


def test_a_press_decides_what_was_shown_and_not_what_came_meanwhile(visit, stage):
    shown = [delete(stage, name) for name in ("a", "b")]
    page = visit().enter()
    page.click("[data-call^='~']")
    assert page.inner_text("#call-title") == "2 deletes by ci in data/tmp/"
    late = delete(stage, "late")
    page.wait_for_selector("text=1 more call like these waits, not part of this decision.")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1 call waiting")
    assert [ask.outcome() for ask in shown] == ["approve", "approve"]
    assert waiting(stage, late) == [late]


def test_those_that_came_meanwhile_are_part_of_it_once_they_are_shown(visit, stage):
    shown = [delete(stage, name) for name in ("a", "b")]
    page = visit().enter()
    page.click("[data-call^='~']")
    shown.append(delete(stage, "late"))
    page.click(".news button")
    assert page.locator(".members li").count() == 3
    page.keyboard.press("d")
    page.keyboard.type("use the archive")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=None of these calls waits")
    assert [(ask.outcome(), ask.verdict.reason) for ask in shown] == [("deny", "use the archive")] * 3


def test_one_that_ended_meanwhile_is_not_decided_again(visit, stage):
    shown = [delete(stage, name) for name in ("a", "b", "c")]
    page = visit().enter()
    page.click("[data-call^='~']")
    stage.do(lambda: stage.hub.settle(stage.hub.entry(shown[1].id, "bob"), stage.over(shown[1].id)))
    page.click("button:text-is('Approve 2 in prod')")
    page.wait_for_selector("text=2 calls approved.")
    assert [ask.outcome() for ask in shown] == ["approve", "withdraw", "approve"]


def test_a_group_that_two_must_approve_waits_for_the_other(visit, stage):
    shown = [delete(stage, name, quorum=2) for name in ("a", "b")]
    alice, bob = visit().enter("alice"), visit().enter("bob")
    alice.click("[data-call^='~']")
    alice.click("button:text-is('Approve 2 in prod')")
    alice.wait_for_selector("button:text-is('Approve 0 in prod')")
    assert alice.is_disabled("button:text-is('Approve 0 in prod')")
    assert waiting(stage, *shown) == shown
    bob.click("[data-call^='~']")
    bob.click("button:text-is('Approve 2 in prod')")
    alice.wait_for_selector("text=None of these calls waits")
    assert [ask.outcome() for ask in shown] == ["approve", "approve"]


def test_the_same_call_in_two_forms_is_one_row(visit, stage):
    of = {"host": "s3.us-east-1.amazonaws.com"}
    forms = [
        delete(stage, "a", path="/data/tmp/a", **of),
        delete(stage, "a", path="/tmp/a", host="data.s3.us-east-1.amazonaws.com"),
    ]
    page = visit().enter()
    page.wait_for_selector("text=2 calls waiting")
    assert texts(page) == ['Delete tmp/a from "data" 2 times']
    page.click("[data-call^='~']")
    page.click("button:text-is('Approve 2 in prod')")
    page.wait_for_selector("text=No calls waiting")
    assert [ask.outcome() for ask in forms] == ["approve", "approve"]


def test_each_call_of_a_group_shows_its_name_whole_before_the_press(visit, stage):
    names = [f"{'a' * 60}-{middle}-{'z' * 60}.csv" for middle in ("harmless", "customer", "proddata")]
    asks = [delete(stage, name) for name in names]
    page = visit().enter()
    page.wait_for_selector("text=3 calls waiting")
    assert texts(page) == ["3 deletes by ci in data/tmp/"]
    page.click("[data-call^='~']")
    assert page.inner_text("#call-title") == texts(page)[0]
    assert page.locator(".members .whole").all_inner_texts() == [f"{FOLDER}/{name}" for name in names]
    page.click("button:text-is('Approve 3 in prod')")
    page.wait_for_selector("text=No calls waiting")
    assert {ask.outcome() for ask in asks} == {"approve"}


def test_calls_of_one_sentence_show_what_each_acts_on(visit, stage):
    effect = Effect(sentence="Delete an object", names=(), level="fact", reasons=())
    for name in ("a", "b"):
        delete(stage, name, effect=effect)
    page = visit().enter()
    page.click("[data-call^='~']")
    assert page.inner_text("#call-title") == "2 deletes by ci in data/tmp/"
    assert page.locator(".members .whole").all_inner_texts() == [f"{FOLDER}/a", f"{FOLDER}/b"]


@pytest.mark.parametrize(
    ("service", "operation", "title"),
    [
        ("sqs", "DeleteQueue", "2 deletes of queues by ci in us-east-1"),
        ("ec2", "StartInstances", "2 starts of instances by ci in us-east-1"),
        ("ssm", "PutParameter", "2 writes of parameters by ci in us-east-1"),
        ("iot", "AttachPolicy", "2 calls to attach policy by ci in us-east-1"),
        ("iot", "UpdateAddress", "2 updates of addresses by ci in us-east-1"),
        ("dynamodb", "DeleteRegistry", "2 deletes of registries by ci in us-east-1"),
    ],
)
def test_a_group_is_named_for_what_its_calls_do(visit, stage, service, operation, title):
    for name in ("a", "b"):
        arn = f"arn:aws:{service}:us-east-1:111111111111:{name}"
        stage.ask({"Name": name}, service=service, operation=operation, resource=arn, resources=(arn,), destroys=False)
    page = visit().enter()
    page.wait_for_selector("text=2 calls waiting")
    assert texts(page) == [title]


def test_the_color_of_an_account_is_on_the_button_that_approves_a_group(visit, stage):
    for name in ("a", "b"):
        delete(stage, name, account_color="red")
    page = visit().enter()
    page.click("[data-call^='~']")
    page.wait_for_selector("button:has-text('Approve 2 in prod')")
    assert page.locator("button:has-text('Approve 2 in prod') .swatch.red").count() == 1


def test_no_call_of_a_group_is_folded_away(visit, stage):
    for number in range(40):
        delete(stage, f"{number}")
    page = visit().enter()
    page.click("[data-call^='~']")
    page.wait_for_selector(".members")
    assert page.evaluate("(list => list.scrollHeight - list.clientHeight)(document.querySelector('.members'))") == 0


def test_what_could_not_be_decided_is_said(visit, stage):
    shown = [delete(stage, name) for name in ("a", "b")]
    page = visit().enter()
    page.click("[data-call^='~']")
    page.wait_for_selector(".members")

    stage.do(setattr, stage.hub.acts, "_audit", FullDisk())
    page.click("button:text-is('Approve 2 in prod')")
    page.wait_for_selector(".fault:has-text('2 calls not decided: Your answer does not count')")
    assert waiting(stage, *shown) == shown
