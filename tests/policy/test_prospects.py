"""What rules say of calls in general holds for every such call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.long import examples
from tests.kit.records import NOW
from trio_gate.aws.call import UNKNOWN
from trio_gate.facet.extract import Facets
from trio_gate.policy.cel import compile_condition
from trio_gate.policy.decide import Rule, decide
from trio_gate.policy.prospects import MOST_REMEMBERED, Prospect, Prospects, Step

READ = {"aws.access": "read", "aws.service": "s3", "aws.account": "111111111111", "aws.vends_credentials": False}
ANSWERS = {"allow": "allowed", "approve": "asked", "deny": "denied"}


def rule(name, condition=None, action="allow", *, endpoints=(), vends=False):
    compiled = compile_condition(condition) if condition else None
    made = Rule(
        name=name, condition=compiled, action=action, approvers=(), endpoints=endpoints, reason=None, vends=vends, presign=False
    )
    return made, condition


def prospects(*rules):
    return Prospects([made for made, _ in rules], [text for _, text in rules])


def steps(*rules, known=READ, endpoint="main", virtual=False):
    found = prospects(*rules).of(known, endpoint=endpoint, virtual=virtual)
    return found.answer, [(step.rule, step.action, step.sure) for step in found.steps]


def test_the_first_rule_that_matches_all_decides():
    first, second = rule("reads", 'aws.access == "read"'), rule("rest", None, "approve")
    assert steps(first, second) == ("allowed", [("reads", "allow", True)])
    assert steps(first, second, known={**READ, "aws.access": "write"}) == ("asked", [("rest", "approve", True)])
    assert steps(first, known={**READ, "aws.access": "write"}) == ("denied", [(None, "deny", True)])


def test_a_rule_that_matches_some_makes_it_depend():
    some = rule("some", 'aws.region == "us-east-1"', "deny")
    assert steps(some, rule("rest")) == ("depends", [("some", "deny", False), ("rest", "allow", True)])
    assert steps(some, rule("rest", None, "deny"))[0] == "denied"


def test_a_rule_that_may_be_undecidable_makes_it_depend_even_where_it_matches_none():
    none = rule("none", 'has(aws.resource) && aws.access == "write"', "deny")
    assert steps(none, rule("rest")) == ("depends", [("none", "deny", False), ("rest", "allow", True)])
    every = rule("every", 'aws.access == "read" || has(aws.params.Bucket)')
    assert steps(every)[0] == "depends"
    known = rule("known", 'has(aws.account_name) && aws.access == "write"', "deny")
    assert steps(known, rule("rest"))[0] == "allowed"


def test_a_condition_beyond_the_budget_is_not_relied_on():
    long = " && ".join(['aws.params.all(a, aws.params.all(b, a != b || aws.access == "read"))'] * 3)
    assert prospects(rule("long", f'aws.access == "read" || ({long})')).of(READ, endpoint="main").answer in ("allowed", "depends")


def test_calls_that_return_credentials_need_a_rule_for_it():
    vends, may = {**READ, "aws.vends_credentials": True}, {"aws.access": "read"}
    assert steps(rule("all"), known=vends) == ("denied", [("all", "deny", True)])
    assert steps(rule("all", vends=True), known=vends)[0] == "allowed"
    assert steps(rule("all"), known=vends, virtual=True)[0] == "allowed"
    assert steps(rule("all"), known=may)[0] == "depends"
    assert steps(rule("all", None, "deny"), known=may)[0] == "denied"


def test_a_rule_of_another_endpoint_does_not_count_and_of_any_only_for_some():
    other = rule("other", endpoints=("other",))
    assert steps(other) == ("denied", [(None, "deny", True)])
    assert steps(other, endpoint="other")[0] == "allowed"
    assert steps(other, endpoint=None) == ("depends", [("other", "allow", False), (None, "deny", True)])
    found = prospects(other)
    assert [found.meets(other[0], READ, endpoint=name) for name in ("main", "other", None)] == [False, True, True]
    assert found.by_endpoint


def test_a_rule_that_can_match_no_such_call_does_not_meet_it():
    ci, any_agent = rule("ci", 'agent.name == "ci"'), rule("all")
    found = prospects(ci, any_agent)
    met = [[found.meets(one, {"agent.name": name}, endpoint="main") for one, _ in (ci, any_agent)] for name in ("ci", "other")]
    assert met == [[True, True], [False, True]]


def test_what_is_remembered_is_bounded_and_right():
    found = prospects(rule("one", 'aws.service == "7"'))
    answers = [found.of({"aws.service": str(at)}, endpoint="main").answer for at in range(MOST_REMEMBERED + 10)]
    assert set(answers[:7]) | set(answers[8:]) == {"denied"}
    assert len(found._found) <= MOST_REMEMBERED
    assert found.of({**READ, "aws.service": "7"}, endpoint="main").answer == "allowed"


def test_a_prospect_without_rules():
    assert Prospect(steps=(Step(rule=None, action="deny", sure=True),)).answer == "denied"


ATOMS = [
    'aws.access == "read"',
    'aws.service in ["s3", "ec2"]',
    "has(aws.resource)",
    "has(aws.params.Bucket)",
    "has(aws.account_name)",
    "aws.reads_secret",
    'aws.params.Bucket == "a"',
    'aws.resources.all(r, r.startsWith("arn:"))',
    'aws.action.startsWith("Get")',
    "!aws.vends_credentials",
    "true",
]
CONDITIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda below: st.one_of(
        st.tuples(below, st.sampled_from(["&&", "||"]), below).map(lambda parts: f"({' '.join(parts)})"),
        below.map(lambda one: f"!({one})"),
        st.tuples(below, below, below).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
    ),
    max_leaves=4,
)
RULES = st.lists(
    st.builds(
        rule,
        st.sampled_from("abc"),
        st.none() | CONDITIONS,
        st.sampled_from(list(ANSWERS)),
        endpoints=st.sampled_from([(), ("main",), ("other",)]),
        vends=st.booleans(),
    ),
    max_size=4,
)
CALLS = st.fixed_dictionaries(
    {
        "aws.access": st.sampled_from(["read", "write"]),
        "aws.service": st.sampled_from(["s3", "sts"]),
        "aws.action": st.sampled_from(["GetObject", "PutObject"]),
        "aws.account_name": st.sampled_from([None, "prod"]),
        "aws.resource": st.sampled_from([None, "arn:aws:s3:::a", UNKNOWN]),
        "aws.resources": st.sampled_from([[], ["arn:aws:s3:::a"], UNKNOWN]),
        "aws.params": st.sampled_from([{}, {"Bucket": "a"}, {"Bucket": UNKNOWN}, UNKNOWN]),
        "aws.reads_secret": st.sampled_from([True, False, UNKNOWN]),
        "aws.vends_credentials": st.sampled_from([True, False, UNKNOWN]),
        "aws.presigned": st.just(False),
    }
)


@examples(8)
@given(RULES, CALLS, st.sets(st.sampled_from(["aws.access", "aws.service", "aws.account_name", "aws.vends_credentials"])))
def test_an_answer_holds_for_every_such_call(rules, call, told):
    known = {name: call[name] for name in told if call[name] is not UNKNOWN}
    answer = prospects(*rules).of(known, endpoint="main").answer
    facets = Facets({tuple(name.split(".")): value for name, value in call.items()}, time=NOW)
    decided = decide([made for made, _ in rules], facets, endpoint="main")
    assert answer in ("depends", ANSWERS[decided.outcome])


@pytest.mark.parametrize("text", ["aws.reads_secret", 'aws.access == "read"'])
def test_what_conditions_read_is_known(text):
    assert prospects(rule("one", text)).reads == {text.split(" ")[0]}
