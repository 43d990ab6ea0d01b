"""Approvals as an agent's SDK and a person meet them: boto3, a gateway as a process, an embedded AWS."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.kit.approvals.approver import Person, detached
from tests.kit.gateway import TOKEN, running
from tests.kit.paths import ROOT
from trio_gate.approval.channel.frames import Accepted, Detail, Found, Lift, Open, Revoke, Search, Stop
from trio_gate.approval.terms import Terms

ROOT_TOKEN = "tg_root-0123456789abcdef0123456789abcdef"
PEOPLE = f"""
person "root" {{
  token_sha256 = "{hashlib.sha256(ROOT_TOKEN.encode()).hexdigest()}"
  may_grant    = true
  may_observe  = true
  may_stop     = true
}}
approver "human" "root"  {{ people = [person.root] }}
approver "human" "quick" {{
  people = [person.alice]
  hold   = "1s"
}}
"""
RULES = """\
rule "reads ok" { match = aws.access in ["read", "list"]                        action = "allow" }
rule "quick"    { match = aws.service == "dynamodb"                             action = "approve"  approvers = [human.quick] }
rule "granted"  { match = aws.service == "sqs"                                  action = "approve"  approvers = [human.root] }
rule "both"     { match = aws.service == "sns"                                  action = "approve"  approvers = [human.root, human.oncall] }
rule "the rest" { action = "approve"  approvers = [human.oncall] }
"""


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(
        tmp_path_factory.mktemp("approvals"), embedded_aws, rules=RULES, extra=PEOPLE, knobs='deny_cooldown = "1s"'
    ) as made:
        yield made
        assert "Traceback" not in made.log


@pytest.fixture
def alice(gate):
    return Person(gate)


@pytest.fixture
def root(gate):
    return Person(gate, ROOT_TOKEN)


@pytest.fixture(scope="module")
def agents():
    with ThreadPoolExecutor(8) as pool:
        yield pool


def s3(gate, **config):
    return gate.client("s3", "prod", **config)


QUIET = {"user_agent": "plain/1.0", "read_timeout": 1}
"""A client that gets no sign of life, and hangs up soon."""


def sent(gate, action: str, account: str = "prod") -> list[dict]:
    """Records of calls that AWS answered."""
    return [
        row
        for row in gate.records()
        if (row["action"], row["account_name"]) == (action, account) and row["outcome"]["end"] == "answered"
    ]


def test_signs_of_life_keep_a_client_that_would_hang_up(gate, alice, agents):
    put = agents.submit(s3(gate, read_timeout=3).put_object, Bucket="prod-data", Key="kept", Body=b"x")
    alice.answer(after=5)
    assert put.result()["ResponseMetadata"]["RetryAttempts"] == 0
    assert len(sent(gate, "PutObject")) == 1


def test_a_client_that_gets_none_joins_its_own_question(gate, alice, agents):
    before = len(sent(gate, "CreateBucket"))
    client = s3(gate, **QUIET, retries={"total_max_attempts": 8})
    made = agents.submit(client.create_bucket, Bucket="joined")
    first = alice.until(detached)
    again = alice.answer(ready=lambda prompt: not prompt["detached"])
    assert again["id"] == first["id"]
    assert made.result()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert len(sent(gate, "CreateBucket")) == before + 1
    assert alice.state().prompts == alice.state().grants == {}


def run_instances(gate, agents, image: str = "ami-12345678", **config):
    ec2 = gate.client("ec2", "prod", **config)
    return agents.submit(ec2.run_instances, ImageId=image, MinCount=1, MaxCount=1)


def instances(gate) -> int:
    found = gate.client("ec2", "prod").describe_instances()["Reservations"]
    return sum(len(one["Instances"]) for one in found)


def test_hang_up_approve_and_call_again_is_one_execution_and_one_question(gate, alice, agents):
    before = instances(gate)
    with pytest.raises(ReadTimeoutError):
        run_instances(gate, agents, **QUIET).result()
    prompt = alice.answer(ready=detached)
    [grant] = alice.state().grants.values()
    assert (grant["kind"], grant["uses"], grant["digest"]) == ("once", 1, prompt["digest"])
    assert instances(gate) == before
    assert len(run_instances(gate, agents).result()["Instances"]) == 1
    assert instances(gate) == before + 1
    state = alice.state()
    assert (state.prompts, state.grants) == ({}, {})
    record = sent(gate, "RunInstances")[-1]
    assert [(who["person"], who["reason"]) for who in record["approvers"]] == [("alice", f"grant {grant['id']}")]


def test_a_changed_parameter_is_asked_about_again(gate, alice, agents):
    with pytest.raises(ReadTimeoutError):
        run_instances(gate, agents, **QUIET).result()
    alice.answer(ready=detached)
    other = run_instances(gate, agents, image="ami-87654321")
    prompt = alice.answer("deny", "not this image", ready=lambda prompt: not prompt["detached"])
    assert prompt["params"]["ImageId"] == "ami-87654321"
    with pytest.raises(ClientError, match="not this image"):
        other.result()
    [grant] = alice.state().grants
    assert alice.say(Revoke(id=grant)).status == "done"


def test_a_second_hang_up_with_a_fresh_token_does_not_ask_twice(gate, alice, agents):
    before = instances(gate)
    for _ in range(2):
        with pytest.raises(ReadTimeoutError):
            run_instances(gate, agents, image="ami-22222222", **QUIET).result()
    alice.until(detached)
    assert len(alice.state().prompts) == 1
    alice.answer(ready=detached)
    run_instances(gate, agents, image="ami-22222222").result()
    assert instances(gate) == before + 1


def test_a_denial_is_read_by_the_agent_and_not_asked_about_again_at_once(gate, alice, agents):
    def put():
        return s3(gate).put_object(Bucket="prod-data", Key="denied", Body=b"x")

    asking = agents.submit(put)
    alice.answer("deny", "not on a friday")
    with pytest.raises(ClientError, match="not on a friday") as caught:
        asking.result()
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_after_its_hold_the_agent_is_asked_to_come_again(gate, alice):
    def make(**config):
        return gate.client("dynamodb", "prod", **config).delete_table(TableName="no-such-table")

    with pytest.raises(ClientError, match=r"approval q[0-9a-f]+ is pending, open until") as caught:
        make(retries={"total_max_attempts": 5})
    assert caught.value.response["ResponseMetadata"] | {"HTTPHeaders": 0, "RequestId": 0} == {
        "HTTPStatusCode": 403,
        "RetryAttempts": 0,
        "HTTPHeaders": 0,
        "RequestId": 0,
    }
    prompt = alice.answer(ready=detached)
    assert prompt["id"] in str(caught.value)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        make()
    assert len(sent(gate, "DeleteTable")) == 1


def queue(gate, agents, name: str):
    return agents.submit(gate.client("sqs", "prod").create_queue, QueueName=name)


def test_a_grant_goes_on_for_the_calls_it_names(gate, root, agents):
    first = queue(gate, agents, "jobs-1")
    terms = Terms(uses=2, minutes=10, predicate='aws.action == "CreateQueue" && aws.params.QueueName.startsWith("jobs-")')
    root.answer(grant=terms)
    first.result()
    queue(gate, agents, "jobs-2").result()
    other = queue(gate, agents, "other")
    root.answer("deny", "not this one", ready=lambda prompt: prompt["params"]["QueueName"] == "other")
    with pytest.raises(ClientError, match="not this one"):
        other.result()
    queue(gate, agents, "jobs-3").result()
    last = queue(gate, agents, "jobs-4")
    root.answer()
    last.result()
    assert root.state().grants == {}


def test_both_groups_are_asked(gate, alice, root, agents):
    made = agents.submit(gate.client("sns", "prod").create_topic, Name="both")
    alice.answer()
    assert not made.done()
    root.answer()
    made.result()
    record = sent(gate, "CreateTopic")[-1]
    assert [who["person"] for who in record["approvers"]] == ["alice", "root"]


def test_a_stop_refuses_until_it_is_lifted(gate, root, agents):
    asking = queue(gate, agents, "stopped")
    root.until(lambda _: True)
    assert isinstance(root.say(Stop(agent="ci", reason="look")), Accepted)
    for call in (asking.result, gate.client("sts").get_caller_identity):
        with pytest.raises(ClientError, match="stopped by a person until that is lifted: look"):
            call()
    assert [stop["agent"] for stop in root.state().hello.stops] == ["ci"]
    assert isinstance(root.say(Lift(agent="ci")), Accepted)
    gate.client("sts").get_caller_identity()


def test_hidden_parts_open_in_full(gate, alice, agents):
    value = "s3cr3t-" * 20
    made = agents.submit(gate.client("secretsmanager", "prod").create_secret, Name="new", SecretString=value)
    prompt = alice.until(lambda _: True)
    [part] = prompt["not_shown"]
    assert (part["name"], part["why"]) == ("SecretString", "masked")
    shown = alice.say(Open(id=prompt["id"], part=part["part"]))
    assert isinstance(shown, Detail)
    assert shown.text == value
    alice.answer("deny")
    with pytest.raises(ClientError):
        made.result()


def test_an_upload_can_be_looked_into(gate, alice, agents):
    put = agents.submit(s3(gate).put_object, Bucket="prod-data", Key="script", Body=b"#!/bin/sh\nrm -rf /\n")
    prompt = alice.until(lambda _: True)
    assert [part["part"] for part in prompt["not_shown"]] == ["body"]
    assert "rm -rf /" in alice.say(Open(id=prompt["id"], part="body")).text
    alice.answer("deny")
    with pytest.raises(ClientError):
        put.result()


def test_who_observes_searches_the_record(gate, root):
    gate.client("sts").get_caller_identity()
    found = root.say(Search(filters={"action": "GetCallerIdentity"}, limit=1))
    assert isinstance(found, Found)
    assert (found.calls[0]["service"], found.calls[0]["outcome"]["end"]) == ("sts", "answered")


def test_waiting_agents_are_answered_at_a_stop_and_their_questions_outlive_it(embedded_aws, tmp_path, agents):
    def put(gateway, number: int):
        return agents.submit(s3(gateway).put_object, Bucket="prod-data", Key=f"outlives-{number}", Body=b"x")

    with running(tmp_path, embedded_aws) as gateway:
        waiting = [put(gateway, number) for number in range(5)]
        person = Person(gateway)
        while len(person.state().prompts) < 5:
            pass
        gateway.process.terminate()
        for one in waiting:
            with pytest.raises(ClientError, match=r"not a denial: approval q[0-9a-f]+ is pending, open until"):
                one.result()
    with running(tmp_path, embedded_aws) as gateway:
        person = Person(gateway)
        prompts = person.state().prompts
        assert len(prompts) == 5
        assert all(prompt["detached"] for prompt in prompts.values())
        answered = [person.answer(ready=detached)["path"] for _ in range(2)]
        assert sent(gateway, "PutObject") == []
        for path in answered:
            put(gateway, int(path[-1])).result()
        assert len(sent(gateway, "PutObject")) == 2
        assert len(person.state().prompts) == 3
        assert "Traceback" not in gateway.log


def test_nobody_is_connected_and_a_program_is_run(embedded_aws, tmp_path, agents):
    program = tmp_path / "page"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/told.new && mv {tmp_path}/told.new {tmp_path}/told\n')
    program.chmod(0o700)
    extra = f'approver "human" "paged" {{\n people = [person.alice]\n notify = ["{program}", "-x"]\n}}\n'
    rules = 'rule "paged" { action = "approve" approvers = [human.paged] }\n'
    with running(tmp_path, embedded_aws, extra=extra, rules=rules) as gateway:
        made = agents.submit(s3(gateway).delete_object, Bucket="prod-data", Key="paged")
        while not (tmp_path / "told").exists():
            threading.Event().wait(0.01)
        first, name, account, operation, link = (tmp_path / "told").read_text().splitlines()
        assert (first, account, operation) == ("-x", "111111111111 prod", "s3:DeleteObject")
        assert link.endswith(f"#{name}")
        assert Person(gateway, TOKEN).answer()["id"] == name
        made.result()


def program(folder, lines: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o700)
    return str(path)


def test_a_program_decides(gate, agents, tmp_path):
    asks = 'if grep -q script-yes; then echo \'{"verdict": "approve"}\'; else echo \'{"verdict": "deny", "reason": "it says no"}\'; fi'
    for key, goes in (("script-yes", True), ("script-no", False)):
        put = agents.submit(s3(gate).put_object, Bucket="prod-data", Key=key, Body=b"x")
        done = gate.gate(*gate.approver("--once", "--exec", program(tmp_path, asks)))
        assert done.returncode == 0, done.stderr
        if goes:
            put.result()
        else:
            with pytest.raises(ClientError, match="it says no"):
                put.result()


def test_a_program_that_fails_decides_nothing(gate, alice, agents, tmp_path):
    put = agents.submit(s3(gate).put_object, Bucket="prod-data", Key="undecided", Body=b"x")
    done = gate.gate(*gate.approver("--once", "--exec", program(tmp_path, "exit 3")))
    assert done.returncode == 1
    assert "is left undecided" in done.stdout
    alice.answer()
    put.result()


def test_grants_are_listed_and_revoked_and_agents_stopped_from_a_terminal(gate, root, agents):
    def tell(verb: str, *words: str):
        return gate.gate(*gate.approver(*words, verb=verb), token=ROOT_TOKEN)

    first = queue(gate, agents, "listed")
    root.answer(grant=Terms(uses=3, minutes=10))
    first.result()
    listed = tell("grants").stdout
    assert "CreateQueue on sqs in us-east-1 in prod for ci, calls equal to it; 0 of 3 used" in listed
    [grant] = root.state().grants
    assert (tell("revoke", grant).returncode, tell("revoke", grant).returncode) == (0, 1)
    assert root.state().grants == {}
    for name in ("ci", "*"):
        assert tell("stop", name).returncode == 0
        assert "STOPPED by root" in tell("pending").stdout
        with pytest.raises(ClientError, match="stopped by a person"):
            gate.client("sts").get_caller_identity()
        assert tell("lift", name).returncode == 0
    assert gate.gate(*gate.approver("*", verb="stop")).returncode == 1


@pytest.mark.parametrize(("word", "goes"), [("y", True), ("n", False)])
def test_the_smallest_approver_decides(gate, agents, word, goes):
    script = ROOT / "scripts" / "demos" / "approver.py"
    assert len(script.read_text().splitlines()) < 60
    put = agents.submit(s3(gate).put_object, Bucket="prod-data", Key=f"small-{word}", Body=b"x")
    words = [sys.executable, str(script), *gate.doors["admin"].split(":"), str(gate.folder / "state" / "ca" / "own.pem")]
    with subprocess.Popen(
        words, env={**os.environ, "TRIO_GATE_TOKEN": TOKEN}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as approver:
        approver.stdin.write(f"{word}\n")
        approver.stdin.flush()
        if goes:
            put.result()
        else:
            with pytest.raises(ClientError, match="denied by a person"):
                put.result()
        approver.terminate()


def test_both_who_approved_stand_in_the_record_and_a_secret_that_one_wrote_does_not(gate, alice, root, agents):
    made = agents.submit(gate.client("sns", "prod").create_topic, Name="both-approved")
    said = root.answer("approve", "token: canary-of-root-1")
    alice.answer("approve", "looks right")
    assert made.result()["ResponseMetadata"]["HTTPStatusCode"] == 200
    rows = [row for row in gate.rows() if row["digest"] == said["digest"]]
    masked = '{"$masked": {"length": 23}}'
    assert [(row["kind"], row["approvers"]) for row in rows if row["kind"] == "vote"] == [
        ("vote", [{"person": "root", "kind": "human", "reason": masked}]),
        ("vote", [{"person": "alice", "kind": "human", "reason": "looks right"}]),
    ]
    [sent_one] = [row for row in rows if "act" not in row]
    assert [(one["person"], one["kind"]) for one in sent_one["approvers"]] == [("root", "human"), ("alice", "human")]
    together = '{"$masked": {"length": 36}}'
    assert {one["reason"] for one in sent_one["approvers"]} == {sent_one["decision"]["reason"]} == {together}
    assert "canary-of-root-1" not in str(gate.rows()) + gate.log


def test_a_secret_that_an_approver_wrote_is_the_agents_to_read_and_not_kept(gate, alice, agents):
    denied = agents.submit(s3(gate).create_bucket, Bucket="never-made-either")
    alice.answer("deny", "password=canary-of-alice-2")
    with pytest.raises(ClientError, match="password=canary-of-alice-2"):
        denied.result()
    assert "canary-of-alice-2" not in str(gate.rows()) + gate.log
