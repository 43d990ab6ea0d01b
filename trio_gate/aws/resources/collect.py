"""Collects the resources of a call and their accounts: by reviewed rows for curated services, by IAM's templates for others.

Rule: `[]` means that the call names no resource, UNKNOWN that some resource could not be determined; any other list is complete.
An account is known only from an ARN, a queue URL, an account id, or a name that always means the caller's own account. A
bucket's name proves nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.names import BY_METHOD
from trio_gate.aws.resources.accounts import accounts_of
from trio_gate.aws.resources.arns import NOT_KNOWN, CallerContext, Resource, is_account, parse
from trio_gate.aws.resources.curated import assumed, assumed_alone, curated
from trio_gate.aws.resources.leaves import root, walk
from trio_gate.aws.resources.mentioned import mentioned
from trio_gate.aws.resources.place_facts import KEY_OF_AWS, facts_of
from trio_gate.aws.resources.templates import by_template, singletons

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.iam.tables import Action
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.resources.leaves import Leaf
    from trio_gate.aws.resources.owned import Owned
    from trio_gate.wire.head import Target

_OF_ACCOUNTS = frozenset(("account", "organizations"))
"""Services whose calls act on the accounts that they name; elsewhere the caller's account names nothing."""

_STREAMED = ("Body",)
"""The object that S3 streams: it is unknown, and names nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What readers found, whether that is complete, and which members they used for it: None if `PlaceFacts.by_curated` says so."""

    named: list[Resource]
    whole: bool
    members: Container[str] | None = None


