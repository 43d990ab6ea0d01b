"""Identifies a request: the name of the call and its meaning, as one value.

`naming` finds service, operation and parameters; `semantics` derives the permissions, resources and dangers that go with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import Call
from trio_gate.aws.naming import body_mode, name_call, takes_blob, unframed
from trio_gate.aws.routing.route import Ambiguous
from trio_gate.aws.semantics import describe

if TYPE_CHECKING:
    from trio_gate.aws.call import Claim, NamedCall, Place
    from trio_gate.aws.iam.tables import Tables
    from trio_gate.aws.model.catalog import Catalog
    from trio_gate.aws.semantics import CallSemantics
    from trio_gate.wire.head import Body, RequestHead

__all__ = ["Ambiguous", "body_mode", "identify", "takes_blob", "unframed"]


def identify(head: RequestHead, body: Body, *, place: Place, claim: Claim, catalog: Catalog, tables: Tables) -> Call:
    """Identify the call that a request makes. The catalogue must have loaded every candidate's model.

    Raises:
        Malformed: the request breaks its protocol.
        Unidentified: it is not exactly one call.
    """
    named = name_call(head, body, place=place, claim=claim, catalog=catalog)
    shape = catalog.service(named.service).operations[named.operation].input
    return _call(named, describe(named, shape=shape, place=place, head=head, tables=tables), head)


def _call(named: NamedCall, meaning: CallSemantics, head: RequestHead) -> Call:
    return Call(
        service=named.service,
        operation=named.operation,
        protocol=named.protocol,
        signing_name=named.candidate.signing_name,
        partition=named.candidate.partition,
        region=named.candidate.region,
        account=named.account,
        host=named.candidate.host,
        method=head.method,
        path=head.target.path,
        params=named.params,
        iam_action=meaning.iam_action,
        iam_actions=meaning.iam_actions,
        access=meaning.access,
        reads_secret=meaning.reads_secret,
        vends_credentials=meaning.vends_credentials,
        resource=meaning.resource,
        resources=meaning.resources,
        resource_accounts=meaning.resource_accounts,
        cross_account=meaning.cross_account,
        reviewed=meaning.reviewed,
    )
