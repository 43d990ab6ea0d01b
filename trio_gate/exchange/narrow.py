"""Narrows the session of a role to one call: a session policy of the IAM actions and the resources that it was judged by.

Rule: refused, never widened. A policy allows the judged actions on the judged resources and nothing else, besides what the rule says.
An action that IAM knows no resource for is allowed on `*`, which is all that AWS compares it with. All other actions are
allowed on all resources of the call: an action on a resource of another kind means nothing to AWS.

Theory: a session may do what both its role and its policy allow (docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html,
"Session policies"). `*`, `?` and `$` of a name are written `${*}`, `${?}` and `${$}`, so that they stand for themselves
(docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html, "Special characters").
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.call import Unknown
from trio_gate.config.role_settings import BOTH, MOST_POLICY
from trio_gate.errors import Denied

if TYPE_CHECKING:
    from trio_gate.aws.call import Call
    from trio_gate.aws.iam.tables import Tables
    from trio_gate.config.model import Rule
    from trio_gate.ports import AssumeRole

_ITSELF = str.maketrans({sign: f"${{{sign}}}" for sign in "*?$"})


def narrowed(role: AssumeRole, call: Call, tables: Tables, rule: Rule) -> AssumeRole:
    """The request for a role whose session can do no more than a call that `rule` lets pass. Raises Denied where that cannot be said."""
    if role.session_policy is not None:
        raise Denied(f'rule "{rule.name}": {BOTH}')
    actions, resources = call.iam_actions, call.resources
    if isinstance(actions, Unknown) or not actions:
        raise _unsaid(rule, "its IAM actions are unknown")
    if isinstance(resources, Unknown):
        raise _unsaid(rule, "its resources are unknown")
    free = [name for name in actions if _takes_none(name, tables)]
    bound = [name for name in actions if name not in free]
    statements: list[dict[str, object]] = []
    if bound:
        if not resources:
            raise _unsaid(rule, f"it names no resource for {bound[0]}")
        if sum(map(len, resources)) > MOST_POLICY:  # before they are written
            raise _unsaid(rule, _LONG)
        statements.append({"Effect": "Allow", "Action": bound, "Resource": [one.translate(_ITSELF) for one in resources]})
    if free or rule.narrow_also:
        statements.append({"Effect": "Allow", "Action": [*free, *rule.narrow_also], "Resource": "*"})
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    if len(policy) > MOST_POLICY:
        raise _unsaid(rule, _LONG)
    return replace(role, session_policy=policy)


_LONG = f"a policy with all its actions and resources has more than {MOST_POLICY} characters"


def _takes_none(action: str, tables: Tables) -> bool:
    """Whether IAM knows an action, and no resource for it."""
    prefix, _, name = action.partition(":")
    found = tables.action(prefix, name)
    return found is not None and not found.kinds


def _unsaid(rule: Rule, why: str) -> Denied:
    return Denied(f'rule "{rule.name}" has `narrow = true`, and the session cannot be narrowed to this call: {why}')
