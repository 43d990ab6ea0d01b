"""What the tests of facets and of the policy share: one call, its facets, and changes to either."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from trio_gate.aws.call import Call
from trio_gate.facet.extract import Facets, facets_of

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

CALL = Call(
    service="s3",
    operation="GetObject",
    protocol="rest-xml",
    signing_name="s3",
    partition="aws",
    region="eu-west-1",
    account="111111111111",
    host="s3.eu-west-1.amazonaws.com",
    method="GET",
    path="/photos/cat.jpg",
    params={"Bucket": "photos", "Key": "cat.jpg"},
    iam_action="s3:GetObject",
    iam_actions=("s3:GetObject", "s3:GetObjectTagging"),
    access="read",
    reads_secret=False,
    vends_credentials=False,
    resource="arn:aws:s3:::photos/cat.jpg",
    resources=("arn:aws:s3:::photos/cat.jpg",),
    resource_accounts=("111111111111",),
    cross_account=False,
    reviewed=True,
)


def facets(*, account_name="prod", agent="ci", agent_address="127.0.0.1", time=NOW, **changes) -> Facets:
    """The facets of CALL with some of its fields changed."""
    return facets_of(replace(CALL, **changes), account_name=account_name, agent=agent, agent_address=agent_address, time=time)


def deep(levels: int, wrap=lambda value: [value]):
    """A list in a list in a list …"""
    value = []
    for _ in range(levels):
        value = wrap(value)
    return value
