"""Only what was judged works: the role, and the policy that narrows it, are those that the rule names."""

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import HUB_ROLE, READER, SPOKE
from tests.kit.gateway import AGENT, running

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
