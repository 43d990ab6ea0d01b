"""The approvals page in a real browser, before a real hub: what people see, press and type."""

import base64
import gzip
from dataclasses import replace

from tests.browser.kit import NARROW, show_all
from tests.browser.stage import PEOPLE, TOKENS
from trio_gate.aws.idempotency import IdempotentForm
from trio_gate.shell.admin import sessions

APPROVE = "button:text-is('Approve in prod')"
SCRIPT = base64.b64encode(gzip.compress(b"#!/bin/sh\necho from the inside\n", mtime=0)).decode()


def test_a_token_signs_in_and_stays_nowhere(visit):
    visitor = visit()
    page = visitor.page
    page.goto(visitor.url)
    page.fill("#token", "tg_" + "x" * 43)
    page.press("#token", "Enter")
    page.wait_for_selector("text=The gateway does not know this token.")
    visitor.enter()
    (cookie,) = visitor.context.cookies()
    assert cookie["name"] == sessions.COOKIE
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "Strict", "/")
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, document.documentElement.outerHTML])"
    )
    assert TOKENS["alice"] not in kept
    assert cookie["value"] not in kept
    page.reload()
    page.wait_for_selector(".link.open")
    assert page.inner_text("#who") == "alice"


def test_signing_out_ends_every_page_of_the_session(visit):
    visitor = visit()
    first = visitor.enter()
    second = visitor.context.new_page()
    second.goto(visitor.url)
    second.wait_for_selector(".link.open")
    first.click("#leave")
    first.wait_for_selector("#token")
    second.wait_for_selector("text=Your session has ended. Sign in again.")
    assert visitor.context.cookies() == []
    first.reload()
    first.wait_for_selector("#token")


def test_a_call_is_shown_and_approved(visit, stage):
    visitor = visit()
    page = visitor.enter()
    page.wait_for_selector("text=No calls waiting")
    ask = stage.ask({"Bucket": "reports", "Delete": {"Objects": [{"Key": "a"}]}}, agent_reason="nightly clean-up")
    page.wait_for_selector("text=1 call waiting")
    assert page.title().startswith("(1) ")
    assert "It says why, unproven: nightly clean-up" in page.inner_text(".asks")
    visitor.unfold()
    text = page.inner_text(".call")
    assert text.splitlines()[0] == "prod"
    for fact in (
        *(
            "111111111111",
            'Delete object "a" from "reports"',
            "s3:DeleteObjects",
            "us-east-1",
            "arn:aws:s3:::reports/a",
            "What it deletes is gone for good: a record, or a few.",
        ),
        *("ci", "10.20.0.14", "aws-cli/2.31.4", "the rest", "writes to prod need a person", "s3:DeleteObject", "left to decide"),
    ):
        assert fact in text
    page.click(APPROVE)
    page.wait_for_selector("text=You approved this")
    assert ask.outcome() == "approve"
    assert not page.title().startswith("(")


def test_what_is_dangerous_comes_first_with_its_reasons_and_denying_it_comes_first(visit, stage):
    first = stage.ask({"Bucket": "reports", "Key": "a.csv"}, operation="GetObject", destroys=False)
    opens = stage.ask({"Bucket": "site"}, operation="PutBucketPolicy", destroys=False, makes_public=True, account_color="red")
    page = visit().enter()
    page.wait_for_selector("text=2 calls waiting")
    rows = page.locator(".calls a")
    assert [rows.nth(at).get_attribute("data-call") for at in range(2)] == [opens.id, first.id]
    assert rows.nth(0).locator(".does").inner_text() == 'Set the policy of bucket "site": for everybody'
    assert rows.nth(0).locator(".level").inner_text() == "danger"
    assert rows.nth(1).locator(".level").count() == 0
    rows.nth(0).click()
    assert "Everybody, or somebody unnamed, gets access." in page.inner_text(".risks")
    assert page.locator(".decide > .buttons > button").all_inner_texts()[:2] == ["Deny…", "Approve in prod"]
    assert page.locator(".swatch.red").count() == 3
    rows.nth(1).click()
    page.wait_for_selector("h1:has-text('a.csv')")
    assert page.locator(".decide > .buttons > button").all_inner_texts()[0] == "Approve in prod"


