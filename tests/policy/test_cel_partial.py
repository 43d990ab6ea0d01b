"""A condition of which only some facets are known: false or true whatever the others are, or dependent on them."""

from __future__ import annotations

import pytest

from trio_gate.policy.cel import PartialCondition

KNOWN = {
    "aws.service": "s3",
    "aws.action": "PutObject",
    "aws.access": "write",
    "aws.iam_action": None,
    "aws.vends_credentials": False,
}

TABLE = {
    'aws.access == "read"': False,
    'aws.access == "write"': True,
    "!aws.vends_credentials": True,
    "aws.reads_secret": None,
    "!aws.reads_secret": None,
    'aws.access == "read" && aws.reads_secret': False,
    'aws.reads_secret && aws.access == "read"': False,
    'aws.access == "write" && aws.reads_secret': None,
    'aws.access == "write" || aws.reads_secret': True,
    "aws.reads_secret && !aws.reads_secret": None,
    # has: of what is known and set, of what is unset, of what is not known
    "has(aws.access)": True,
    "has(aws.vends_credentials)": True,
    "has(aws.iam_action)": False,
    "has(aws.account_name)": None,
    "!has(aws.account_name)": None,
    'has(aws.account_name) && aws.access == "read"': False,
    '!has(aws.account_name) || aws.access == "write"': True,
    "has(aws.account_name) ? aws.vends_credentials : aws.vends_credentials": None,
    "has(aws.params.A)": None,
    "!has(aws.params.A.B)": None,
    'has(aws.params.A.B) && aws.service == "ec2"': False,
    "[1].exists(x, has(aws.account_name))": None,
    "[1].all(x, !has(agent.name))": None,
    "[1].all(x, x == 1 || has(agent.name))": True,
    # the rest of the vocabulary
    'aws.iam_action == "s3:PutObject"': None,
    'agent.name == "ci"': None,
    'aws.service == "ec2" && agent.name == "ci"': False,
    "request.time.getHours() < 8": None,
    'aws.action == "GetObject" && request.time.getHours() < 8': False,
    "aws.resources.all(r, false)": None,
    'aws.resources.all(r, r.startsWith("arn:")) || aws.action in ["PutObject"]': True,
    "[2, 1].exists(x, 1 / (x - 1) == 9)": None,
    "true": True,
    "false": False,
}


@pytest.mark.parametrize("source", TABLE)
def test_what_it_is_for_every_call(source: str):
    assert PartialCondition(source).answer(KNOWN) is TABLE[source]


def test_one_condition_for_many_operations():
    condition = PartialCondition("has(aws.iam_action) && !aws.vends_credentials")
    assert condition.facets == {"aws.iam_action", "aws.vends_credentials"}
    assert condition.answer({"aws.iam_action": "s3:GetObject", "aws.vends_credentials": False}) is True
    assert condition.answer({"aws.vends_credentials": False}) is None
    assert condition.answer({"aws.vends_credentials": True}) is False
    assert condition.answer({"aws.iam_action": None}) is False
    assert condition.answer({}) is None


def test_what_is_no_condition_is_refused():
    with pytest.raises(ValueError, match=r"there is no facet `aws\.acess`"):
        PartialCondition('aws.acess == "read"')
