"""Identifies a request: the name of the call and its meaning, as one value.

`naming` finds service, operation and parameters; `semantics` derives the permissions, resources and dangers that go with them.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from trio_gate.aws.iam.own_review import with_own_review
from trio_gate.aws.naming import name_call
from trio_gate.aws.resources.owned import NONE_LISTED, expecting
from trio_gate.aws.semantics import describe, with_newer_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Call, Claim, Place
    from trio_gate.aws.iam.tables import Tables
    from trio_gate.aws.model.catalog import Catalog
    from trio_gate.aws.resources.owned import Owned
    from trio_gate.config.model import OperationReview
    from trio_gate.wire.head import Body, RequestHead

NO_REVIEWS: Mapping[tuple[str, str], OperationReview] = MappingProxyType({})


def identify(
    head: RequestHead,
    body: Body,
    *,
    place: Place,
    claim: Claim,
    catalog: Catalog,
    tables: Tables,
    owned: Owned = NONE_LISTED,
    reviews: Mapping[tuple[str, str], OperationReview] = NO_REVIEWS,
) -> Call:
    """Identify the call that a request makes. The catalogue must have loaded every candidate's model; `owned` is what is known to be ours.

    `reviews` are the operator's own, by service and operation.

    Raises:
        Malformed: the request breaks its protocol.
        Unidentified: it is not exactly one call.
    """
    named = name_call(head, body, place=place, claim=claim, catalog=catalog)
    operation = catalog.service(named.service).operations[named.operation]
    named = expecting(named, operation.input, owned)
    meaning = partial(describe, named, shape=operation.input, place=place, head=head, tables=tables, owned=owned)
    call = meaning() if operation.known_answer else with_newer_answer(meaning())
    own = reviews.get((call.service, call.operation))
    if own is None:
        return call
    packaged = meaning(despite_newer=True) if tables.row(call.service, call.operation) else None
    return with_own_review(call, own, packaged)
