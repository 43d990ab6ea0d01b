"""What an agent reads about itself at the gateway's own address, and that nobody else reads it."""

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, DEPLOY, REGION
from tests.kit.approvals.approver import Person
from tests.kit.approvals.own_view import AGENTS, OTHERS, ROOT, get, view
from tests.kit.gateway import SECRET, TOKEN, running
from tests.kit.wire.curl import with_curl
from trio_gate.approval.channel.frames import EndSession, Lift, Stop
from trio_gate.approval.terms import Terms

RULES = """\
rule "others alone" {
  match  = agent.name == "other"
  action = "allow"
}
rule "production" {
  match  = aws.account_name == "prod"
  action = "deny"
}
rule "no secrets" {
  match  = aws.reads_secret
  action = "deny"
  reason = "ask for a | reference instead"
}
rule "lists" {
  match  = aws.access == "list"
  action = "allow"
}
rule "reads" {
  match  = aws.access == "read"
  action = "allow"
}
rule "queues" {
  match  = aws.service == "sqs" && aws.access == "write"
  action = "deny"
}
rule "roles" {
  match  = aws.action == "AssumeRole"
  action = "allow"
}
rule "slow" {
  action    = "approve"
  approvers = [human.slow]
  reason    = "the team looks at it"
}
"""


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, agent=AGENTS) as gate:
        yield gate


def waits(gate, name):
    """A call of ci that nobody has answered yet; its question's id."""
    with pytest.raises(ClientError) as refused:
        gate.client("sns").create_topic(Name=name)
    return refused.value.response["ResponseMetadata"]["HTTPHeaders"]["x-trio-gate-approval"]


def word(said, service, level):
    return said["calls"][0]["services"][service][level]["answer"]


def rules(said, service, level):
    return [(step["rule"], step["does"]) for step in said["calls"][0]["services"][service][level]["rules"]]


def test_an_agent_reads_its_accounts_its_rules_and_what_they_say(gate):
    gate.client("sqs").list_queues()
    assert gate.records()[-1]["service"] == "sqs"
    said = view(gate)
    assert said["agent"] == "ci"
    assert said["accounts"] == [{"id": "222222222222", "label": "staging"}]
    names = [(rule["name"], rule["does"], rule["reason"]) for rule in said["rules"]]
    assert names == [
        ("no secrets", "denies", "ask for a | reference instead"),
        ("lists", "allows", None),
        ("reads", "allows", None),
        ("queues", "denies", None),
        ("roles", "allows", None),
        ("slow", "asks people", "the team looks at it"),
    ]
    assert "sqs" in said["calls"][0]["services"]
    assert rules(said, "every service", "read") == [("no secrets", "denies"), ("reads", "allows")]
    assert word(said, "every service", "read") == "depends"
    assert rules(said, "sqs", "write") == [("no secrets", "denies"), ("queues", "denies")]
    assert word(said, "sqs", "write") == "denied"
    assert said["stopped"] is None


def test_the_text_for_models_says_the_same(gate):
    status, fields, text = get(gate)
    assert (status, fields["content-type"], fields["cache-control"]) == (200, "text/markdown; charset=utf-8", "no-store")
    assert "agent `ci`" in text
    assert "- 222222222222 (staging)" in text
    assert '1. "no secrets" denies: ask for a \\| reference instead' in text
    assert '"no secrets" denies some, "reads" allows the rest' in text
    assert "/-/agent/approvals/ID?wait=60" in text
    assert get(gate, by="proxy")[2].splitlines()[:4] == text.splitlines()[:4]


def test_nothing_of_conditions_people_other_agents_or_accounts_is_said(gate):
    for said in (get(gate)[2], get(gate, accept="application/json")[2]):
        assert not re.search(r"other|111111111111|prod|alice|root|slow\"?\]|aws\.|human\.|CI01", said.replace("others", ""))
    assert "others alone" in get(gate, **OTHERS)[2]
    assert "production" not in get(gate)[2]


def test_what_waits_is_granted_and_is_stopped_is_said_to_its_own_agent_alone(gate):
    asked, root = waits(gate, "seen"), Person(gate, ROOT)
    (mine,) = [one for one in view(gate)["waiting"] if one["id"] == asked]
    assert (mine["status"], mine["account"], mine["rule"]) == ("pending", "222222222222", "slow")
    assert "seen" in mine["call"]
    assert f"#{asked}" in mine["next"]
    assert asked in get(gate)[2]
    assert view(gate, **OTHERS)["waiting"] == []
    root.answer(ready=lambda prompt: prompt["id"] == asked, grant=Terms(uses=2, minutes=5, predicate='aws.params.Name == "seen"'))
    granted = {one["covers"]: one for one in view(gate)["granted"]}
    assert granted["calls that people described when they approved one"]["left"] == 2
    assert view(gate, **OTHERS)["granted"] == []
    root.say(Stop(agent="ci", reason="look | first"))
    try:
        assert view(gate)["stopped"]["reason"] == "look | first"
        assert "Tell your user, and wait." in get(gate)[2]
        assert view(gate, **OTHERS)["stopped"] is None
    finally:
        root.say(Lift(agent="ci"))


def test_an_approval_is_waited_for_until_it_is_over(gate):
    root = Person(gate, ROOT)
    asked = waits(gate, "awaited")
    assert view(gate, f"/-/agent/approvals/{asked}")["status"] == "pending"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(view, gate, f"/-/agent/approvals/{asked}?wait=60")
        root.answer(ready=lambda prompt: prompt["id"] == asked)
        told = waiting.result()
    assert told["status"] == "approved"
    assert told["next"].startswith("approved, and not executed yet: run the same command again")
    assert gate.client("sns").create_topic(Name="awaited")["TopicArn"]
    assert "approved and sent to AWS" in get(gate, f"/-/agent/approvals/{asked}")[2]


