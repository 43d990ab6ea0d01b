"""Whose a bucket is: listed by its exact name, or told to S3."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, OTHER, input_of, meaning
from tests.kit.aws.naming import head
from trio_gate.aws.call import UNKNOWN, Candidate, NamedCall
from trio_gate.aws.resources.owned import Owned, expecting, with_expected

LISTED = Owned(names=frozenset(("team-data", "logs.example")))


@pytest.mark.parametrize(
    ("service", "operation", "params", "cross"),
    [
        ("s3", "GetObject", {"Bucket": "team-data", "Key": "k"}, False),
        ("s3", "ListObjectsV2", {"Bucket": "logs.example", "Prefix": "a"}, False),
        ("s3", "CopyObject", {"Bucket": "team-data", "Key": "k", "CopySource": "team-data/a"}, False),
        ("s3", "CopyObject", {"Bucket": "team-data", "Key": "k", "CopySource": "other/a"}, UNKNOWN),
        ("s3", "GetObject", {"Bucket": "team-data2", "Key": "k"}, UNKNOWN),
        ("s3", "GetObject", {"Bucket": "other", "Key": "team-data/k"}, UNKNOWN),
        ("s3", "GetObject", {"Bucket": "team-data", "Key": "k", "ExpectedBucketOwner": OTHER}, True),
        ("s3", "GetObject", {"Bucket": f"arn:aws:s3:us-east-1:{OTHER}:accesspoint/team-data", "Key": "k"}, True),
        ("s3", "PutObjectAcl", {"Bucket": "team-data", "Key": "k", "ACL": "public-read"}, UNKNOWN),
        (
            "s3",
            "PutBucketPolicy",
            {"Bucket": "team-data", "Policy": '{"Statement": {"Effect": "Allow", "Principal": "*"}}'},
            UNKNOWN,
        ),
        ("glue", "StartJobRun", {"JobName": "j", "Arguments": {"--to": "s3://team-data/x"}}, False),
        ("glue", "StartJobRun", {"JobName": "j", "Arguments": {"--to": "s3://other/x"}}, UNKNOWN),
    ],
)
def test_a_bucket_that_is_listed_is_of_the_own_account_and_no_other_is(service, operation, params, cross):
    assert meaning(service, operation, params, owned=LISTED).cross_account is cross


CHECKED = Owned(checked=True)


def named(operation, params, signing_name="s3", service="s3"):
    candidate = Candidate(service=service, host="h", partition="aws", region="us-east-1", signing_name=signing_name)
    return NamedCall(
        candidate=candidate,
        service=service,
        operation=operation,
        protocol="rest-xml",
        params=params,
        implied={},
        account=ACCOUNT,
    )


@pytest.mark.parametrize(
    ("operation", "params", "signing_name", "added"),
    [
        ("GetObject", {"Bucket": "b"}, "s3", {"ExpectedBucketOwner": ACCOUNT}),
        ("CopyObject", {"Bucket": "b"}, "s3", {"ExpectedBucketOwner": ACCOUNT, "ExpectedSourceBucketOwner": ACCOUNT}),
        ("CopyObject", {"ExpectedBucketOwner": OTHER}, "s3", {"ExpectedSourceBucketOwner": ACCOUNT}),
        ("ListBuckets", {}, "s3", {}),
        ("CreateBucket", {"Bucket": "b"}, "s3", {}),
        ("GetObject", {"Bucket": "b--use1-az4--x-s3"}, "s3express", {}),
    ],
)
def test_the_owner_is_added_where_the_operation_has_it(operation, params, signing_name, added):
    shape = input_of("s3", operation)
    found = expecting(named(operation, params, signing_name), shape, CHECKED)
    assert found.params == {**params, **added}
    assert expecting(named(operation, params, signing_name), shape, Owned()).params == params


def test_the_head_says_what_was_added_and_nothing_twice():
    call = meaning("s3", "GetObject", {"Bucket": "b", "Key": "k", "ExpectedBucketOwner": ACCOUNT})
    shape, sent = input_of("s3", "GetObject"), head("GET /b/k")
    made = with_expected(sent, call, shape)
    assert made.headers == (*sent.headers, ("x-amz-expected-bucket-owner", ACCOUNT))
    assert with_expected(made, call, shape) == made
