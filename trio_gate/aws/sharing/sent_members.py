"""Whether a call of an operation without its own function may give access to somebody, judged by the members that were sent.

Rule: the review says which members name those who get access (`shares?Member,…`). A value that is the caller's own account, an AWS service
or a word for nobody gives no access; any other value, or an unknown one, may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.policies.members import kind_of
from trio_gate.aws.resources.arns import parse
from trio_gate.aws.review.meaning import holds, values_at
from trio_gate.aws.sharing.recipients import is_service
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.resources.arns import CallerContext
    from trio_gate.aws.review.rows import Clause

_HARMLESS = frozenset(
    ("-", "bucket_owner_full_control", "disable", "disabled", "iam_allowed_principals", "internal", "none", "private")
)
"""Values, folded, that give access to nobody else."""


def names_somebody(
    service: str, operation: str, clauses: Iterable[Clause], params: Mapping[str, Value], caller: CallerContext
) -> bool:
    """Whether one of these members may name somebody else. Policy documents are read elsewhere."""
    return any(
        _may_give_access(clause, params, caller)
        for clause in clauses
        if kind_of(service, operation, clause.path[-1]) not in ("read", "other")
    )


def _may_give_access(clause: Clause, params: Mapping[str, Value], caller: CallerContext) -> bool:
    if clause.kind != "given":
        return holds(clause, params) is not False
    return any(_somebody(value, caller) for value in values_at(params, clause.path))


def _somebody(value: Value, caller: CallerContext) -> bool:
    """Whether a value of such a member may mean somebody outside the account."""
    if isinstance(value, str) and value:
        arn = parse(value)
        own = arn is not None and arn.account == caller.account
        return not (own or fold(value) in _HARMLESS or value == caller.account or is_service(value))
    return value is UNKNOWN or value is True or (isinstance(value, bytes | dict) and bool(value))
