"""To whom a call gives access, by any of AWS's ways to share: `aws.shares_with` and `aws.makes_public`.

Rule: the review's mark `shares` decides whether a call can give access. Its policy documents and the functions in the four tables say to
whom; for any other marked call the answer is unknown. The caller's own account and AWS services are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.policies.judge import grantees, is_public
from trio_gate.aws.sharing.recipients import reaches_world
from trio_gate.aws.sharing.sent_members import names_somebody
from trio_gate.aws.sharing.ways_documents import DOCUMENTS
from trio_gate.aws.sharing.ways_listed import LISTED
from trio_gate.aws.sharing.ways_network import NETWORK
from trio_gate.aws.sharing.ways_storage import STORAGE
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.policies.documents import Document
    from trio_gate.aws.resources.arns import CallerContext
    from trio_gate.aws.review.rows import When

WAYS = STORAGE | NETWORK | LISTED | DOCUMENTS
"""Functions that say who gets access, by service and operation. The review marks each of these operations."""


@value_class
class Shares:
    """Accounts, organizations, principals and address blocks ("*" is everybody), and whether everybody or somebody unnamed gets access."""

    shares_with: tuple[str, ...] | Unknown
    makes_public: bool | Unknown


NOBODY = Shares(shares_with=(), makes_public=False)


def shared_by(
    service: str,
    operation: str,
    params: Mapping[str, Value],
    documents: tuple[Document, ...] | None,
    *,
    when: When | None,
    caller: CallerContext,
) -> Shares:
    """With whom a call shares something.

    Args:
        service: botocore's name.
        operation: botocore's name.
        params: by botocore's member names.
        documents: the policy documents among them; None if they cannot be read.
        when: the condition of the review's mark `shares`; None if the operation does not have it.
        caller: whose call it is.
    """
    if when is None:
        return NOBODY
    found = list(dict.fromkeys(_found(service, operation, params, documents, when, caller)))
    known = tuple(who for who in found if isinstance(who, str))
    whole = len(known) == len(found)
    public = reaches_world(known) or any(is_public(one) for document in documents or () for one in document.statements or ())
    return Shares(shares_with=known if whole else UNKNOWN, makes_public=public or (False if whole else UNKNOWN))


def _found(
    service: str,
    operation: str,
    params: Mapping[str, Value],
    documents: tuple[Document, ...] | None,
    when: When,
    caller: CallerContext,
) -> Iterator[str | Unknown]:
    own_language = DOCUMENTS.get((service, operation))
    if own_language is not None:
        yield from own_language(params, caller)
        return
    if documents is None:
        yield UNKNOWN
    for document in documents or ():
        for statement in document.statements or ():
            yield from grantees(statement, caller)
    way = WAYS.get((service, operation))
    if way is not None:
        yield from way(params, caller)
    elif when is UNKNOWN or not when or names_somebody(service, operation, when, params, caller):
        yield UNKNOWN
