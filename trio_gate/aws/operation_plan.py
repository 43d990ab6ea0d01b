"""What the meaning of a call owes to its operation alone: found out at the operation's first call, and kept.

Rule: a plan depends on tables, model and protocol, never on what an agent chooses, except which operation it calls and by which
host. What parameters decide is left open here, and `semantics` finds it out in every call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.aws.iam.actions import BY_TEXT, actions_of, main_action
from trio_gate.aws.policies.documents import holders_of
from trio_gate.aws.resources.collect import sources_of
from trio_gate.aws.review.meaning import NOTHING, decided, steady
from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.aws.call import Access
    from trio_gate.aws.iam.actions import Actions
    from trio_gate.aws.iam.tables import Action, Tables
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.policies.documents import Holders
    from trio_gate.aws.resources.collect import Sources
    from trio_gate.aws.review.meaning import Reviewed
    from trio_gate.aws.review.rows import Row

PLANS_KEPT = 4096
"""Size of the caches of plans; the calls of a day have fewer operations."""


@value_class
class Acts:
    """What follows from the main action of a call.

    Attributes:
        action: the action; None if no table has one.
        actions: all actions that it implies.
        sources: how its resources are found.
    """

    action: Action | None
    actions: Actions
    sources: Sources


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OperationPlan:
    """What holds for every call of an operation by one kind of host.

    Attributes:
        tables: where it is from.
        service: botocore's name.
        operation: botocore's name.
        shape: of the input; None if it has none.
        row: of the review; None if it does not have the operation.
        said: the row, decided; None if parameters decide it.
        by_text: whether a statement or a transaction decides the main action.
        action: the main action; None if there is none, or a text decides.
        acts: what follows from it; None if parameters decide that.
        holders: the members that may hold policy documents; None for none.
        newer: whether the input can have members newer than the review.
    """

    tables: Tables
    service: str
    operation: str
    shape: Shape | None
    row: Row | None
    said: Reviewed | None
    by_text: bool
    action: Action | None
    acts: Acts | None
    holders: Holders | None
    newer: bool

    def access(self, said: Reviewed, action: Action | None) -> Access:
        """The level of the review, but of a statement or transaction, whose action its text decides."""
        if self.by_text:
            return action.access if action else "write"
        return said.access

    def acts_by(self, action: Action | None, access: Access) -> Acts:
        """What follows from the main action and the level of a call."""
        reads = access in _READS and action is not None and action.access in _READS
        return _acts(self.tables, self.service, self.operation, self.shape, action, reads)


_READS = frozenset(("read", "list"))


@lru_cache(PLANS_KEPT)
def plan_of(tables: Tables, service: str, operation: str, shape: Shape | None, signing_name: str, method: str) -> OperationPlan:
    """The plan of an operation of botocore's.

    Args:
        tables: what IAM actions and operations mean.
        service: its service.
        operation: its name.
        shape: of its input; None if it has none.
        signing_name: of the host that it was called by.
        method: of the request.
    """
    row = tables.row(service, operation)
    said = NOTHING if row is None else steady(service, row)
    by_text = service == "dynamodb" and operation in BY_TEXT
    action = None
    if not by_text:
        action = main_action(tables, service=service, operation=operation, signing_name=signing_name, method=method, params={})
    plan = OperationPlan(
        tables=tables,
        service=service,
        operation=operation,
        shape=shape,
        row=row,
        said=said,
        by_text=by_text,
        action=action,
        acts=None,
        holders=holders_of(service, operation, shape),
        newer=tables.reaches_newer(service, shape),
    )
    level = None if by_text else _level(service, row)
    return plan if level is None else replace(plan, acts=plan.acts_by(action, level))


def _level(service: str, row: Row | None) -> Access | None:
    """The level of an operation's calls; None if parameters change whether they read."""
    if row is None:
        return NOTHING.access
    changes = isinstance(row.permissions, tuple) and row.permissions and row.access in _READS
    return None if changes else decided(service, row, {}).access


@lru_cache(PLANS_KEPT)
def _acts(tables: Tables, service: str, operation: str, shape: Shape | None, action: Action | None, reads: bool) -> Acts:
    templates = tables.templates(action.name.partition(":")[0]) if action is not None else {}
    return Acts(
        action=action,
        actions=actions_of(tables, action, service=service, operation=operation, shape=shape, reads=reads),
        sources=sources_of(service, operation, shape, action=action, templates=templates, reads=reads),
    )
