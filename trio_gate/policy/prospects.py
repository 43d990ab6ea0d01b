"""What rules say of calls in general, of which only some facets are known: allowed, asked about, denied, or it depends.

Rule: an answer holds for every call with these facets. A rule that matches some of them, or that may be undecidable for one, makes the
answer "depends", unless all that may follow is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trio_gate.policy.cel import PartialCondition
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.facet.values import Plain
    from trio_gate.policy.decide import Outcome, Rule

Answer = Literal["allowed", "asked", "denied", "depends"]

_ANSWERS: Mapping[Outcome, Answer] = {"allow": "allowed", "approve": "asked", "deny": "denied"}

_NEVER_UNKNOWN = frozenset(
    {
        *("aws.service", "aws.action", "aws.iam_action", "aws.access", "aws.account", "aws.account_name", "aws.region"),
        *("aws.partition", "aws.host", "aws.method", "aws.path", "aws.protocol", "aws.presigned", "aws.session_role"),
        *("aws.session_chain", "agent.name", "agent.address"),
    }
)
"""Facets that are set or unset of every call."""

_VENDS = "aws.vends_credentials"

MOST_REMEMBERED = 4096
"""Answers that are remembered, each of a few hundred bytes."""


@value_class
class Step:
    """What one rule does to such calls. `rule` is None where none matched; `sure` is whether it does so to all that come to it."""

    rule: str | None
    action: Outcome
    sure: bool


@value_class
class Prospect:
    """The rules that may decide about such calls, in their order; the last one decides what the others left."""

    steps: tuple[Step, ...]

    @property
    def answer(self) -> Answer:
        """What follows for all of them."""
        found: set[Outcome] = {step.action for step in self.steps}
        if not all(step.sure for step in self.steps):
            found.add("deny")  # a condition that cannot be decided denies
        return _ANSWERS[found.pop()] if len(found) == 1 else "depends"


class Prospects:
    """The rules of a configuration, for calls in general. `sources` are the texts of their conditions, None where one matches all."""

    def __init__(self, rules: Sequence[Rule], sources: Sequence[str | None]) -> None:
        self._rules = [(rule, PartialCondition(text) if text else None) for rule, text in zip(rules, sources, strict=True)]
        self._conditions = {id(rule): condition for rule, condition in self._rules}
        self.reads = frozenset[str]().union(*(condition.facets for _, condition in self._rules if condition))
        """The facets that some condition reads."""
        self.by_endpoint = any(rule.endpoints for rule in rules)
        """Whether the endpoint matters."""
        self._found: dict[object, Prospect] = {}

    def of(self, known: Mapping[str, Plain], *, endpoint: str | None, virtual: bool = False) -> Prospect:
        """What the rules say of all calls with these facets, where None is unset.

        `endpoint` is the one that serves them, None for any; `virtual` is as for `decide`. Such calls are sent, not signed for others.
        """
        read = {name: value for name, value in known.items() if name in self.reads or name == _VENDS}
        key = (tuple(sorted((name, repr(value)) for name, value in read.items())), endpoint if self.by_endpoint else "", virtual)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= MOST_REMEMBERED:
                self._found.clear()
            found = self._found[key] = Prospect(steps=tuple(self._steps(read, endpoint, virtual=virtual)))
        return found

    def meets(self, rule: Rule, known: Mapping[str, Plain], *, endpoint: str | None) -> bool:
        """Whether a rule may match such a call."""
        condition = self._conditions[id(rule)]
        applies = endpoint is None or not rule.endpoints or endpoint in rule.endpoints
        return applies and (condition is None or condition.answer(known) is not False)

    def _steps(self, known: Mapping[str, Plain], endpoint: str | None, *, virtual: bool) -> list[Step]:
        steps: list[Step] = []
        never_unknown = _NEVER_UNKNOWN | known.keys()
        for rule, condition in self._rules:
            if endpoint is not None and rule.endpoints and endpoint not in rule.endpoints:
                continue
            holds = True if condition is None else condition.answer(known)
            decidable = condition is None or condition.decidable(never_unknown)
            vends = False if rule.vends or virtual else known.get(_VENDS)
            action: Outcome = "deny" if vends is True else rule.action
            if holds is False:
                if not decidable:
                    steps.append(Step(rule=rule.name, action="deny", sure=False))
                continue
            sure = holds is True and decidable and vends is not None and (endpoint is not None or not rule.endpoints)
            steps.append(Step(rule=rule.name, action=action, sure=sure))
            if sure:
                return steps
        return [*steps, Step(rule=None, action="deny", sure=True)]
