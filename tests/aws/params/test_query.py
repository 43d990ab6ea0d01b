"""Parameters of the query protocols: lists, structures and maps from dotted names."""

from __future__ import annotations

import pytest

from tests.kit.aws.naming import FORM, named, place
from trio_gate.errors import Malformed

# --- query --------------------------------------------------------------------------------------------------------------


def ec2(query, action="DescribeInstances"):
    return named("POST /", FORM, f"Action={action}&Version=2016-11-15&{query}".encode(), at=place("ec2")).params


def test_ec2_lists_and_structures():
    params = ec2("InstanceId.1=i-1&InstanceId.2=i-2&Filter.1.Name=tag%3Aa&Filter.1.Value.1=b+c&MaxResults=5&DryRun=true")
    assert params == {
        "InstanceIds": ["i-1", "i-2"],
        "Filters": [{"Name": "tag:a", "Values": ["b c"]}],
        "MaxResults": 5,
        "DryRun": True,
    }


def test_a_list_has_an_order_by_number_not_by_arrival():
    assert ec2("&".join(f"InstanceId.{n}=i-{n}" for n in range(12, 0, -1)))["InstanceIds"] == [f"i-{n}" for n in range(1, 13)]


@pytest.mark.parametrize(
    "query",
    [
        "Nonsense=1",
        "instanceId.1=i",
        "InstanceId=i",
        "InstanceId.0=i",
        "InstanceId.2=i",
        "InstanceId.01=i",
        "InstanceId.x=i",
        "InstanceId.1=i&InstanceId.3=i",
        "InstanceId.1.Name=i",
        "InstanceId.1=i&InstanceId.1.x=i",
        "Filter.1=x",
        "Filter.1.Name=a&Filter.1.Nonsense=b",
        "MaxResults.1=5",
        "MaxResults=five",
        "MaxResults=0x5",
        "MaxResults=5_0",
        "DryRun=TRUE",
        "DryRun=",
        "Filter%5B1%5D.Name=a",
        ".=1",
    ],
)
def test_query_parameters_that_the_shape_does_not_have(query):
    with pytest.raises(Malformed):
        ec2(query)


def test_query_members_entries_and_empty_lists():
    at = place("sns")
    body = b"Action=CreateTopic&Version=2010-03-31&Name=t&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=d&Tags="
    assert named("POST /", FORM, body, at=at).params == {"Name": "t", "Attributes": {"DisplayName": "d"}, "Tags": []}
    for entry in ("key=a", "key=a&Attributes.entry.2.key=a&Attributes.entry.1.value=1&Attributes.entry.2.value=2", "value=1"):
        with pytest.raises(Malformed):
            named("POST /", FORM, b"Action=CreateTopic&Version=2010-03-31&Attributes.entry.1." + entry.encode(), at=at)


def test_the_region_that_sdks_fold_into_a_presigned_url():
    url = "https%3A%2F%2Frds.us-west-2.amazonaws.com%2F%3FAction%3DCopyDBSnapshot"
    body = f"Action=CopyDBSnapshot&Version=2014-10-31&SourceDBSnapshotIdentifier=a&PreSignedUrl={url}".encode()
    assert named("POST /", FORM, body, at=place("rds")).params["SourceRegion"] == "us-west-2"
