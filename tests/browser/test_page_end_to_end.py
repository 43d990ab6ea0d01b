"""An agent with boto3, a gateway as a process, an embedded AWS, and a person at the page."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import DEEPER, DEPLOY
from tests.browser.kit import NARROW, WIDE, Visitor
from tests.browser.stage import TOKENS
from tests.integration.approvals.test_what_people_see import CALLS
from tests.integration.sessions.test_assume_role import arn, assume, by
from tests.kit.approvals.approver import Person
from tests.kit.gateway import running
from trio_gate.approval.channel.frames import Stop

PEOPLE = f"""
person "carol" {{
  token_sha256 = "{hashlib.sha256(TOKENS["carol"].encode()).hexdigest()}"
  may_grant    = true
  may_observe  = true
  may_stop     = true
}}
approver "human" "page" {{
  people  = [person.carol]
  timeout = "60s"
}}
"""
RULES = """\
rule "reads ok" { match = aws.access in ["read", "list"]  action = "allow" }
rule "roles"    { match = aws.action == "AssumeRole"        action = "allow" }
rule "the rest" { action = "approve"  approvers = [human.page] }
"""


@pytest.fixture
def gate(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, rules=RULES, extra=PEOPLE, knobs='deny_cooldown = "0s"') as made:
        yield made
        assert "Traceback" not in made.log


def test_from_an_agents_call_to_a_persons_answer(gate, browser):
    context = browser.new_context(ignore_https_errors=True, viewport=NARROW)
    visitor = Visitor(context, f"https://{gate.doors['admin']}/")
    page = visitor.enter("carol")
    s3 = gate.client("s3", "prod", read_timeout=60)
    sqs = gate.client("sqs", "prod", read_timeout=60)
    with ThreadPoolExecutor(1) as agent:
        made = agent.submit(s3.create_bucket, Bucket="made-by-hand")
        page.press(".calls a", "Enter")  # a click could land beside it while the list is drawn again
        assert page.inner_text(".account-name") == "prod"
        assert "arn:aws:s3:::made-by-hand" in page.inner_text(".call")
        visitor.unfold()
        page.click("text=Open whole request")
        page.wait_for_selector("text=End of the text.")
        assert "PUT /" in page.inner_text(".reader .text")
        page.keyboard.press("Escape")
        page.click("button:text-matches('^Approve in ')")
        page.wait_for_selector("text=You approved this")
        assert made.result(60)["ResponseMetadata"]["HTTPStatusCode"] == 200
        page.wait_for_selector("h1:has-text('You approved this. AWS answered 200 after ')")

        fails(page, agent.submit(s3.delete_bucket, Bucket="not-there"))

        denied = agent.submit(s3.delete_bucket, Bucket="made-by-hand")
        page.click("text=Next waiting call (1)")
        page.click("text=Deny…")
        page.fill("#reason", "keep it")
        page.click("text=Deny call")
        page.wait_for_selector("text=You denied this")
        with pytest.raises(ClientError, match="keep it"):
            denied.result(60)

        granted = agent.submit(sqs.create_queue, QueueName="one")
        page.click("text=Next waiting call (1)")
        page.click("text=Grant…")
        page.check("text=Calls for which a condition is true")
        page.fill("#predicate", 'aws.action == "CreateQueue"')
        page.click("text=Approve and grant")
        page.wait_for_selector("text=A grant was made")
        granted.result(60)
        agent.submit(sqs.create_queue, QueueName="two").result(60)
    page.click("nav >> text=Grants")
    page.wait_for_selector("text=1 of 5")
    page.click("nav >> text=Activity")
    page.click("text=Record")
    page.wait_for_selector("text=11 rows.")
    context.close()
    assert visitor.faults == []


def test_one_press_deletes_what_was_shown_and_leaves_a_planted_danger(gate, browser):
    context = browser.new_context(ignore_https_errors=True)
    visitor = Visitor(context, f"https://{gate.doors['admin']}/")
    page = visitor.enter("carol")
    s3 = gate.client("s3", "prod", read_timeout=60, max_pool_connections=8)
    public = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::prod-data/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [public]})
    with ThreadPoolExecutor(8) as agents:
        deletes = [agents.submit(s3.delete_object, Bucket="prod-data", Key=f"tmp/{number}") for number in range(5)]
        danger = agents.submit(s3.put_bucket_policy, Bucket="prod-data", Policy=policy)
        page.wait_for_selector("text=6 calls waiting")
        assert page.locator("[data-call] .level").nth(0).inner_text() == "danger"
        page.click("[data-call^='~']")
        page.click("button:text-is('Approve 5 in prod')")
        assert [made.result(60)["ResponseMetadata"]["HTTPStatusCode"] for made in deletes] == [204] * 5
        page.wait_for_selector("text=1 call waiting")
        assert not danger.done()
        page.click("[data-call]")
        page.click("text=Deny…")
        page.click("text=Deny call")
        with pytest.raises(ClientError, match="AccessDenied"):
            danger.result(60)
    page.wait_for_selector("[data-decided] .tag:has-text('AWS answered 204') >> nth=4")
    context.close()
    assert visitor.faults == []


def fails(page, missed):
    """A call that is approved, and that AWS refuses: its card says so."""
    page.click("text=Next waiting call (1)")
    page.click("button:text-matches('^Approve in ')")
    page.wait_for_selector("h1:has-text('You approved this. AWS answered 404 NoSuchBucket after ')")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        missed.result(60)


def test_a_session_of_a_role_is_seen_and_ended(gate, browser):
    first = assume(gate.client("sts"), DEPLOY)
    second = assume(by(gate, first, "sts"), DEEPER)
    context = browser.new_context(ignore_https_errors=True, viewport=NARROW)
    visitor = Visitor(context, f"https://{gate.doors['admin']}/")
    page = visitor.enter("carol")
    page.click("nav >> text=Stop")
    page.wait_for_selector(".sessions li >> nth=1")
    assert [arn(role) in page.locator(".sessions li").nth(place).inner_text() for place, role in enumerate((DEEPER, DEPLOY))] == [
        True,
        True,
    ]
    assert second["Credentials"]["SecretAccessKey"] not in page.content()
    control = page.locator(f"[data-session='{first['Credentials']['AccessKeyId']}'] button")
    control.click()
    control.click()
    page.wait_for_selector("text=2 sessions ended.")
    assert page.inner_text(".sessions") == "No agent uses a role."
    with pytest.raises(ClientError, match="ExpiredToken"):
        by(gate, second, "sts").get_caller_identity()
    page.click("nav >> text=Activity")
    page.click("text=Record")
    page.wait_for_selector(f"text=session ended: {arn(DEPLOY)}")
    assert f"session ended: {arn(DEPLOY)}" in gate.gate("log", str(gate.config)).stdout
    context.close()
    assert visitor.faults == []


def test_the_fifteen_calls_of_a_first_day(gate, browser):
    """All at once: the dangerous first, each told by its sentence, and what is long is to be read first."""
    context = browser.new_context(ignore_https_errors=True, viewport=WIDE)
    page = Visitor(context, f"https://{gate.doors['admin']}/").enter("carol")
    with ThreadPoolExecutor(len(CALLS)) as agents:
        made = [agents.submit(getattr(gate.client(service, "prod"), call), **params) for service, call, params, *_ in CALLS]
        page.wait_for_selector(f"text={len(CALLS)} calls waiting")
        rows = page.locator("[data-call]")
        levels = [rows.nth(at).get_attribute("class") for at in range(len(CALLS))]
        assert levels == sorted([level for *_, level, _, _ in CALLS], key=["danger", "caution", "fact"].index)
        shown = page.inner_text(".calls:not(.decided)")
        assert [sentence for *_, sentence, _ in CALLS if sentence not in shown] == []
        for *_, sentence, read in CALLS:
            page.click(f"[data-call]:has-text({json.dumps(sentence)})")
            page.wait_for_selector(f"h1:has-text({json.dumps(sentence)})")
            page.wait_for_selector(".decide button:text-matches('^Approve in |^Read .* first$')")
            approve = page.locator(".decide button:text-matches('^Approve in ')").count()
            first = page.locator(".decide button:text-matches('^Read .* first$')").count()
            assert approve + first == 1, sentence
            assert read or approve, sentence  # what is short is read where it stands, see test_page_reading
        Person(gate, TOKENS["carol"]).say(Stop(ref="s", agent=None, reason="enough"))
        assert [one.exception() is not None for one in made] == [True] * len(CALLS)
