"""What belongs to the operator by the configuration: accounts, and buckets. As a bucket's name does not show its owner, S3 can check it.

Rule: a listed bucket belongs to the account of the call. If owners are to be checked, the header that makes S3 do so is added to every
S3 call whose operation has it, before the call is judged: rules, approvers and S3 see the same call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.arns import Resource, parse
from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.aws.call import Call, NamedCall
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.resources.arns import CallerContext
    from trio_gate.wire.head import RequestHead

OWNERS = ("ExpectedBucketOwner", "ExpectedSourceBucketOwner")
"""Members that name the account that must own a bucket, or the bucket of a copy's source."""


@value_class
class Owned:
    """Exact names of the account's buckets, whether S3 has to check every bucket's owner, and the configured accounts."""

    names: frozenset[str] = frozenset()
    checked: bool = False
    accounts: frozenset[str] = frozenset()

    def each(self, resources: list[Resource], caller: CallerContext) -> list[Resource]:
        """The resources, with the caller's account for those that are in a listed bucket."""
        return [self._own(one, caller) for one in resources] if self.names else resources

    def _own(self, resource: Resource, caller: CallerContext) -> Resource:
        arn = parse(resource.arn) if resource.account is UNKNOWN else None
        if arn is None or arn.service != "s3" or arn.account or arn.resource.partition("/")[0] not in self.names:
            return resource
        return replace(resource, account=caller.account)


NONE_LISTED = Owned()


def expecting(named: NamedCall, shape: Shape | None, owned: Owned) -> NamedCall:
    """The call with the members that make S3 check the buckets' owners, if it has to."""
    if not owned.checked or named.service != "s3" or shape is None or named.candidate.signing_name != "s3":
        return named
    added = {name: named.account for name in OWNERS if name in shape.members and name not in named.params}
    return replace(named, params={**named.params, **added}) if added else named


def with_expected(head: RequestHead, call: Call, shape: Shape | None) -> RequestHead:
    """The head with the header fields for what `expecting` added."""
    if call.service != "s3" or shape is None:
        return head
    said = [(shape.members[name].wire, call.params[name]) for name in OWNERS if name in call.params and name in shape.members]
    added = tuple((wire, value) for wire, value in said if isinstance(value, str) and head.one(wire) is None)
    return replace(head, headers=(*head.headers, *added)) if added else head
