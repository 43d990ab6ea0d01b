"""The page at both widths and in both schemes: pictures of it, its contrast, and that everything has a name."""

import json
import os
from pathlib import Path

import pytest

from tests.browser.kit import NARROW, WIDE
from tests.browser.stage import Ask, Stage

CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (one) => { for (let at = one; at; at = at.parentElement) { const color = rgba(getComputedStyle(at).backgroundColor); if (color[3] === 255) return color; } return [255, 255, 255, 255]; };
  const poor = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const style = getComputedStyle(one);
    if (!own || !one.checkVisibility() || one.closest(":disabled, .unseen, .skip, dialog") || one.matches("option, title")) continue;
    const [front, back] = [light(rgba(style.color)), light(behind(one))];
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && parseInt(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${one.className || one.tagName} "${one.textContent.slice(0, 30)}" ${ratio.toFixed(2)}`);
  }
  return poor;
}"""

NAMELESS = """() => [...document.querySelectorAll("button, a, input, textarea, select, summary, dialog, nav, [role=region]")].filter((one) => one.checkVisibility())
  .filter((one) => !(one.textContent.trim() || one.ariaLabel || one.labels?.length || one.getAttribute("aria-labelledby"))).map((one) => one.outerHTML)"""


class Camera:
    """Takes pictures of a page, into TRIO_GATE_SCREENSHOTS or away, and checks what is on them."""

    def __init__(self, page, folder, suffix: str) -> None:
        self.page = page
        self.folder = Path(os.environ.get("TRIO_GATE_SCREENSHOTS") or folder)
        self.suffix = suffix

    def shoot(self, name: str) -> None:
        page = self.page
        page.screenshot(path=self.folder / f"{name}-{self.suffix}.png", animations="disabled")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert page.evaluate(CONTRAST) == [], name
        assert page.evaluate(NAMELESS) == [], name
        assert page.locator("main h1:visible").count() >= 1, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_it_fits_has_contrast_and_names_at_both_widths_in_both_schemes(visit, stage, tmp_path, size, scheme):
    risky = fill(stage)
    visitor = visit(viewport=size, color_scheme=scheme)
    page, camera = visitor.page, Camera(visitor.page, tmp_path, f"{size['width']}-{scheme}")
    page.goto(visitor.url)
    page.wait_for_selector("#token")
    camera.shoot("sign-in")
    visitor.enter()
    page.wait_for_selector(".calls a")
    camera.shoot("waiting")
    visitor.open(risky)
    assert page.evaluate("document.querySelector('.decide').getBoundingClientRect().bottom <= innerHeight + 1")
    camera.shoot("call")
    forms(page, camera)
    page.click("nav >> text=Activity")
    page.click("text=Record")
    page.click(".call-name >> nth=0")
    camera.shoot("activity")
    page.click("nav >> text=Stop")
    camera.shoot("stop")
    page.click("nav >> text=Grants")
    page.wait_for_selector(".card")
    camera.shoot("grants")
    page.click("nav >> text=Waiting")
    stage.go_dark()
    page.wait_for_selector(".banner.offline")
    camera.shoot("offline")


def forms(page, camera: Camera) -> None:
    """What opens over or below a call."""
    for name, opener in (("deny", "text=Deny…"), ("grant", "text=Grant…")):
        page.click(opener)
        camera.shoot(name)
        page.keyboard.press("Escape")
    page.click(".not-shown button >> nth=0")
    page.wait_for_selector("text=That is all of it.")
    camera.shoot("reader")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    camera.shoot("help")
    page.keyboard.press("Escape")


def fill(stage: Stage) -> Ask:
    """Something of everything. The call of which there is most to see."""
    keys = [{"Key": f"2026/q{number}/summary.parquet"} for number in range(1, 5)]
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}],
    }
    stage.ask({"Bucket": "reports", "Delete": {"Objects": keys}})
    risky = stage.ask(
        {
            "Bucket": "site",
            "Policy": json.dumps(policy),
            "Token": "s" * 40,
            "Note": "photo\u202egpj.exe <img src=x>",
            "Long": "x" * 20_000,
        },
        operation="PutBucketPolicy",
        access="permissions",
        account_name="staging",
        agent="coder",
        quorum=2,
        life=50,
    )
    left = stage.ask({"Bucket": "other"}, agent="reporting")
    stage.leave(left)
    for number in range(8):
        stage.saw(operation=f"Get{number}")
    stage.saw(operation="PutObject", outcome="deny", end="refused", status=403, why="not there", rule="no writes")
    stage.grant()
    return risky
