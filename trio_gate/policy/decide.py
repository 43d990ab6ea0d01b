"""The policy's answer: rules are tried in order, the first that matches decides, and without a match the answer is no.

Rule: nothing is allowed unless a rule allows it on known facts. A condition that cannot be decided ends the walk with a denial,
because the rules after it were written for calls that it does not match. So does a rule without `vends = true` that matches a
call which may return credentials: a later rule must not allow what an earlier one was careful about. Where the gateway answers with a
virtual session instead, no credentials leave, and `vends = true` says that they shall. A call that is signed for somebody else to send
needs `presign = true` in the same way.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal

from trio_gate.policy.activation import Undecided
from trio_gate.policy.cel import Evidence
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_gate.facet.extract import Facets
    from trio_gate.policy.cel import Condition

Outcome = Literal["allow", "deny", "approve"]

_WORDS = {"allow": "allowed by", "deny": "denied by", "approve": "approval is required by"}


@value_class
class Rule:
    """One rule of the policy.

    Attributes:
        name: one printable line.
        condition: compiled; None matches every call.
        approvers: ids such as "human.oncall", for the action approve; all of them must approve.
        endpoints: names of the endpoints that it applies to; empty means all.
        reason: one printable line for the agent.
        vends: whether it may allow calls that return credentials.
        presign: whether it may allow that a call is signed, and not sent.
        decision: what it decides where it matches and may.
    """

    name: str
    condition: Condition | None
    action: Outcome
    approvers: tuple[str, ...]
    endpoints: tuple[str, ...]
    reason: str | None
    vends: bool
    presign: bool = False
    decision: Decision = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Make the decision once for all calls."""
        reason = f'{_WORDS[self.action]} rule "{self.name}"' + (f": {self.reason}" if self.reason else "")
        made = Decision(outcome=self.action, rule=self.name, reason=reason, approvers=self.approvers, vends=self.vends)
        object.__setattr__(self, "decision", made)  # unseen by the type checker, which keeps it frozen


@value_class
class Decision:
    """What the rules decided about one call.

    Attributes:
        rule: the name of the rule that decided; None if none matched.
        reason: one line that an agent may read; it names the rule and never holds its condition or a value.
        approvers: the rule's approvers; empty unless its action is approve.
        errors: why the rule could not be decided; empty if it could.
        vends: whether the call may return credentials that work without the gateway.
    """

    outcome: Outcome
    rule: str | None
    reason: str
    approvers: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    vends: bool = False


def decide(rules: Sequence[Rule], facets: Facets, *, endpoint: str, virtual: bool = False) -> Decision:
    """Evaluate the rules, in their order, for a call.

    Args:
        rules: compiled.
        facets: of the call.
        endpoint: the name of the one that serves it.
        virtual: whether it is answered with a virtual session, unless the rule says `vends = true`.
    """
    evidence = Evidence(facets)
    for rule in rules:
        if rule.endpoints and endpoint not in rule.endpoints:
            continue
        try:
            holds = rule.condition is None or rule.condition.holds(evidence)
        except Undecided as undecided:
            reason = f'rule "{rule.name}" cannot be decided: {undecided.reason}'
            return Decision(outcome="deny", rule=rule.name, reason=reason, errors=(undecided.reason,))
        if holds:
            return _decision(rule, facets, virtual=virtual)
    return Decision(outcome="deny", rule=None, reason=f"no rule allows {_call(facets)}")


def _decision(rule: Rule, facets: Facets, *, virtual: bool) -> Decision:
    if rule.action != "deny" and not rule.presign and facets.look(("aws", "presigned")) is True:
        reason = f'{_call(facets)} is to be signed and not sent, and rule "{rule.name}" does not have `presign = true`'
        return Decision(outcome="deny", rule=rule.name, reason=reason)
    if rule.action == "deny" or rule.vends or virtual or facets.look(("aws", "vends_credentials")) is False:
        return rule.decision
    reason = f'{_call(facets)} may return credentials, and rule "{rule.name}" does not have `vends = true`'
    return Decision(outcome="deny", rule=rule.name, reason=reason)


def _call(facets: Facets) -> str:
    service, operation = facets["aws", "service"], facets["aws", "action"]
    return f"{service}:{operation}" if isinstance(service, str) and isinstance(operation, str) else "this call"
