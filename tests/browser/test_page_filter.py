"""The filter of the waiting list: it hides rows, and what is hidden is decided by no press."""

from tests.browser.test_page_groups import delete, texts, waiting


def test_calls_are_filtered_by_words_level_agent_and_account(visit, stage):
    for name in "abc":
        delete(stage, name)
    page = visit().enter()
    page.wait_for_selector("text=3 calls waiting")
    assert not page.is_visible("#filter")
    delete(stage, "d", agent="coder")
    delete(stage, "e", account_name="staging")
    danger = delete(stage, "f", operation="PutObject", destroys=False, makes_public=True)
    page.wait_for_selector("text=6 calls waiting")
    page.fill("#filter", "tmp/A delete")
    page.wait_for_selector("text=1 of 6 calls waiting")
    assert texts(page) == ['Delete tmp/a from "data"']
    page.fill("#filter", "")
    for name, value, count in (("agent", "coder", 1), ("account", "staging", 1), ("level", "danger", 1), ("level", "caution", 5)):
        page.select_option(f"[name=filter-{name}]", value)
        page.wait_for_selector(f"text={count} of 6 calls waiting")
        assert bool(page.locator(f"[data-call='{danger.id}']").count()) is (value == "danger")
        page.select_option(f"[name=filter-{name}]", index=0)
    page.fill("#filter", "absent")
    page.wait_for_selector("text=None that fits the filter.")


def test_a_group_is_of_what_the_filter_shows(visit, stage):
    shown = [delete(stage, name) for name in ("a1", "a2")]
    hidden = [delete(stage, name) for name in ("b1", "b2", "b3", "b4")]
    page = visit().enter()
    page.fill("#filter", "tmp/a")
    page.wait_for_selector("text=2 of 6 calls waiting")
    page.click("[data-call^='~']")
    page.click("button:text-is('Approve 2 in prod')")
    page.wait_for_selector("text=0 of 4 calls waiting")
    assert [ask.outcome() for ask in shown] == ["approve", "approve"]
    assert waiting(stage, *hidden) == hidden
