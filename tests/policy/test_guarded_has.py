"""has() of a chain, rewritten: what it tests of each step, and that all around it stays as it was."""

from __future__ import annotations

import pytest

from tests.kit.rules import answer
from trio_gate.aws.call import UNKNOWN
from trio_gate.policy.cel import _RUN, check, compile_condition
from trio_gate.policy.guarded_has import guarded
from trio_gate.policy.references import Read

DEEP = [f"n{number}" for number in range(28)]


def nested(names, value):
    for name in reversed(names):
        value = {name: value}
    return value


@pytest.mark.parametrize("length", range(1, len(DEEP) + 1))
def test_a_chain_is_false_wherever_it_ends_and_undecided_wherever_it_is_unknown(length: int):
    source = f"has(aws.params.{'.'.join(DEEP)})"
    assert answer(source, params=nested(DEEP, 1)) is True
    assert answer(source, params=nested(DEEP[: length - 1], {"other": 1})) is False
    unknown = answer(source, params=nested(DEEP[:length], UNKNOWN))
    assert unknown == f"aws.params.{'.'.join(DEEP[:length])} is not known"


@pytest.mark.parametrize(
    "source",
    [
        "has(aws.params.A)",
        "aws.params.A.B == 1",
        "has(aws.account_name) && aws.resources.exists(r, r == 'x')",
        "aws.params.L.exists(x, has(x.a))",
        "has(aws.params.L[0].a)",
    ],
)
def test_what_has_nothing_to_guard_is_left_alone(source: str):
    assert guarded(_RUN.compile(source).serialize()) is None


CONSTANTS = """
    has(aws.params.A.B.C) || [1.5, -2.25e300].exists(x, x < 0.0) && b"\\xff\\x00" == b"\\xff\\x00" && 7u + 1u == 8u
    && -9223372036854775808 < 0 && "é😀" == "\\u00e9\\U0001F600" && {"k": [1, {2: null}]}.k[1] == {2: null}
    && [1, 2].map(x, x > 1, x * 2) == [4] && (true ? "a" : "b") == "a" && duration("60s") < duration("2m")
    && request.time > timestamp("2020-01-01T00:00:00Z") && aws.params["x-y"].z.matches("^a+$")
"""


def test_all_around_it_keeps_its_value():
    params = {"x-y": {"z": "aaa"}}
    assert answer(CONSTANTS, params=params) is True
    assert answer(CONSTANTS.replace('"^a+$"', '"^b+$"'), params=params) is False
    assert answer(CONSTANTS, params={"A": {"B": {"C": 0}}}) is True


def test_each_step_is_looked_at():
    plan = compile_condition('has(aws.params["A"].B.C)').plan
    path = ("aws", "params", "A", "B", "C")
    assert plan.key == {Read(path=path[:length], tested=True) for length in (3, 4, 5)}


@pytest.mark.parametrize(
    ("item", "found"), [({"a": {"b": {"c": 1}}}, True), ({"a": {"b": {}}}, False), ({"a": {}}, False), ({}, False)]
)
def test_a_chain_of_a_loop_s_variable(item, found):
    assert answer("aws.params.L.exists(x, has(x.a.b.c))", params={"L": [item]}) is found
    assert answer("aws.params.L.all(x, !has(x.a['b'].c))", params={"L": [item]}) is not found
    assert answer("has(aws.params.L[0].a.b.c)", params={"L": [item]}) is found


def test_what_is_nested_too_deep_is_a_fault_and_no_crash():
    wrapped = "has(aws.params.A.B)"
    for level in range(24):
        wrapped = f"[{level}].all(x{level}, {wrapped})"
    assert check(wrapped.replace(".A.B", ".A")) == []
    [fault] = check(wrapped)
    assert (fault.message, fault.hint) == ("a has() in it is nested too deep", "use several rules")
