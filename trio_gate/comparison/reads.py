"""The calls that a comparison may make, and what comes of them.

Rule: they read, and they are listed here one by one.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.aws.call import Value

READS = frozenset(
    {
        "dynamodb.DescribeTable",
        "dynamodb.GetItem",
        "ec2.DescribeSecurityGroupRules",
        "ecr.GetRepositoryPolicy",
        "iam.GetGroupPolicy",
        "iam.GetPolicy",
        "iam.GetPolicyVersion",
        "iam.GetRole",
        "iam.GetRolePolicy",
        "iam.GetUserPolicy",
        "iam.ListAttachedGroupPolicies",
        "iam.ListAttachedRolePolicies",
        "iam.ListAttachedUserPolicies",
        "kms.GetKeyPolicy",
        "lambda.GetFunctionConfiguration",
        "s3.GetBucketPolicy",
        "s3.GetObject",
        "s3.GetPublicAccessBlock",
        "secretsmanager.GetResourcePolicy",
        "sns.GetTopicAttributes",
        "sqs.GetQueueAttributes",
    }
)
"""Every call that a comparison may make."""


class IncomparableError(Exception):
    """A call cannot be compared with what is there now; the text says why, for a person."""


@value_class
class Read:
    """A call that reads, by botocore's names."""

    service: str
    operation: str
    params: Mapping[str, Any]


@value_class
class Sides:
    """The present state and the one that the call asks for, by the names of its parameters.

    `unread` says, for people, what of them was not read, so that a difference or none of the rest says nothing of it; empty for nothing.
    """

    before: Mapping[str, Value]
    after: Mapping[str, Value]
    unread: str = ""


Answer = Mapping[str, Any] | None
"""What AWS answered, as botocore parses it; None where AWS says that there is no such thing."""

Plan = Generator[Read, Answer, Sides]
"""Asks for reads, is sent their answers, and returns both sides. Raises IncomparableError."""
