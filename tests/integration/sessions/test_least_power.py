"""Only what was judged works: the role, and the policy that narrows it, are those that the rule names."""

import json
import threading
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import DEPLOY, HUB_ROLE, READER, SPOKE, TRAIL, client, start
from tests.integration.sessions.test_assume_role import assume, by
from tests.kit.aws.operations import TABLES
from tests.kit.aws.sts import REQUEST
from tests.kit.calls import make_call
from tests.kit.configs import load
from tests.kit.gateway import AGENT, running
from tests.kit.standins.embedded import sender
from trio_gate.exchange.narrow import narrowed
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.credentials.sts import assume_role
from trio_gate.signing.sigv4 import Credentials

POLICY = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:%s", "Resource": "*"}}'
RULES = f"""\
rule "objects" {{
  match  = aws.action == "GetObject"
  action = "allow"
  role   = "{READER}"
}}
rule "writes of the reader" {{
  match  = aws.action == "PutObject"
  action = "allow"
  role   = "{READER}"
}}
rule "narrowed" {{
  match  = aws.action in ["HeadBucket", "GetObjectTagging", "PutObjectTagging", "DeleteObjects"] || aws.service == "dynamodb"
  action = "allow"
  narrow = true
  narrow_also = ["dynamodb:Scan"]
}}
rule "asked" {{
  match        = aws.action == "DeleteObjectTagging"
  action       = "approve"
  approvers    = [human.oncall]
  approval_tag = true
  tags         = {{ team = "data" }}
}}
rule "lists" {{
  match  = aws.action in ["ListObjectsV2", "DeleteObject"]
  action = "allow"
  session_policy = <<-END
    {POLICY % "ListBucket"}
  END
  duration = "15m"
  tags     = {{ team = "data" }}
}}
rule "roles" {{ match = aws.action == "AssumeRole"  action = "allow" }}
rule "rest" {{ action = "allow" }}
"""
NAMED = AGENT.replace("\n}", "\n  source_identity = true\n}")


@pytest.fixture(scope="module")
def embedded_aws(tmp_path_factory):
    """One of their own: what other tests write and delete is not there."""
    with start(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture(scope="module")
def gate(tmp_path_factory, embedded_aws):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, agent=NAMED) as gate:
        yield gate


def test_the_role_of_the_rule_signs(gate):
    s3 = gate.client("s3")
    assert s3.get_object(Bucket="staging-data", Key="report.txt")["Body"].read() == b"the report of staging\n"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket="staging-data", Key="never.txt", Body=b"x")
    s3.copy_object(Bucket="staging-data", Key="copy.txt", CopySource="staging-data/report.txt")


def test_the_session_policy_narrows_the_role(gate):
    s3 = gate.client("s3")
    assert s3.list_objects_v2(Bucket="staging-data")["KeyCount"] >= 2
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket="staging-data", Key="invoice.txt")
    assert s3.copy_object(Bucket="staging-data", Key="i.txt", CopySource="staging-data/invoice.txt")


def test_a_role_that_only_a_hub_may_assume(tmp_path, embedded_aws):
    allow, through = 'rule "all" { action = "allow" }\n', f'through = "{HUB_ROLE}"'
    with running(tmp_path, embedded_aws, rules=allow, role=SPOKE, served=through) as gate:
        who = gate.client("sts", "prod").get_caller_identity()["Arn"]
        assert who == f"arn:aws:sts::111111111111:assumed-role/{SPOKE}/trio-gate@ci"
    with running(tmp_path, embedded_aws, rules=allow, role=SPOKE) as gate, pytest.raises(ClientError, match="tell your operator"):
        gate.client("sts", "prod").get_caller_identity()


def test_a_session_may_do_what_was_judged_and_no_more(gate):
    s3, dynamodb = gate.client("s3"), gate.client("dynamodb")
    s3.get_object_tagging(Bucket="staging-data", Key="report.txt")
    assert dynamodb.scan(TableName="orders")["Count"] == 0
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.describe_table(TableName="orders")  # this AWS asks for `*` here, which is more than the table


