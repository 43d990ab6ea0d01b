"""What a named call means to IAM: actions, level, secrets, resources, accounts.

Rule: every field is a fact from a table, or says that there is none (None, UNKNOWN). Nothing that an agent can send raises here.
If an operation or one of the sent members is newer than our tables, their silence proves nothing: the resources it names and the
credentials it may return are UNKNOWN, and its level is write.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN, Call
from trio_gate.aws.iam.actions import BY_TEXT, all_actions, main_action
from trio_gate.aws.policies.documents import as_facet, read_policies
from trio_gate.aws.resources.arns import CallerContext
from trio_gate.aws.resources.collect import Named, collect_resources
from trio_gate.aws.resources.owned import NONE_LISTED
from trio_gate.aws.review.meaning import NOTHING, decided
from trio_gate.aws.sharing.shares import shared_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Access, NamedCall, Place, Value
    from trio_gate.aws.iam.tables import Action, Tables
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.resources.owned import Owned
    from trio_gate.aws.review.meaning import Reviewed
    from trio_gate.aws.review.rows import Row, When
    from trio_gate.wire.head import RequestHead


def describe(
    named: NamedCall,
    *,
    shape: Shape | None,
    place: Place,
    head: RequestHead,
    tables: Tables,
    owned: Owned = NONE_LISTED,
    despite_newer: bool = False,
) -> Call:
    """A call with its meaning; `shape` is of the operation's input, `place` what the host said, `head` the request's.

    `owned` is what is known to be ours; with `despite_newer`, what is newer than our tables is passed over. Reads a file the first time a service is met, unless `tables.ensure` did before.
    """
    service, operation, params = named.service, named.operation, {**named.params, **named.implied}
    action = _action(tables, named, params, head.method)
    at = named.candidate
    caller = CallerContext(partition=at.partition, region=at.region, account=named.account, configured=owned.accounts)
    row = tables.row(service, operation)
    said = decided(service, row, params) if row is not None else NOTHING
    access = _access(said, action, service, operation)
    reads = access in {"read", "list"} and action is not None and action.access in {"read", "list"}
    found = collect_resources(
        Named(
            service=service,
            operation=operation,
            shape=shape,
            params=params,
            reads=reads,
            caller=caller,
            action=action,
            templates=tables.templates(action.name.partition(":")[0]) if action else {},
            target=head.target,
            host_account=place.account,
            owned=owned,
        )
    )
    reviewed = row is not None and not tables.newer(service, operation, shape, params)
    documents = read_policies(service, operation, shape, params)
    access = _access(said, action, service, operation)
    shares = shared_by(service, operation, params, documents, when=_shares(row, said), caller=caller)
    call = Call(
        service=service,
        operation=operation,
        protocol=named.protocol,
        signing_name=named.candidate.signing_name,
        partition=named.candidate.partition,
        region=named.candidate.region,
        account=named.account,
        host=named.candidate.host,
        method=head.method,
        path=head.target.path,
        params=named.params,
        iam_action=action.name if action else None,
        iam_actions=all_actions(tables, action, service=service, operation=operation, shape=shape, params=params, reads=reads),
        access=access,
        reads_secret=said.mark("secret"),
        vends_credentials=said.mark("vends"),
        may_expose_secrets=said.mark("exposes"),
        runs_code=said.mark("runs"),
        spends=said.mark("spends"),
        resource=found.resource,
        resources=found.resources,
        resource_accounts=found.resource_accounts,
        cross_account=found.cross_account,
        policies=as_facet(documents, caller),
        shares_with=shares.shares_with,
        makes_public=shares.makes_public,
        reviewed=reviewed,
    )
    return call if reviewed or despite_newer else _newer(call)


def _access(said: Reviewed, action: Action | None, service: str, operation: str) -> Access:
    """The level of the review, but of a statement or transaction, whose action its text decides."""
    if service == "dynamodb" and operation in BY_TEXT:
        return action.access if action else "write"
    return said.access


def _shares(row: Row | None, said: Reviewed) -> When | None:
    """What decides that the call shares; None where it does not."""
    return None if said.mark("shares") is False else row.marks["shares"] if row is not None else UNKNOWN


def _action(tables: Tables, named: NamedCall, params: Mapping[str, Value], method: str) -> Action | None:
    """The main IAM action."""
    signing_name = named.candidate.signing_name
    return main_action(
        tables, service=named.service, operation=named.operation, signing_name=signing_name, method=method, params=params
    )


def _newer(call: Call) -> Call:
    """What is left of what our tables say of a call that they do not know."""
    return replace(
        call,
        iam_actions=UNKNOWN,
        access="permissions" if call.access == "permissions" else "write",
        reads_secret=call.reads_secret or UNKNOWN,
        vends_credentials=call.vends_credentials or UNKNOWN,
        resource=UNKNOWN,
        resources=UNKNOWN,
        resource_accounts=UNKNOWN,
        cross_account=call.cross_account or UNKNOWN,
        may_expose_secrets=call.may_expose_secrets or UNKNOWN,
        runs_code=call.runs_code or UNKNOWN,
        spends=call.spends or UNKNOWN,
        policies=UNKNOWN,
        shares_with=UNKNOWN,
        makes_public=call.makes_public or UNKNOWN,
    )


def with_newer_answer(call: Call) -> Call:
    """The same of a call whose answer may hold members that our lists do not know."""
    return replace(
        call,
        vends_credentials=call.vends_credentials or UNKNOWN,
        reads_secret=call.reads_secret or UNKNOWN,
        may_expose_secrets=call.may_expose_secrets or UNKNOWN,
        reviewed=False,
    )
