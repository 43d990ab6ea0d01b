"""What is said of an operation beforehand is what is said of its calls, whatever their parameters."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import TABLES, meaning, model
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.operation_facts import never_vends, operation_facts

FIELDS = {"aws.action": "operation"}


def sample(row, value):
    """Parameters that have every member that decides something of a row, with one value."""
    params = {}
    conditions = [*row.marks.values(), row.permissions or ()] if row else []
    for clause in (clause for when in conditions if when is not UNKNOWN for clause in when):
        below = params
        for name in clause.path[:-1]:
            inner = below.setdefault("x" if name == "*" else name, {})
            below = inner if isinstance(inner, dict) else {}
        below[clause.path[-1]] = clause.value or value
    return params


def test_no_call_contradicts_it(each_service):
    for operation, one in model(each_service)["operations"].items():
        method = one["http"]["method"]
        facts = operation_facts(TABLES, each_service, operation, method)
        row = TABLES.row(each_service, operation)
        for params in ({}, sample(row, True), sample(row, False), sample(row, UNKNOWN), {"Name": "/aws/service/x"}):
            call = meaning(each_service, operation, params, method=method)
            for facet, value in facts.items():
                field = FIELDS.get(facet, facet.removeprefix("aws."))
                assert getattr(call, field) == value, (operation, facet, params)


@pytest.mark.parametrize(
    ("service", "operation", "without"),
    [
        ("ssm", "GetParameter", {"aws.reads_secret", "aws.may_expose_secrets"}),
        ("dynamodb", "ExecuteStatement", {"aws.access", "aws.iam_action"}),
        ("s3", "GetObject", {"aws.iam_action"}),
        ("apigateway", "GetApiKeys", {"aws.vends_credentials"}),
        ("sqs", "DeleteQueue", set()),
        ("s3", "NewerThanTheReview", {f"aws.{name}" for name in ("vends_credentials", "reads_secret", "may_expose_secrets")}),
    ],
)
def test_what_a_call_decides_is_left_out(service, operation, without):
    facts = operation_facts(TABLES, service, operation, "GET")
    assert facts.keys().isdisjoint(without)
    assert {"aws.service", "aws.action", "aws.access", "aws.iam_action", "aws.vends_credentials"} - without <= facts.keys() | (
        {"aws.iam_action"} if service == "s3" else set()
    )


@pytest.mark.parametrize(
    ("operation", "never"),
    [("s3.PutObject", True), ("sts.AssumeRole", False), ("s3.NoSuchOperation", False)],
)
def test_of_an_operation_that_was_reviewed_it_is_known_whether_it_may_vend(operation, never):
    assert never_vends(TABLES, *operation.split(".")) is never
