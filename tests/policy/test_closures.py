"""Closures, held against the CEL library: what a closure decides, the library decides in the same way."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.docs.pages import examples
from tests.kit.facets import facets
from tests.kit.paths import ROOT
from tests.kit.rules import by_the_library, compile_condition
from tests.policy import test_activation, test_cel, test_decide_laws
from trio_gate.aws.call import UNKNOWN
from trio_gate.facet.schema import FACETS
from trio_gate.policy.cel import _RUN, _condition
from trio_gate.policy.checked_ast import tree

PATHS = [
    *(
        "aws.params.a",
        "aws.params.b",
        "aws.params.a.b",
        'aws.params["a"].c',
        "aws.params.a.b.c",
        "aws.params.a[0]",
        "aws.params.b[1].a",
    ),
    *(
        "aws.params",
        "aws.params.a[aws.action]",
        "aws.account_name",
        "aws.action",
        "aws.resources",
        "aws.resource",
        "aws.policies",
    ),
    *("aws.cross_account", "agent.name", "x", "y", "x", "y", "x.a", "x.b", "x.a.b", "y.a", 'x["b"]'),
]
CONSTANTS = [
    *('""', '"a"', '"b"', '"é"', "0", "1", "-1", "1.0", "0.5", "9007199254740993", "9007199254740992.0", "true", "false", "null"),
    *(
        "1u",
        'b"a"',
        "[]",
        '["a", "b"]',
        '["a"]',
        '["a", "é"]',
        "[1, 2]",
        "[1.0]",
        "[true]",
        "[[]]",
        "{}",
        '{"a": 1}',
        "[aws.params.a, x]",
    ),
]
TESTS = [
    "aws.params",
    "aws.params.a",
    "aws.params.b",
    "aws.params.a.b",
    "aws.params.a.b.c",
    "aws.account_name",
    "agent.name",
    "x.a",
    "x.a.b",
    "y.b",
]
LISTS = [
    "aws.params.a",
    "aws.params.b",
    "aws.resources",
    "x",
    "x.a",
    "y.b",
    '["a", "b"]',
    "[[1], []]",
    "aws.params.a.filter(z, z == 1)",
]
OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "in", "+"]
METHODS = ["startsWith", "endsWith", "contains", "indexOf"]
FORMS = [
    *("size({})", "{}.size()", "{}.lowerAscii()", "{}.upperAscii()", "!({})", "{}[0]", "{}.split('a')", "dyn({})", "string({})"),
    *('{}.matches("^(a|é)")', '{}.matches("a?b")', '{} in ["a", "b"]', "{} != []", "{} < 1", '"a" in {}', "{}[aws.action]"),
]

paths, constants = st.sampled_from(PATHS), st.sampled_from(CONSTANTS)
values = paths | st.builds(str.format, st.sampled_from(FORMS), paths)
truths = (
    st.builds("{} {} {}".format, values, st.sampled_from(OPERATORS), constants | values)
    | st.builds("{} {} {}".format, constants, st.sampled_from(OPERATORS), values)
    | st.builds("{}.{}({})".format, values, st.sampled_from(METHODS), st.sampled_from(['"a"', '""', '"b"']) | paths)
    | st.builds("has({})".format, st.sampled_from(TESTS))
    | paths
)
conditions = st.recursive(
    truths,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||", "&&", "||", "=="]), inner)
        | st.builds("!({})".format, inner)
        | st.builds("({} ? {} : {})".format, inner, inner, inner)
        | st.builds(
            "{}.{}({}, {})".format,
            st.sampled_from(LISTS),
            st.sampled_from(["all", "exists", "all", "exists", "exists_one"]),
            st.sampled_from("xy"),
            inner,
        )
    ),
    max_leaves=8,
)
plain = st.sampled_from(
    [
        *(
            None,
            True,
            False,
            0,
            1,
            -1,
            2**63 - 1,
            2**53 + 1,
            1.0,
            0.5,
            2.0**53,
            "",
            "a",
            "b",
            "ab",
            "é",
            b"a",
            UNKNOWN,
            2**64,
            "a\0",
        )
    ]
)
given_values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", "a\0"]), inner, max_size=3),
    max_leaves=6,
)
short = st.lists(given_values, min_size=1, max_size=2)
params = st.fixed_dictionaries({"l": short, "m": short}, optional=dict.fromkeys("abc", given_values))
calls = st.fixed_dictionaries(
    {"params": params},
    optional={
        "account_name": st.sampled_from([None, "a", "prod"]),
        "agent": st.sampled_from([None, "a"]),
        "operation": st.sampled_from(["a", "b"]),
        "resource": st.sampled_from([None, "a", UNKNOWN]),
        "resources": st.sampled_from([(), ("a", "b"), UNKNOWN]),
        "cross_account": st.sampled_from([True, False, UNKNOWN]),
        "policies": st.sampled_from([(), ({"a": ["a"]}, {"b": 1}), UNKNOWN]),
    },
)


def agrees(condition, **changes):
    found = condition.closure(facets(**changes), ())
    return not isinstance(found, bool) or by_the_library(condition, facets(**changes)) is found


def compiled(source: str):
    """The condition, in loops if it has their variables; None for one that the library refuses."""
    if re.search(r"\b[xy]\b", source):
        source = f"aws.params.l.exists(x, aws.params.m.all(y, {source}))"
    try:
        program = _RUN.compile(source)
        return _condition(program, tree(program.serialize()))
    except RuntimeError:
        return None


@given(st.lists(conditions, min_size=1, max_size=10), st.lists(calls, min_size=1, max_size=5))
def test_a_closure_decides_as_the_library_does(sources, several):
    for condition in filter(None, map(compiled, sources)):
        assert all(agrees(condition, **call) for call in several)


KNOWN = [
    *test_activation.TABLE,
    *test_cel.SOUND,
    *test_decide_laws.CONDITIONS,
    *(example.text for example in examples("cel")),
]


@given(st.sampled_from(KNOWN), calls)
def test_a_condition_of_the_tests_and_pages_is_decided_as_the_library_does(source: str, call):
    told = {**test_activation.PARAMS, **call["params"]}
    for one in re.split(r"\n\n", re.sub(r"\bp(?=[.\[])", "aws.params", source)):
        assert agrees(compile_condition(one), **call)
        assert agrees(compile_condition(one), **{**call, "params": told})


PAGES = [example.text for example in examples("hcl fragment") if example.page.name == "rules.md"]
WRITTEN = "\n".join([*PAGES, (ROOT / "config.example.hcl").read_text("utf-8")])
MATCHES = [
    *(text for _, text in re.findall(r"match += +<<-(\w+)\n(.*?)\n *\1$", WRITTEN, re.DOTALL | re.MULTILINE)),
    *re.findall(r"match += +([^<\n].*?[^\[\n])(?: +action.*)?$", WRITTEN, re.MULTILINE),
    *re.findall(r"match += +([^<\n]*\[\n.*?\n *\])$", WRITTEN, re.DOTALL | re.MULTILINE),
]


@pytest.mark.parametrize("source", MATCHES)
def test_the_rules_of_the_pages_need_no_library(source: str):
    condition = compile_condition(source)
    assert len(MATCHES) == 23
    for action, access in (("RunInstances", "write"), ("GetObject", "read"), ("ListObjectsV2", "list")):
        call = {"operation": action, "access": access, "params": {"Bucket": "data", "InstanceType": "t3.micro"}}
        if not ("request.time" in source and access == "write"):
            assert condition.closure(facets(**call), ()) is by_the_library(condition, facets(**call))


@pytest.mark.parametrize(
    "source",
    [
        'aws.params.M == {} || aws.params.M.a == "a"',
        'aws.params.M == {} || has(aws.params.M.a) || aws.action == "GetObject"',
        " || ".join(["aws.resources.exists(r, r == 'x')"] * 5) + " || true",
        "aws.params.L.all(x, aws.params.L.all(y, true)) || true",
        "true || aws.action.split('').all(x, true)",
        "[[1, 2]].all(x, x.all(y, true)) || true",
        "aws.params.L.map(x, x).all(x, true) || true",
        "aws.params.L.exists(x, ['a', 'b', 'c', 'd', 'e'].exists(y, y == x)) || true",
    ],
)
def test_what_is_left_to_the_library_as_a_whole(source: str):
    params = {"M": {"a": "a"}, "L": []}
    assert compile_condition(source).closure(facets(params=params), ()) is UNKNOWN


@pytest.mark.parametrize(
    "source",
    [
        " || ".join(["aws.resources.exists(r, r == 'x')"] * 4) + " || true",
        "aws.params.L.all(x, x.a.all(y, y.b.all(z, true) && x.c.all(z, true))) || true",
        "aws.params.L.exists(x, ['a', 'b', 'c'].exists(y, y == x)) || true",
        "aws.params.L.filter(x, x == 1).size() == 0 || true",
        "aws.action.matches('x') || true",
        "(aws.action.matches('x') ? aws.action == 'a' : aws.action == 'b') || true",
        "aws.params.L.exists(x, x.matches('x') || x == 'a')",
    ],
)
def test_what_decides_beside_a_part_that_is_left_to_the_library(source: str):
    found = facets(params={"L": ["a", "b"]})
    assert compile_condition(source).closure(found, ()) is by_the_library(compile_condition(source), found) is True


@pytest.mark.parametrize("name", sorted(FACETS.keys() - {"request.time"}))
def test_a_test_of_a_whole_facet_alone_and_of_its_parts(name: str):
    for source in (f"has({name})", f"has({name}) && has(aws.params.Bucket)", f"!has({name}) || has(aws.params.Bucket.a)"):
        condition = compile_condition(source)
        for call in ({"params": {}}, {"params": {"Bucket": "b"}}, {"params": {"a\0": 1}}, {"params": {"Bucket": UNKNOWN}}):
            found = facets(**call)
            assert condition.closure(found, ()) in (by_the_library(condition, found), UNKNOWN)
    assert compile_condition("has(aws.params)").closure(facets(params={}), ()) is True


def test_a_variable_that_hides_another():
    condition = compile_condition("aws.params.L.exists(x, x.l.all(x, x == 'a') && x.a == 'b')")
    assert compile_condition("aws.params.L.all(x, x.l.all(x, x.m.all(y, y == 'a' && x.b == 'b')))").closure(
        facets(params={"L": [{"l": [{"m": ["a"], "b": "b"}]}]}), ()
    )
    for params in ({"L": [{"l": ["a"], "a": "b"}]}, {"L": [{"l": ["b"], "a": "b"}]}, {"L": [{"l": ["a"], "a": "a"}]}):
        assert condition.closure(facets(params=params), ()) is by_the_library(condition, facets(params=params))
