"""Collects the resources of a call and their accounts: by reviewed rows for curated services, by IAM's templates for others.

Rule: `[]` means that the call names no resource, UNKNOWN that some resource could not be determined; any other list is complete.
An account is known only from an ARN, a queue URL, an account id, or a name that always means the caller's own account. A
bucket's name proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.names import BY_METHOD
from trio_gate.aws.resources.accounts import accounts_of
from trio_gate.aws.resources.arns import NOT_KNOWN, Resource, is_account, kind_of, parse
from trio_gate.aws.resources.curated import curated, default_alone, default_of, readers_of
from trio_gate.aws.resources.leaves import root, walk
from trio_gate.aws.resources.mentioned import mentioned
from trio_gate.aws.resources.place_facts import BATCHES, KEY_OF_AWS, facts_of
from trio_gate.aws.resources.templates import by_template, singletons, types_of
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.iam.tables import Action
    from trio_gate.aws.model.place import Leaf, Place
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.resources.arns import CallerContext
    from trio_gate.aws.resources.curated import Default, Readers
    from trio_gate.aws.resources.owned import Owned
    from trio_gate.aws.resources.templates import Types
    from trio_gate.wire.head import Target

_OF_ACCOUNTS = frozenset(("account", "organizations"))
"""Services whose calls act on the accounts that they name; elsewhere the caller's account names nothing."""

_STREAMED = ("Body",)
"""The object that S3 streams: it is unknown, and names nothing."""


class _Found(NamedTuple):
    """What readers found, whether that is complete, and which members they used for it: None if `PlaceFacts.by_curated` says so."""

    named: list[Resource]
    whole: bool
    members: Container[str] | None = None


class _Rest:
    """What the texts name that no reader read.

    `ids` is whether a member's name suggests an id or a name, `words` whether any text may be one, `hidden` whether one is unknown.
    """

    __slots__ = ("accounts", "hidden", "ids", "named", "words")

    def __init__(self) -> None:
        self.named: list[Resource] = []
        self.accounts: list[str | Unknown] = []
        self.ids = self.words = self.hidden = False


@value_class
class CallResources:
    """The resource fields of a `Call`, with the same meaning as there."""

    resource: str | Unknown | None
    resources: tuple[str, ...] | Unknown
    resource_accounts: tuple[str, ...] | Unknown
    cross_account: bool | Unknown


@value_class
class Sources:
    """How the resources of an operation's calls are found; the same for all of its calls with one main action.

    Attributes:
        service: botocore's name.
        operation: botocore's name.
        top: the place of the whole input.
        reads: whether the call only reads, both to IAM and by our review.
        by_path: whether the target is the resource, as in API Gateway.
        readers: of a curated service.
        types: IAM's resource types; None if the operation has no action.
        may_name_none: whether a call may name no resource: IAM's resource types then mean all resources of the account.
        default: what a call acts on besides what it names.
        alone: what it acts on if it names nothing.
    """

    service: str
    operation: str
    top: Place
    reads: bool
    by_path: bool
    readers: Readers | None
    types: Types | None
    may_name_none: bool
    default: Default | None
    alone: Default | None


def sources_of(
    service: str, operation: str, shape: Shape | None, *, action: Action | None, templates: Mapping[str, str], reads: bool
) -> Sources:
    """How the resources of an operation are found.

    Args:
        service: botocore's name.
        operation: botocore's name.
        shape: of the operation's input.
        action: the main IAM action, None when unmapped.
        templates: the ARN templates of its prefix.
        reads: whether the call only reads, both to IAM and by our review.
    """
    return Sources(
        service=service,
        operation=operation,
        top=root(service, operation, shape),
        reads=reads,
        by_path=service in BY_METHOD,
        readers=readers_of(service, operation, shape),
        types=types_of(action, operation, templates) if action is not None else None,
        may_name_none=action is not None and reads and action.access == "list",
        default=default_of(service, operation),
        alone=default_alone(service, shape),
    )


