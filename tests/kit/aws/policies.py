"""What the tests of policy documents and of sharing share: shapes of real models, and documents in one line."""

from __future__ import annotations

import functools
import json

from tests.kit.aws.meanings import ACCOUNT, model
from trio_gate.aws.model.catalog import compile_service
from trio_gate.aws.resources.arns import CallerContext

SCENE = CallerContext(partition="aws", region="us-east-1", account=ACCOUNT)


@functools.cache
def compiled(service):
    return compile_service(service, model(service))


def shape_of(service, operation):
    return compiled(service).operations[operation].input


def statement(**changes):
    """An Allow of one read of one bucket by one role of the account."""
    base = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/r"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*",
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


def document(*statements, **changes):
    """The text of a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements) or [statement()]} | changes)
