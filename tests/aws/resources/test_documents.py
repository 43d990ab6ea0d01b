"""Policies among the parameters: of the own account only where each principal and ARN says so."""

from __future__ import annotations

import json

import pytest

from tests.kit.aws.meanings import ACCOUNT, OTHER, meaning
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.documents import MAX_DOCUMENT

HERE = f"us-east-1:{ACCOUNT}"
QUEUE = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q"


def policy(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", **statement}]})


OWN = [
    policy(Principal={"AWS": ACCOUNT}, Resource="*"),
    policy(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Resource=f"arn:aws:sqs:{HERE}:q"),
    policy(Principal={"Service": "sns.amazonaws.com"}, Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:sns:{HERE}:t"}}),
    policy(Principal={"AWS": [ACCOUNT]}, Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
]
NOT_PROVEN = [
    policy(Principal="*"),
    policy(Principal={"AWS": "*"}),
    policy(Principal={"AWS": "AIDAEXAMPLEEXAMPLE000"}),
    policy(Principal={"Federated": "accounts.example.test"}),
    policy(Principal={"AWS": ACCOUNT}, Resource="arn:aws:s3:::drop/*"),
    policy(Principal={"AWS": ACCOUNT}).replace('"AWS"', '"AWS": [], "AWS"'),
    policy(Principal={"AWS": "\u002a"}),
    "[" * 100_000,
    "{" * 100_000,
    '{"Statement": ',
    '{"deadLetterTargetArn": "q"}',
]


@pytest.mark.parametrize(("document", "cross"), [*((one, False) for one in OWN), *((one, UNKNOWN) for one in NOT_PROVEN)])
def test_a_policy_is_of_the_own_account_only_where_every_principal_and_arn_says_so(document, cross):
    assert meaning("sqs", "SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"Policy": document}}).cross_account is cross


def test_an_escaped_account_is_read():
    document = policy(Principal={"AWS": OTHER}).replace("9", "\\u0039")
    found = meaning("sqs", "SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"Policy": document}})
    assert found.cross_account is not False


def test_a_document_that_is_not_looked_through_is_not_of_the_own_account():
    found = meaning("sqs", "SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"Policy": "x" * (MAX_DOCUMENT + 1)}})
    assert found.cross_account is UNKNOWN
