"""The vocabulary of rules, held against what a call has."""

from __future__ import annotations

from tests.kit.facets import facets
from trio_gate.facet.schema import FACETS, ROOTS

WHOLE = {
    "aws.service": "s3",
    "aws.action": "GetObject",
    "aws.iam_action": "s3:GetObject",
    "aws.iam_actions": ["s3:GetObject", "s3:GetObjectTagging"],
    "aws.access": "read",
    "aws.reads_secret": False,
    "aws.vends_credentials": False,
    "aws.account": "111111111111",
    "aws.account_name": "prod",
    "aws.region": "eu-west-1",
    "aws.partition": "aws",
    "aws.resource": "arn:aws:s3:::photos/cat.jpg",
    "aws.resources": ["arn:aws:s3:::photos/cat.jpg"],
    "aws.resource_accounts": ["111111111111"],
    "aws.cross_account": False,
    "aws.params": {"Bucket": "photos", "Key": "cat.jpg"},
    "aws.host": "s3.eu-west-1.amazonaws.com",
    "aws.method": "GET",
    "aws.path": "/photos/cat.jpg",
    "aws.protocol": "rest-xml",
    "aws.may_expose_secrets": False,
    "aws.runs_code": False,
    "aws.spends": False,
    "aws.shares_with": [],
    "aws.makes_public": False,
    "aws.policies": [],
    "agent.name": "ci",
    "agent.address": "127.0.0.1",
}


def test_the_schema_names_what_there_is():
    assert WHOLE.keys() | {"request.time"} == FACETS.keys()
    assert {name.split(".")[0] for name in FACETS} == ROOTS
    assert set(facets().look(("aws",))) | set(facets().look(("agent",))) == {name.split(".")[1] for name in WHOLE}
