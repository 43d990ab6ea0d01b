"""Activity and the record on the page: what calls did, who decided and why, and how they are found again."""

from copy import deepcopy
from functools import partial
from typing import get_args

from tests.audit.test_search import CALL
from tests.audit.test_search import FOUND as PARTS_FOUND
from tests.audit.test_search import MISSED as PARTS_MISSED
from trio_gate.app.reload import EARLIER
from trio_gate.audit.acts import Kind, reload_row
from trio_gate.audit.search import fits
from trio_gate.shell.clock import SystemClock

ROWS = [
    CALL,
    {**CALL, "outcome": None, "approvers": []},
    {**CALL, "agent": None, "account": None, "service": None, "action": None, "resources": None, "approvers": []},
    {**CALL, "resources": ["arn:aws:s3:::other", {"$more": {"items": 3}}], "sentence": "null", "level": None},
    {**CALL, "resources": {"$masked": {"length": 7}}, "decision": {"outcome": "deny", "reason": None, "rule": None}},
]


def test_activity_says_what_calls_did(visit, stage):
    stage.publish(operation="PutBucketPolicy", sentence='Set the policy of bucket "site": for everybody', level="danger")
    page = visit().enter()
    page.click("nav >> text=Activity")
    page.click("text=Record")
    row = page.locator(".call-name")
    assert row.inner_text() == 'danger Set the policy of bucket "site": for everybody'
    row.click()
    assert "s3:PutBucketPolicy" in page.inner_text(".more")


def ids(page):
    return page.locator(".log tbody tr:not(.more) .call-name").all_inner_texts()


def test_live_begins_with_the_record_and_goes_on(visit, stage):
    for number in range(60):
        stage.publish(operation=f"Get{number}")
    page = visit().enter()
    page.keyboard.press("3")
    page.wait_for_selector("text=50 rows; more appear here as calls end.")
    stage.observed()
    stage.publish(operation="ListBuckets")
    page.wait_for_selector("text=51 rows; more")
    assert ids(page)[:2] == ["s3:ListBuckets", "s3:Get59"]
    page.fill("[name=text]", "get1 ci")
    page.wait_for_selector("text=10 rows; more")
    page.fill("[name=text]", "")
    page.select_option("[name=decision]", "deny")
    page.wait_for_selector("text=Nothing yet")


def test_a_reload_that_a_bug_left_in_part_is_called_so_and_later_ones_do_not_hide_it(visit, stage):
    page = visit().enter()
    page.keyboard.press("3")
    page.wait_for_selector("text=Nothing yet")
    stage.observed()
    for why_not, in_part, earlier, said in [
        ("restart the gateway", True, None, "reloaded in part: restart the gateway"),
        (None, False, EARLIER, f"reloaded: {EARLIER}"),
        ("no such file", False, EARLIER, f"not reloaded: no such file; {EARLIER}"),
    ]:
        row = reload_row(None, why_not, 2, SystemClock().now(), in_part=in_part, earlier=earlier)
        stage.do(stage.hub.subscribers.publish_activity, partial(deepcopy, row))
        page.locator(".call-name").get_by_text(said, exact=True).wait_for()


def fill(stage):
    """A row of each kind, each with a resource and a reason of its own."""
    people = (("alice", "human", "not on a Friday"), ("bob", "human", ""))
    for number, (outcome, end, status) in enumerate(KINDS):
        denied = people if outcome == "deny" else ()
        arn = f"arn:aws:dynamodb:us-east-1:111111111111:table/t{number}"
        why = f"it is {outcome}"
        stage.publish(
            service="dynamodb", operation="DeleteItem", sentence=f'Delete an item of "t{number}"', resources=f'["{arn}","{arn}/more"]',
            outcome=outcome, end=end, status=status, approvers=denied, reason=why, why=None if end == "answered" else why,
        )  # fmt: skip


