"""Unmodified botocore clients, the gateway as a process, an embedded AWS that checks signatures and policies."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import threading

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, ROLE
from tests.kit.approvals.approver import Person
from tests.kit.gateway import RULES, running

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws) as gateway:
        yield gateway


by_each_door = pytest.mark.parametrize("by", ["proxy", "endpoint"])


@by_each_door
@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_digits_of_the_placeholder_choose_the_account(gate, by, account):
    caller = gate.client("sts", account, by=by).get_caller_identity()
    assert caller["Account"] == ACCOUNTS[account]
    assert f":assumed-role/{ROLE}/trio-gate" in caller["Arn"]
    held = {bucket["Name"] for bucket in gate.client("s3", account, by=by).list_buckets()["Buckets"]}
    assert held & {f"{name}-data" for name in ACCOUNTS} == {f"{account}-data"}


@by_each_door
@pytest.mark.parametrize("size", [0, 5, 300_000, 9 * MIB])
@pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
def test_objects_come_back_as_they_went(gate, by, size, checksums):
    s3 = gate.client("s3", by=by, request_checksum_calculation=checksums)
    data = os.urandom(size)
    s3.put_object(Bucket="staging-data", Key=f"a/b {size}+ü.bin", Body=io.BytesIO(data))
    got = s3.get_object(Bucket="staging-data", Key=f"a/b {size}+ü.bin")["Body"].read()
    assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()
    s3.delete_object(Bucket="staging-data", Key=f"a/b {size}+ü.bin")


@by_each_door
def test_a_multipart_upload_is_put_together(gate, by):
    s3 = gate.client("s3", by=by)
    parts = [os.urandom(5 * MIB), os.urandom(1000)]
    upload = s3.create_multipart_upload(Bucket="staging-data", Key="multi")["UploadId"]
    tags = [
        s3.upload_part(Bucket="staging-data", Key="multi", UploadId=upload, PartNumber=number, Body=part)["ETag"]
        for number, part in enumerate(parts, start=1)
    ]
    done = {"Parts": [{"ETag": tag, "PartNumber": number} for number, tag in enumerate(tags, start=1)]}
    s3.complete_multipart_upload(Bucket="staging-data", Key="multi", UploadId=upload, MultipartUpload=done)
    assert s3.get_object(Bucket="staging-data", Key="multi")["Body"].read() == b"".join(parts)


@by_each_door
def test_every_protocol_answers(gate, by):
    gate.client("dynamodb", by=by).put_item(TableName="orders", Item={"id": {"S": "1"}, "n": {"N": "3"}})
    found = gate.client("dynamodb", by=by).get_item(TableName="orders", Key={"id": {"S": "1"}})
    assert found["Item"]["n"] == {"N": "3"}
    sqs = gate.client("sqs", by=by)
    url = sqs.create_queue(QueueName=f"jobs-{by}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"
    topic = gate.client("sns", by=by).create_topic(Name="news")["TopicArn"]
    assert topic.split(":")[4] == ACCOUNTS["staging"]
    assert gate.client("iam", by=by).get_role(RoleName=ROLE)["Role"]["RoleName"] == ROLE
    assert gate.client("ec2", by=by).describe_regions()["Regions"]
    assert gate.client("batch", by=by).describe_job_queues()["jobQueues"] == []
    zone = gate.client("route53", by=by).create_hosted_zone(Name=f"{by}.example", CallerReference=by)["HostedZone"]
    assert zone["Name"] == f"{by}.example."
    assert "Metrics" in gate.client("cloudwatch", by=by).list_metrics()


def test_a_presigned_url_of_the_agent_is_signed_again(gate, embedded_aws):
    import urllib3  # noqa: PLC0415 - botocore's

    url = gate.client("s3", signature_version="s3v4").generate_presigned_url(
        "get_object", Params={"Bucket": "staging-data", "Key": "report.txt"}
    )
    proxy = urllib3.ProxyManager(f"http://{gate.doors['proxy']}", ca_certs=gate.ca_file)
    answer = proxy.request("GET", url)
    assert (answer.status, answer.data) == (200, b"the report of staging\n")


REFUSED = [
    ("dynamodb", lambda client: client.list_tables(), "AccessDeniedException"),
    ("lambda", lambda client: client.list_functions(), "AccessDeniedException"),
    ("iam", lambda client: client.list_users(), "AccessDenied"),
    ("ec2", lambda client: client.describe_instances(), "UnauthorizedOperation"),
    ("route53", lambda client: client.list_hosted_zones(), "AccessDenied"),
    ("s3", lambda client: client.list_buckets(), "AccessDenied"),
    ("s3", lambda client: client.put_object(Bucket="staging-data", Key="k", Body=b"x"), "AccessDenied"),
    ("cloudwatch", lambda client: client.list_metrics(), "AccessDeniedException"),
    ("secretsmanager", lambda client: client.get_secret_value(SecretId="db-password"), "AccessDeniedException"),
]


@pytest.fixture(scope="module")
def closed(embedded_aws, tmp_path_factory):
    rules = 'rule "shut" { action = "deny" reason = "it is a holiday" }\n'
    with running(tmp_path_factory.mktemp("closed"), embedded_aws, rules=rules) as gateway:
        yield gateway


@by_each_door
@pytest.mark.parametrize(("service", "ask", "code"), REFUSED, ids=[f"{row[0]}-{number}" for number, row in enumerate(REFUSED)])
def test_a_refusal_is_the_services_own_error(closed, by, service, ask, code):
    with pytest.raises(ClientError) as caught:
        ask(closed.client(service, by=by))
    error = caught.value.response
    assert error["Error"]["Code"] == code
    assert 'rule "shut"' in error["Error"]["Message"]
    assert "it is a holiday" in error["Error"]["Message"]
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    record = closed.records()[-1]
    assert record["id"] in error["Error"]["Message"]
    assert record["decision"]["rule"] == "shut"


def test_a_refused_upload_never_sends_its_body(closed):
    with pytest.raises(ClientError):
        closed.client("s3").put_object(Bucket="staging-data", Key="k", Body=io.BytesIO(b"x" * MIB))
    record = closed.records()[-1]
    assert (record["action"], record["outcome"]["bytes_in"]) == ("PutObject", 0)


def test_a_secret_is_kept_from_the_agent(gate):
    with pytest.raises(ClientError, match="ask for a reference instead"):
        gate.client("secretsmanager", "prod").get_secret_value(SecretId="db-password")


def test_vending_calls_stay_shut_where_no_rule_says_otherwise(gate):
    with pytest.raises(ClientError, match="vends"):
        gate.client("ecr").get_authorization_token()


def test_a_person_approves_and_only_then_it_happens(gate):
    gate.client("s3", "staging").put_object(Bucket="staging-data", Key="seen", Body=b"x")
    done = threading.Thread(target=gate.client("s3", "prod").delete_object, kwargs={"Bucket": "prod-data", "Key": "report.txt"})
    done.start()
    answered = gate.gate(*gate.approver("--once", "--yes"))
    assert answered.returncode == 0, answered.stderr
    done.join()
    assert "DeleteObject" in answered.stdout
    assert answered.stdout.index("prod") < answered.stdout.index("DeleteObject")
    with pytest.raises(ClientError):
        gate.client("s3", "prod").head_object(Bucket="prod-data", Key="report.txt")
    record = next(row for row in reversed(gate.records()) if row["action"] == "DeleteObject" and row["account_name"] == "prod")
    assert [who["person"] for who in record["approvers"]] == ["alice"]
    assert record["outcome"]["end"] == "answered"


def test_a_person_denies_and_the_agent_reads_why(gate):
    caught = []

    def ask():
        with pytest.raises(ClientError) as error:
            gate.client("s3", "prod").put_object(Bucket="prod-data", Key="new", Body=io.BytesIO(b"y" * 500_000))
        caught.append(str(error.value))

    asking = threading.Thread(target=ask)
    asking.start()
    assert gate.gate(*gate.approver("--once", "--deny", "not on a friday")).returncode == 0
    asking.join()
    assert "not on a friday" in caught[0]


@pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
def test_an_approved_upload_is_what_was_shown(gate, checksums):
    data = os.urandom(700_000)
    s3 = gate.client("s3", "prod", request_checksum_calculation=checksums)
    upload = threading.Thread(target=s3.put_object, kwargs={"Bucket": "prod-data", "Key": "big", "Body": io.BytesIO(data)})
    upload.start()
    prompt = Person(gate).answer()
    upload.join()
    assert (prompt["payload_length"], prompt["payload_sha256"]) == (700_000, hashlib.sha256(data).hexdigest())
    assert s3.get_object(Bucket="prod-data", Key="big")["Body"].read() == data


def test_an_upload_that_waits_is_kept_within_its_limit(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, knobs='spool_limit = "64KiB"') as gateway:
        with pytest.raises(ClientError, match="keeps too much") as caught:
            gateway.client("s3", "prod").put_object(Bucket="prod-data", Key="k", Body=io.BytesIO(b"x" * 70_000))
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert list((tmp_path / "state" / "spool").iterdir()) == []


def test_a_connection_beyond_the_limit_takes_the_place_of_one_that_proves_nothing(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, knobs="max_connections = 1") as gateway:
        host, _, port = gateway.doors["endpoint"].rpartition(":")
        with socket.create_connection((host, int(port)), timeout=60) as first:
            gateway.client("sts", by="endpoint").get_caller_identity()
            assert first.recv(100) == b""


WRONG = [{"secret": "another-secret-0123456789"}, {"suffix": "XX01"}, {"account": "333333333333", "suffix": "XX01"}]


@by_each_door
@pytest.mark.parametrize("given", WRONG, ids=["secret", "suffix", "account"])
def test_a_key_that_proves_nothing_is_refused(gate, by, given):
    with pytest.raises(ClientError, match="no agent here has this access key id with this secret"):
        gate.client("sts", by=by, **given).get_caller_identity()


def test_without_agents_any_placeholder_of_a_configured_account_is_served(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, agent="", rules=RULES) as gateway:
        sts = gateway.client("sts", "prod", suffix="XXXX", secret="whatever")
        assert sts.get_caller_identity()["Account"] == ACCOUNTS["prod"]
