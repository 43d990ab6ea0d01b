"""Rules read what the organization calls an account, as AWS tells it to the role that may ask."""

import time

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import MEMBER_NAME, NAMES_ROLE
from tests.kit.gateway import START, running

RULES = f"""\
rule "in none" {{
  match  = !has(aws.organization_name)
  action = "allow"
}}
rule "production" {{
  match  = aws.organization_name == "{MEMBER_NAME}"
  action = "deny"
}}
"""


def listed(gate, account):
    """Call until the gateway knows the name: it denies what it cannot decide."""
    deadline = time.monotonic() + START
    while True:
        try:
            return gate.client("s3", account).list_buckets()["Buckets"]
        except ClientError as fault:
            if "cannot be decided" not in str(fault) or time.monotonic() > deadline:
                raise


def test_a_rule_reads_the_name_that_aws_tells(tmp_path, embedded_aws):
    with running(tmp_path, embedded_aws, rules=RULES, served=f'organization_role = "{NAMES_ROLE}"') as gate:
        assert listed(gate, "staging")
        with pytest.raises(ClientError, match='denied by rule "production"'):
            listed(gate, "prod")


def test_a_role_that_may_not_ask_leaves_the_name_unknown(tmp_path, embedded_aws):
    role = NAMES_ROLE.replace("names", "nobody")
    with running(tmp_path, embedded_aws, rules=RULES, served=f'organization_role = "{role}"') as gate:
        deadline = time.monotonic() + START
        while "organizations did not tell the names of 2 accounts" not in gate.log:
            assert time.monotonic() < deadline, gate.log
        with pytest.raises(ClientError, match=r"aws\.organization_name"):
            gate.client("s3").list_buckets()
