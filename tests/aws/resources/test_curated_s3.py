"""The buckets, access points and objects that a call to S3 names, and whose they are."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, OTHER, meaning
from trio_gate.aws.call import UNKNOWN

EXPRESS = "b--use1-az4--x-s3"
EXPRESS_ARN = f"arn:aws:s3express:us-east-1:{ACCOUNT}:bucket/{EXPRESS}"


@pytest.mark.parametrize(
    ("params", "cross", "accounts"),
    [
        ({"Bucket": "b-1", "Key": "k"}, UNKNOWN, UNKNOWN),
        ({"Bucket": "b-1", "Key": "k", "ExpectedBucketOwner": ACCOUNT}, False, (ACCOUNT,)),
        ({"Bucket": "b-1", "Key": "k", "ExpectedBucketOwner": "me"}, UNKNOWN, UNKNOWN),
        ({"Bucket": "b-1", "Key": "k", "ExpectedBucketOwner": ACCOUNT, "CopySource": "c-1/k"}, UNKNOWN, UNKNOWN),
        (
            {
                "Bucket": "b-1",
                "Key": "k",
                "ExpectedBucketOwner": ACCOUNT,
                "CopySource": "c-1/k",
                "ExpectedSourceBucketOwner": OTHER,
            },
            True,
            (ACCOUNT, OTHER),
        ),
    ],
)
def test_a_bucket_name_proves_no_account_but_an_expected_owner_does(params, cross, accounts):
    found = meaning("s3", "CopyObject", params)
    assert (found.cross_account, found.resource_accounts) == (cross, accounts)
    assert found.resource == "arn:aws:s3:::b-1/k"


@pytest.mark.parametrize(
    ("operation", "params", "resource", "resources"),
    [
        ("ListBuckets", {}, None, ()),
        ("ListObjectsV2", {"Bucket": "b-1"}, "arn:aws:s3:::b-1", ("arn:aws:s3:::b-1",)),
        ("GetObject", {"Bucket": "b-1", "Key": "a*/ü:x"}, "arn:aws:s3:::b-1/a*/ü:x", ("arn:aws:s3:::b-1/a*/ü:x",)),
        (
            "DeleteObjects",
            {"Bucket": "b-1", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}]}},
            UNKNOWN,
            ("arn:aws:s3:::b-1/a", "arn:aws:s3:::b-1/b"),
        ),
        (
            "DeleteObjects",
            {"Bucket": "b-1", "Delete": {"Objects": [{"Key": "a", "VersionId": "v"}]}},
            "arn:aws:s3:::b-1/a",
            ("arn:aws:s3:::b-1/a",),
        ),
        ("DeleteObjects", {"Bucket": "b-1", "Delete": {"Objects": []}}, "arn:aws:s3:::b-1", ("arn:aws:s3:::b-1",)),
        ("DeleteObjects", {"Bucket": "b-1", "Delete": {"Objects": [{"Key": "a"}, {"VersionId": "v"}]}}, UNKNOWN, UNKNOWN),
        ("DeleteObjects", {"Bucket": "b-1", "Delete": UNKNOWN}, UNKNOWN, UNKNOWN),
        (
            "CopyObject",
            {"Bucket": "b-1", "Key": "k", "CopySource": "/c-1/a%20b%3Fc?versionId=v"},
            "arn:aws:s3:::b-1/k",
            ("arn:aws:s3:::b-1/k", "arn:aws:s3:::c-1/a b?c"),
        ),
        (
            "GetObject",
            {"Bucket": f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/ap", "Key": "k"},
            f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/ap/object/k",
            (f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/ap/object/k",),
        ),
        ("GetObject", {"Bucket": "ap-metadata-s3alias", "Key": "k"}, UNKNOWN, UNKNOWN),
        (
            "CopyObject",
            {"Bucket": "b-1", "Key": "k", "CopySource": "c-1/a%2Bb"},
            "arn:aws:s3:::b-1/k",
            ("arn:aws:s3:::b-1/k", "arn:aws:s3:::c-1/a+b"),
        ),
        *(
            ("CopyObject", {"Bucket": "b-1", "Key": "k", "CopySource": f"c-1/{odd}"}, "arn:aws:s3:::b-1/k", UNKNOWN)
            for odd in ("a+b", "a?x=1", "a?b?versionId=v", "a#b", "a%ffb", "a%zzb", "a%")
        ),
        (
            "RenameObject",
            {"Bucket": EXPRESS, "Key": "new", "RenameSource": "old/%C3%BC"},
            f"{EXPRESS_ARN}/new",
            (f"{EXPRESS_ARN}/new", f"{EXPRESS_ARN}/old/ü"),
        ),
        *(
            ("RenameObject", {"Bucket": EXPRESS, "Key": "new", "RenameSource": odd}, f"{EXPRESS_ARN}/new", UNKNOWN)
            for odd in (f"{EXPRESS}/old", f"/{EXPRESS}/old", "/old", "%2Fold", "a+b", "a%ff")
        ),
        (
            "PutBucketLogging",
            {"Bucket": "b-1", "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": ""}}},
            "arn:aws:s3:::b-1",
            ("arn:aws:s3:::b-1", "arn:aws:s3:::logs"),
        ),
        (
            "RestoreObject",
            {"Bucket": "b-1", "Key": "k", "RestoreRequest": {"OutputLocation": {"S3": {"BucketName": "out", "Prefix": ""}}}},
            "arn:aws:s3:::b-1/k",
            ("arn:aws:s3:::b-1/k", "arn:aws:s3:::out"),
        ),
        ("GetObject", {"Bucket": "b-1", "Key": UNKNOWN}, UNKNOWN, UNKNOWN),
    ],
)
def test_s3_names_buckets_objects_and_both_ends_of_a_copy(operation, params, resource, resources):
    found = meaning("s3", operation, params)
    assert (found.resource, found.resources) == (resource, resources)


@pytest.mark.parametrize("source", ["b/k?versionId=1", "b/k%3FversionId=1", "b/k?a=1&VersionId=1"])
def test_the_version_of_a_copy_is_read_wherever_it_stands(source):
    found = meaning("s3", "CopyObject", {"Bucket": "a", "Key": "k", "CopySource": source})
    assert "s3:GetObjectVersion" in found.iam_actions