def test_the_keyboard_alone_approves(visit, stage):
    asks = [stage.ask({"Bucket": name}) for name in "abc"]
    page = visit(viewport=NARROW).enter()
    page.wait_for_selector("text=3 calls waiting")
    for key in "jjk":
        page.keyboard.press(key)
    assert page.evaluate("location.hash") == f"#{asks[0].id}"
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("a")
    assert not asks[1].done.is_set()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=You approved this")
    assert page.evaluate("document.activeElement.textContent") == "Next waiting call (2)"
    page.keyboard.press("Enter")
    page.wait_for_selector(".decide")
    assert page.evaluate("document.activeElement.id") == "call-title"
    assert asks[1].outcome() == "approve"
    assert not asks[0].done.is_set()
    assert not asks[2].done.is_set()


def test_a_denial_has_a_reason(visit, stage):
    ask = stage.ask()
    page = visit().enter()
    page.wait_for_selector(".decide")
    page.keyboard.press("d")
    page.keyboard.type("use the staging bucket")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=You denied this")
    assert ask.outcome() == "deny"
    assert ask.verdict.reason == "use the staging bucket"


def test_a_grant_stands_until_it_is_revoked(visit, stage):
    ask = stage.ask()
    page = visit().enter()
    page.click("text=Grant…")
    page.fill("#minutes", "10")
    page.fill("#uses", "2")
    page.check("text=Calls for which a condition is true")
    start = page.input_value("#predicate")
    assert start.startswith('aws.service == "s3" && aws.action == "DeleteObjects" && aws.resources == ["arn:aws:s3:::reports/a"]')
    page.fill("#predicate", 'aws.service == "ec2"')
    assert 'for which this is true: aws.service == "ec2"' in page.inner_text(".sum")
    page.click("text=Approve and grant")
    page.wait_for_selector(".decide .fault:has-text('it does not hold for this call')")
    page.fill("#predicate", 'aws.service == "s3"')
    page.click("text=Approve and grant")
    page.wait_for_selector("text=A grant was made")
    assert ask.outcome() == "approve"
    again = stage.ask({"Bucket": "other"})
    assert again.outcome() == "approve"
    page.keyboard.press("2")
    page.wait_for_selector("text=1 of 2")
    assert 'aws.service == "s3"' in page.inner_text(".card pre")
    page.click("text=Revoke")
    page.click("text=Revoke for good")
    page.wait_for_selector("text=No grants.")
    third = stage.ask({"Bucket": "other"})
    page.wait_for_selector("nav .badge >> text=1")
    assert not third.done.is_set()


def test_two_people_agree_on_a_grant(visit, stage):
    ask = stage.ask(quorum=2)
    alice, bob = visit().enter("alice"), visit().enter("bob")
    alice.wait_for_selector("text=Still needed: 2 more of human.oncall.")
    alice.click("text=Grant…")
    alice.click("text=Approve and grant")
    alice.wait_for_selector("text=You approved. Still needed: 1 more of human.oncall.")
    bob.wait_for_selector("text=A grant is proposed:")
    assert not ask.done.is_set()
    bob.click("text=Approve with this grant")
    alice.wait_for_selector("text=A grant was made")
    assert ask.outcome() == "approve"


def test_a_call_that_is_shown_again_keeps_what_is_typed_and_is_no_new_call(visit, stage):
    stage.ask(quorum=2)
    alice, bob = visit().enter("alice"), visit().enter("bob")
    bob.click("button:text-is('Approve in prod')")
    alice.wait_for_selector("text=Still needed: 1 more of human.oncall.")
    alice.click("text=Deny…")
    alice.fill("#reason", "not on a Friday")
    alice.evaluate("document.getElementById('polite').textContent = ''")
    before = stage.hub.config
    stage.do(stage.hub.judge_again, replace(before, proofs={"person bob": "another token"}))
    alice.wait_for_selector("text=Still needed: 2 more of human.oncall.")
    assert alice.input_value("#reason") == "not on a Friday"
    said = "new Promise((done) => setTimeout(() => done(document.getElementById('polite').textContent), 60))"  # after `announce`
    assert alice.evaluate(said) == ""
    stage.do(stage.hub.judge_again, before)


