"""Agents assume roles through the gateway, and get a placeholder that works through it alone."""

import threading

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, DEEPER, DEPLOY, REGION, client
from tests.kit.approvals.approver import Person
from tests.kit.gateway import running

RULES = """\
rule "deny deeper in prod" {
  match  = aws.session_chain.exists(role, role == "arn:aws:iam::111111111111:role/deeper") && aws.service == "s3"
  action = "deny"
}
rule "asked" { match = has(aws.params.RoleSessionName) && aws.params.RoleSessionName == "asked"  action = "approve"  approvers = [human.oncall] }
rule "asked for its own" {
  match     = aws.action == "GetSessionToken" && has(aws.params.DurationSeconds) && aws.params.DurationSeconds == 3600
  action    = "approve"
  approvers = [human.oncall]
}
rule "asked again" {
  match     = aws.action == "DeleteObject" && has(aws.session_role)
  action    = "approve"
  approvers = [human.oncall]
}
rule "roles" { match = aws.action == "AssumeRole"  action = "allow" }
rule "federation" { match = aws.action == "GetFederationToken"  action = "allow"  vends = true }
rule "reads" { match = aws.access in ["read", "list"]  action = "allow" }
rule "writes of deploy" { match = has(aws.session_role) && aws.session_role.endsWith("role/deploy")  action = "allow" }
"""


@pytest.fixture(scope="module")
def gate(tmp_path_factory, embedded_aws):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES) as gate:
        yield gate


def arn(role, account="staging"):
    return f"arn:aws:iam::{ACCOUNTS[account]}:role/{role}"


def assume(sts, role, account="staging", **more):
    return sts.assume_role(RoleArn=arn(role, account), RoleSessionName="tests", **more)


def by(gate, given, service, *, user="", **config):
    keys = given["Credentials"]
    return boto3.client(
        service,
        region_name=REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        verify=gate.ca_file,
        config=Config(proxies={"https": f"http://{user}{gate.doors['proxy']}"}, retries={"total_max_attempts": 1}, **config),
    )


def test_a_role_that_a_rule_allows_is_assumed_and_used(gate):
    given = assume(gate.client("sts"), DEPLOY)
    assert given["Credentials"]["AccessKeyId"].startswith("TGVS222222222222")
    assert given["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::222222222222:assumed-role/{DEPLOY}/tests"
    assert by(gate, given, "sts").get_caller_identity()["Arn"] == given["AssumedRoleUser"]["Arn"]
    s3 = by(gate, given, "s3")
    s3.put_object(Bucket="staging-data", Key="by-deploy.txt", Body=b"made by deploy")
    assert s3.get_object(Bucket="staging-data", Key="by-deploy.txt")["Body"].read() == b"made by deploy"


def test_a_session_of_another_account(gate):
    given = assume(gate.client("sts"), DEPLOY, "prod")
    assert by(gate, given, "sts").get_caller_identity()["Account"] == ACCOUNTS["prod"]
    (record,) = [row for row in gate.records() if row["action"] == "GetCallerIdentity" and row["account_name"] == "prod"]
    assert record["session"]["role"] == arn(DEPLOY, "prod")


def test_a_chain_of_roles(gate):
    first = assume(gate.client("sts"), DEPLOY)
    second = assume(by(gate, first, "sts"), DEEPER, "prod")
    who = by(gate, second, "sts").get_caller_identity()["Arn"]
    assert who == f"arn:aws:sts::111111111111:assumed-role/{DEEPER}/tests"
    with pytest.raises(ClientError, match="deny deeper in prod"):
        by(gate, second, "s3").list_buckets()


def test_the_placeholder_is_nothing_to_aws(gate, embedded_aws):
    keys = assume(gate.client("sts"), DEPLOY)["Credentials"]
    key = keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
    with pytest.raises(ClientError, match=r"InvalidClientTokenId|security token"):
        client("sts", embedded_aws, key).get_caller_identity()


def test_a_session_survives_a_restart_of_the_gateway(tmp_path, embedded_aws):
    with running(tmp_path, embedded_aws, rules=RULES) as gate:
        first = assume(gate.client("sts"), DEPLOY)
        second = assume(by(gate, first, "sts"), DEEPER)
    with running(tmp_path, embedded_aws, rules=RULES) as gate:
        assert by(gate, second, "sts").get_caller_identity()["Arn"].endswith(f"assumed-role/{DEEPER}/tests")


def test_the_agents_own_session(gate):
    given = gate.client("sts").get_session_token(DurationSeconds=900)
    assert given["Credentials"]["AccessKeyId"].startswith("TGVS222222222222")
    assert by(gate, given, "s3").list_buckets()["Buckets"]


def approved(gate, ask):
    done = threading.Thread(target=ask)
    done.start()
    shown = gate.gate(*gate.approver("--once", "--yes")).stdout
    done.join()
    return shown


def test_people_see_that_a_session_is_asked_for_and_which_one_is_used(gate):
    given = []
    shown = approved(gate, lambda: given.append(gate.client("sts").assume_role(RoleArn=arn(DEPLOY), RoleSessionName="asked")))
    assert "the agent gets a session that works through this gateway alone" in shown
    second = assume(by(gate, given[0], "sts"), DEEPER)
    done = threading.Thread(target=lambda: by(gate, second, "s3").delete_object(Bucket="staging-data", Key="nothing"))
    done.start()
    assert Person(gate).answer()["role"] == f"{arn(DEEPER)} via {arn(DEPLOY)}"
    done.join()
    (record,) = [row for row in gate.records() if row["action"] == "DeleteObject"]
    assert (record["session"]["chain"], record["decision"]["rule"]) == ([arn(DEPLOY), arn(DEEPER)], "asked again")


def test_what_aws_refuses_is_said_in_its_words_and_ours(gate):
    with pytest.raises(ClientError, match=r"\(trio-gate: the gateway asks as a role, which has no MFA device: ") as caught:
        gate.client("sts").assume_role(
            RoleArn=arn("no-such-role"),
            RoleSessionName="run",
            SerialNumber="arn:aws:iam::222222222222:mfa/me",
            TokenCode="123456",
        )
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert "is not authorized to perform: sts:AssumeRole (trio-gate" in str(caught.value)


def test_a_federation_token_is_refused_with_a_reason(gate):
    with pytest.raises(ClientError, match="sts:GetFederationToken is not served: AWS refuses it to the session of a role"):
        gate.client("sts").get_federation_token(Name="somebody")


def test_one_yes_is_one_session_of_the_agents_own(gate):
    given = []
    shown = approved(gate, lambda: given.append(gate.client("sts").get_session_token(DurationSeconds=3600)))
    assert "GetSessionToken" in shown
    assert by(gate, given[0], "s3").list_buckets()["Buckets"]
    (record,) = [row for row in gate.records() if row["action"] == "GetSessionToken" and row["approvers"]]
    assert (record["outcome"]["status"], record["outcome"]["upstream_status"]) == (200, None)
    shown = approved(gate, lambda: given.append(gate.client("sts").get_session_token(DurationSeconds=3600)))
    assert "GetSessionToken" in shown
    assert given[0]["Credentials"]["AccessKeyId"] != given[1]["Credentials"]["AccessKeyId"]
