"""Documents in languages of their own: OpenSearch Serverless and Verified Access."""

from __future__ import annotations

import json

import pytest

from tests.kit.aws.meanings import ACCOUNT, OTHER
from tests.kit.aws.sharing import OWN_ROLE, ROLE, lets_in, shared, without_rows
from trio_gate.aws.call import UNKNOWN

RULES = [{"ResourceType": "collection", "Resource": ["collection/c"]}]
ENDPOINT = "vpce-0123456789abcdef0"
OPEN = "permit(principal, action, resource);"


def network(**entry):
    return {"type": "network", "name": "n", "policy": json.dumps([{"Rules": RULES, **entry}])}


def data(*principals, **entry):
    return {"type": "data", "name": "n", "policy": json.dumps([{"Rules": RULES, "Principal": list(principals), **entry}])}


WAYS = [
    ("opensearchserverless.CreateSecurityPolicy", network(AllowFromPublic=True), ("*",)),
    ("opensearchserverless.UpdateSecurityPolicy", network(AllowFromPublic=True, SourceVPCEs=[ENDPOINT]), ("*",)),
    ("opensearchserverless.CreateSecurityPolicy", network(AllowFromPublic=False, SourceVPCEs=[ENDPOINT]), (ENDPOINT,)),
    ("opensearchserverless.CreateSecurityPolicy", network(SourceServices=["bedrock.amazonaws.com"]), ()),
    ("opensearchserverless.CreateSecurityPolicy", network(AllowFromPublic="true"), UNKNOWN),
    ("opensearchserverless.CreateSecurityPolicy", network(allowFromPublic=True), UNKNOWN),
    ("opensearchserverless.CreateSecurityPolicy", {"type": "encryption", "policy": '{"Rules": [], "AWSOwnedKey": true}'}, ()),
    ("opensearchserverless.CreateSecurityPolicy", {"type": "other", "policy": "[]"}, UNKNOWN),
    ("opensearchserverless.CreateSecurityPolicy", {"type": "network", "policy": "[]"}, UNKNOWN),
    ("opensearchserverless.CreateSecurityPolicy", {"type": "network", "policy": UNKNOWN}, UNKNOWN),
    (
        "opensearchserverless.CreateSecurityPolicy",
        {"type": "network", "policy": '[{"AllowFromPublic":false,"AllowFromPublic":true}]'},
        UNKNOWN,
    ),
    ("opensearchserverless.UpdateSecurityPolicy", {"type": "network", "description": "d"}, ()),
    ("opensearchserverless.CreateAccessPolicy", data(OWN_ROLE, f"saml/{ACCOUNT}/corp/user/u"), ()),
    ("opensearchserverless.CreateAccessPolicy", data(ROLE, f"saml/{OTHER}/corp/group/g"), (ROLE, OTHER)),
    ("opensearchserverless.UpdateAccessPolicy", data("*"), ("*",)),
    ("opensearchserverless.CreateAccessPolicy", data("arn:aws:iam::*:role/r"), UNKNOWN),
    ("opensearchserverless.CreateAccessPolicy", data(), UNKNOWN),
    ("opensearchserverless.CreateAccessPolicy", data(OWN_ROLE, Condition={}), UNKNOWN),
    ("ec2.CreateVerifiedAccessGroup", {"VerifiedAccessInstanceId": "v"}, ()),
    ("ec2.CreateVerifiedAccessGroup", {"PolicyDocument": OPEN}, ("*",)),
    ("ec2.CreateVerifiedAccessGroup", {"PolicyDocument": f"// {OPEN}"}, UNKNOWN),
    ("ec2.CreateVerifiedAccessGroup", {"PolicyDocument": "permit(principal, action, resource) when { context.a.b };"}, UNKNOWN),
    ("ec2.CreateVerifiedAccessGroup", {"PolicyDocument": "forbid(principal, action, resource);"}, ()),
    ("ec2.ModifyVerifiedAccessGroupPolicy", {"PolicyEnabled": False, "PolicyDocument": OPEN}, ()),
    ("ec2.ModifyVerifiedAccessGroupPolicy", {"PolicyEnabled": True}, UNKNOWN),
    ("ec2.CreateVerifiedAccessEndpoint", {"VerifiedAccessGroupId": "g"}, UNKNOWN),
]


@pytest.mark.parametrize(("name", "params", "who"), WAYS, ids=lambda one: one if isinstance(one, str) else None)
def test_a_call_says_whom_it_lets_in(name, params, who):
    assert lets_in(name, params, who)


@pytest.mark.parametrize(
    ("name", "params"), [row[:2] for row in WAYS if row[2] != ()], ids=lambda one: one if isinstance(one, str) else None
)
def test_without_its_row_a_call_is_unknown_and_never_harmless(name, params, monkeypatch):
    assert without_rows(monkeypatch, name, params) == UNKNOWN


def test_what_is_not_of_iam_is_no_policy_to_rules():
    assert shared("opensearchserverless.CreateSecurityPolicy", network(AllowFromPublic=True)).policies == UNKNOWN
