"""What the tests of the policy share: a condition's answer, and rules in one line."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from tests.kit.facets import facets
from trio_gate.facet.values import UNKNOWN
from trio_gate.policy.activation import Undecided
from trio_gate.policy.cel import Evidence
from trio_gate.policy.cel import compile_condition as real_compile
from trio_gate.policy.decide import Decision, Rule
from trio_gate.policy.decide import decide as real_decide

if TYPE_CHECKING:
    from trio_gate.facet.extract import Facets
    from trio_gate.policy.cel import Condition

compile_condition = functools.cache(real_compile)


def answer(source: str, **changes) -> bool | str:
    """What a condition says of the call of `tests/kit/calls.py`, changed: True, False or why it is undecided."""
    try:
        return compile_condition(source).holds(Evidence(facets(**changes)))
    except Undecided as undecided:
        return undecided.reason


def rule(
    name: str, action: str, match: str | None = None, *, approvers=(), endpoints=(), reason=None, vends=False, presign=False
) -> Rule:
    condition = None if match is None else compile_condition(match)
    return Rule(
        name=name,
        condition=condition,
        action=action,
        approvers=approvers,
        endpoints=endpoints,
        reason=reason,
        vends=vends,
        presign=presign,
    )


def decide(*rules: Rule, endpoint="main", **changes) -> Decision:
    return real_decide(rules, facets(**changes), endpoint=endpoint)


def by_the_library(condition: Condition, found: Facets) -> bool | str:
    """What the CEL library says of a condition, without its closure: True, False or why it is undecided."""
    try:
        return dataclasses.replace(condition, closure=lambda facets, scope: UNKNOWN).holds(Evidence(found))
    except Undecided as undecided:
        return undecided.reason
