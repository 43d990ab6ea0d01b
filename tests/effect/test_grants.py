"""Who gets access, and whether to everything."""

from __future__ import annotations

import pytest

from tests.effect.reviewed_calls import FOREIGN, policy, trust
from tests.kit.aws.effects import call_of
from tests.kit.calls import make_call
from trio_gate.aws.call import UNKNOWN
from trio_gate.effect.grants import admin_members, beneficiaries, strangers
from trio_gate.effect.sentence import told


@pytest.mark.parametrize(
    ("shares", "who", "sentence"),
    [
        ((), (), ""),
        (UNKNOWN, (), ""),
        (("*",), (), ""),
        ((FOREIGN,), (FOREIGN,), f"account {FOREIGN}"),
        ((FOREIGN, "o-a1b2c3d4e5"), (FOREIGN, "o-a1b2c3d4e5"), f"2 principals ({FOREIGN}, o-a1b2c3d4e5)"),
        (("10.0.0.0/8",), (), "10.0.0.0/8"),
        ((FOREIGN, "10.0.0.0/8"), (FOREIGN,), f"account {FOREIGN} and 10.0.0.0/8"),
    ],
)
def test_who_gets_access_is_named(shares, who, sentence):
    call = make_call(shares_with=shares)
    assert strangers(call) == who
    if shares != ("*",):
        assert told(beneficiaries(call)).sentence == sentence


def test_everybody_is_said_first():
    assert beneficiaries(make_call(shares_with=("*", FOREIGN), makes_public=True)) == ["everybody"]


@pytest.mark.parametrize(
    ("name", "params", "members"),
    [
        ("iam.PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": policy(action="*")}, ["PolicyDocument"]),
        ("iam.PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": policy()}, []),
        ("iam.PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": policy(action="*", effect="Deny")}, []),
        ("iam.AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, ["PolicyArn"]),
        ("iam.AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/IAMFullAccess"}, ["PolicyArn"]),
        ("iam.AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::111111111111:policy/IAMFullAccess"}, []),
        ("iam.GetPolicy", {"PolicyArn": "arn:aws:iam::aws:policy/IAMFullAccess"}, []),
        ("iam.CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": trust({"AWS": FOREIGN})}, []),
    ],
)
def test_a_policy_that_allows_everything_is_found(name, params, members):
    assert admin_members(call_of(name, params)) == members