def test_nobody_is_shown_what_they_may_not_do(visit, stage):
    stage.ask()
    page = visit().enter("carol")
    page.wait_for_selector(".decide")
    assert page.locator("nav a").all_inner_texts() == ["Waiting\n1", "Grants"]
    assert not page.locator("text=Grant…").is_visible()
    page.goto(f"{stage.url}#/stop")
    page.wait_for_selector("text=1 call waiting")


def test_an_agent_that_left(visit, stage):
    ask = stage.ask()
    page = visit().enter()
    page.wait_for_selector(".decide")
    page.keyboard.press("d")
    page.keyboard.type("half a reason")
    stage.leave(ask)
    page.wait_for_selector("text=The agent has disconnected.")
    assert page.input_value("#reason") == "half a reason"
    page.keyboard.press("Escape")
    page.click(APPROVE)
    page.wait_for_selector("text=A grant was made")
    page.goto(f"{stage.url}#/grants")
    page.wait_for_selector("text=the next equal call")


def test_what_is_not_shown_stands_by_the_button_until_it_is_opened(visit, stage):
    stage.ask({"SecretString": SCRIPT, "Note": "n" * 70_000, "Rules": '{"a":[1,{}],"a":2}'})
    page = visit().enter()
    page.wait_for_selector("text=1 part not shown")
    assert page.get_attribute("button:text-is('Read the text first')", "aria-describedby") == "not-shown"
    assert "from the inside" not in page.inner_text("body")
    assert "sha256" not in page.inner_text(".tree .folded >> nth=0")  # that of a short secret gives it away
    assert page.inner_text(".json") == '{\n  "a": [\n    1,\n    {}\n  ],\n  "a": 2\n}'
    page.click(".not-shown >> text=SecretString")
    page.wait_for_selector("text=End of the text.")
    assert page.locator(".reader .line").all_inner_texts() == ["#!/bin/sh", "echo from the inside", ""]
    assert "decoded from Base64, decompressed from gzip" in page.inner_text(".reader .facts")
    page.keyboard.press("Escape")
    page.wait_for_selector(".not-shown", state="hidden")
    page.click(".tree >> text=Open in full")
    show_all(page)
    assert len(page.inner_text(".reader .text")) == 70_000
    page.keyboard.press("Escape")
    page.wait_for_selector(APPROVE)


def test_a_long_part_counts_when_its_end_was_shown(visit, stage):
    stage.ask({"Note": "n" * 300_000})
    page = visit().enter()
    page.click("text=Read the text first")
    page.click("text=Show more")
    show_all(page)
    page.click("text=Close")
    page.wait_for_selector(APPROVE)


def test_a_broken_connection_is_said_and_the_present_state_comes_back(visit, stage):
    kept, gone = stage.ask(), stage.ask({"Bucket": "other"})
    visitor = visit()
    page = visitor.enter()
    visitor.open(gone)
    stage.go_dark()
    page.wait_for_selector("text=No connection to the gateway.")
    assert page.is_disabled(APPROVE)
    assert page.title().startswith("(2) Offline")
    stage.leave(gone)
    stage.do(lambda: stage.hub.settle(stage.hub.entry(gone.id, "bob"), stage.over(gone.id)))
    fresh = stage.ask({"Bucket": "third"})
    stage.come_back()
    page.click("text=Try now")
    page.wait_for_selector(".link.open")
    page.wait_for_selector("h1:has-text('Withdrawn')")
    assert page.locator(".banner.offline").count() == 0
    calls = page.evaluate("[...document.querySelectorAll('[data-call]')].map((item) => item.dataset.call)")
    assert calls == [kept.id, fresh.id]


def test_the_button_of_a_lost_connection_stays_while_the_page_tries_again(visit, stage):
    page = visit().enter()
    stage.go_dark()
    button = page.wait_for_selector("button:text-is('Try now')")
    page.wait_for_selector(".link.offline")
    page.evaluate(
        "let drawn = 0; new MutationObserver(() => { if (++drawn >= 2) document.body.classList.add('redrawn'); })"
        ".observe(document.getElementById('link'), { childList: true })"
    )
    button.click()
    page.wait_for_selector("body.redrawn")
    assert button.evaluate("button => button.isConnected")


