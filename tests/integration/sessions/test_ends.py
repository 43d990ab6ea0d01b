"""A session ends when its agent is stopped or proven otherwise, and when a person ends it; what came from it ends too."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import DEEPER, DEPLOY
from tests.integration.sessions.test_assume_role import RULES, arn, assume, by
from tests.kit.approvals.approver import Person
from tests.kit.gateway import SECRET, TOKEN, reload, running

NEW = "another-secret-0123456789"
OVER = "ExpiredToken.*assume the role again"


@pytest.fixture
def gate(tmp_path, embedded_aws):
    with running(tmp_path, embedded_aws, rules=RULES) as gate:
        reload(gate, 'person "alice" {', 'person "alice" {\n  may_stop = true\n ', "reloaded")
        yield gate


def who(gate, given):
    return by(gate, given, "sts").get_caller_identity()["Arn"]


def tell(gate, verb, *words, token=TOKEN):
    return gate.gate(*gate.approver(*words, verb=verb), token=token)


def test_a_stop_ends_the_sessions_of_its_agent_and_lifting_it_brings_none_back(gate):
    given = assume(gate.client("sts"), DEPLOY)
    assert tell(gate, "stop", "ci").returncode == 0
    assert tell(gate, "lift", "ci").returncode == 0
    with pytest.raises(ClientError, match=OVER):
        who(gate, given)
    assert who(gate, assume(gate.client("sts"), DEPLOY))


def test_a_person_lists_sessions_and_ends_one_with_those_that_came_from_it(gate):
    first, other = assume(gate.client("sts"), DEPLOY), assume(gate.client("sts"), DEPLOY, "prod")
    second = assume(by(gate, first, "sts"), DEEPER)
    listed = tell(gate, "sessions").stdout
    assert listed.count("session TGVS") == 3
    assert arn(DEEPER) in listed
    assert not [text for given in (first, second, other) for text in list(given["Credentials"].values())[1:3] if text in listed]
    assert tell(gate, "sessions", "--end", first["Credentials"]["AccessKeyId"]).returncode == 0
    for given in (first, second):
        with pytest.raises(ClientError, match=OVER):
            who(gate, given)
    assert who(gate, other)
    again = tell(gate, "sessions", "--end", first["Credentials"]["AccessKeyId"])
    assert (again.returncode, "no such session" in again.stderr) == (1, True)
    acts = [row for row in gate.rows() if row["kind"] == "end_session"]
    assert {act["act"]["session"] for act in acts} == {one["Credentials"]["AccessKeyId"] for one in (first, second)}
    assert {act["approvers"][0]["person"] for act in acts} == {"alice"}


def test_a_person_who_may_not_stop_may_neither_list_nor_end(gate):
    given, bob = assume(gate.client("sts"), DEPLOY), TOKEN.replace("alice", "bob")
    for words in ((), ("--end", given["Credentials"]["AccessKeyId"])):
        told = tell(gate, "sessions", *words, token=bob)
        assert (told.returncode, "may_stop" in told.stderr) == (1, True)
    assert who(gate, given)


@pytest.mark.parametrize(
    ("old", "new"), [(SECRET, NEW), ('key_suffix = "CI01"', 'key_suffix = "CI02"'), ('agent "ci"', 'agent "cd"')]
)
def test_an_agent_that_is_another_loses_its_sessions_for_good(gate, old, new):
    given = assume(gate.client("sts"), DEPLOY)
    reload(gate, old, new, "reloaded")
    reload(gate, new, old, "reloaded")
    with pytest.raises(ClientError, match=OVER):
        who(gate, given)


def test_an_agent_that_loses_the_account_cannot_use_its_sessions_there(gate):
    given = assume(gate.client("sts"), DEPLOY, "prod")
    reload(gate, 'key_suffix = "CI01"', 'key_suffix = "CI01"\n  accounts = ["222222222222"]', "reloaded")
    with pytest.raises(ClientError, match="may not use account 111111111111"):
        who(gate, given)
    with pytest.raises(ClientError, match="none that this agent may use"):
        assume(gate.client("sts"), DEPLOY, "prod")


def test_an_agent_that_changed_while_the_gateway_was_down_loses_its_sessions(tmp_path, embedded_aws):
    with running(tmp_path, embedded_aws, rules=RULES) as gate:
        given = assume(gate.client("sts"), DEPLOY)
    changed = f'agent "ci" {{\n  key_suffix = "CI01"\n  secret = "{NEW}"\n}}\n'
    with running(tmp_path, embedded_aws, rules=RULES, agent=changed) as gate, pytest.raises(ClientError, match=OVER):
        who(gate, given)
    with running(tmp_path, embedded_aws, rules=RULES) as gate, pytest.raises(ClientError, match=OVER):
        who(gate, given)
    assert re.search("ready|listening", gate.log)


def test_a_call_that_waits_ends_with_its_session(gate):
    given, person = assume(gate.client("sts"), DEPLOY), Person(gate)
    key = given["Credentials"]["AccessKeyId"]
    with ThreadPoolExecutor(1) as agent:
        waiting = agent.submit(by(gate, given, "s3").delete_object, Bucket="staging-data", Key="a")
        assert person.until(lambda prompt: prompt["operation"] == "DeleteObject")["session"] == key
        assert tell(gate, "sessions", "--end", key).returncode == 0
        with pytest.raises(ClientError, match=OVER):
            waiting.result()
    assert person.state().prompts == {}
