"""What a condition may cost: work is linear in what it reads, so no call keeps the others waiting for one rule."""

from __future__ import annotations

from math import inf

import pytest

from tests.kit.facets import facets
from tests.kit.rules import by_the_library, compile_condition
from trio_gate.policy.cel import _RUN, check
from trio_gate.policy.checked_ast import tree
from trio_gate.policy.cost import BUDGET, most_iterations

LINEAR = [
    'aws.params.Tags.all(t, t.Key.startsWith("x"))',
    'aws.resources.all(r, ["arn:a", "arn:b"].exists(p, r.startsWith(p)))',
    'aws.params.Rules.all(r, r.Values.all(v, v.matches("^a+$")))',
    '["a", "b"].all(p, aws.resources.exists(r, r.contains(p)))',
    'aws.params.A.map(a, a.lowerAscii()).filter(a, a.endsWith("x")).size() == 1',
    "aws.params.A.all(a, aws.params.B.exists(b, a == b))",
    'aws.params.S.split(",").all(s, s.trim() != "")',
    'aws.params.S.replace("ab", "b") == "b" && aws.params.A.join(",") == "a,b"',
]

TOO_MUCH = [
    ("aws.params.A.exists(a, aws.params.S.contains(a))", "contains"),
    ("aws.params.A.exists(a, a.contains(aws.action))", "contains"),
    ('aws.params.A.exists(a, aws.params.B.exists(b, a.split("").size() == 3))', "size"),
    ('aws.params.A.exists(a, aws.params.B.exists(b, b.matches("a+")))', "matches"),
    ('[aws.params.S].exists(s, aws.params.A.exists(a, s.matches("(a|b)*c")))', "matches"),
    ("aws.params.A.all(a, a.B.all(b, a.S.startsWith(b)))", "startsWith"),
    ('aws.params.A.all(a, a.B.all(b, a.C.all(c, c.matches("x") && b.matches("x"))))', "matches"),
    ('aws.params.A.all(a, aws.params.B.all(b, b.C.all(c, c.matches("x"))))', "matches"),
    ('aws.params.A.all(a, aws.params.B.all(a, a.matches("x")))', "matches"),
    ('aws.params.S.replace("a", "ab") == "x"', "replace"),
    ('aws.params.S.replace("", "") == "x"', "replace"),
    ('aws.params.S.replace(aws.action, "") == "x"', "replace"),
    ('aws.params.A.join(aws.params.S) == "x"', "join"),
]


@pytest.mark.parametrize("source", LINEAR)
def test_work_that_is_linear(source):
    assert not any(fault.fatal for fault in check(source))


@pytest.mark.parametrize(("source", "function"), TOO_MUCH)
def test_work_that_is_not(source, function):
    faults = [fault.message for fault in check(source) if fault.fatal]
    assert faults
    assert all(f"`{function}`" in message for message in faults)


FULL = {
    "F": [0] * 2000,
    "T": [[0] * 39] * 50,
    "D": [{"a": [{"b": [0] * 61}] * 4, "b": []}] * 7,
    "O": {f"k{number}": [0] for number in range(1000)},
}
"""Values of as many members as one may have, flat and nested."""

WITHIN = [
    "aws.params.F.all(x, true)",
    " && ".join(["aws.params.F.all(x, true)"] * 4),
    "aws.params.T.all(x, x.all(y, true) && x.all(y, true) && x.all(y, true))",
    "aws.params.D.all(x, x.a.all(y, y.b.all(z, true)) && x.b.all(z, true))",
    "aws.params.T.all(x, [1, 2, 3].all(y, y > 0))",
    "[1, 2, 3].all(y, aws.params.F.all(x, true))",
    "aws.params.O.all(k, true) && aws.params.F.exists_one(x, x == 1) || aws.params.F.map(x, x).size() == 2000",
    "aws.params.T[0].all(x, true) && aws.params.F.all(x, x == 0)",
    "[].all(x, aws.params.F.all(y, true))",
]
BEYOND = [
    " && ".join(["aws.params.F.all(x, true)"] * 5),
    "aws.params.F.all(x, aws.params.F.all(y, true))",
    "[1, 2, 3, 4, 5].all(y, aws.params.F.all(x, true))",
    "aws.params.F.all(x, aws.params.T.all(y, y.all(z, true)))",
    "aws.params.F.all(x, [1, 2, 3, 4].all(y, y > 0))",
    "aws.params.T.all(x, aws.params.T.all(x, x.all(y, true)))",
]


@pytest.mark.parametrize("source", WITHIN)
def test_loops_within_the_budget_never_spend_it(source):
    assert most_iterations(tree(_RUN.compile(source).serialize())) < BUDGET
    assert by_the_library(compile_condition(source), facets(params=FULL)) in (True, False)


@pytest.mark.parametrize("source", BEYOND)
def test_loops_that_may_spend_the_budget(source):
    assert most_iterations(tree(_RUN.compile(source).serialize())) >= BUDGET
    assert by_the_library(compile_condition(source), facets(params=FULL)) == "it takes too many steps"


@pytest.mark.parametrize(
    "source", ["aws.params.S.split('').all(x, true)", "[[1], [2]].all(x, x.all(y, true))", "aws.params.F.map(x, x).all(x, true)"]
)
def test_loops_that_nothing_bounds(source):
    assert most_iterations(tree(_RUN.compile(source).serialize())) == inf