def test_what_cannot_be_narrowed_is_refused(gate):
    keys = [{"Key": f"a-long-name-of-an-object-{number}"} for number in range(100)]
    with pytest.raises(ClientError, match=r"cannot be narrowed to this call: .* more than 2048 characters"):
        gate.client("s3").delete_objects(Bucket="staging-data", Delete={"Objects": keys})


async def test_the_policy_of_a_call_lets_the_session_make_that_call_alone(embedded_aws):
    (rule,) = load('rule "n" {\n  action = "allow"\n  narrow = true\n}\n').rules
    made = make_call(iam_actions=("s3:GetObject",), resources=("arn:aws:s3:::prod-data/report.txt",))
    base = Credentials(access_key_id=embedded_aws.base_access_key_id, secret_access_key=embedded_aws.base_secret_access_key)
    host, now = "sts.us-east-1.amazonaws.com", SystemClock().now()
    asked = narrowed(REQUEST, made, TABLES, rule)
    given = await assume_role(asked, base, send=sender(embedded_aws), host=host, now=now)
    s3 = client("s3", embedded_aws, (given.access_key_id, given.secret_access_key, given.session_token))
    assert s3.get_object(Bucket="prod-data", Key="report.txt")["Body"].read() == b"the report of prod\n"
    for other in (
        lambda: s3.get_object(Bucket="prod-data", Key="invoice.txt"),
        lambda: s3.delete_object(Bucket="prod-data", Key="report.txt"),
        lambda: s3.list_objects_v2(Bucket="prod-data"),
        s3.list_buckets,
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            other()


def trail(aws):
    return [json.loads(line) for line in (Path(aws.ca_file).parent / TRAIL).read_text().splitlines()]


def test_aws_is_told_who_acts_and_for_what(gate, embedded_aws):
    gate.client("s3").list_objects_v2(Bucket="staging-data")
    asked = next(one for one in reversed(trail(embedded_aws)) if "ListBucket" in one.get("Policy", ""))
    assert (asked["SourceIdentity"], asked["RoleSessionName"], asked["DurationSeconds"]) == ("ci", "trio-gate@ci", "900")
    assert (asked["Tags.member.1.Key"], asked["Tags.member.1.Value"]) == ("team", "data")


def test_aws_is_told_who_approved(gate, embedded_aws):
    questions = []
    for _ in range(2):
        call = threading.Thread(
            target=gate.client("s3").delete_object_tagging, kwargs={"Bucket": "staging-data", "Key": "report.txt"}
        )
        call.start()
        assert gate.gate(*gate.approver("--once", "--yes")).returncode == 0
        call.join()
        asked = trail(embedded_aws)[-1]
        tags = [(asked[f"Tags.member.{number}.Key"], asked[f"Tags.member.{number}.Value"]) for number in (1, 2, 3)]
        assert tags[:2] == [("team", "data"), ("trio-gate:approver", "alice")]
        assert tags[2][0] == "trio-gate:approval"
        questions.append(tags[2][1])
    voted = [row["id"] for row in gate.rows() if row["kind"] == "vote"]
    assert sorted(questions) == sorted(voted)
    assert len(set(voted)) == 2


def test_a_rule_cannot_narrow_what_the_agent_assumed_itself(gate):
    given = assume(gate.client("sts"), DEPLOY)
    assert by(gate, given, "s3").list_buckets()["Buckets"]
    with pytest.raises(ClientError, match='rule "objects" says how a role is assumed, and this call has a session'):
        by(gate, given, "s3").get_object(Bucket="staging-data", Key="report.txt")
    own = gate.client("sts").get_session_token()
    with pytest.raises(ClientError, match="AccessDenied"):
        by(gate, own, "s3").put_object(Bucket="staging-data", Key="never.txt", Body=b"x")