@dataclass(slots=True, kw_only=True)
class _Rest:
    """What the texts name that no reader read.

    `ids` is whether a member's name suggests an id or a name, `words` whether any text may be one, `hidden` whether one is unknown.
    """

    named: list[Resource] = field(default_factory=list)
    accounts: list[str | Unknown] = field(default_factory=list)
    ids: bool = False
    words: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResources:
    """The resource fields of a `Call`, with the same meaning as there."""

    resource: str | Unknown | None
    resources: tuple[str, ...] | Unknown
    resource_accounts: tuple[str, ...] | Unknown
    cross_account: bool | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A named call, and what is known about it.

    Attributes:
        service: botocore's name.
        operation: botocore's name.
        shape: of the operation's input.
        params: by botocore's member names.
        reads: whether the call only reads, both to IAM and by our review.
        caller: where bare names are looked up.
        action: the main IAM action, None when unmapped.
        templates: the ARN templates of its prefix.
        target: the request target; API Gateway's resources are its paths.
        host_account: the 12 digits in a label of the host; None without.
        owned: what is known of buckets.
    """

    service: str
    operation: str
    shape: Shape | None
    params: Mapping[str, Value]
    reads: bool
    caller: CallerContext
    action: Action | None
    templates: Mapping[str, str]
    target: Target
    host_account: str | None
    owned: Owned


def collect_resources(call: Named) -> CallResources:
    """Resources and accounts of a call."""
    texts = walk(root(call.service, call.operation, call.shape), call.params)
    told = _found(call, texts)
    rest = _rest(call, texts, told.members)
    named = [NOT_KNOWN] if rest.hidden and call.service != "s3" else told.named
    found = [*named, *assumed(call.service, call.operation, call.params, call.caller)]
    whole = told.whole and not rest.hidden and not (rest.ids if found else rest.words)
    if not found and not rest.named:
        found = assumed_alone(call.service, call.shape, call.params, call.caller)
    every = [call.owned.own(one, call.caller) for one in (*found, *rest.named)]
    arns = [arn for one in every for arn in one.readings or (one.arn,)]
    owners = [one.account for one in every if one.account is not None]
    accounts = [*owners, *rest.accounts, *([call.host_account] if call.host_account else [])]
    known = tuple(dict.fromkeys(account for account in accounts if isinstance(account, str)))
    settled = whole and UNKNOWN not in accounts
    batch = len(found) > 1 and _is_batch(call.operation, found, texts, told.members)
    foreign = any(not call.caller.is_ours(account) for account in known)
    return CallResources(
        resource=UNKNOWN if batch else _main(found, rest.named, whole=whole),
        resources=UNKNOWN if UNKNOWN in arns or not whole else tuple(dict.fromkeys(arn for arn in arns if isinstance(arn, str))),
        resource_accounts=known if settled else UNKNOWN,
        cross_account=True if foreign else (False if settled else UNKNOWN),
    )


_BATCHES = frozenset(
    ("BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "DeleteObjects", "ExecuteTransaction", "PutEvents")
)
"""Operations whose batches are no lists of names."""


def _is_batch(operation: str, found: Sequence[Resource], texts: Sequence[Leaf], members: Container[str] | None) -> bool:
    """Whether a call acts on several things of one kind alike, so that none of them is the main one."""
    first, kind = found[0], _kind(found[0])
    if not any(one.arn != first.arn and _kind(one) in ("", kind) for one in found):
        return False
    if operation in _BATCHES:
        return True
    listed: dict[tuple[str, ...], set[str | Unknown]] = {}
    for place, _, value in texts:
        if place.names and (facts_of(place).by_curated if members is None else place.names[0] in members):
            listed.setdefault(place.names, set()).add(value)
    return any(len(values) > 1 for values in listed.values())


def _kind(resource: Resource) -> str:
    """The service and type of a resource, as its ARN has them; empty if that is unknown."""
    arn = parse(resource.arn)
    return f"{arn.service} {re.split('[:/]', arn.resource, maxsplit=1)[0]}" if arn else ""


def _main(found: Sequence[Resource], elsewhere: Sequence[Resource], *, whole: bool) -> str | Unknown | None:
    """The main resource; UNKNOWN if several objects of a list are equally important."""
    if found:
        return found[0].arn
    if not whole:
        return UNKNOWN
    if not elsewhere:
        return None
    return elsewhere[0].arn if len(elsewhere) == 1 else UNKNOWN


def _found(call: Named, texts: Sequence[Leaf]) -> _Found:
    """The resources that the call acts on, whether those are all that IAM knows of, and the members that name them."""
    action, caller = call.action, call.caller
    if call.service in BY_METHOD:
        path = "/".join(call.target.segments[1:] if call.target.segments[:1] == ("v2",) else call.target.segments)
        arn = f"arn:{caller.partition}:apigateway:{caller.region}::/{path}"
        return _Found(named=[Resource(arn=arn, account=caller.account)], whole=True, members=call.params)
    listed = curated(call.service, call.operation, call.params, texts, caller)
    if listed == [] and action is not None:
        listed = singletons(action, call.templates, caller)
    if listed or action is None:
        return _Found(named=listed or [], whole=bool(listed))
    if listed is None and action.kinds:
        named, whole, members = by_template(action, call.operation, call.templates, call.params, caller)
        whole = whole or (not named and _may_name_none(call, action))
        return _Found(named=named, whole=whole, members=members)
    return _Found(named=[], whole=not action.kinds or _may_name_none(call, action))


def _may_name_none(call: Named, action: Action) -> bool:
    """Whether a call may name no resource: IAM's resource types then mean all resources of the account."""
    return call.reads and action.access == "list"


def _rest(call: Named, texts: Sequence[Leaf], members: Container[str] | None) -> _Rest:
    """What the call's other texts name, and whether any of them was not understood."""
    caller, reads, rest = call.caller, call.reads, _Rest()
    for place, key, value in texts:
        facts = facts_of(place)
        if facts.query:
            rest.named.append(NOT_KNOWN)
        if value is UNKNOWN:
            rest.hidden = rest.hidden or not (call.service == "s3" and place.names == _STREAMED)
        if place.stored or not isinstance(value, str):
            continue
        told = facts.by_curated if members is None else place.names[0] in members
        nothing = value == "" or facts.names_nothing or (reads and facts.selects)
        named = None if facts.read_or_searched else mentioned(place, key, value, caller)
        if call.service in _OF_ACCOUNTS and is_account(value):
            named = Resource(arn=UNKNOWN, account=value)
        if named is not None:
            rest.named.append(named)
        elif not nothing:
            rest.words = rest.words or not (reads and value == caller.account)
            rest.ids = rest.ids or (
                facts.like_resource and not told and not is_account(value) and not value.startswith(KEY_OF_AWS)
            )
        rest.accounts += accounts_of(value, facts, caller, understood=told or named is not None, looks=nothing, reads=reads)
    return rest
