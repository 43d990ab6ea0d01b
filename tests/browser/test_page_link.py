"""Signing in by a link, in a real browser: what a phone opens."""

import pytest

from tests.browser.kit import NARROW
from trio_gate.shell.admin import sessions


def test_a_link_signs_a_phone_in_by_one_press_and_stays_nowhere(visit, stage):
    phone = visit(viewport=NARROW)
    link = stage.link("alice")
    page = phone.page
    page.goto(phone.url + link)
    page.wait_for_selector("button:text-is('Sign in')")
    assert page.evaluate("location.hash") == "#/waiting"
    assert phone.context.cookies() == []
    page.click("text=Sign in")
    page.wait_for_selector(".link.open")
    assert page.inner_text("#who") == "alice"
    (cookie,) = phone.context.cookies()
    assert (cookie["name"], cookie["httpOnly"]) == (sessions.COOKIE, True)
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, location.href, document.documentElement.outerHTML])"
    )
    assert link.partition("=")[2] not in kept
    page.go_back()
    assert link not in page.url

    other = visit(viewport=NARROW).page
    other.goto(phone.url + link)
    other.click("text=Sign in")
    other.wait_for_selector("text=This link was used already or is older than ten minutes.")
    other.wait_for_selector("#token")


@pytest.mark.parametrize("more", ["", "x", "x" * 42, "x" * 44, "x" * 42 + "%20"])
def test_a_link_that_is_not_whole_leaves_the_address_too(visit, more):
    visitor = visit(viewport=NARROW)
    page = visitor.page
    page.goto(f"{visitor.url}#link={more}")
    page.wait_for_selector("#token")
    assert page.evaluate("location.hash") == "#/waiting"
    page.evaluate(f"location.hash = 'link={more}'")
    page.wait_for_function("location.hash === '#/waiting'")
    page.go_back()
    assert "link=" not in page.url


def test_a_link_in_a_page_that_is_signed_in_takes_its_place(visit, stage):
    visitor = visit()
    page = visitor.enter("bob")
    page.evaluate(f"location.hash = '{stage.link('alice')}'")
    page.click("button:text-is('Sign in')")
    page.wait_for_selector(".link.open")
    assert page.inner_text("#who") == "alice"
