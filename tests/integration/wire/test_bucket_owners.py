"""Whose a bucket is: the operator lists its own, or S3 is told to refuse the buckets of others, in the very request that was judged."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.kit.approvals.approver import Person
from tests.kit.gateway import running
from tests.kit.standins.recording import recording
from tests.kit.wire.raw import request, tunnel

OWN = "222222222222"
OTHER = "333333333333"
S3 = "s3.us-east-1.amazonaws.com"
HOSTS = (S3, "s3.amazonaws.com")
HEADER, OF_SOURCE = "x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"
RULES = """\
rule "ask" { match = aws.action == "DeleteObject"  action = "approve" approvers = [human.oncall] }
rule "own" { match = !aws.cross_account  action = "allow" }
"""
PATH = {"s3": {"addressing_style": "path"}}


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with recording(tmp_path_factory.mktemp("aws"), *HOSTS) as server:
        yield server


@pytest.fixture(scope="module")
def checked(aws, embedded_aws, tmp_path_factory):
    served = 'expected_bucket_owner = true\n  owned_buckets = ["team-*"]'
    folder, first = tmp_path_factory.mktemp("checked"), "".join(map(aws.route, HOSTS))
    with running(folder, embedded_aws, rules=RULES, first=first, served=served) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def listed(aws, embedded_aws, tmp_path_factory):
    served = 'owned_buckets = ["team-data", "team-logs"]'
    folder, first = tmp_path_factory.mktemp("listed"), "".join(map(aws.route, HOSTS))
    with running(folder, embedded_aws, rules=RULES, first=first, served=served) as gateway:
        yield gateway


CALLS = {
    "an object": ("get_object", {"Bucket": "any", "Key": "k"}, {HEADER: OWN}),
    "a stream": ("put_object", {"Bucket": "any", "Key": "k", "Body": b"x" * 100}, {HEADER: OWN}),
    "a bucket": ("head_bucket", {"Bucket": "any"}, {HEADER: OWN}),
    "a list": ("list_objects_v2", {"Bucket": "any"}, {HEADER: OWN}),
    "a source": (
        "upload_part_copy",
        {"Bucket": "any", "Key": "k", "UploadId": "u", "PartNumber": 1, "CopySource": "some/k"},
        {HEADER: OWN, OF_SOURCE: OWN},
    ),
    "of itself": ("get_object", {"Bucket": "any", "Key": "k", "ExpectedBucketOwner": OWN}, {HEADER: OWN}),
}


@pytest.mark.parametrize("call", CALLS)
def test_s3_is_told_whose_the_buckets_must_be(checked, aws, call):
    operation, params, headers = CALLS[call]
    getattr(checked.client("s3", **PATH), operation)(**params)
    sent = aws.seen[-1].headers
    assert {name: sent.get(name) for name in (HEADER, OF_SOURCE) if name in sent} == headers
    signed = sent["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert set(headers) <= set(signed)
    assert checked.records()[-1]["decision"]["rule"] == "own"


def test_what_the_agent_expects_is_kept_and_is_of_another(checked, aws):
    before = len(aws.seen)
    with pytest.raises(ClientError, match="no rule"):
        checked.client("s3", **PATH).get_object(Bucket="any", Key="k", ExpectedBucketOwner=OTHER)
    assert len(aws.seen) == before


def test_what_has_no_such_header_goes_as_it_is(checked, aws):
    checked.client("s3", **PATH).list_buckets()
    assert HEADER not in aws.seen[-1].headers


def test_who_is_asked_sees_it_and_what_is_approved_carries_it(checked, aws):
    with tunnel(checked, checked.ca_file, S3).send(request("s3", S3, method="DELETE", path="/some/k", body=b"")) as agent:
        prompt = Person(checked).answer()
        assert agent.answer().status == 200
    assert prompt["params"] == {"Bucket": "some", "Key": "k", "ExpectedBucketOwner": OWN}
    assert aws.seen[-1].headers[HEADER] == OWN


def test_a_bucket_that_is_listed_is_the_accounts_own(listed, aws):
    listed.client("s3", **PATH).get_object(Bucket="team-data", Key="k")
    assert HEADER not in aws.seen[-1].headers
    listed.client("s3", **PATH).copy_object(Bucket="team-data", Key="k", CopySource="team-logs/k")
    for bucket, source in [("team-dat", "team-logs"), ("team-data", "others"), ("team-data.", "team-data")]:
        with pytest.raises(ClientError, match="own"):
            listed.client("s3", **PATH).copy_object(Bucket=bucket, Key="k", CopySource=f"{source}/k")
