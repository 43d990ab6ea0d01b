"""To whom a call gives access, by any of AWS's ways to share: `aws.shares_with` and `aws.makes_public`.

Rule: policy documents are evaluated, and operations in the three tables have a function that says who gets access. For any other
operation the model either shows that it names nobody, or the answer is unknown. The caller's own account and AWS services are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.policies.judge import grantees, is_public
from trio_gate.aws.sharing.telling import may_share
from trio_gate.aws.sharing.ways_account import ACCOUNTS
from trio_gate.aws.sharing.ways_network import NETWORK, OPAQUE
from trio_gate.aws.sharing.ways_storage import STORAGE
from trio_gate.aws.sharing.who import is_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Access, Unknown, Value
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.policies.documents import Document
    from trio_gate.aws.resources.arns import CallerContext

_WAYS = STORAGE | NETWORK | ACCOUNTS

_LIMITS = frozenset(
    (
        ("ec2", "CreateVpcEndpoint"),
        ("ec2", "ModifyVpcEndpoint"),
        ("odb", "CreateOdbNetwork"),
        ("odb", "UpdateOdbNetwork"),
        ("organizations", "CreatePolicy"),
        ("organizations", "UpdatePolicy"),
    )
)
"""Operations whose policy documents only limit access and give none."""

_OWN = frozenset(("sts",))
"""Services whose calls give access only to their caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
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
    access: Access,
    shape: Shape | None,
    scene: CallerContext,
) -> Shares:
    """With whom a call shares something.

    Args:
        service: botocore's name.
        operation: botocore's name.
        params: by botocore's member names.
        documents: the policy documents among them; None if they cannot be read.
        access: the call's level.
        shape: of the operation's input.
        scene: whose call it is.
    """
    if access in ("read", "list", "tagging") or service in _OWN:
        return NOBODY
    permissions = access == "permissions" and service != "iam"
    found = list(dict.fromkeys(_found(service, operation, params, documents, shape, scene, permissions=permissions)))
    known = tuple(who for who in found if isinstance(who, str))
    whole = len(known) == len(found)
    public = any(is_world(who) for who in known) or _opens(service, operation, documents)
    return Shares(shares_with=known if whole else UNKNOWN, makes_public=public or (False if whole else UNKNOWN))


def _found(
    service: str,
    operation: str,
    params: Mapping[str, Value],
    documents: tuple[Document, ...] | None,
    shape: Shape | None,
    scene: CallerContext,
    *,
    permissions: bool,
) -> Iterator[str | Unknown]:
    way = _WAYS.get((service, operation))
    if (service, operation) not in _LIMITS:
        if documents is None or (service, operation) in OPAQUE:
            yield UNKNOWN
        for document in documents or ():
            for statement in document.statements:
                yield from grantees(statement, scene)
    if way is not None:
        yield from way(params, scene)
    elif may_share("" if documents else operation, shape, params, scene, permissions=permissions and not documents):
        yield UNKNOWN


def _opens(service: str, operation: str, documents: tuple[Document, ...] | None) -> bool:
    if (service, operation) in _LIMITS:
        return False
    return any(is_public(statement) for document in documents or () for statement in document.statements)