def collect_resources(
    sources: Sources,
    params: Mapping[str, Value],
    caller: CallerContext,
    *,
    target: Target,
    host_account: str | None,
    owned: Owned,
) -> CallResources:
    """Resources and accounts of a call.

    Args:
        sources: of its operation.
        params: by botocore's member names.
        caller: where bare names are looked up.
        target: the request target; API Gateway's resources are its paths.
        host_account: the 12 digits in a label of the host; None without.
        owned: what is known of buckets.
    """
    texts = walk(sources.top, params)
    told = _found(sources, params, texts, caller, target)
    rest = _rest(sources, texts, told.members, caller)
    found = [NOT_KNOWN] if rest.hidden and sources.service != "s3" else told.named
    if sources.default is not None:
        found = [*found, *sources.default.assumed(params, caller)]
    whole = told.whole and not rest.hidden and not (rest.ids if found else rest.words)
    if sources.alone is not None and not found and not rest.named:
        found = sources.alone.assumed(params, caller)
    every = owned.each([*found, *rest.named], caller)
    accounts = _accounts(every, rest, host_account)
    settled = whole and UNKNOWN not in accounts
    known = tuple([account for account in accounts if account is not UNKNOWN])
    batch = len(found) > 1 and _is_batch(sources.operation, found, texts, told.members)
    foreign = not all(map(caller.is_ours, known))
    return CallResources(
        resource=UNKNOWN if batch else _main(found, rest.named, whole=whole),
        resources=_arns(every) if whole else UNKNOWN,
        resource_accounts=known if settled else UNKNOWN,
        cross_account=True if foreign else (False if settled else UNKNOWN),
    )


def _accounts(every: Sequence[Resource], rest: _Rest, host_account: str | None) -> Mapping[str | Unknown, None]:
    """The accounts of resources, texts and host, in that order."""
    found = dict.fromkeys([one.account for one in every if one.account is not None])
    for account in rest.accounts:
        found[account] = None
    if host_account is not None:
        found[host_account] = None
    return found


def _arns(every: Sequence[Resource]) -> tuple[str, ...] | Unknown:
    """Every ARN that resources are known by; UNKNOWN if one has none."""
    arns: dict[str, None] = {}
    for one in every:
        if one.readings:
            arns |= dict.fromkeys(one.readings)
        elif isinstance(one.arn, str):
            arns[one.arn] = None
        else:
            return UNKNOWN
    return tuple(arns)


def _is_batch(operation: str, found: Sequence[Resource], texts: Sequence[Leaf], members: Container[str] | None) -> bool:
    """Whether a call acts on several things of one kind alike, so that none of them is the main one."""
    first, kind = found[0], _kind(found[0])
    if not any(one.arn != first.arn and _kind(one) in ("", kind) for one in found):
        return False
    if operation in BATCHES:
        return True
    listed: dict[tuple[str, ...], set[str | Unknown]] = {}
    for place, _, value in texts:
        if place.names and (facts_of(place).by_curated if members is None else place.names[0] in members):
            listed.setdefault(place.names, set()).add(value)
    return any(len(values) > 1 for values in listed.values())


def _kind(resource: Resource) -> str:
    """The service and type of a resource, as its ARN has them; empty if that is unknown."""
    arn = parse(resource.arn)
    return f"{arn.service} {kind_of(arn.resource)}" if arn else ""


def _main(found: Sequence[Resource], elsewhere: Sequence[Resource], *, whole: bool) -> str | Unknown | None:
    """The main resource; UNKNOWN if several objects of a list are equally important."""
    if found:
        return found[0].arn
    if not whole:
        return UNKNOWN
    if not elsewhere:
        return None
    return elsewhere[0].arn if len(elsewhere) == 1 else UNKNOWN


def _found(sources: Sources, params: Mapping[str, Value], texts: Sequence[Leaf], caller: CallerContext, target: Target) -> _Found:
    """The resources that the call acts on, whether those are all that IAM knows of, and the members that name them."""
    if sources.by_path:
        path = "/".join(target.segments[1:] if target.segments[:1] == ("v2",) else target.segments)
        arn = f"arn:{caller.partition}:apigateway:{caller.region}::/{path}"
        return _Found([Resource(arn=arn, account=caller.account)], True, params)
    readers, types = sources.readers, sources.types
    listed = curated(readers, params, texts, caller) if readers is not None else None
    if types is None:
        return _Found(listed or [], bool(listed))
    if listed == [] and types.single:
        listed = singletons(types, caller)
    if listed:
        return _Found(listed, True)
    if listed is None and types.count:
        named, whole, members = by_template(types, params, caller)
        return _Found(named, whole or (not named and sources.may_name_none), members)
    return _Found([], not types.count or sources.may_name_none)


def _rest(sources: Sources, texts: Sequence[Leaf], members: Container[str] | None, caller: CallerContext) -> _Rest:
    """What the call's other texts name, and whether any of them was not understood."""
    service, reads, rest = sources.service, sources.reads, _Rest()
    for place, key, value in texts:
        facts = place.facts or facts_of(place)
        if facts.query:
            rest.named.append(NOT_KNOWN)
        if value is UNKNOWN:
            rest.hidden = rest.hidden or not (service == "s3" and place.names == _STREAMED)
            continue
        if place.stored:
            continue
        told = facts.by_curated if members is None else place.names[0] in members
        nothing = value == "" or facts.names_nothing or (reads and facts.selects)
        named = None if facts.read_or_searched else mentioned(service, facts, key, value, caller)
        if service in _OF_ACCOUNTS and is_account(value):
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
