"""Hosts: what each form of name means, and what is no host of AWS. The tables here are made by hand, but for the packaged one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.host_table import ACCOUNT, ALL_OF_AWS, DATA, TABLE
from trio_gate.aws.hosts.table import HostTable
from trio_gate.errors import Unidentified
from trio_gate.shell.models.packaged_data import packaged_hosts


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


@pytest.mark.parametrize("host", ["b.s3.amazonaws.com", "my.bucket.s3-accelerate.amazonaws.com"])
def test_hosts_of_s3_that_serve_buckets_of_every_region(host):
    place = TABLE.place(host)
    assert [one.region for one in place.candidates] == ALL_OF_AWS
    assert place.bucket == host.partition(".s3")[0]


@pytest.mark.parametrize(
    "host",
    [
        *("", ".", "localhost", "a..b", ".dynamodb.us-east-1.amazonaws.com", "dynamodb.us-east-1.amazonaws.com."),
        *("DynamoDB.us-east-1.amazonaws.com", "dynamodb.us-east-1.amazonaws.com:443", "dynamodb.us-east-1.amazonaws.com\n"),
        *("my_bucket.s3.us-west-2.amazonaws.com", "b\N{KELVIN SIGN}.s3.us-west-2.amazonaws.com", "*.s3.us-west-2.amazonaws.com"),
        *("-b.s3.us-west-2.amazonaws.com", "b-.s3.us-west-2.amazonaws.com", f"{'b' * 64}.s3.us-west-2.amazonaws.com"),
        *(
            f"{'b.' * 120}s3.us-west-2.amazonaws.com",
            f"{'b.' * 46}s3.us-west-2.amazonaws.com",
            "{b}.s3.us-west-2.amazonaws.com",
            "dynamodb.{r}.amazonaws.com",
        ),
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
