"""The general form of a sentence."""

from __future__ import annotations

import pytest

from tests.kit.aws.effects import effect
from tests.kit.calls import make_call
from trio_gate.aws.call import UNKNOWN
from trio_gate.effect.general import general, words
from trio_gate.effect.sentence import told


def said(operation, params=None, **facts):
    call = make_call(**{"operation": operation, "params": params or {}, "resource": None, "resources": (), **facts})
    return told(general(call, call.params)).sentence


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("DeleteObjects", "delete objects"),
        ("CreateDBInstance", "create DB instance"),
        ("GetBucketACL", "get bucket ACL"),
        ("ListObjectsV2", "list objects V2"),
        ("AssociateVPCWithHostedZone", "associate VPC with hosted zone"),
    ],
)
def test_an_operation_s_name_in_words(operation, said):
    assert words(operation) == said


@pytest.mark.parametrize(
    ("params", "facts", "sentence"),
    [
        ({}, {}, "Do thing"),
        ({"Name": "x-1"}, {}, "Do thing: x-1"),
        ({"Comment": "c-1", "ThingId": "x-1"}, {}, "Do thing: x-1"),
        ({"Comment": "c-1"}, {}, "Do thing: c-1"),
        ({"ClientToken": "t-1"}, {}, "Do thing"),
        ({"A": {"Deep": [{"Arns": ["x-1", "x-2"]}]}}, {}, "Do thing: 2 names (x-1, x-2)"),
        ({"Name": "x-1", "Count": 8}, {}, "Do thing: x-1, count 8"),
        ({"Bucket": "b-1", "Ids": ["x-1", "x-2"], "Name": "n-1"}, {}, "Do thing: n-1, 2 names (x-1, x-2), …"),
        ({"Name": {"$masked": {"length": 3}}}, {}, "Do thing"),
        ({"Name": "x-1"}, {"resources": ("arn:aws:s3:::b-1/k",)}, "Do thing: b-1/k"),
        ({"Name": "x-1"}, {"resources": ("arn:aws:s3:::b-1/*",)}, "Do thing: x-1"),
        ({"Name": "x-1"}, {"resources": UNKNOWN, "resource": "arn:aws:s3:::b-1"}, "Do thing: b-1, x-1"),
        (
            {},
            {"resources": ("arn:aws:s3:::b-1", "arn:aws:s3:::b-2"), "resource": "arn:aws:s3:::b-2"},
            "Do thing: 2 resources (b-2, b-1)",
        ),
    ],
)
def test_object_and_quantity_follow(params, facts, sentence):
    assert said("DoThing", params, **facts) == sentence


def test_names_that_have_no_room_stand_beside_the_sentence():
    call = make_call(
        operation="DoThing", params={f"Name{number}Id": f"x-{number}" for number in range(4)}, resource=None, resources=()
    )
    found = told(general(call, call.params))
    assert (found.sentence, found.names) == ("Do thing: x-0, x-1, …", ("x-2", "x-3"))


def test_a_resource_of_another_account_is_whole():
    arn = "arn:aws:sqs:us-east-1:444455556666:jobs"
    assert effect("lambda.TagResource", {"Resource": arn, "Tags": {}}).sentence == f"Tag resource: {arn}"
