"""Grants as values."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.approval.channel.test_codec import RULE
from tests.kit.approvals.questions import NOW, ONCALL, asked, call
from trio_gate.approval.grant import grant_of, spent, standing, used
from trio_gate.approval.question import grantable
from trio_gate.approval.terms import Terms
from trio_gate.aws.call import UNKNOWN
from trio_gate.config.model import RoleSettings

LIFE = timedelta(minutes=10)


def made(terms: Terms | None = None):
    return grant_of(asked(), terms, grant_id="g1", by=["alice"], now=NOW, life=LIFE, standing="s")


@pytest.mark.parametrize(
    ("terms", "kind", "uses", "ends"),
    [
        (None, "once", 1, LIFE),
        (Terms(uses=3, minutes=5), "exact", 3, timedelta(minutes=5)),
        (Terms(uses=1, minutes=60, predicate="true"), "predicate", 1, timedelta(hours=1)),
    ],
)
def test_a_grant_is_for_what_was_asked(terms, kind, uses, ends):
    grant = made(terms)
    assert (grant.kind, grant.uses, grant.expires_at - NOW) == (kind, uses, ends)
    assert (grant.rule, grant.agent, grant.account, grant.by) == ("the rest", "ci", "111111111111", ("alice",))
    assert (grant.digest, grant.repeat_key) == (asked().digest, asked().repeat_key)
    assert grant.is_for("bob")
    assert not grant.is_for("mallory")


def test_a_grant_is_spent_with_its_last_use():
    grant = made(Terms(uses=2, minutes=1))
    assert [spent(grant), spent(used(grant)), spent(used(used(grant)))] == [False, False, True]


@pytest.mark.parametrize(
    "changes",
    [
        {"condition": "true"},
        {"action": "allow"},
        {"name": "other"},
        {"endpoints": ("main",)},
        {"vends": True},
        {"presign": True},
        {"assume": RoleSettings(role="other")},
        {"narrow": True},
        {"approval_tag": True},
        {"narrow": True, "narrow_also": ("kms:Decrypt",)},
    ],
)
def test_another_rule_is_another_standing(changes):
    assert standing(RULE, [ONCALL]) == standing(replace(RULE, where="moved:9", reason="said otherwise"), [ONCALL])
    assert standing(RULE, [ONCALL]) != standing(replace(RULE, **changes), [ONCALL])


@pytest.mark.parametrize("changes", [{"people": ("alice",)}, {"quorum": 2}, {"name": "lead"}])
def test_other_approvers_are_another_standing(changes):
    assert standing(RULE, [ONCALL]) != standing(RULE, [replace(ONCALL, **changes)])
    assert standing(RULE, [ONCALL]) != standing(RULE, [ONCALL, ONCALL])


@pytest.mark.parametrize("vends", [True, UNKNOWN])
def test_what_may_return_credentials_is_not_granted(vends):
    assert not grantable(call(vends_credentials=vends))


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {name: UNKNOWN}
            for name in ("iam_actions", "resource", "resources", "resource_accounts", "cross_account", "reads_secret")
        ),
        {"params": {"Body": UNKNOWN}},
    ],
)
def test_what_else_is_unknown_of_a_call_keeps_no_grant_from_it(changes):
    assert grantable(call(**changes))
