"""The page at both widths and in both schemes: pictures of it, and what axe-core says of those who cannot see them."""

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.kit import MIDDLE, NARROW, WIDE, show_all
from tests.browser.stage import Ask, Stage
from tests.kit.records import intent, read
from trio_gate.approval.task import Task
from trio_gate.audit.rows import intent_row
from trio_gate.effect.effect import Effect
from trio_gate.effect.reasons import Reason
from trio_gate.shell.clock import SystemClock

ACCESSIBLE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
"""The rules of axe-core that are held: contrast, names, roles, landmarks, headings, the size of what is pressed."""

TASK = Task(
    purpose="move the reports of 2026 to the archive, and take the old ones away",
    lines=(
        "in prod (111111111111): s3: PutObject, whose Bucket is archive",
        "in prod (111111111111): s3: DeleteObject, dangers included (DeleteObject may delete or replace for good and turn a guard off), whose Bucket is reports and "
        'for which aws.params.Key.startsWith("2026/") || aws.params.Key.startsWith("2025/") is true',
        "in 222222222222: dynamodb: read calls",
        "in 222222222222: iam: PutRolePolicy, dangers included (PutRolePolicy may give others access and change who may do what)",
    ),
    predicate="true",
    uses=60,
    minutes=30,
    rules=(("the rest", "s" * 64), ("topics", "t" * 64)),
    dangers=(2, 4),
    accounts={"111111111111": "prod", "222222222222": None},
)

DANGEROUS = Effect(
    sentence="",
    names=(),
    level="danger",
    reasons=(
        Reason(
            level="danger",
            code="task",
            text="line 2 and line 4 let dangerous calls through, unread and without being asked about: each is confirmed by itself",
        ),
    ),
)


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
        found = Axe().run(page, options=ACCESSIBLE)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        assert page.locator("main h1:visible").count() >= 1, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, MIDDLE, NARROW], ids=["wide", "middle", "narrow"])
def test_it_fits_and_is_accessible_at_both_widths_in_both_schemes(visit, stage, tmp_path, size, scheme):
    stage.recorded = [read(intent_row(replace(intent(), time=SystemClock().now() - timedelta(hours=1), rule="the rest")))]
    task = stage.ask(task=TASK, account_color="red", effect=DANGEROUS)
    risky = fill(stage)
    visitor = visit(viewport=size, color_scheme=scheme)
    page, camera = visitor.page, Camera(visitor.page, tmp_path, f"{size['width']}-{scheme}")
    page.goto(visitor.url)
    page.wait_for_selector("#token")
    camera.shoot("sign-in")
    visitor.enter()
    page.wait_for_selector(".calls a")
    camera.shoot("waiting")
    page.click("[data-call^='~']")
    page.wait_for_selector(".members")
    camera.shoot("group")
    page.goto(f"{visitor.url}#/waiting")
    page.click("[data-decided]")
    camera.shoot("decided")
    page.goto(f"{visitor.url}#/waiting")
    visitor.open(task)
    page.wait_for_selector("text=It would have covered")
    camera.shoot("task")
    page.locator(".lines input").first.check()
    page.locator(".lines").evaluate("lines => lines.scrollIntoView()")
    camera.shoot("task-lines")
    page.goto(f"{visitor.url}#/waiting")
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


COMMON = (".account-name", "#call-title", ".risks", ".asks", ".claim", ".tree", "text=Deny…", "button:text-is('Approve in prod')")
"""What a person needs for the common call, from its account to the buttons."""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_common_call_is_decided_without_scrolling(visit, stage, size):
    ask = stage.ask(
        {"Bucket": "reports", "Key": "2026/q1/summary.parquet"}, operation="DeleteObject", agent_reason="old quarters"
    )
    visitor = visit(viewport=size)
    page = visitor.enter()
    visitor.open(ask)
    bar = page.locator(".decide").bounding_box()["y"]
    for what in COMMON:
        box = page.locator(what).first.bounding_box()
        assert box["y"] >= 0, what
        end = size["height"] if "text" in what else bar
        assert box["y"] + box["height"] <= end, what
    deny, approve = (page.locator(what).first.bounding_box() for what in COMMON[-2:])
    assert deny["height"] == approve["height"]
    assert abs(deny["width"] - approve["width"]) <= 2
    assert not page.locator("text=Open whole request").is_visible()


def forms(page, camera: Camera) -> None:
    """What opens over or below a call."""
    page.click("text=Approve unread…")
    camera.shoot("unread")
    page.keyboard.press("Escape")
    for line in page.locator(".code .line").all():
        line.scroll_into_view_if_needed()
    page.locator(".legend").scroll_into_view_if_needed()
    page.click("text=Read the text first")
    page.wait_for_selector(".reader .line")
    camera.shoot("reader")
    show_all(page)
    page.keyboard.press("Escape")
    for name, opener in (("deny", "text=Deny…"), ("grant", "text=Grant…")):
        page.click(opener)
        camera.shoot(name)
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
    stage.ask({"Bucket": "reports", "Delete": {"Objects": keys}}, account_color="red")
    stage.ask({"Bucket": "reports", "Key": "2026/q1/summary.parquet"}, operation="PutObject", destroys=False, account_color="red")
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
        destroys=False,
        makes_public=True,
        shares_with=("*",),
        resource="arn:aws:s3:::site",
        resources=("arn:aws:s3:::site",),
        account_name="staging",
        account_color="purple",
        agent="coder",
        quorum=2,
    )
    stage.ask({"Bucket": "soon"}, agent="coder", life=59)  # its end may come while the pictures are taken
    for name in ("a", "b", "c"):
        arn = f"arn:aws:s3:::reports/tmp/{name}.csv"
        stage.ask(
            {"Bucket": "reports", "Key": f"tmp/{name}.csv"},
            operation="DeleteObject",
            resource=arn,
            resources=(arn,),
            agent_reason="old exports",
        )
    left = stage.ask({"Bucket": "other"}, agent="reporting")
    stage.leave(left)
    for number in range(8):
        stage.publish(operation="GetObject", sentence=f'Read 2026/q{number}/summary.parquet from "reports"', level="fact")
    danger = {"sentence": 'Set the policy of bucket "site": for everybody', "level": "danger", "operation": "PutBucketPolicy"}
    stage.publish(**danger, outcome="deny", end="refused", status=403, why="not there", rule="no writes")
    stage.publish(operation="PutObject", outcome="deny", end="refused", status=403, why="not there", rule="no writes")
    stage.grant()
    return risky
