"""A gateway whose botocore is newer than the packaged review: what it knows, what it lets through, and what operators may say."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import botocore.loaders
import pytest

from tests.kit import newer_botocore
from tests.kit.approvals.approver import Person
from tests.kit.gateway import reload, running
from tests.kit.standins.recording import recording
from tests.kit.wire.raw import DYNAMODB, request, tunnel

PATIENCE = 60
RULES = """
operation "dynamodb:GetNewThing" { access = "read"  vends = false  reads_secret = false }
rule "reads ok" { match = aws.access in ["read", "list"]  action = "allow" }
"""
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEY = {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": SECRET}


@pytest.fixture(scope="module")
def newer(tmp_path_factory):
    with newer_botocore.first(newer_botocore.make(tmp_path_factory.mktemp("newer"))):
        yield


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with recording(tmp_path_factory.mktemp("aws"), DYNAMODB) as server:
        yield server


@pytest.fixture(scope="module")
def gate(aws, embedded_aws, newer, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, first=aws.route(DYNAMODB), rules=RULES) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


def ask(gate, operation, params=None, host=DYNAMODB):
    fields = {"X_Amz_Target": f"DynamoDB_20120810.{operation}", "Content_Type": "application/x-amz-json-1.0"}
    with tunnel(gate, gate.ca_file, host) as raw:
        return raw.send(request("dynamodb", host, body=json.dumps(params or {}).encode(), **fields)).answer()


def test_what_the_operator_reviewed_passes_where_its_answer_hands_out_nothing(gate, aws):
    aws.answer = (200, {"Content-Type": "application/x-amz-json-1.0"}, b'{"Text":"a word","Size":7}')
    answer = ask(gate, "GetNewThing")
    assert (answer.status, answer.body) == (200, aws.answer[2])
    row = gate.records("--action", "GetNewThing")[-1]
    assert (row["access"], row["outcome"]["end"]) == ("read", "answered")


@pytest.mark.parametrize(
    "said",
    [
        {"Text": json.dumps(KEY)},
        {"Deep": [{"Credentials": KEY}]},
        {"SessionToken": "0123456789abcdef0"},
        {"Text": "-----BEGIN RSA PRIVATE KEY-----\nMIIE"},
        {"Text": "x" * 1_100_000},
    ],
)
def test_an_answer_that_hands_out_something_is_withheld_and_the_agent_told_that_the_call_was_executed(gate, aws, said):
    aws.answer, sent = (200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(said).encode()), len(aws.seen)
    answer = ask(gate, "GetNewThing")
    assert (answer.status, len(aws.seen)) == (403, sent + 1)
    assert "the call was executed, and its answer is withheld" in answer.text
    assert not any(text in answer.text for text in (SECRET, "BEGIN", "0123456789abcdef0"))
    row = gate.records("--action", "GetNewThing")[-1]["outcome"]
    assert (row["end"], row["upstream_status"], row["status"]) == ("failed", 200, 403)
    assert "withheld" in row["reason"]
    assert SECRET not in gate.log


@pytest.mark.parametrize("operation", ["GetNewStream", "ListTables"])
def test_what_nobody_reviewed_is_refused_and_told_apart(gate, aws, operation):
    sent = len(aws.seen)
    answer = ask(gate, operation)
    assert (answer.status, len(aws.seen)) == (403, sent)
    assert f"dynamodb:{operation} or one of its members is newer than the review" in gate.log
    (row,) = (one for one in gate.rows("--action", operation) if one.get("kind") == "unreviewed")
    assert "newer than the review" in row["act"]["reason"]


def test_the_rest_goes_on_as_before(gate, aws):
    aws.answer = (200, {"Content-Type": "application/x-amz-json-1.0"}, b'{"Item":{"SessionToken":{"S":"0123456789abcdef0"}}}')
    assert ask(gate, "GetItem", {"TableName": "t", "Key": {"id": {"S": "x"}}}).body == aws.answer[2]
    assert ask(gate, "DescribeTable", {"TableName": "t"}).status == 200
    assert ask(gate, "DescribeTable", {"TableName": "t", "Newcomer": "x"}).status == 403


def test_a_host_that_only_the_newer_one_has_is_known_without_a_restart(gate):
    host, until = f"{newer_botocore.NEW_SERVICE}.us-east-1.amazonaws.com", time.monotonic() + PATIENCE
    while f"the host table of botocore {newer_botocore.VERSION} serves" not in gate.log:
        assert time.monotonic() < until, gate.log
    fields = {"X_Amz_Target": "AmazonNewQueue.ListQueues", "Content_Type": "application/x-amz-json-1.0"}
    with tunnel(gate, gate.ca_file, host) as raw:
        answer = raw.send(request(newer_botocore.NEW_SERVICE, host, body=b"{}", **fields)).answer()
    assert answer.status == 403
    assert gate.records("--action", "ListQueues")[-1]["service"] == newer_botocore.NEW_SERVICE
    assert (gate.folder / "state" / "hosts").stat().st_mode & 0o777 == 0o600


def test_domains_that_the_ca_may_not_sign_for_are_named_with_what_to_do(gate):
    said, until = f"the installed botocore knows hosts in {newer_botocore.NEW_DOMAIN}, ", time.monotonic() + PATIENCE
    while said not in gate.log:
        assert time.monotonic() < until, gate.log
    (line,) = (line for line in check(gate) if said in line)
    files = [str(gate.folder / "state" / "ca" / f"interception.{end}") for end in ("pem", "key")]
    assert line.startswith("warning: ")
    assert f"the CA {files[0]} may not sign" in line
    assert f"remove it and {files[1]}, start again" in line


def test_a_ca_that_is_made_once_they_are_known_signs_for_them(gate, embedded_aws, newer, tmp_path):
    until = time.monotonic() + PATIENCE
    while not (gate.folder / "state" / "hosts").exists():
        assert time.monotonic() < until, gate.log
    (tmp_path / "state").mkdir(mode=0o700)
    shutil.copy(gate.folder / "state" / "hosts", tmp_path / "state" / "hosts")
    with running(tmp_path, embedded_aws) as other:
        assert newer_botocore.NEW_DOMAIN not in other.log
        assert not any(newer_botocore.NEW_DOMAIN in line for line in check(other))


def check(gate, text=None):
    if text is None:
        return gate.gate("check", str(gate.config)).stdout.splitlines()
    file = gate.folder / "other.hcl"
    file.write_text(text)
    return gate.gate("check", str(file)).stderr


def test_check_says_how_many_are_newer_and_which_rules_meet_them(gate):
    told = check(gate)
    assert any(line.startswith("operation dynamodb:GetNewThing, by your review: access read, not vends") for line in told)
    (line,) = (line for line in told if line.startswith("newer than the review of botocore "))
    queues = len(botocore.loaders.Loader().load_service_model("sqs", "service-2")["operations"])
    assert f"in {newer_botocore.VERSION}: {queues + 4} operations ({queues + 2} new, 1 with a new field in the answer, 1 " in line
    (rule,) = (line for line in told if line.startswith('  rule "reads ok" may match'))
    assert rule.startswith('  rule "reads ok" may match 2, and refuses what may return credentials: ')
    assert rule.endswith(": dynamodb:GetNewThing dynamodb:ListTables")


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ('operation "dynamodb:GetNewThng" { vends = false }', "no operation dynamodb:GetNewThng"),
        ('operation "dynamodb:GetNewThng" { vends = false }', "did you mean `dynamodb:GetNewThing`?"),
        ('operation "dynamobd:GetNewThing" { vends = false }', "did you mean `dynamodb:GetNewThing`?"),
        (
            'operation "dynamodb:GetItem" { vends = false }',
            "`vends` would make the packaged review of dynamodb:GetItem less strict",
        ),
        ('operation "dynamodb:GetNewStream" { vends = false }', "the answer of dynamodb:GetNewStream is a stream"),
        ('operation "dynamodb:ListTables" { vends = false }', ""),
        ('operation "dynamodb:DescribeTable" { runs_code = false }', ""),
        ('operation "dynamodb:GetItem" { spends = true }', ""),
    ],
)
def test_blocks_are_held_against_the_installed_botocore(gate, block, said):
    told = check(gate, block)
    assert said in told
    assert bool(told) is bool(said)


def test_explain_says_that_it_is_newer(gate):
    fields = {"X_Amz_Target": "DynamoDB_20120810.ListTables", "Content_Type": "application/x-amz-json-1.0"}
    (gate.folder / "request").write_bytes(request("dynamodb", DYNAMODB, body=b"{}", **fields))
    page = gate.gate("explain", "--config", str(gate.config), str(gate.folder / "request")).stdout
    assert "the operation or one of its members is newer than the review" in page
    assert 'deny: dynamodb:ListTables may return credentials, and rule "reads ok" does not have' in page


ASKS = """
rule "ask"  { match = has(aws.params.Text)  action = "approve" approvers = [human.oncall] }
rule "sure" { match = (aws.resources == [] && !has(aws.resource) && aws.policies == [] && aws.shares_with == []
                      && aws.iam_actions == ["dynamodb:GetNewThing"] && !aws.spends && !aws.runs_code && !aws.cross_account)
              action = "allow" }
