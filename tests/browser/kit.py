"""Debian's Chromium without a screen, and what a person does with the page."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.stage import TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = os.environ.get("TRIO_GATE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
WIDE, MIDDLE, NARROW = {"width": 1440, "height": 900}, {"width": 1024, "height": 768}, {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser, or a skip that says what is missing."""
    if CHROMIUM is None:
        pytest.skip("NO CHROMIUM: the approvals page is not tested. apt-get install chromium, or set TRIO_GATE_CHROMIUM")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="NO PLAYWRIGHT: the approvals page is not tested. pip install playwright"
    )
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*sandbox, "--no-proxy-server"], env=environment)
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """One person's browser. `faults` are what the page's scripts threw, or tried against its policy."""

    def __init__(self, context: Any, url: str) -> None:
        self.context = context
        self.url = url
        self.faults: list[str] = []
        self.page = self._page()

    def _page(self) -> Any:
        page = self.context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: (self.faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda said: self.faults.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    def enter(self, name: str = "alice", at: str = "") -> Any:
        """Open the page and sign in."""
        self.page.goto(self.url + at)
        return self.sign_in(name)

    def away(self) -> Any:
        """Sign in and look elsewhere; what is told on the desktop is `window.told`."""
        self.page.add_init_script(
            "document.hasFocus = () => false; window.told = []; window.Notification = class extends EventTarget {"
            " static permission = 'granted'; static requestPermission = async () => 'granted';"
            " constructor(title, more) { super(); window.told.push(title, more.body); } close() { window.told.push('closed'); } };"
        )
        return self.enter()

    def sign_in(self, name: str) -> Any:
        """Sign in where the page asks for it."""
        self.page.fill("#token", TOKENS[name])
        self.page.press("#token", "Enter")
        self.page.wait_for_selector(".link.open")
        return self.page

    def unfold(self) -> None:
        """Open what is folded."""
        self.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")

    def open(self, ask: Any) -> None:
        """Choose a call."""
        self.page.click(f"[data-call='{ask.id}']")
        self.page.wait_for_selector(".decide")


def show_all(page: Any) -> None:
    """Scroll through a dialog, as its button does: to the first line that was not on the screen yet."""
    page.wait_for_function(
        """() => {
            const rest = document.querySelector("dialog.reader .rest");
            if (rest.innerText.includes("End of the text.")) return true;
            rest.querySelector("button")?.click();
            return false;
        }"""
    )
