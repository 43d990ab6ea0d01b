"""The session policy that allows one call and nothing else; and the calls for which there is none."""

import json
from dataclasses import replace

import pytest

from tests.kit.aws.operations import TABLES
from tests.kit.aws.sts import REQUEST
from tests.kit.calls import make_call
from tests.kit.configs import load
from trio_gate.aws.call import UNKNOWN
from trio_gate.errors import Denied
from trio_gate.exchange.narrow import narrowed

(RULE,) = load('rule "n" {\n  action = "allow"\n  narrow = true\n}\n').rules
BUCKET, OBJECT = "arn:aws:s3:::b", "arn:aws:s3:::b/k"
TABLE = "arn:aws:dynamodb:us-east-1:111111111111:table/t"
ROLE = "arn:aws:iam::111111111111:role/r"


def policy(actions, resources, *also, role=REQUEST):
    found = narrowed(role, make_call(iam_actions=actions, resources=resources), TABLES, replace(RULE, narrow_also=also))
    assert replace(found, session_policy=None) == replace(role, session_policy=None)
    read = json.loads(found.session_policy)
    assert read["Version"] == "2012-10-17"
    assert {one["Effect"] for one in read["Statement"]} == {"Allow"}
    return [(one["Action"], one["Resource"]) for one in read["Statement"]]


@pytest.mark.parametrize(
    ("actions", "resources", "expected"),
    [
        (("s3:GetObject",), (OBJECT,), [(["s3:GetObject"], [OBJECT])]),
        (("s3:ListBucket",), (BUCKET,), [(["s3:ListBucket"], [BUCKET])]),
        (("s3:ListAllMyBuckets",), (), [(["s3:ListAllMyBuckets"], "*")]),
        (("ec2:DescribeInstances",), ("arn:aws:ec2:us-east-1:111111111111:instance/i-1",), [(["ec2:DescribeInstances"], "*")]),
        (
            ("s3:PutObject", "s3:GetObject"),
            (OBJECT, f"{OBJECT}2"),
            [(["s3:PutObject", "s3:GetObject"], [OBJECT, f"{OBJECT}2"])],
        ),
        (
            ("dynamodb:DescribeTable", "dynamodb:ListTables"),
            (TABLE,),
            [(["dynamodb:DescribeTable"], [TABLE]), (["dynamodb:ListTables"], "*")],
        ),
        (("nobody:Knows",), (ROLE,), [(["nobody:Knows"], [ROLE])]),
        (("s3:GetObject",), ("arn:aws:s3:::b/a*b?c$d${e}",), [(["s3:GetObject"], ["arn:aws:s3:::b/a${*}b${?}c${$}d${$}{e}"])]),
        (("s3:GetObject",), ('arn:aws:s3:::b/"é\\',), [(["s3:GetObject"], ['arn:aws:s3:::b/"é\\'])]),
    ],
)
def test_what_was_judged_and_nothing_else(actions, resources, expected):
    assert policy(actions, resources) == expected


def test_what_the_rule_adds_is_for_any_resource():
    assert policy(("s3:GetObject",), (OBJECT,), "kms:Decrypt") == [(["s3:GetObject"], [OBJECT]), (["kms:Decrypt"], "*")]
    assert policy(("s3:ListAllMyBuckets",), (), "kms:Decrypt") == [(["s3:ListAllMyBuckets", "kms:Decrypt"], "*")]


@pytest.mark.parametrize(
    ("actions", "resources", "why"),
    [
        (UNKNOWN, (OBJECT,), "its IAM actions are unknown"),
        ((), (OBJECT,), "its IAM actions are unknown"),
        (("s3:GetObject",), UNKNOWN, "its resources are unknown"),
        (("s3:ListAllMyBuckets",), UNKNOWN, "its resources are unknown"),
        (("s3:ListAllMyBuckets", "s3:GetObject"), (), "it names no resource for s3:GetObject"),
        (("nobody:Knows",), (), "it names no resource for nobody:Knows"),
        (("s3:DeleteObject",), tuple(f"{OBJECT}{n}" for n in range(1000)), "has more than 2048 characters"),
        (("s3:DeleteObject",), ("arn:aws:s3:::b/" + "*" * 1000,), "has more than 2048 characters"),
        (("s3:DeleteObject",), ("arn:aws:s3:::b/" + "é" * 1000,), "has more than 2048 characters"),
    ],
)
def test_what_cannot_be_said_is_refused(actions, resources, why):
    with pytest.raises(Denied, match=f'rule "n" has `narrow = true`, and .*{why}'):
        policy(actions, resources)


def test_two_policies_would_be_wider_than_each():
    with pytest.raises(Denied, match="cannot be used together"):
        policy(("s3:GetObject",), (OBJECT,), role=replace(REQUEST, session_policy="{}"))


def test_the_longest_policy_fits():
    spare = 2048 - len(
        narrowed(REQUEST, make_call(iam_actions=("s3:GetObject",), resources=(OBJECT,)), TABLES, RULE).session_policy
    )
    assert policy(("s3:GetObject",), (OBJECT + "x" * spare,))
    with pytest.raises(Denied):
        policy(("s3:GetObject",), (OBJECT + "x" * (spare + 1),))