KINDS = [
    ("allow", "answered", 200),
    ("approve", "answered", 404),
    ("deny", "refused", 403),
    ("pending", "refused", 403),
    ("expired", "refused", 403),
    ("stopped", "refused", 403),
    ("refused", "refused", 400),
    ("unavailable", "failed", 503),
]


def test_kinds_of_decisions_are_told_apart_with_resource_people_and_reason(visit, stage):
    fill(stage)
    page = visit().enter()
    page.click("nav >> text=Activity")
    page.click("text=Record")
    page.wait_for_selector("text=8 rows.")
    words = page.locator("td[data-label=Decision] > .tag").all_inner_texts()
    assert words == ["unavailable", "refused", "stopped", "expired", "pending", "denied", "approved", "allowed"]
    denied = page.locator("tr:has(.tag.deny)")
    assert (
        denied.locator("td[data-label=Call] .under").inner_text() == "arn:aws:dynamodb:us-east-1:111111111111:table/t2 and 1 more"
    )
    assert denied.locator("td[data-label=Decision] .under").inner_text() == "by alice, bob: not on a Friday"
    assert page.locator("tr:has(.tag.refused) td[data-label=Decision] .under").inner_text() == "it is refused"
    assert page.locator("tr:has(.tag.allow) td[data-label=Decision] .under").count() == 0
    assert denied.locator("time").get_attribute("datetime").endswith("Z")
    for kind, *_ in KINDS:
        page.select_option("[name=decision]", kind)
        page.click("text=Search")
        page.wait_for_selector("text=1 row.")
        assert page.locator(f"td[data-label=Decision] .tag.{kind}").count() == 1
        page.select_option("[name=decision]", "")
        page.click("text=Search")
        page.wait_for_selector("text=8 rows.")


FOUND = {
    "text": ("dynamo t3", 1),
    "resource": ("table/T5", 1),
    "approver": ("ali", 1),
    "reason": ("friday", 1),
    "since": ("2020-01-01T00:00:00", 8),
    "until": ("2020-01-01T00:00:00", 0),
}


def test_the_record_and_live_rows_are_found_by_parts_and_times(visit, stage):
    fill(stage)
    page = visit().enter()
    page.click("nav >> text=Activity")
    page.wait_for_selector("text=8 rows; more")
    for name, (wanted, count) in FOUND.items():
        page.fill(f"[name={name}]", wanted)
        page.wait_for_selector(f"text={count} row" if count else "text=Nothing yet")
        assert page.locator(".log tbody tr:not(.more)").count() == count
        page.click("text=Record")
        page.wait_for_selector(f"text={count} row{'' if count == 1 else 's'}.")
        page.fill(f"[name={name}]", "")
        page.click("text=Live")


def test_older_rows_come_a_page_at_a_time(visit, stage):
    for number in range(62):
        stage.publish(agent="ci" if number % 2 else "coder", operation=f"Get{number}")
    page = visit().enter()
    page.click("nav >> text=Activity")
    page.click("text=Record")
    page.wait_for_selector("text=50 rows so far.")
    page.click("text=Older")
    page.wait_for_selector("text=62 rows.")
    page.fill("[name=text]", "coder")
    page.press("[name=text]", "Enter")
    page.wait_for_selector("text=31 rows.")


def test_each_kind_of_row_can_be_selected(visit):
    page = visit().enter()
    page.click("nav >> text=Activity")
    options = page.locator("[name=decision] option").evaluate_all("options => options.map((option) => option.value)")
    assert {*get_args(Kind), *(kind for kind, *_ in KINDS)} <= {*options}


def test_live_rows_are_found_by_what_the_record_is_found_by(visit):
    page = visit().enter()
    asked = [(row, {name: wanted}) for row in ROWS for name, wanted in (*PARTS_FOUND, *PARTS_MISSED)]
    live = page.evaluate(
        "async (asked) => { const { fits } = await import(new URL('activity.js', document.baseURI)); return asked.map((one) => fits(...one)); }",
        asked,
    )
    assert live == [fits(row, wanted) for row, wanted in asked]