def test_why_the_gateway_closed_the_channel_is_said(visit, stage):
    page = visit().enter()
    page.wait_for_selector(".link.open")
    page.route("**/v1/session", lambda route: route.abort())
    stage.do(stage.hub.subscribers.drop, PEOPLE)
    page.wait_for_selector("text=It said: you read too slowly: connect again.")
    page.unroute("**/v1/session")
    page.click("text=Try now")
    page.wait_for_selector(".link.open")
    page.wait_for_selector(".banner.offline", state="detached")


def test_a_page_that_looks_at_a_call_keeps_it_over_a_break(visit, stage):
    ask = stage.ask()
    page = visit().enter()
    page.wait_for_selector(".decide")
    stage.go_dark()
    page.wait_for_selector(".link.offline")
    stage.come_back()
    page.wait_for_selector(".link.open")
    page.click(APPROVE)
    page.wait_for_selector("text=You approved this")
    assert ask.outcome() == "approve"


def test_an_agent_and_everything_are_stopped_and_lifted(visit, stage):
    ask = stage.ask()
    alice, bob = visit().enter("alice"), visit().enter("carol")
    alice.click("nav >> text=Stop")
    alice.fill("#stop-reason", "runaway job")
    alice.click("text=Stop agent ci") if alice.locator("text=Stop agent ci").count() else alice.click(
        "[aria-label='Stop agent ci']"
    )
    alice.click("text=Press again: stop ci")
    bob.wait_for_selector(".banner.stop:has-text('Agent ci is stopped by alice')")
    assert "runaway job" in bob.inner_text(".banner.stop")
    assert bob.locator(".banner.stop button").count() == 0
    assert ask.outcome() == "withdraw"
    alice.click(".banner.stop button")
    bob.wait_for_selector(".banner.stop", state="detached")
    alice.click("text=Stop everything")
    alice.click("text=Press again: stop every agent")
    bob.wait_for_selector(".banner.stop:has-text('Everything is stopped')")
    alice.click(".page button:text-is('Lift')")
    bob.wait_for_selector(".banner.stop", state="detached")


def test_what_an_update_made_void_is_said(visit, stage, monkeypatch):
    monkeypatch.setattr(stage.hub, "_notices", lambda: ("2 waiting calls are void",))
    visit().enter().wait_for_selector(".banner.notice:has-text('2 waiting calls are void.')")


def test_a_call_says_in_what_an_equal_one_may_differ(visit, stage):
    ask = stage.ask(repeat=IdempotentForm(sha256="3" * 64, headers=frozenset(), tokens=("ClientToken",)))
    visitor = visit()
    page = visitor.enter()
    page.wait_for_selector(".decide")
    visitor.unfold()
    page.wait_for_selector("text=A later call counts as equal whatever its ClientToken")
    stage.leave(ask)
    page.wait_for_selector(".notice:has-text('The agent has disconnected'):has-text('whatever its ClientToken')")


def test_a_thousand_calls_wait_and_are_stopped_at_once(visit, stage):
    for number in range(1000):
        stage.ask({"Bucket": f"b{number}"})
    page = visit().enter()
    page.wait_for_selector("text=1000 calls waiting")
    page.keyboard.press("k")
    page.keyboard.press("j")
    assert page.locator("[data-call]").count() == 1000
    page.keyboard.press("4")
    page.click("text=Stop everything")
    page.click("text=Press again: stop every agent")
    page.wait_for_selector(".banner.stop")
    page.keyboard.press("1")
    page.wait_for_selector("text=No calls waiting")
    assert page.locator(".toast").count() <= 3


def test_a_notification_while_nobody_looks(visit, stage):
    visitor = visit(permissions=["notifications"])
    page = visitor.away()
    page.wait_for_selector("text=Notifying")
    ask = stage.ask()
    page.wait_for_selector("text=1 call waiting")
    assert page.evaluate("window.told") == ['prod: Delete object "a" from "reports"', "caution · ci · s3 in us-east-1"]
    page.click(APPROVE)
    page.wait_for_selector("text=You approved this")
    assert page.evaluate("window.told.at(-1)") == "closed"
    assert ask.outcome() == "approve"
