"""Hosts: what each form of name means, and what is no host of AWS. The tables here are made by hand, but for the packaged one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.aws.hosts.table import HostTable
from trio_gate.errors import Unidentified
from trio_gate.shell.exchange.packaged_data import packaged_hosts

ACCOUNT = "111111111111"
EVERYWHERE = {"aws": "*", "aws-cn": "*", "aws-us-gov": "*"}
ALL_OF_AWS = ["eu-west-1", "us-east-1", "us-west-2"]
DATA = {
    "botocore": "0",
    "partitions": {
        "aws": {"suffix": "amazonaws.com", "dual": "api.aws", "regions": ALL_OF_AWS},
        "aws-cn": {"suffix": "amazonaws.com.cn", "dual": "api.amazonwebservices.com.cn", "regions": ["cn-north-1"]},
        "aws-us-gov": {"suffix": "amazonaws.com", "dual": "api.aws", "regions": ["us-gov-west-1"]},
    },
    "services": {
        "budgets": {
            "signing_name": "budgets",
            "hosts": {"budgets-fips.{s}": {"aws": {"": ["us-east-1"]}, "aws-us-gov": {"": ["us-gov-west-1"]}}},
            "default": {},
        },
        "dynamodb": {
            "signing_name": "dynamodb",
            "hosts": {
                "dynamodb.{r}.{s}": EVERYWHERE,
                "dynamodb-fips.{r}.{s}": EVERYWHERE,
                "dynamodb.{r}.{d}": EVERYWHERE,
                "{a}.ddb.{r}.{s}": EVERYWHERE,
            },
            "default": {"*": "dynamodb.{r}.{s}"},
        },
        "elb": {
            "signing_name": "elasticloadbalancing",
            "hosts": {"elasticloadbalancing.{r}.{s}": EVERYWHERE},
            "default": {"*": "elasticloadbalancing.{r}.{s}"},
        },
        "elbv2": {
            "signing_name": "elasticloadbalancing",
            "hosts": {"elasticloadbalancing.{r}.{s}": EVERYWHERE},
            "default": {"*": "elasticloadbalancing.{r}.{s}"},
        },
        "health": {
            "signing_name": "health",
            "hosts": {"health.{r}.{s}": {"aws": {"eu-west-1": ["us-east-1", "eu-west-1"], "us-east-1": ["us-east-1"]}}},
            "default": {"*": "health.{r}.{s}"},
        },
        "iam": {
            "signing_name": "iam",
            "hosts": {
                "iam.{s}": {"aws": {"": ["us-east-1"]}},
                "iam.{r}.{s}": {"aws-cn": "*"},
                "iam.us-gov.{s}": {"aws-us-gov": {"": ["us-gov-west-1"]}},
            },
            "default": {"*": "iam.{s}", "aws-cn": "iam.{r}.{s}", "aws-us-gov": "iam.us-gov.{s}"},
        },
        "kinesis": {
            "signing_name": "kinesis",
            "hosts": {
                "{a}.data-kinesis.{r}.{s}": EVERYWHERE,
                "{l}.data-kinesis.{r}.{s}": EVERYWHERE,
                "{l}.{l}.data-kinesis.{r}.{s}": EVERYWHERE,
            },
            "default": {},
        },
        "networkmanager": {
            "signing_name": "networkmanager",
            "hosts": {"networkmanager.{r}.{s}": {"aws": {"us-west-2": ["us-west-2"]}}},
            "default": {"*": "networkmanager.us-west-2.{s}", "aws-cn": "", "us-west-2": "networkmanager.{r}.{s}"},
        },
        "s3": {
            "signing_name": "s3",
            "hosts": {
                "s3.{r}.{s}": EVERYWHERE,
                "s3.{s}": {"aws": {"": ["us-east-1"]}},
                "{b}.s3.{s}": {"aws": {"": ALL_OF_AWS}},
                **{
                    f"{front}s3{form}.{{r}}.{{s}}": EVERYWHERE
                    for front in ("", "{b}.")
                    for form in ("", "-fips", ".dualstack", "-fips.dualstack")
                },
                "{b}.s3-accelerate.{s}": {"aws": {"": ALL_OF_AWS}},
                "{ap}.s3-accesspoint.{r}.{s}": EVERYWHERE,
                "{ap}.s3-accesspoint-fips.dualstack.{r}.{s}": EVERYWHERE,
                "{ol}.s3-object-lambda.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3-object-lambda"),
                "{l}.s3-object-lambda.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3-object-lambda"),
                "{op}.s3-outposts.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3-outposts"),
                "s3express-control.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3express"),
                "{x}.s3express-{z}.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3express"),
                "{x}.s3express-fips-{z}.dualstack.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3express"),
            },
            "default": {"*": "s3.{r}.{s}"},
        },
        "s3control": {
            "signing_name": "s3",
            "hosts": {
                "s3-control.{r}.{s}": EVERYWHERE,
                "{a}.s3-control.{r}.{s}": EVERYWHERE,
                "s3-outposts.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3-outposts"),
                "s3express-control.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3express"),
            },
            "default": {"*": "s3-control.{r}.{s}"},
        },
        "cloudsearchdomain": {"signing_name": "cloudsearch", "hosts": {"cloudsearchdomain.{r}.{s}": EVERYWHERE}, "default": {}},
        "machinelearning": {"signing_name": "machinelearning", "hosts": {"machinelearning.{r}.{s}": EVERYWHERE}, "default": {}},
        "signin": {"signing_name": "signin", "hosts": {"{r}.oauth.signin.aws": {"aws": "*"}}, "default": {}},
        "sqs": {"signing_name": "sqs", "hosts": {"sqs.{r}.{s}": EVERYWHERE}, "default": {"*": "sqs.{r}.{s}"}},
        "stepfunctions": {
            "signing_name": "states",
            "hosts": {"states.{r}.{s}": EVERYWHERE, "sync-states.{r}.{s}": EVERYWHERE},
            "default": {"*": "states.{r}.{s}"},
        },
        "timestream-query": {
            "signing_name": "timestream",
            "hosts": {"query.timestream.{r}.{s}": EVERYWHERE},
            "default": {"*": "query.timestream.{r}.{s}"},
        },
    },
}
TABLE = HostTable(DATA)


def scopes(place):
    return {(one.service, one.partition, one.region, one.signing_name) for one in place.candidates}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("dynamodb.eu-west-1.amazonaws.com", ("dynamodb", "aws", "eu-west-1", "dynamodb")),
        ("dynamodb-fips.us-gov-west-1.amazonaws.com", ("dynamodb", "aws-us-gov", "us-gov-west-1", "dynamodb")),
        ("dynamodb.us-east-1.api.aws", ("dynamodb", "aws", "us-east-1", "dynamodb")),
        ("dynamodb.cn-north-1.amazonaws.com.cn", ("dynamodb", "aws-cn", "cn-north-1", "dynamodb")),
        ("dynamodb.cn-north-1.api.amazonwebservices.com.cn", ("dynamodb", "aws-cn", "cn-north-1", "dynamodb")),
        ("iam.amazonaws.com", ("iam", "aws", "us-east-1", "iam")),
        ("iam.us-gov.amazonaws.com", ("iam", "aws-us-gov", "us-gov-west-1", "iam")),
        ("iam.cn-north-1.amazonaws.com.cn", ("iam", "aws-cn", "cn-north-1", "iam")),
        ("networkmanager.us-west-2.amazonaws.com", ("networkmanager", "aws", "us-west-2", "networkmanager")),
        ("sync-states.us-east-1.amazonaws.com", ("stepfunctions", "aws", "us-east-1", "states")),
        ("us-west-2.oauth.signin.aws", ("signin", "aws", "us-west-2", "signin")),
    ],
)
def test_services(host, expected):
    place = TABLE.place(host)
    assert scopes(place) == {expected}
    assert {one.host for one in place.candidates} == {place.host} == {host}
    assert (place.bucket, place.account) == (None, None)


def test_a_shared_host_has_every_service():
    place = TABLE.place("elasticloadbalancing.us-east-1.amazonaws.com")
    assert [one.service for one in place.candidates] == ["elb", "elbv2"]


def test_a_host_that_is_signed_for_several_regions_has_each():
    place = TABLE.place("health.eu-west-1.amazonaws.com")
    assert [one.region for one in place.candidates] == ["us-east-1", "eu-west-1"]


def test_a_host_that_partitions_share_has_the_scope_of_each():
    assert scopes(TABLE.place("budgets-fips.amazonaws.com")) == {
        ("budgets", "aws", "us-east-1", "budgets"),
        ("budgets", "aws-us-gov", "us-gov-west-1", "budgets"),
    }


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


@pytest.mark.parametrize("host", ["b.s3.amazonaws.com", "my.bucket.s3-accelerate.amazonaws.com"])
def test_hosts_of_s3_that_serve_buckets_of_every_region(host):
    place = TABLE.place(host)
    assert [one.region for one in place.candidates] == ALL_OF_AWS
    assert place.bucket == host.partition(".s3")[0]


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


@pytest.mark.parametrize(
    ("host", "service", "region"),
    [
        ("vpce-0a1b2c3d-abcd.dynamodb.us-east-1.vpce.amazonaws.com", "dynamodb", "us-east-1"),
        ("vpce-0a1b2c3d4e5f-abcdefgh-us-west-2a.sync-states.us-west-2.vpce.amazonaws.com", "stepfunctions", "us-west-2"),
        (f"{ACCOUNT}.control.vpce-1a2b3c4d-5e6f.s3.us-west-2.vpce.amazonaws.com", "s3control", "us-west-2"),
        ("query-cell1.timestream.eu-west-1.amazonaws.com", "timestream-query", "eu-west-1"),
        ("queue.amazonaws.com", "sqs", "us-east-1"),
        ("us-west-2.queue.amazonaws.com", "sqs", "us-west-2"),
        ("cn-north-1.queue.amazonaws.com.cn", "sqs", "cn-north-1"),
        ("realtime.machinelearning.us-east-1.amazonaws.com", "machinelearning", "us-east-1"),
        ("search-my-dom-abcdefghijklmnopqrstuvwxyz.us-east-1.cloudsearch.amazonaws.com", "cloudsearchdomain", "us-east-1"),
        ("doc-dom-0123456789abcdefghijklmnop.eu-west-1.cloudsearch.amazonaws.com", "cloudsearchdomain", "eu-west-1"),
    ],
)
def test_second_names(host, service, region):
    place = TABLE.place(host)
    assert [(one.service, one.region, one.host) for one in place.candidates] == [(service, region, host)]
    assert place.host == host


REFUSED = {
    "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com": "belongs to a customer",
    "abcd.lambda-url.us-east-1.on.aws": "belongs to a customer",
    "ec2-203-0-113-10.compute-1.amazonaws.com": "belongs to a customer",
    "x.us-east-1.elb.amazonaws.com": "belongs to a customer",
    "search-d-abcdefghijklmnopqrstuvwxyz.us-east-1.es.amazonaws.com": "belongs to a customer",
    "search-domain-abcdefghijklmnopqrstuvwxy.us-east-1.cloudsearch.amazonaws.com": "belongs to a customer",
    "find-domain-abcdefghijklmnopqrstuvwxyz.us-east-1.cloudsearch.amazonaws.com": "belongs to a customer",
    "abc.appsync-api.us-east-1.amazonaws.com": "belongs to a customer",
    "aabbccddeeff.data.mediastore.us-east-1.amazonaws.com": "belongs to a customer",
    "c.cluster-abc.us-east-1.neptune.amazonaws.com": "belongs to a customer",
    "vpce-0a1b2c3d-abcd.vpce-svc-0123456789abcdef0.us-east-1.vpce.amazonaws.com": "belongs to a customer",
    "a1b2c3-ats.iot.us-east-1.amazonaws.com": "use data-ats.iot",
    "111111111111.dkr.ecr.us-east-1.amazonaws.com": "container registry",
    "b.s3-website-us-east-1.amazonaws.com": "is a website",
    "b.s3-website.eu-central-1.amazonaws.com": "is a website",
    "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com": "SigV4A.*one region",
    "abc123.456def.endpoint.events.amazonaws.com": "SigV4A.*EndpointId",
    "abc123.456def.endpoints.email.amazonaws.com": "SigV4A.*EndpointId",
    "111111111111.cloudfront-kvs.global.api.aws": "SigV4A",
    "vpce-0a1b2c3d-abcd.nothing.us-east-1.vpce.amazonaws.com": "no interface endpoint",
    "x.vpce-0a1b2c3d-abcd.dynamodb.us-east-1.vpce.amazonaws.com": "no interface endpoint",
    "vpce-0a1b2c3d-abcd.s3.us-east-1.vpce.amazonaws.com": "no interface endpoint",
    "vpce-0a1b2c3d-abcd.bucket.s3.us-east-1.vpce.amazonaws.com": "no interface endpoint",
    "accesspoint.vpce-0a1b2c3d-abcd.s3.us-east-1.vpce.amazonaws.com": "no interface endpoint",
    **dict.fromkeys(
        [
            "iamadmin.amazonaws.com",
            "iam.us-east-1.amazonaws.com",
            "dynamodb.amazonaws.com",
            "dynamodb.us-east-9.amazonaws.com",
            "dynamodb.us-east-1.amazonaws.com.cn",
            "dynamodb.cn-north-1.amazonaws.com",
            "dynamodb.us-east-1.us-east-1.amazonaws.com",
            "dynamodb.us-east-1.amazonaws.com.evil.example",
            "dynamodb.us-east-1.evilamazonaws.com",
            "x.dynamodb.us-east-1.amazonaws.com",
            "networkmanager.us-east-1.amazonaws.com",
            "11111111111.ddb.us-east-1.amazonaws.com",
            "1111111111111.ddb.us-east-1.amazonaws.com",
            "ddb.us-east-1.amazonaws.com",
            "a.b.c.data-kinesis.us-east-1.amazonaws.com",
            "myid-1234.s3-control.us-east-1.amazonaws.com",
            f"x.{ACCOUNT}.s3-control.us-east-1.amazonaws.com",
            "s3-accelerate.amazonaws.com",
            "s3-accesspoint.us-west-2.amazonaws.com",
            "ap.s3-accesspoint.us-west-2.amazonaws.com",
            f"-{ACCOUNT}a.s3-accesspoint.us-west-2.amazonaws.com".lstrip("-"),
            f"a.ap-{ACCOUNT}.s3-accesspoint.us-west-2.amazonaws.com",
            f"ap-{ACCOUNT}.s3-outposts.us-west-2.amazonaws.com",
            f"ap-{ACCOUNT}.ec2.s3-outposts.us-west-2.amazonaws.com",
            f"ap-{ACCOUNT}.xy-1.s3-outposts.us-west-2.amazonaws.com",
            "a.b.s3-object-lambda.us-west-2.amazonaws.com",
            "b--usw2-az1--x-s3.s3express-usw2-az2.us-west-2.amazonaws.com",
            "b--usw2-az1--y-s3.s3express-usw2-az1.us-west-2.amazonaws.com",
            "s3express-usw2-az1.us-west-2.amazonaws.com",
            "b.s3express-control.us-west-2.amazonaws.com",
            "s3-us-west-9.amazonaws.com",
            "b.s3-external-2.amazonaws.com",
            "query-cella.timestream.eu-west-1.amazonaws.com",
            "us-west-9.queue.amazonaws.com",
            "amazonaws.com",
            "us-east-1.amazonaws.com",
            "example.com",
            "127.0.0.1",
            "169.254.169.254",
        ],
        "no AWS host that this gateway knows",
    ),
}


@pytest.mark.parametrize(("host", "reason"), REFUSED.items())
def test_names_that_are_not_served(host, reason):
    with pytest.raises(Unidentified, match=reason) as caught:
        TABLE.place(host)
    assert caught.value.reason.startswith(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", ".", "localhost", "a..b", ".dynamodb.us-east-1.amazonaws.com", "dynamodb.us-east-1.amazonaws.com."),
        *("DynamoDB.us-east-1.amazonaws.com", "dynamodb.us-east-1.amazonaws.com:443", "dynamodb.us-east-1.amazonaws.com\n"),
        *("my_bucket.s3.us-west-2.amazonaws.com", "b\N{KELVIN SIGN}.s3.us-west-2.amazonaws.com", "*.s3.us-west-2.amazonaws.com"),
        *("-b.s3.us-west-2.amazonaws.com", "b-.s3.us-west-2.amazonaws.com", f"{'b' * 64}.s3.us-west-2.amazonaws.com"),
        *(f"{'b.' * 120}s3.us-west-2.amazonaws.com", "{b}.s3.us-west-2.amazonaws.com", "dynamodb.{r}.amazonaws.com"),
    ],
    ids=ascii,
)
def test_what_is_no_host_name(host):
    with pytest.raises(Unidentified, match="not a host name in lower case"):
        TABLE.place(host)


@given(
    st.lists(
        st.sampled_from(
            [
                "s3",
                "s3-control",
                "{r}",
                "us-east-1",
                "vpce-1-2",
                "s3express-a",
                "amazonaws",
                "com",
                "cn",
                "b",
                "é",
                "ec2",
                "bucket",
            ]
        ),
        max_size=9,
    )
)
def test_any_host_is_a_place_or_refused(labels):
    host = ".".join(labels)
    try:
        place = TABLE.place(host)
    except Unidentified:
        return
    assert place.host == host
    assert {one.host for one in place.candidates} == {host}


# --- scopes alone -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signing_name", "region", "expected"),
    [
        ("dynamodb", "eu-west-1", [("dynamodb", "dynamodb.eu-west-1.amazonaws.com", "eu-west-1")]),
        ("dynamodb", "cn-north-1", [("dynamodb", "dynamodb.cn-north-1.amazonaws.com.cn", "cn-north-1")]),
        ("health", "eu-west-1", [("health", "health.eu-west-1.amazonaws.com", "eu-west-1")]),
        ("iam", "us-east-1", [("iam", "iam.amazonaws.com", "us-east-1")]),
        ("iam", "eu-west-1", [("iam", "iam.amazonaws.com", "us-east-1")]),
        ("iam", "us-gov-west-1", [("iam", "iam.us-gov.amazonaws.com", "us-gov-west-1")]),
        ("networkmanager", "us-west-2", [("networkmanager", "networkmanager.us-west-2.amazonaws.com", "us-west-2")]),
        ("networkmanager", "eu-west-1", [("networkmanager", "networkmanager.us-west-2.amazonaws.com", "us-west-2")]),
        (
            "elasticloadbalancing",
            "us-west-2",
            [(name, "elasticloadbalancing.us-west-2.amazonaws.com", "us-west-2") for name in ("elb", "elbv2")],
        ),
        (
            "s3",
            "us-east-1",
            [("s3", "s3.us-east-1.amazonaws.com", "us-east-1"), ("s3control", "s3-control.us-east-1.amazonaws.com", "us-east-1")],
        ),
    ],
)
def test_places_of_scopes(signing_name, region, expected):
    place = TABLE.place_of_scope(signing_name, region)
    assert [(one.service, one.host, one.region) for one in place.candidates] == expected
    assert place.host == expected[0][1]
    assert {one.signing_name for one in place.candidates} == {signing_name}
    assert (place.bucket, place.account) == (None, None)


def test_a_service_narrows_a_scope():
    place = TABLE.place_of_scope("elasticloadbalancing", "us-west-2", service="elbv2")
    assert [one.service for one in place.candidates] == ["elbv2"]


@pytest.mark.parametrize(
    ("signing_name", "region", "service", "reason"),
    [
        ("dynamodb", "us-east-9", None, "no AWS region"),
        ("dynamodb", "evil.example#", None, "no AWS region"),
        ("dynamodb", "", None, "no AWS region"),
        ("dynamodb", "US-EAST-1", None, "no AWS region"),
        ("evil.example", "us-east-1", None, "no AWS service"),
        ("elb", "us-east-1", None, "no AWS service"),
        ("dynamodb", "us-east-1", "sqs", "not one that signs as dynamodb"),
        ("dynamodb", "us-east-1", "", "not one that signs as dynamodb"),
        ("networkmanager", "cn-north-1", None, "has no host in cn-north-1"),
        ("signin", "us-east-1", None, "has no host in us-east-1"),
        ("s3-outposts", "us-east-1", None, "has no host in us-east-1"),
    ],
)
def test_scopes_that_lead_nowhere(signing_name, region, service, reason):
    with pytest.raises(Unidentified, match=reason):
        TABLE.place_of_scope(signing_name, region, service=service)


def test_partitions_and_domains():
    assert TABLE.partition_of("us-gov-west-1") == "aws-us-gov"
    assert TABLE.partition_of("aws-global") is None
    assert TABLE.domains(["aws"]) == ("amazonaws.com", "api.aws", "oauth.signin.aws")
    assert TABLE.domains(["aws-cn"]) == ("amazonaws.com.cn", "api.amazonwebservices.com.cn")
    assert TABLE.domains(["aws", "aws-us-gov"]) == ("amazonaws.com", "api.aws", "oauth.signin.aws")
    assert TABLE.domains([]) == ()


def test_a_pattern_that_cannot_be_read_is_our_fault():
    broken = {**DATA, "services": {"x": {"signing_name": "x", "hosts": {"": {"aws": "*"}}, "default": {}}}}
    with pytest.raises(ValueError, match="of x cannot be read"):
        HostTable(broken)


def test_the_packaged_table_names_every_host_it_lists():
    data = packaged_hosts()
    table = HostTable(data)
    fronts = {"{a}.": f"{ACCOUNT}.", "{l}.": "label.", "{b}.": "bucket.", "{x}.": "b--use1-az4--x-s3.", "{z}": "use1-az4"}
    fronts |= dict.fromkeys(("{ap}.", "{ol}."), f"ap-{ACCOUNT}.") | {"{op}.": f"ap-{ACCOUNT}.op-1."}
    for service, one in data["services"].items():
        for pattern, found in one["hosts"].items():
            for partition, scopes in found.items():
                names = data["partitions"][partition]
                region = names["regions"][-1] if isinstance(scopes, str) else max(scopes)
                fill = {**fronts, "{r}": region, "{s}": names["suffix"], "{d}": names["dual"]}
                host = pattern
                for slot, text in fill.items():
                    host = host.replace(slot, text)
                place = table.place(host)
                assert (service, partition) in {(it.service, it.partition) for it in place.candidates}, host
                assert any(host.endswith(f".{domain}") or host == domain for domain in table.domains([partition]))
                assert (place.account is not None) == any(slot in pattern for slot in ("{a}", "{ap}", "{ol}", "{op}"))
                assert (place.bucket is not None) == any(slot in pattern for slot in ("{b}", "{ap}", "{ol}", "{op}", "{x}"))


@pytest.mark.parametrize("service", ["iam", "route53", "sts", "cloudfront", "organizations", "ec2", "s3", "lambda", "rds"])
def test_the_packaged_table_places_scopes(service):
    table = HostTable(packaged_hosts())
    for region in ("us-east-1", "eu-west-1"):
        place = table.place_of_scope(service, region)
        (one,) = (one for one in place.candidates if one.service == service)
        assert one.region in (region, "us-east-1")
        assert one in table.place(one.host).candidates
