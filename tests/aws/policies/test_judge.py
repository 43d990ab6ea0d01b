"""What statements mean: administrators, everybody, strangers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.iam.aws_managed_policies import aws_managed_policies_data

from tests.kit.aws.meanings import ACCOUNT, OTHER
from tests.kit.aws.policies import SCENE, document, statement
from trio_gate.aws.policies.grammar import read_document
from trio_gate.aws.policies.judge import facet, grantees, is_admin, is_public, matches

ALL = {"Action": "*", "Resource": "*"}
OWN_OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
OWN_SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
SUB = "token.actions.githubusercontent.com:sub"
ORGANIZATION = "o-a1b2c3d4e5"


def judged(**changes):
    [one] = read_document(document(statement(**changes)))
    return facet(one, SCENE)


def strangers(**changes):
    [one] = read_document(document(statement(**changes)))
    return grantees(one, SCENE)


@pytest.mark.parametrize(
    ("changes", "admin"),
    [
        (ALL, True),
        ({"Action": ["s3:Get*", "*"], "Resource": ["arn:aws:s3:::b", "*"]}, True),
        ({"Action": "*:*", "Resource": "*"}, True),
        ({"Action": "?*:*", "Resource": "**"}, True),
        ({"Action": "*:*?", "Resource": "arn:aws:*"}, True),
        ({"Action": "*", "Resource": "arn:*"}, True),
        ({"Action": "*", "Resource": "arn:aws:*:*:*:*"}, True),
        ({"Action": "*", "Resource": "a*"}, True),
        ({"Action": None, "NotAction": "s3:DeleteBucket", "Resource": "*"}, True),
        ({"Action": "*", "Resource": None, "NotResource": "arn:aws:s3:::b"}, True),
        (ALL | {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}, True),
        (ALL | {"Effect": "Deny"}, False),
        ({"Action": "iam:*", "Resource": "*"}, True),
        ({"Action": "IAM:*", "Resource": "arn:aws:iam::*:*"}, True),
        ({"Action": ["iam:A*", "iam:C*", "iam:P*", "iam:S*", "iam:U*"], "Resource": "*"}, True),
        ({"Action": "i?m:*", "Resource": f"arn:aws:iam::{ACCOUNT}:*"}, True),
        ({"Action": "*:*e*", "Resource": "*"}, False),
        ({"Action": "iam:Get*", "Resource": "*"}, False),
        ({"Action": "iam:*", "Resource": f"arn:aws:iam::{ACCOUNT}:role/app/*"}, False),
        ({"Action": "iam:*", "Resource": f"arn:aws:iam::{OTHER}:*"}, False),
        ({"Action": "iam:PassRole", "Resource": "*"}, False),
        ({"Action": "??:*", "Resource": "*"}, False),
        ({"Action": "a*:*", "Resource": "*"}, False),
        ({"Action": "*", "Resource": "arn:aws:s3:::*"}, False),
        ({"Action": "*", "Resource": "arn:aws:*:us-east-1:*:*"}, False),
        ({"Action": "*", "Resource": "arn:aws:*:*:?*:*"}, True),
        ({"Action": "*", "Resource": "${*}"}, False),
        ({"Action": None, "NotAction": "*", "Resource": "*"}, False),
        ({"Action": "*", "Resource": None, "NotResource": "*"}, False),
        ({"Action": "*", "Resource": None}, False),
        ({"Action": "s3:*", "Resource": "*"}, False),
    ],
)
def test_an_administrator_may_do_everything_to_everything(changes, admin):
    assert judged(**changes)["admin"] is admin


WORLD = [
    {"Principal": "*"},
    {"Principal": {"AWS": "*"}},
    {"Principal": {"AWS": [ACCOUNT, "*"]}},
    {"Principal": None, "NotPrincipal": {"AWS": ACCOUNT}},
    {"Principal": {"Federated": "accounts.google.com"}},
    {"Principal": {"Federated": OWN_OIDC}},
    {"Principal": {"Federated": "cognito-identity.amazonaws.com"}},
]
NARROWED_FOR_NOBODY = [
    {"Bool": {"aws:SecureTransport": "true"}},
    {"StringEquals": {"sts:ExternalId": "guess"}},
    {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
    {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
    {"StringLike": {"aws:PrincipalAccount": "*"}},
    {"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, "*"]}},
    {"StringEquals": {"aws:PrincipalAccount": []}},
    {"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}},
    {"StringNotEquals": {"aws:PrincipalAccount": OTHER}},
    {"StringEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"Null": {"aws:PrincipalOrgID": "false"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/1"]}},
    {"IpAddress": {"aws:SourceIp": "::/0"}},
    {"IpAddress": {"aws:SourceIp": "here"}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringEquals": {"aws:SourceIp": "203.0.113.0/24"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::logs-*"}},
    {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::${aws:PrincipalTag/bucket}"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}},
    {"StringLike": {"aws:SourceVpc": "vpc-*"}},
    {"StringLike": {"aws:userid": "*:someone"}},
    {"StringLike": {"aws:SourceArn": f"arn:aws:lambda:*:{ACCOUNT}:*"}},
    {"StringLike": {"aws:PrincipalArn": f"arn:*:iam::{ACCOUNT}:role/r"}},
    {"IpAddress": {"aws:SourceIp": [f"{first}.0.0.0/8" for first in range(256)]}},
    {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
    {"StringEquals": {"aws:PrincipalServiceName": "s3.amazonaws.com"}},
    {"ArnLikeIfExists": {"aws:SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t"}},
    {"StringEquals": {"aws:PrincipalTag/team": "a"}},
]


@pytest.mark.parametrize("changes", WORLD, ids=str)
@pytest.mark.parametrize("condition", [None, *NARROWED_FOR_NOBODY], ids=str)
def test_everybody_stays_everybody_behind_a_condition_that_names_nobody(changes, condition):
    judgement = judged(**changes, Condition=condition)
    assert (judgement["public"], judgement["foreign"]) == (True, True)
    denial = judged(**changes, Condition=condition, Effect="Deny")
    assert (denial["public"], denial["foreign"]) == (False, False)


@pytest.mark.parametrize(
    ("condition", "who"),
    [
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, ()),
        ({"StringEquals": {"AWS:sourceaccount": [ACCOUNT]}}, ()),
        ({"StringEquals": {"kms:CallerAccount": ACCOUNT}, "StringLike": {"kms:ViaService": "s3.*"}}, ()),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:*"}}, ()),
        ({"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION, "aws:PrincipalAccount": ACCOUNT}}, ()),
        ({"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, OTHER]}}, (ACCOUNT, OTHER)),
        ({"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}, (ORGANIZATION,)),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/r-ab12/*"}}, (f"{ORGANIZATION}/r-ab12/*",)),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::b"}}, ("arn:aws:s3:::b",)),
        ({"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}, ()),
        ({"StringEquals": {"s3:DataAccessPointAccount": ACCOUNT}}, ()),
        ({"StringEquals": {"aws:userid": "AIDACKCEVSQ6C2EXAMPLE"}}, ("AIDACKCEVSQ6C2EXAMPLE",)),
        ({"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}}, ("vpce-0123456789abcdef0",)),
        ({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}}, ("203.0.113.0/24", "2001:db8::/32")),
    ],
    ids=str,
)
def test_a_condition_that_says_who_is_meant_narrows(condition, who):
    assert strangers(Principal="*", Condition=condition) == who
    judgement = judged(Principal="*", Condition=condition)
    assert (judgement["public"], judgement["foreign"]) == (False, bool(who))


@pytest.mark.parametrize(
    ("principal", "condition", "who"),
    [
        ({"AWS": ACCOUNT}, None, ()),
        ({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"}, None, ()),
        ({"AWS": f"arn:aws:iam::{OTHER}:root"}, None, (OTHER,)),
        ({"AWS": [f"arn:aws:iam::{OTHER}:role/r", ACCOUNT]}, None, (f"arn:aws:iam::{OTHER}:role/r",)),
        ({"AWS": "AROACKCEVSQ6C2EXAMPLE"}, None, ("AROACKCEVSQ6C2EXAMPLE",)),
        ({"CanonicalUser": "ab" * 32}, None, ("CanonicalUser:" + "ab" * 32,)),
        ({"Service": "lambda.amazonaws.com"}, None, ()),
        ({"Service": "s3.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, ()),
        ({"Service": "s3.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": OTHER}}, (OTHER,)),
        ({"Service": "s3.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}}, ()),
        ({"Service": "cloudtrail.amazonaws.com"}, {"StringEquals": {"aws:SourceOrgID": ORGANIZATION}}, (ORGANIZATION,)),
        ({"Federated": OWN_SAML}, None, ()),
        ({"Federated": OWN_SAML.replace(ACCOUNT, OTHER)}, None, ("Federated:" + OWN_SAML.replace(ACCOUNT, OTHER),)),
        ({"Federated": OWN_OIDC}, {"StringLike": {SUB: "repo:acme/app:*"}}, ()),
        ({"Federated": OWN_OIDC}, {"StringEquals": {SUB: "x"}}, ()),
    ],
    ids=str,
)
def test_strangers_are_those_beyond_the_account(principal, condition, who):
    assert strangers(Principal=principal, Condition=condition) == who
    judgement = judged(Principal=principal, Condition=condition)
    assert (judgement["public"], judgement["foreign"]) == (False, bool(who))


@pytest.mark.parametrize("subject", ["*", "repo:*", "repo:${aws:PrincipalTag/x}", "?epo:acme/app:*"])
def test_a_subject_that_anybody_can_have_is_everybody(subject):
    judgement = judged(Principal={"Federated": OWN_OIDC}, Condition={"StringLike": {SUB: ["repo:acme/app:*", subject]}})
    assert (judgement["public"], judgement["foreign"]) == (True, True)


def test_who_signed_in_to_a_pool_is_nobody_unknown():
    pool = {"cognito-identity.amazonaws.com:aud": "us-east-1:12345678-dead-beef-cafe-123456790ab"}
    who = {"Principal": {"Federated": "cognito-identity.amazonaws.com"}}
    signed_in = {"StringEquals": pool, "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}}
    guests = {"StringEquals": pool, "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "unauthenticated"}}
    assert [judged(**who, Condition=one)["public"] for one in (signed_in, guests, {"StringEquals": pool})] == [False, True, True]
    assert judged(**who, Condition=signed_in)["foreign"] is True
    any_pool = signed_in | {"StringEquals": {"cognito-identity.amazonaws.com:aud": "us-east-1:*"}}
    assert judged(**who, Condition=any_pool)["public"] is True


def test_a_statement_as_rules_read_it():
    condition = {"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}}
    assert judged(Condition=condition) == {
        "effect": "Allow",
        "actions": ["s3:GetObject"],
        "not_actions": [],
        "resources": ["arn:aws:s3:::b/*"],
        "not_resources": [],
        "principals": [f"arn:aws:iam::{ACCOUNT}:role/r"],
        "not_principals": [],
        "conditions": condition,
        "admin": False,
        "public": False,
        "foreign": False,
    }


def slowly(pattern, text):
    if not pattern:
        return not text
    if pattern[0] == "*":
        return slowly(pattern[1:], text) or (bool(text) and slowly(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and slowly(pattern[1:], text[1:])


@given(st.text("ab*?", max_size=7), st.text("ab", max_size=7))
def test_wildcards_match_what_they_stand_for(pattern, text):
    assert matches(pattern, text) is slowly(pattern, text)


def test_the_policies_of_aws_are_read_and_its_administrators_found():
    documents = {name: json.dumps(policy["Document"]) for name, policy in json.loads(aws_managed_policies_data).items()}
    read = {name: read_document(text) for name, text in documents.items()}
    assert [name for name, statements in read.items() if statements is None] == []
    administrators = {name for name, statements in read.items() if any(is_admin(one, SCENE) for one in statements)}
    assert {"AdministratorAccess", "PowerUserAccess"} <= administrators
    assert "IAMFullAccess" in administrators
    assert not administrators & {"ReadOnlyAccess", "AmazonS3FullAccess", "SecurityAudit", "ViewOnlyAccess"}
    assert {one for statements in read.values() for one in map(is_public, statements)} == {False}


OURS = "333333333333"


@pytest.mark.parametrize("who", [OURS, f"arn:aws:iam::{OURS}:root", f"arn:aws:iam::{OURS}:role/r"])
def test_a_configured_account_is_let_in_and_is_no_stranger(who):
    [one] = read_document(document(statement(Principal={"AWS": who})))
    caller = replace(SCENE, configured=frozenset((OURS,)))
    assert grantees(one, caller)
    assert not facet(one, caller)["foreign"]
    assert facet(one, SCENE)["foreign"]


def test_everybody_limited_to_our_accounts_is_no_stranger():
    limited = {"StringEquals": {"aws:PrincipalAccount": [OURS, ACCOUNT]}}
    [one] = read_document(document(statement(Principal="*", Condition=limited)))
    assert facet(one, SCENE)["foreign"]
    assert not facet(one, replace(SCENE, configured=frozenset((OURS,))))["foreign"]
    assert facet(one, replace(SCENE, configured=frozenset((OTHER,))))["foreign"]