"""
MOST = """operation "dynamodb:GetNewThing" {
  iam_actions = ["dynamodb:GetNewThing"]
  vends = false
  shares = false
  spends = false
  runs_code = false
  names_resources = false
  carries_policies = false
"""
REST = "  cross_account = false\n"


def test_a_reload_takes_another_review_and_refuses_what_waited_under_the_one_before(aws, embedded_aws, newer, tmp_path):
    aws.answer = (200, {"Content-Type": "application/x-amz-json-1.0"}, b"{}")
    rules = f"{ASKS}{MOST}}}\n"
    with running(tmp_path, embedded_aws, first=aws.route(DYNAMODB), rules=rules) as gate, ThreadPoolExecutor() as pool:
        sent = len(aws.seen)
        assert (ask(gate, "GetNewThing").status, len(aws.seen)) == (403, sent)
        waits = pool.submit(ask, gate, "GetNewThing", {"Text": "wait"})
        Person(gate).until(lambda _: True)
        reload(gate, MOST, f"{MOST}{REST}", "reloaded, generation 2")
        assert (ask(gate, "GetNewThing").status, len(aws.seen)) == (200, sent + 1)
        Person(gate).answer()
        assert (waits.result(PATIENCE).status, len(aws.seen)) == (403, sent + 1)
        assert "the configuration changed while the call waited" in waits.result().text
        reload(gate, REST, "", "reloaded, generation 3")
        assert (ask(gate, "GetNewThing").status, len(aws.seen)) == (403, sent + 1)