def test_a_wait_ends_with_its_time(gate):
    asked = waits(gate, "patient")
    assert view(gate, f"/-/agent/approvals/{asked}?wait=1")["status"] == "pending"


def test_a_denial_is_told_with_its_reason(gate):
    asked = waits(gate, "denied")
    Person(gate, ROOT).answer("deny", "use SQS instead", ready=lambda prompt: prompt["id"] == asked)
    said = view(gate, f"/-/agent/approvals/{asked}?wait=60")
    assert (said["status"], said["next"]) == ("denied", "denied by a person: use SQS instead: do not run it again")


def test_another_agents_approval_is_as_unknown_as_one_that_never_was(gate):
    asked = waits(gate, "mine")
    answers = [
        re.sub(r"request [0-9a-f-]+", "", get(gate, f"/-/agent/approvals/{one}?wait=60", **OTHERS)[2])
        for one in (asked, "q0000000000000000")
    ]
    assert answers[0] == answers[1]
    assert get(gate, f"/-/agent/approvals/{asked}", **OTHERS)[0] == 404


NOBODY = "no agent here has this access key id with this secret"
REFUSED = {
    "without a signature": ({"secret": None}, 403, "not signed"),
    "with a wrong secret": ({"secret": "wrong-secret-0123456789"}, 403, NOBODY),
    "with the keys of nobody": ({"suffix": "NO01"}, 403, NOBODY),
    "with another agent's secret": ({"suffix": "OT01"}, 403, NOBODY),
    "with an account of others": ({"account": "prod"}, 403, "may not use account"),
    "for another service": ({"service": "s3"}, 403, "for the service trio-gate"),
    "a browser": ({"Origin": "http://evil.example"}, 403, "browsers"),
    "a browser's own tab": ({"Sec_Fetch_Site": "none"}, 403, "browsers"),
    "a foreign Host": ({"Host": "evil.example"}, 421, "Host"),
    "with a body": ({"data": b"{}"}, 400, "takes no body"),
    "with a parameter": ({"path": "/-/agent?agent=other"}, 400, "takes no parameter"),
    "for too long": ({"path": "/-/agent/approvals/q1?wait=61"}, 400, "up to 60"),
    "to change it": ({"method": "POST"}, 405, "takes GET"),
}


@pytest.mark.parametrize("by", ["endpoint", "proxy"])
@pytest.mark.parametrize(("how", "status", "said"), REFUSED.values(), ids=REFUSED)
def test_nobody_else_reads_anything(gate, how, status, said, by):
    found, fields, text = get(gate, by=by, **how)
    assert found == status, text
    assert said in text
    assert fields["x-trio-gate-outcome"] in ("refused", "invalid")
    assert not any(name in text for name in ("no secrets", "reads", "slow"))


def test_the_token_of_a_person_opens_nothing(gate):
    assert get(gate, secret=None, Authorization=f"Bearer {TOKEN}")[0] == 403


def test_what_is_asked_is_recorded_and_names_no_call(gate):
    view(gate)
    row = gate.records()[-1]
    assert (row["agent"], row["path"], row["service"], row["outcome"]["end"]) == ("ci", "/-/agent", None, "answered")


def test_without_agents_everyone_on_the_machine_is_the_same(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, agent="") as gate:
        said = view(gate, secret="any")
        assert (said["agent"], len(said["accounts"])) == (None, 2)
        assert [one["accounts"] for one in said["calls"]] == [["111111111111"], ["222222222222"]]


@with_curl
def test_curl_asks_too(gate):
    keys = f"AKIA222222222222CI01:{SECRET}"
    command = ["curl", "-sS", "--noproxy", "*", "--aws-sigv4", f"aws:amz:{REGION}:trio-gate", "--user", keys]
    done = subprocess.run([*command, f"http://{gate.doors['endpoint']}/-/agent"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("# What you may do here")


def test_an_operator_is_shown_the_same(gate):
    asked = waits(gate, "for the operator")
    words = gate.approver("ci", verb="agent-view")
    text = gate.gate(*words, token=ROOT)
    assert (text.returncode, text.stderr) == (0, "")
    assert text.stdout == get(gate)[2]
    assert asked in text.stdout
    shown = json.loads(gate.gate(*words, "--json", token=ROOT).stdout)
    assert shown["view"] == view(gate)
    assert gate.gate(*words).stderr.startswith("trio-gate agent-view: you may not observe")
    missing = gate.gate(*gate.approver("none", verb="agent-view"), token=ROOT)
    assert (missing.returncode, missing.stderr) == (1, "trio-gate agent-view: there is no agent of this name\n")


def test_a_virtual_session_reads_what_its_own_calls_meet_and_nothing_once_it_is_over(gate):
    role = f"arn:aws:iam::{ACCOUNTS['staging']}:role/{DEPLOY}"
    made = gate.client("sts").assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    keys = {"account": made["AccessKeyId"], "suffix": "", "secret": made["SecretAccessKey"], "token": made["SessionToken"]}
    said = view(gate, **keys)
    assert (said["agent"], said["session"], said["accounts"]) == ("ci", role, [{"id": "222222222222", "label": "staging"}])
    assert view(gate)["session"] is None
    assert get(gate, **{**keys, "token": "another"})[0] == 403
    Person(gate, ROOT).say(EndSession(id=made["AccessKeyId"]))
    status, fields, text = get(gate, **keys)
    assert (status, fields["x-trio-gate-outcome"]) == (403, "refused")
    assert "this session" in text
