"""What a named call means to IAM: actions, level, secrets, resources, accounts.

Rule: every field is a fact from a table, or says that there is none (None, UNKNOWN). Nothing that an agent can send raises here.
If an operation or one of the sent members is newer than our tables, their silence proves nothing: the resources it names and the
credentials it may return are UNKNOWN, and its level is write.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN, Call
from trio_gate.aws.iam.actions import action_of_text, all_actions
from trio_gate.aws.operation_plan import plan_of
from trio_gate.aws.policies.documents import as_facet, read_policies
from trio_gate.aws.resources.arns import CallerContext
from trio_gate.aws.resources.collect import collect_resources
from trio_gate.aws.resources.owned import NONE_LISTED
from trio_gate.aws.review.meaning import NOTHING, decided
from trio_gate.aws.sharing.shares import shared_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import NamedCall, Place, Value
    from trio_gate.aws.iam.tables import Tables
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.operation_plan import Acts, OperationPlan
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
    at, method = named.candidate, head.method
    params = {**named.params, **named.implied} if named.implied else named.params
    caller = CallerContext(partition=at.partition, region=at.region, account=named.account, configured=owned.accounts)
    plan = plan_of(tables, named.service, named.operation, shape, at.signing_name, method)
    row = plan.row
    said = plan.said or decided(plan.service, row, params) if row is not None else NOTHING
    acts = plan.acts or _acts(plan, said, params)
    found = collect_resources(acts.sources, params, caller, target=head.target, host_account=place.account, owned=owned)
    reviewed = row is not None and not (plan.newer and tables.carries_newer(plan.service, shape, params))
    documents = read_policies(plan.holders, params)
    shares = shared_by(plan.service, plan.operation, params, documents, when=_shares(row, said), caller=caller)
    marks = said.marks
    call = Call(
        service=plan.service,
        operation=plan.operation,
        protocol=named.protocol,
        signing_name=at.signing_name,
        partition=at.partition,
        region=at.region,
        account=named.account,
        host=at.host,
        method=method,
        path=head.target.path,
        params=named.params,
        iam_action=acts.action.name if acts.action is not None else None,
        iam_actions=all_actions(acts.actions, params),
        access=plan.access(said, acts.action),
        reads_secret=marks.get("secret", False),
        vends_credentials=marks.get("vends", False),
        may_expose_secrets=marks.get("exposes", False),
        runs_code=marks.get("runs", False),
        spends=marks.get("spends", False),
        destroys=marks.get("destroys", False),
        removes=marks.get("removes", False),
        unguards=marks.get("unguards", False),
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


def _acts(plan: OperationPlan, said: Reviewed, params: Mapping[str, Value]) -> Acts:
    """What follows from the main action, where parameters decide."""
    action = action_of_text(plan.tables, plan.operation, params) if plan.by_text else plan.action
    return plan.acts_by(action, plan.access(said, action))


def _shares(row: Row | None, said: Reviewed) -> When | None:
    """What decides that the call shares; None where it does not."""
    return None if said.marks.get("shares", False) is False else row.marks["shares"] if row is not None else UNKNOWN


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
        destroys=call.destroys or UNKNOWN,
        removes=call.removes or UNKNOWN,
        unguards=call.unguards or UNKNOWN,
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
