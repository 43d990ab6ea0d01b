"""Whose a bucket is: its name does not say it, so the operator does, or S3 is told to check it.

Rule: a name that is listed is the account's that a call is for. Where the owner is to be checked, the header that makes S3 do so is
added to every S3 call whose operation has it, before it is judged: rules, approvers and S3 see one and the same call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.arns import Resource, parse

if TYPE_CHECKING:
    from trio_gate.aws.call import Call, NamedCall
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.resources.arns import CallerContext
    from trio_gate.wire.head import RequestHead

OWNERS = ("ExpectedBucketOwner", "ExpectedSourceBucketOwner")
"""Members by which S3 is told whose a bucket and the source of a copy must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedBuckets:
    """Exact names of the account's buckets, and whether S3 is to check every bucket's owner."""

    names: frozenset[str] = frozenset()
    checked: bool = False

    def own(self, resource: Resource, scene: CallerContext) -> Resource:
        """The resource, of the own account where it is in a bucket that is listed."""
        arn = parse(resource.arn) if resource.account is UNKNOWN else None
        if arn is None or arn.service != "s3" or arn.account or arn.resource.partition("/")[0] not in self.names:
            return resource
        return replace(resource, account=scene.account)


NONE_LISTED = OwnedBuckets()


def expecting(named: NamedCall, shape: Shape | None, owned: OwnedBuckets) -> NamedCall:
    """The call that is made, once S3 is told whose the buckets must be."""
    if not owned.checked or named.service != "s3" or shape is None or named.candidate.signing_name != "s3":
        return named
    added = {name: named.account for name in OWNERS if name in shape.members and name not in named.params}
    return replace(named, params={**named.params, **added})


def with_expected(head: RequestHead, call: Call, shape: Shape | None) -> RequestHead:
    """The head that says what `expecting` added."""
    if call.service != "s3" or shape is None:
        return head
    said = [(shape.members[name].wire, call.params[name]) for name in OWNERS if name in call.params and name in shape.members]
    added = tuple((wire, value) for wire, value in said if isinstance(value, str) and head.one(wire) is None)
    return replace(head, headers=(*head.headers, *added)) if added else head
