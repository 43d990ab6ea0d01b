"""What the tests of the policy share: a condition's answer, and rules in one line."""

from __future__ import annotations

import functools

from tests.kit.facets import facets
from trio_gate.policy.activation import Undecided
from trio_gate.policy.cel import Evidence
from trio_gate.policy.cel import compile_condition as real_compile
from trio_gate.policy.decide import Decision, Rule
from trio_gate.policy.decide import decide as real_decide

compile_condition = functools.cache(real_compile)


def answer(source: str, **changes) -> bool | str:
    """What a condition says of the call of `tests/kit/calls.py`, changed: True, False or why it is undecided."""
    try:
        return compile_condition(source).holds(Evidence(facets(**changes)))
    except Undecided as undecided:
        return undecided.reason


def rule(name: str, action: str, match: str | None = None, *, approvers=(), endpoints=(), reason=None, vends=False) -> Rule:
    condition = None if match is None else compile_condition(match)
    return Rule(
        name=name, condition=condition, action=action, approvers=approvers, endpoints=endpoints, reason=reason, vends=vends
    )


def decide(*rules: Rule, endpoint="main", **changes) -> Decision:
    return real_decide(rules, facets(**changes), endpoint=endpoint)
