"""What stands before a host of the table: accounts, buckets, access points, and other identifiers."""

from __future__ import annotations

import pytest

from tests.kit.aws.host_table import ACCOUNT, TABLE


@pytest.mark.parametrize(
    ("host", "account"),
    [
        (f"{ACCOUNT}.ddb.us-east-1.amazonaws.com", ACCOUNT),
        (f"{ACCOUNT}.s3-control.us-east-1.amazonaws.com", ACCOUNT),
        (f"{ACCOUNT}.data-kinesis.us-east-1.amazonaws.com", ACCOUNT),
        ("channel1.data-kinesis.us-east-1.amazonaws.com", None),
        ("aaaaaaaaaaaaaaaaaaaa.aaa.data-kinesis.us-east-1.amazonaws.com", None),
        ("s3-control.us-east-1.amazonaws.com", None),
    ],
)
def test_accounts_in_host_names(host, account):
    place = TABLE.place(host)
    assert (place.account, place.bucket) == (account, None)


@pytest.mark.parametrize(
    ("host", "region", "bucket"),
    [
        ("s3.us-west-2.amazonaws.com", "us-west-2", None),
        ("s3-fips.dualstack.us-west-2.amazonaws.com", "us-west-2", None),
        ("s3.amazonaws.com", "us-east-1", None),
        ("my-bucket.s3.us-west-2.amazonaws.com", "us-west-2", "my-bucket"),
        ("my.dotted.bucket.s3.us-west-2.amazonaws.com", "us-west-2", "my.dotted.bucket"),
        ("my-bucket.s3.dualstack.us-west-2.amazonaws.com", "us-west-2", "my-bucket"),
        ("my-bucket.s3-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", "my-bucket"),
        ("my-bucket.s3.cn-north-1.amazonaws.com.cn", "cn-north-1", "my-bucket"),
        ("s3.s3.us-west-2.amazonaws.com", "us-west-2", "s3"),
        ("s3-backups.s3.us-west-2.amazonaws.com", "us-west-2", "s3-backups"),
        ("s3-us-west-2.s3.us-east-1.amazonaws.com", "us-east-1", "s3-us-west-2"),
        ("dynamodb.s3.us-west-2.amazonaws.com", "us-west-2", "dynamodb"),
        ("us-east-1.s3.us-west-2.amazonaws.com", "us-west-2", "us-east-1"),
        ("dynamodb.us-east-1.amazonaws.com.s3.us-west-2.amazonaws.com", "us-west-2", "dynamodb.us-east-1.amazonaws.com"),
        ("my-ap-hrzrlukc5m36ft7okagglf3gmwluquse1b-s3alias.s3.us-west-2.amazonaws.com", "us-west-2", ...),
        ("s3-us-west-2.amazonaws.com", "us-west-2", None),
        ("my.bucket.s3-us-west-2.amazonaws.com", "us-west-2", "my.bucket"),
        ("s3-external-1.amazonaws.com", "us-east-1", None),
        ("b.s3-external-1.amazonaws.com", "us-east-1", "b"),
        ("bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", "us-east-1", None),
        ("my.bucket.bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", "us-east-1", "my.bucket"),
        ("bucket.vpce-1a2b3c4d-5e6f-us-east-1a.s3.us-east-1.vpce.amazonaws.com", "us-east-1", None),
    ],
)
def test_forms_of_s3(host, region, bucket):
    place = TABLE.place(host)
    assert place.bucket == (host.split(".")[0] if bucket is ... else bucket)
    assert {(one.service, one.signing_name, one.region, one.host) for one in place.candidates} == {("s3", "s3", region, host)}
    assert place.account is None


AP = "my-ap"


@pytest.mark.parametrize(
    ("host", "signing_name", "arn"),
    [
        (f"{AP}-{ACCOUNT}.s3-accesspoint.us-west-2.amazonaws.com", "s3", f"arn:aws:s3:us-west-2:{ACCOUNT}:accesspoint/{AP}"),
        (
            f"{AP}-{ACCOUNT}.s3-accesspoint-fips.dualstack.us-gov-west-1.amazonaws.com",
            "s3",
            f"arn:aws-us-gov:s3:us-gov-west-1:{ACCOUNT}:accesspoint/{AP}",
        ),
        (
            f"{AP}-{ACCOUNT}.s3-accesspoint.cn-north-1.amazonaws.com.cn",
            "s3",
            f"arn:aws-cn:s3:cn-north-1:{ACCOUNT}:accesspoint/{AP}",
        ),
        (
            f"{AP}-{ACCOUNT}.s3-object-lambda.us-west-2.amazonaws.com",
            "s3-object-lambda",
            f"arn:aws:s3-object-lambda:us-west-2:{ACCOUNT}:accesspoint/{AP}",
        ),
        (
            f"{AP}-{ACCOUNT}.op-01234567890123456.s3-outposts.us-west-2.amazonaws.com",
            "s3-outposts",
            f"arn:aws:s3-outposts:us-west-2:{ACCOUNT}:outpost/op-01234567890123456/accesspoint/{AP}",
        ),
        (
            f"{AP}-{ACCOUNT}.accesspoint.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com",
            "s3",
            f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/{AP}",
        ),
    ],
)
def test_access_points_are_their_arn(host, signing_name, arn):
    place = TABLE.place(host)
    assert (place.bucket, place.account) == (arn, ACCOUNT)
    assert [(one.service, one.signing_name, one.host) for one in place.candidates] == [("s3", signing_name, host)]


def test_the_account_of_an_access_point_is_the_last_part_of_its_label():
    place = TABLE.place(f"ap-222222222222-{ACCOUNT}.s3-accesspoint.us-west-2.amazonaws.com")
    assert place.account == ACCOUNT
    assert place.bucket == f"arn:aws:s3:us-west-2:{ACCOUNT}:accesspoint/ap-222222222222"


@pytest.mark.parametrize("second", ["op-0b1d075431d83bebd", "ec2"])
def test_aliases_of_outposts_are_buckets(second):
    alias = "test-accessp-o0b1d075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3"
    place = TABLE.place(f"{alias}.{second}.s3-outposts.us-west-2.amazonaws.com")
    assert (place.bucket, place.account, place.candidates[0].signing_name) == (alias, None, "s3-outposts")


def test_routes_of_object_lambda_name_no_bucket():
    place = TABLE.place("io-abcd1234.s3-object-lambda.us-east-1.amazonaws.com")
    assert (place.bucket, place.account) == (None, None)


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("my--b--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com", "my--b--usw2-az1--x-s3"),
        ("ap--usw2-az1--xa-s3.s3express-usw2-az1.us-west-2.amazonaws.com", "ap--usw2-az1--xa-s3"),
        ("b--test1-long1-zone-ab1--x-s3.s3express-fips-test1-long1-zone-ab1.dualstack.us-west-2.amazonaws.com", ...),
        ("s3express-control.us-west-2.amazonaws.com", None),
    ],
)
def test_directory_buckets(host, bucket):
    place = TABLE.place(host)
    assert place.bucket == (host.split(".")[0] if bucket is ... else bucket)
    assert {one.signing_name for one in place.candidates} == {"s3express"}
    assert ("s3control" in {one.service for one in place.candidates}) == (bucket is None)
