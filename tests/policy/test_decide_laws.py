"""What holds for all rules and all calls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.kit.rules import decide, rule
from trio_gate.aws.call import UNKNOWN

CONDITIONS = [
    *("true", "false", "aws.reads_secret", "aws.cross_account", "!aws.cross_account", "has(aws.resource)", "!has(aws.resource)"),
    *('aws.action == "GetObject"', '!aws.action.startsWith("Get")', 'aws.account_name != "prod"', "!has(aws.account_name)"),
    *('aws.params.A == "a"', 'aws.params.A != "a"', "has(aws.params.A)", "!has(aws.params.A)", "aws.params.size() == 0"),
    *("aws.params.M.a == 1", "!has(aws.params.M.a)", "aws.params.M == {}", 'aws.params.A == "a" || !has(aws.params.M.a)'),
    *("aws.resources.all(r, r == 'x')", "!aws.resources.exists(r, r == 'x')", "aws.resources == []", "!('x' in aws.resources)"),
    *("aws.cross_account ? aws.reads_secret : has(aws.params.M)", "aws.vends_credentials && !has(aws.params.A.x)"),
]

rules = st.lists(
    st.builds(
        lambda name, action, source, vends, endpoints: rule(name, action, source, vends=vends, endpoints=endpoints),
        st.sampled_from("abcdef"),
        st.sampled_from(["allow", "deny", "approve"]),
        st.none() | st.sampled_from(CONDITIONS),
        st.booleans(),
        st.sampled_from([(), ("main",), ("other",)]),
    ),
    max_size=6,
)
params = st.fixed_dictionaries(
    {},
    optional={
        "A": st.sampled_from(["a", "b", 1, UNKNOWN, None, "a\0"]),
        "M": st.sampled_from([{}, {"a": 1}, {"a": UNKNOWN}, {"a": 2, "b": 3}, UNKNOWN, "text", {"a\0": 1}]),
    },
)
FIELDS = {
    "operation": st.sampled_from(["GetObject", "PutObject"]),
    "reads_secret": st.booleans(),
    "vends_credentials": st.booleans(),
    "resource": st.sampled_from([None, "x", UNKNOWN]),
    "resources": st.sampled_from([(), ("x",), ("x", "y"), UNKNOWN]),
    "cross_account": st.sampled_from([True, False, UNKNOWN]),
    "account_name": st.sampled_from([None, "prod", "dev"]),
    "params": params,
}
calls = st.fixed_dictionaries(FIELDS)
WIDTH = {"deny": 0, "approve": 1, "allow": 2}


@given(calls)
def test_no_rules_allow_nothing(call):
    assert decide(**call).outcome == "deny"


@given(rules, calls, st.sampled_from([None, *CONDITIONS]), st.data())
def test_a_rule_that_denies_never_widens(policy, call, source, data):
    at = data.draw(st.integers(0, len(policy)))
    narrower = [*policy[:at], rule("no", "deny", source), *policy[at:]]
    assert WIDTH[decide(*narrower, **call).outcome] <= WIDTH[decide(*policy, **call).outcome]


@given(rules, calls, st.sampled_from([*FIELDS, "A", "M", "a"]))
def test_the_unknown_never_allows(policy, call, forgotten: str):
    known = decide(*policy, **call)
    told = call["params"]
    if forgotten == "params":
        less = {"params": {"A": UNKNOWN, "M": UNKNOWN}}
    elif forgotten in FIELDS:
        less = {forgotten: UNKNOWN}
    elif forgotten == "a":
        less = {"params": {**told, "M": {**told["M"], "a": UNKNOWN}} if isinstance(told.get("M"), dict) else told}
    else:
        less = {"params": {**told, forgotten: UNKNOWN}}
    assert WIDTH[decide(*policy, **{**call, **less}).outcome] <= WIDTH[known.outcome]


@given(rules, calls)
def test_a_decision_is_consistent(policy, call):
    found = decide(*policy, **call)
    assert found.reason.isprintable()
    assert found.rule is not None or found.outcome == "deny"
    assert not found.errors or found.outcome == "deny"
    if found.outcome != "deny" and call["vends_credentials"]:
        assert any(one.vends for one in policy if one.name == found.rule)


@given(rules, calls)
def test_conditions_read_the_same_alone_and_together(policy, call):
    found = decide(*policy, **call)
    for one in policy:
        alone = decide(one, **call)
        if alone.rule is None:
            continue
        assert (alone.outcome, alone.rule) == (found.outcome, found.rule)
        break
