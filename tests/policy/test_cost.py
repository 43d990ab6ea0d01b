"""What a condition may cost: work is linear in what it reads, so no call keeps the others waiting for one rule."""

from __future__ import annotations

import pytest

from trio_gate.policy.cel import check

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
