"""Which calls answer with secrets or credentials."""

from __future__ import annotations

import pytest

from tests.aws.meaning_kit import meaning, model, operations, services
from trio_gate.aws import lists
from trio_gate.aws.call import UNKNOWN

CREDENTIALS = {"secretaccesskey", "secretkey", "sessiontoken"}


@pytest.mark.parametrize(
    ("service", "operation"),
    sorted(lists.VENDS | lists.READS_SECRET | set(lists._VENDS_WITH) | set(lists._SECRET_WITHOUT)),
)
def test_every_entry_is_an_operation_of_botocore(service, operation):
    assert service in services()
    assert operation in operations(service)


@pytest.mark.parametrize(
    ("service", "operation", "params", "vends", "secret"),
    [
        ("sts", "AssumeRole", {}, True, False),
        ("sts", "GetFederationToken", {}, True, False),
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
        if (service, operation) not in lists.VENDS | lists.READS_SECRET
        and CREDENTIALS & _members(model(service)["shapes"], rows.get("output"))
    ]
    assert missed == []


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
