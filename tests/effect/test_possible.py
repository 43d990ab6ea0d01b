"""What is said of an operation's dangers before there is a call."""

from __future__ import annotations

import pytest

from tests.kit.aws.operations import TABLES
from trio_gate.effect.possible import always_vends, may_do


@pytest.mark.parametrize(
    ("service", "operation", "said"),
    [
        ("dynamodb", "DeleteTable", "delete or replace for good"),
        ("s3", "DeleteObject", "delete or replace for good and turn a guard off"),
        ("iam", "PutRolePolicy", "give others access and change who may do what"),
        ("lambda", "UpdateFunctionCode", "run code"),
        ("ssm", "GetParameter", "return a secret"),
        ("s3", "GetObject", None),
        ("s3", "PutNothing", "do what is not known here"),
        ("nosuchservice", "Do", "do what is not known here"),
    ],
)
def test_what_calls_of_an_operation_may_do(service, operation, said):
    assert may_do(TABLES.row_of_any(service, operation)) == said


def test_nothing_is_kept_of_services_that_are_none():
    TABLES.row_of_any("nosuchservice", "Do")
    assert "nosuchservice" not in TABLES._rows


@pytest.mark.parametrize(
    ("operation", "vends"), [("AssumeRole", True), ("GetSessionToken", True), ("GetCallerIdentity", False), ("No", False)]
)
def test_which_operations_always_vend(operation, vends):
    assert always_vends(TABLES.row_of_any("sts", operation)) is vends
