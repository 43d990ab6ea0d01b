"""One call of an agent, as tests want it."""

from __future__ import annotations

from dataclasses import replace

from trio_gate.aws.call import Call

_CALL = Call(
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
    may_expose_secrets=False,
    runs_code=False,
    spends=False,
    destroys=False,
    removes=False,
    unguards=False,
    policies=(),
    shares_with=(),
    makes_public=False,
    reviewed=True,
)


def make_call(**changes) -> Call:
    """A GetObject that holds nothing special, with some of its fields changed."""
    return replace(_CALL, **changes)
