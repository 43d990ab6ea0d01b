"""Rules in order: the first that holds decides, and what a decision says."""

from __future__ import annotations

import pytest

from tests.kit.rules import decide, rule
from trio_gate.aws.call import UNKNOWN
from trio_gate.policy.decide import Decision

GET = 'aws.action.startsWith("Get")'
PROD = 'aws.account_name == "prod"'
ONCALL = ("human.oncall",)


def test_no_rule_is_no():
    assert decide() == Decision(outcome="deny", rule=None, reason="no rule allows s3:GetObject")


def test_no_rule_that_holds_is_no():
    found = decide(rule("puts", "allow", 'aws.action == "PutObject"'), service="secretsmanager", operation="GetSecretValue")
    assert found == Decision(outcome="deny", rule=None, reason="no rule allows secretsmanager:GetSecretValue")


def test_an_unknown_name_is_not_repeated():
    assert decide(operation=UNKNOWN).reason == "no rule allows this call"
    assert decide(service=UNKNOWN).reason == "no rule allows this call"


@pytest.mark.parametrize(
    ("given", "decision"),
    [
        (rule("all", "allow"), Decision(outcome="allow", rule="all", reason='allowed by rule "all"')),
        (
            rule("reads ok", "allow", GET, reason="look, do not touch"),
            Decision(outcome="allow", rule="reads ok", reason='allowed by rule "reads ok": look, do not touch'),
        ),
        (
            rule("no secrets", "deny", GET, reason="ask for a reference instead"),
            Decision(outcome="deny", rule="no secrets", reason='denied by rule "no secrets": ask for a reference instead'),
        ),
        (
            rule("ask", "approve", GET, approvers=ONCALL),
            Decision(outcome="approve", rule="ask", reason='approval is required by rule "ask"', approvers=ONCALL),
        ),
    ],
)
def test_a_rule_that_holds_decides(given, decision: Decision):
    assert decide(given) == decision


def test_the_first_that_holds_decides():
    rules = rule("a", "deny", PROD), rule("b", "allow", GET), rule("c", "deny")
    assert decide(*rules).rule == "a"
    assert decide(*rules, account_name="dev").rule == "b"
    assert decide(*rules, account_name="dev", operation="PutObject").rule == "c"


def test_rules_of_other_endpoints_are_passed_over():
    rules = rule("a", "allow", endpoints=("one", "two")), rule("b", "deny")
    assert decide(*rules, endpoint="two").rule == "a"
    assert decide(*rules, endpoint="three").rule == "b"
    undecidable = rule("a", "allow", 'agent.name == "x"', endpoints=("one",))
    assert decide(undecidable, rule("b", "allow"), agent=None, endpoint="three").rule == "b"


@pytest.mark.parametrize("action", ["allow", "deny", "approve"])
def test_a_rule_that_cannot_be_decided_ends_the_walk(action: str):
    found = decide(rule("prod", action, PROD, approvers=ONCALL), rule("all", "allow"), account_name=None)
    assert found == Decision(
        outcome="deny",
        rule="prod",
        reason='rule "prod" cannot be decided: aws.account_name is not set',
        errors=("aws.account_name is not set",),
    )


def test_rules_before_one_that_cannot_be_decided_decide():
    assert decide(rule("gets", "allow", GET), rule("prod", "deny", PROD), account_name=None).outcome == "allow"


def test_what_is_absorbed_is_decided():
    assert decide(rule("a", "allow", f"{PROD} || {GET}"), account_name=None).outcome == "allow"


def test_a_condition_is_not_in_the_reason():
    found = decide(rule("odd", "allow", "aws.params.Bucket < 5"), rule("all", "allow"))
    assert found.reason == 'rule "odd" cannot be decided: a value does not have the type that it expects'


@pytest.mark.parametrize("vends", [True, UNKNOWN])
@pytest.mark.parametrize("action", ["allow", "approve"])
def test_a_call_that_may_return_credentials_needs_a_rule_that_vends(action: str, vends):
    call = {"service": "sts", "operation": "GetSessionToken", "vends_credentials": vends}
    found = decide(rule("gets", action, GET, approvers=ONCALL), rule("tokens", "allow", vends=True), **call)
    assert found == Decision(
        outcome="deny",
        rule="gets",
        reason='sts:GetSessionToken may return credentials, and rule "gets" does not have `vends = true`',
    )
    assert decide(rule("tokens", action, GET, approvers=ONCALL, vends=True), **call).outcome == action


def test_naming_the_facet_opens_nothing():
    call = {"operation": "GetSessionToken", "vends_credentials": True}
    assert decide(rule("tokens", "allow", "aws.vends_credentials"), **call).outcome == "deny"
    assert decide(rule("tokens", "allow", 'aws.action == "GetSessionToken"'), **call).outcome == "deny"


def test_a_rule_that_denies_needs_no_vends():
    found = decide(rule("none", "deny", GET, reason="no keys"), vends_credentials=True)
    assert found.reason == 'denied by rule "none": no keys'


def test_a_rule_that_vends_allows_other_calls_too():
    assert decide(rule("all", "allow", vends=True)).outcome == "allow"


def test_rules_that_read_different_parts_do_not_disturb_each_other():
    params = {"A": {"x": 1, "u": UNKNOWN}, "B": 2}
    rules = (
        rule("one", "deny", "aws.params.A.x == 2"),
        rule("two", "deny", "has(aws.params.A.gone)"),
        rule("three", "deny", 'aws.action == "x" && aws.params.A.size() == 1'),
        rule("four", "allow", "aws.params.A.x == 1 && aws.params.B == 2"),
    )
    assert decide(*rules, params=params).rule == "four"
    assert decide(rule("whole", "allow", "aws.params.A.size() > 0"), *rules, params=params).errors == (
        "aws.params.A is not known",
    )


@pytest.mark.parametrize("action", ["allow", "approve"])
def test_a_call_that_is_only_signed_needs_a_rule_that_presigns(action: str):
    found = decide(rule("gets", action, GET, approvers=ONCALL), rule("urls", "allow", presign=True), presigned=60)
    assert found == Decision(
        outcome="deny",
        rule="gets",
        reason='s3:GetObject is to be signed and not sent, and rule "gets" does not have `presign = true`',
    )
    assert decide(rule("urls", action, GET, approvers=ONCALL, presign=True), presigned=60).outcome == action
    assert decide(rule("urls", "allow", "aws.presigned"), presigned=60).outcome == "deny"


def test_a_rule_that_denies_needs_no_presign():
    assert decide(rule("none", "deny", GET), presigned=60).reason == 'denied by rule "none"'


def test_a_rule_that_presigns_allows_other_calls_too():
    assert decide(rule("all", "allow", presign=True)).outcome == "allow"


def test_a_token_needs_both():
    token = {"presigned": 60, "vends_credentials": True}
    assert decide(rule("urls", "allow", presign=True), **token).outcome == "deny"
    assert decide(rule("keys", "allow", vends=True), **token).outcome == "deny"
    assert decide(rule("both", "allow", presign=True, vends=True), **token).outcome == "allow"
