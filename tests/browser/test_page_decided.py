"""What became of decided calls, on the page in a real browser."""

APPROVE = "button:text-is('Approve in prod')"


def test_aws_answer_stands_on_the_card_and_under_decided_and_outlives_a_reload(visit, stage):
    missed = stage.ask({"Bucket": "reports", "Key": "gone"}, answer=(404, "NoSuchEntity"))
    page = visit().enter()
    page.wait_for_selector(".decide")
    page.click(APPROVE)
    page.wait_for_selector("h1:has-text('You approved this. AWS answered 404 NoSuchEntity after 0.12 s.')")
    assert missed.outcome() == "approve"
    denied = stage.ask()
    page.click("text=Next waiting call (1)")
    page.keyboard.press("d")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=You denied this")
    done = stage.ask()
    page.click("text=Next waiting call (1)")
    page.click(APPROVE)
    page.wait_for_selector("h1:has-text('You approved this. AWS answered 200 after 0.12 s.')")
    stopped = stage.ask(agent="coder")
    page.wait_for_selector("text=1 call waiting")
    stage.do(stage.hub.stop, "coder", "bob", "odd calls")
    page.wait_for_selector("text=No calls waiting")
    page.reload()
    page.wait_for_selector("[data-decided]")
    rows = page.locator("[data-decided]")
    assert [rows.nth(at).get_attribute("data-decided") for at in range(4)] == [one.id for one in (stopped, done, denied, missed)]
    assert rows.nth(3).locator(".tag").all_inner_texts() == ["approved", "AWS answered 404 NoSuchEntity after 0.12 s"]
    assert rows.nth(2).locator(".tag").all_inner_texts() == ["denied"]
    rows.nth(3).click()
    page.wait_for_selector("h1:has-text('AWS answered 404 NoSuchEntity')")
    page.click(f"[data-decided='{stopped.id}']")
    page.wait_for_selector("text=stopped by bob: odd calls")
