"""Which calls answer with secrets or credentials."""

from __future__ import annotations

from importlib.resources import files

import pytest

from scripts.data.make_operations import operations as operation_lines
from tests.kit.aws.meanings import OTHER, meaning, model, need_botocore_of, operations, services
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam import sensitive_operations
from trio_gate.aws.iam.tables import Tables
from trio_gate.shell.exchange.packaged_data import packaged_tables

NEWER = {("sts", "GetScopedCredentials")}
"""Entries of operations that a botocore after the lists' own has."""

CREDENTIALS = {"secretaccesskey", "secretkey", "sessiontoken"}


@pytest.mark.parametrize(
    ("service", "operation"),
    sorted(
        sensitive_operations.VENDS
        | sensitive_operations.READS_SECRET
        | set(sensitive_operations._VENDS_WITH)
        | set(sensitive_operations._SECRET_WITHOUT)
    ),
)
def test_every_entry_is_an_operation_of_botocore(service, operation):
    assert service in services()
    assert operation in operations(service) or (service, operation) in NEWER


@pytest.mark.parametrize(
    ("service", "operation", "params", "vends", "secret"),
    [
        ("sts", "AssumeRole", {}, True, False),
        ("sts", "GetFederationToken", {}, True, False),
        ("sts", "GetScopedCredentials", {}, True, False),
        ("sts", "GetWhatIsNewHere", {}, UNKNOWN, UNKNOWN),
        ("newservice", "ListThings", {}, UNKNOWN, UNKNOWN),
        ("sts", "GetCallerIdentity", {}, False, False),
        ("iam", "CreateAccessKey", {}, True, False),
        ("iam", "CreateLoginProfile", {}, True, False),
        ("iam", "ListAccessKeys", {}, False, False),
        ("s3", "CreateSession", {}, True, False),
        ("s3", "GetObject", {}, False, False),
        ("s3control", "GetDataAccess", {}, True, False),
        ("ecr", "GetAuthorizationToken", {}, True, False),
        ("ssm", "StartSession", {}, True, False),
        ("ssm", "GetParameter", {}, False, True),
        ("ssm", "GetParameter", {"WithDecryption": False}, False, True),
        ("secretsmanager", "GetSecretValue", {}, False, True),
        ("secretsmanager", "ListSecrets", {}, False, False),
        ("kms", "Decrypt", {}, False, True),
        ("kms", "GenerateDataKeyWithoutPlaintext", {}, False, False),
        ("acm", "ExportCertificate", {}, True, True),
        ("ec2", "GetPasswordData", {}, True, True),
        ("lambda", "GetFunction", {}, False, False),
        ("apigateway", "GetApiKeys", {}, False, False),
        ("apigateway", "GetApiKeys", {"includeValues": True}, True, False),
        ("apigateway", "GetApiKey", {"includeValue": UNKNOWN}, True, False),
        ("glue", "GetConnection", {}, False, True),
        ("glue", "GetConnection", {"HidePassword": True}, False, False),
        ("glue", "GetConnection", {"HidePassword": UNKNOWN}, False, True),
    ],
)
def test_calls_say_what_they_hand_out(service, operation, params, vends, secret):
    found = meaning(service, operation, params)
    assert (found.vends_credentials, found.reads_secret) == (vends, secret)


def test_every_answer_with_a_secret_key_in_botocore_is_listed():
    missed = [
        (service, operation)
        for service in services()
        for operation, rows in model(service)["operations"].items()
        if (service, operation) not in sensitive_operations.VENDS | sensitive_operations.READS_SECRET
        and CREDENTIALS & _members(model(service)["shapes"], rows.get("output"))
    ]
    assert missed == []


def test_the_operations_that_count_as_reviewed_are_those_of_the_lists_botocore():
    head, *_ = text = files("trio_gate.aws.iam").joinpath("operations.txt").read_text("ascii").splitlines()
    need_botocore_of(head)
    assert text == list(operation_lines())


def without(service, operation):
    """Tables that were made before an operation was there."""
    older = {name: names - {operation} if name == service else names for name, names in packaged_tables("reviewed").items()}
    return Tables(lambda name: older if name == "reviewed" else packaged_tables(name))


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("sqs", "ListQueues", {}),
        ("dynamodb", "GetItem", {"TableName": "t", "Key": {}}),
        ("ec2", "DescribeInstances", {}),
    ],
)
def test_an_operation_newer_than_the_lists_may_do_anything(service, operation, params):
    old, new = meaning(service, operation, params), meaning(service, operation, params, tables=without(service, operation))
    assert (old.access in {"read", "list"}, old.vends_credentials, old.reads_secret, old.reviewed) == (True, False, False, True)
    assert (new.access, new.vends_credentials, new.reads_secret, new.reviewed) == ("write", UNKNOWN, UNKNOWN, False)
    assert (new.resource, new.resources, new.resource_accounts, new.iam_actions) == (UNKNOWN,) * 4
    assert new.cross_account is UNKNOWN
    assert new.iam_action == old.iam_action


def test_what_a_newer_operation_surely_reaches_is_said():
    params = {"TableName": f"arn:aws:dynamodb:us-east-1:{OTHER}:table/t"}
    assert meaning("dynamodb", "GetItem", params, tables=without("dynamodb", "GetItem")).cross_account is True


def test_a_twin_is_reviewed_as_itself():
    tables = without("rds", "CreateDBCluster")
    assert tables.reviewed("docdb", "CreateDBCluster")
    assert not tables.reviewed("rds", "CreateDBCluster")


def _members(shapes, output):
    """Names of all string members of an answer, folded."""
    found, seen, queue = set(), set(), [output["shape"]] if output else []
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        shape = shapes[name]
        for member, ref in shape.get("members", {}).items():
            queue.append(ref["shape"])
            if shapes[ref["shape"]]["type"] == "string" and not shapes[ref["shape"]].get("enum"):
                found.add(member.lower())
        queue += [shape[part]["shape"] for part in ("member", "value") if part in shape]
    return found
