"""What a plan says of an operation holds for every call of it."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, TABLES, input_of, meaning, operations
from trio_gate.aws import operation_plan
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.actions import all_actions, main_action
from trio_gate.aws.operation_plan import PLANS_KEPT, plan_of
from trio_gate.aws.policies.documents import read_policies
from trio_gate.aws.review.meaning import decided

ROLE, POLICY = f"arn:aws:iam::{ACCOUNT}:role/r", '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
VALUES = {
    "string": [ROLE, POLICY, "true", UNKNOWN],
    "boolean": [True, False],
    "integer": [0, 5],
    "blob": [POLICY.encode()],
}


def sent(shape, depth=3):
    """Parameters of an input of this shape, of one member each."""
    for name, member in shape.members.items() if shape else ():
        yield from ({name: value} for value in valued(member.shape, depth))


def valued(shape, depth):
    if shape.type == "structure":
        return list(sent(shape, depth - 1)) if depth else [UNKNOWN]
    if shape.type == "list":
        return [[one] for one in valued(shape.element.shape, depth - 1)] if depth else [UNKNOWN]
    if shape.type == "map":
        return [{"role": one} for one in valued(shape.members["value"].shape, depth - 1)] if depth else [UNKNOWN]
    return VALUES.get(shape.type, [])


def test_what_a_plan_has_settled_no_parameter_changes(each_service):
    for operation in operations(each_service):
        shape = input_of(each_service, operation)
        plan = plan_of(TABLES, each_service, operation, shape, each_service, "POST")
        for params in sent(shape, depth=2):
            action = main_action(
                TABLES, service=each_service, operation=operation, signing_name=each_service, method="POST", params=params
            )
            if plan.row is not None and plan.said is not None:
                assert decided(each_service, plan.row, params) == plan.said
            if plan.acts is not None:
                assert plan.acts.action == action
            if plan.holders is None:
                assert meaning(each_service, operation, params).policies in ((), UNKNOWN)


@pytest.mark.parametrize(
    ("service", "operation", "params", "settled"),
    [
        ("dynamodb", "GetItem", {"TableName": "t"}, True),
        ("dynamodb", "ExecuteStatement", {"Statement": "SELECT * FROM t"}, False),
        ("sqs", "SendMessage", {"QueueUrl": "q"}, True),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Tagging": "a=b"}, True),
        ("ssm", "GetParameter", {"Name": "/aws/service/x"}, True),
        ("sts", "GetCallerIdentity", {}, True),
        ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": POLICY}, True),
    ],
)
def test_a_plan_is_made_once_and_says_what_a_call_means(service, operation, params, settled):
    found = meaning(service, operation, params)
    made = operation_plan.plan_of.cache_info().misses
    plan = plan_of(TABLES, service, operation, input_of(service, operation), service, "POST")
    assert (plan.acts is not None, operation_plan.plan_of.cache_info().misses) == (settled, made)
    acts = plan.acts or plan.acts_by(TABLES.action(*found.iam_action.split(":")), found.access)
    assert all_actions(acts.actions, params) == found.iam_actions
    assert (read_policies(plan.holders, params) == ()) is (found.policies == ())


def test_no_more_plans_are_kept_than_a_bound():
    assert {kept.cache_info().maxsize for kept in (operation_plan.plan_of, operation_plan._acts)} == {PLANS_KEPT}
