"""S3 Express by SDKs: what CreateSession gave works through the gateway, and AWS gets the real session's token and signature."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.kit.gateway import SECRET, running
from tests.kit.standins.issuing import EXPRESS_BUCKET, express_route, issuing

RULES = """\
rule "sessions" { match = aws.action == "CreateSession"  action = "allow" }
rule "objects"  { match = aws.action in ["GetObject", "PutObject"] && aws.params.Key.startsWith("ours/")  action = "allow" }
"""
BASE = f"arn:aws:sts::{ACCOUNTS['staging']}:assumed-role/trio-gate/trio-gate@ci"


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with issuing(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture(scope="module")
def gate(tmp_path_factory, aws):
    with running(tmp_path_factory.mktemp("gate"), aws.aws, rules=RULES, first=express_route(aws.aws)) as gate:
        yield gate


@pytest.mark.parametrize("by", ["proxy", "endpoint"])
def test_boto3_puts_and_gets(gate, aws, by):
    s3, before = gate.client("s3", by=by), len(aws.calls)
    s3.put_object(Bucket=EXPRESS_BUCKET, Key="ours/one", Body=b"in one zone")
    assert s3.get_object(Bucket=EXPRESS_BUCKET, Key="ours/one")["Body"].read() == b"in one zone"
    assert [name for name, _ in aws.calls[before:]][-3:] == ["CreateSession", "PUT", "GET"]
    assert aws.refused == []
    assert "TGVS" not in str(aws.calls)


def test_the_record_says_the_session(gate):
    s3 = gate.client("s3")
    s3.put_object(Bucket=EXPRESS_BUCKET, Key="ours/told", Body=b"")
    made, put = gate.records()[-2:]
    assert [one["action"] for one in (made, put)] == ["CreateSession", "PutObject"]
    assert "session" not in made
    assert put["session"]["key_id"].startswith("TGVS222222222222")


def test_the_rules_judge_what_the_session_does(gate, aws):
    s3 = gate.client("s3")
    s3.put_object(Bucket=EXPRESS_BUCKET, Key="ours/two", Body=b"")
    before = len(aws.calls)
    with pytest.raises(ClientError, match="no rule allows s3:PutObject"):
        s3.put_object(Bucket=EXPRESS_BUCKET, Key="theirs", Body=b"")
    assert len(aws.calls) == before


@pytest.fixture
def _no_sessions(monkeypatch):
    """SDKs make none of their own."""
    monkeypatch.setenv("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "true")


def plain(gate, given):
    """S3 with these keys; where SDKs make no sessions, the token goes where other services want it."""
    return boto3.client(
        "s3",
        region_name=REGION,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given.get("SessionToken"),
        verify=gate.ca_file,
        config=Config(
            proxies={"https": f"http://{gate.doors['proxy']}"},
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "virtual"},
        ),
    )


@pytest.mark.usefixtures("_no_sessions")
def test_a_session_from_the_call_itself(gate, aws):
    """Its answer is AWS's own with the placeholder in place of all three parts; it signs for its bucket alone, as AWS has it."""
    key = {"AccessKeyId": f"AKIA{ACCOUNTS['staging']}CI01", "SecretAccessKey": SECRET}
    given = plain(gate, key).create_session(Bucket=EXPRESS_BUCKET)["Credentials"]
    assert given["AccessKeyId"].startswith("TGVS222222222222")
    assert not set(aws.canaries) & {given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]}
    plain(gate, given).put_object(Bucket=EXPRESS_BUCKET, Key="ours/by-hand", Body=b"by hand")
    assert plain(gate, given).get_object(Bucket=EXPRESS_BUCKET, Key="ours/by-hand")["Body"].read() == b"by hand"
    with pytest.raises(ClientError, match="AccessDenied"):
        plain(gate, given).get_object(Bucket=EXPRESS_BUCKET.replace("fast", "other"), Key="ours/by-hand")


@pytest.mark.usefixtures("_no_sessions")
def test_it_is_made_again_after_a_restart(tmp_path, aws):
    rules, more = 'rule "all" { action = "allow" }\n', express_route(aws.aws)
    key = {"AccessKeyId": f"AKIA{ACCOUNTS['staging']}CI01", "SecretAccessKey": SECRET}
    with running(tmp_path, aws.aws, rules=rules, first=more) as gate:
        given = plain(gate, key).create_session(Bucket=EXPRESS_BUCKET)["Credentials"]
        plain(gate, given).put_object(Bucket=EXPRESS_BUCKET, Key="kept", Body=b"kept")
    before = len(aws.calls)
    with running(tmp_path, aws.aws, rules=rules, first=more) as gate:
        assert plain(gate, given).get_object(Bucket=EXPRESS_BUCKET, Key="kept")["Body"].read() == b"kept"
    assert [name for name, _ in aws.calls[before:]] == ["AssumeRole", "CreateSession", "GET"]
