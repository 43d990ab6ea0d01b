"""What a call is as facets, and which of them are set, unset or unknown."""

from __future__ import annotations

import pytest

from tests.kit.facets import NOW, facets
from trio_gate.aws.call import UNKNOWN
from trio_gate.facet.schema import FACETS
from trio_gate.facet.values import UNSET

KINDS = {"string": str, "bool": bool, "list of strings": list, "list of maps": list, "map": dict}
WHOLE = {
    "aws.service": "s3",
    "aws.action": "GetObject",
    "aws.iam_action": "s3:GetObject",
    "aws.iam_actions": ["s3:GetObject", "s3:GetObjectTagging"],
    "aws.access": "read",
    "aws.level": "fact",
    "aws.reads_secret": False,
    "aws.vends_credentials": False,
    "aws.may_expose_secrets": False,
    "aws.runs_code": False,
    "aws.spends": False,
    "aws.account": "111111111111",
    "aws.account_name": "prod",
    "aws.region": "eu-west-1",
    "aws.partition": "aws",
    "aws.resource": "arn:aws:s3:::photos/cat.jpg",
    "aws.resources": ["arn:aws:s3:::photos/cat.jpg"],
    "aws.resource_accounts": ["111111111111"],
    "aws.cross_account": False,
    "aws.shares_with": [],
    "aws.makes_public": False,
    "aws.policies": [],
    "aws.params": {"Bucket": "photos", "Key": "cat.jpg"},
    "aws.presigned": False,
    "aws.host": "s3.eu-west-1.amazonaws.com",
    "aws.method": "GET",
    "aws.path": "/photos/cat.jpg",
    "aws.protocol": "rest-xml",
    "agent.name": "ci",
    "agent.address": "127.0.0.1",
}


def path(name: str):
    return tuple(name.split("."))


@pytest.mark.parametrize("name", WHOLE)
def test_the_facets_of_a_call(name: str):
    value = facets()[path(name)]
    assert value == WHOLE[name]
    assert type(value) is KINDS[FACETS[name].kind]


def test_a_call_that_is_signed_for_somebody_else_is_presigned():
    assert facets(presigned=60)[path("aws.presigned")] is True


def test_the_time_is_the_decision_s():
    assert facets().time == NOW


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("aws.iam_action", {"iam_action": None}),
        ("aws.account_name", {"account_name": None}),
        ("aws.resource", {"resource": None}),
        ("agent.name", {"agent": None}),
        ("aws.params.Range", {}),
        ("aws.params.Tags", {"params": {"Tags": None}}),
        ("aws.params.A.B", {"params": {"A": {"C": 1}}}),
        ("aws.params.A.B", {"params": {"A": {"B": None}}}),
        ("aws.params.A.B", {"params": {"A": "text"}}),
        ("aws.params.A.B", {"params": {"A": ["B"]}}),
        ("aws.params.A.B", {}),
        ("nothing.here", {}),
        ("nothing", {}),
    ],
)
def test_what_is_not_there_is_unset(name: str, changes):
    found = facets(**changes)
    assert found[path(name)] is UNSET
    assert found.look(path(name)) is UNSET


@pytest.mark.parametrize("field", ["iam_actions", "resource", "resources", "resource_accounts", "cross_account"])
def test_what_cannot_be_derived_is_unknown(field: str):
    assert facets(**{field: UNKNOWN})[("aws", field)] is UNKNOWN


def test_an_empty_list_is_set():
    assert facets(resources=())[("aws", "resources")] == []


@pytest.mark.parametrize("holder", [{"Known": 1, "Body": UNKNOWN}, {"Known": 1, "A": {"B": [{"C": UNKNOWN}]}}])
def test_a_map_with_an_unknown_part_is_unknown_as_a_whole_and_its_other_parts_are_not(holder):
    found = facets(params={"In": holder})
    assert found[("aws", "params", "In", "Known")] == 1
    assert found[("aws", "params", "In")] is UNKNOWN
    assert found[("aws", "params")] is UNKNOWN
    assert found.look(("aws", "params")) == {"In": holder}


def test_a_part_of_what_is_unknown_is_unknown():
    found = facets(params={"Body": UNKNOWN})
    assert found[("aws", "params", "Body", "x", "y")] is UNKNOWN


@pytest.mark.parametrize("key", ["Bucket\0", "\0", "a\0b", "\ud800", "k" * (64 * 1024 + 1), 5])
def test_a_map_whose_keys_cel_cannot_hold_is_unknown_with_all_its_parts(key):
    found = facets(params={"A": {"Bucket": "b", key: 1}, "B": 1})
    assert found.look(("aws", "params", "A")) is UNKNOWN
    assert found.look(("aws", "params", "A", "Bucket")) is UNKNOWN
    assert found.look(("aws", "params", "B")) == 1
    assert facets(params={"Bucket": "b", key: 1}).look(("aws", "params", "Bucket")) is UNKNOWN


def test_a_map_of_too_many_members_is_unknown_with_all_its_parts():
    many = {f"k{number}": number for number in range(2000)}
    assert facets(params=many).look(("aws", "params", "k1")) == 1
    assert facets(params={**many, "one": "more"}).look(("aws", "params", "k1")) is UNKNOWN
