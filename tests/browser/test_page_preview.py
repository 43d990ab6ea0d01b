"""What the form of a grant says before it is given, in a real browser."""

from dataclasses import replace
from datetime import timedelta

from tests.kit.records import intent, read
from trio_gate.audit.rows import intent_row
from trio_gate.shell.clock import SystemClock

CAUTIONS = 23
FACTS = 3

TYPED = 'aws.params.Bucket == "reports"'


def test_a_grant_is_previewed_while_its_form_is_filled_in(visit, stage):
    then = SystemClock().now() - timedelta(hours=1)
    made = replace(intent(), time=then, rule="the rest", operation="DeleteObjects")
    stage.recorded = [
        read(intent_row(replace(made, params=params)))
        for params in ('{"Bucket":"reports"}', '{"Bucket":"other"}', '{"Bucket":{"$masked":{"length":7}}}')
    ]
    stage.ask()
    stage.ask({"Bucket": "reports", "Delete": {"Objects": [{"Key": "b"}]}})
    stage.ask({"Bucket": "others", "Delete": {"Objects": [{"Key": "c"}]}})
    page = visit().enter()
    page.wait_for_selector(".decide")
    page.keyboard.press("g")
    page.wait_for_selector("text=Lets through: calls equal to this one in all that is sent.")
    page.wait_for_selector("text=It lets none of the other waiting calls go.")
    page.check("text=Calls for which a condition is true")
    page.fill("#predicate", TYPED)
    page.wait_for_selector("text=Lets through: all operations, whose Bucket is reports.")
    page.wait_for_selector("text=It would have covered at least 1 and at most 2 of the 3 recorded calls of the last day")
    page.wait_for_selector("text=It lets 1 other waiting call go, if it has the uses:")
    assert page.locator(".preview li").count() == 1
    page.fill("#predicate", f"{TYPED} &&")
    page.wait_for_selector(".preview .fault:has-text('At character')")
    page.fill("#predicate", 'aws.params.Bucket == "none"')
    page.wait_for_selector(".preview .fault:has-text('It does not hold for this call')")


def test_all_cautions_that_a_grant_lets_go_are_listed_and_the_facts_are_counted(visit, stage):
    stage.ask()
    for number in range(FACTS):
        stage.ask({"Bucket": "reports", "Key": f"f{number}"}, operation="HeadObject", destroys=False, access="read")
    for number in range(CAUTIONS):
        stage.ask({"Bucket": "reports", "Delete": {"Objects": [{"Key": f"c{number}"}]}})
    page = visit().enter()
    page.wait_for_selector(f"text={1 + FACTS + CAUTIONS} calls waiting")
    page.locator("[data-call]").first.click()
    page.wait_for_selector(".decide")
    page.keyboard.press("g")
    page.check("text=Calls for which a condition is true")
    page.fill("#predicate", TYPED)
    page.wait_for_selector(f"text=It lets {FACTS + CAUTIONS} other waiting calls go")
    rows = page.locator(".preview li").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["caution"] * CAUTIONS + ["and"]
    assert rows[-1] == f"and {FACTS} more"
