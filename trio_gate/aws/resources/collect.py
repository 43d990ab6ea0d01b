"""Collects the resources of a call and their accounts: by reviewed rows for curated services, by IAM's templates for others.

Rule: `[]` means that the call names no resource, UNKNOWN that some resource could not be determined; any other list is complete.
An account is known only from an ARN, a queue URL, an account id, or a name that always means the caller's own account. A
bucket's name proves nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.names import BY_METHOD
from trio_gate.aws.iam.queries import QUERIES
from trio_gate.aws.param_paths import leaves, text
from trio_gate.aws.resources.arns import NOT_KNOWN, CallerContext, Resource, given_arn, is_account, parse
from trio_gate.aws.resources.curated import curated
from trio_gate.aws.resources.curated_ecs import IN_CLUSTER
from trio_gate.aws.resources.templates import ACCOUNT_MEMBERS, by_template
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.iam.tables import Action
    from trio_gate.wire.head import Target

_DATA = frozenset(
    (
        "AttributeUpdates",
        "Body",
        "Data",
        "Description",
        "Detail",
        "Environment",
        "Expected",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "Filters",
        "Item",
        "Key",
        "Message",
        "MessageAttributes",
        "MessageBody",
        "Metadata",
        "Payload",
        "SecretString",
        "Tags",
        "input",
        "logEvents",
        "message",
        "tags",
    )
)
"""Members that hold content or messages, not what the call acts on."""

_BUCKET_ENDS = ("bucket", "bucketname")
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_S3_URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/|\Z)")
_IMAGE = re.compile(r"([0-9]{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]{1,63})\.[a-z.]{1,63}/([a-z0-9._/-]{1,256})")
_HEAD = 512
"""Characters of a text that are searched for a host or the beginning of an ARN; a host has at most 253."""

_READ = {"s3": {"Bucket", "CopySource"}, "ecs": set(IN_CLUSTER)}
"""Members whose ARNs the curated readers convert to another form."""

_PAGE = re.compile(r"next_?token|marker|max_?(?:results|records|items)|page_?(?:size|token)|limit", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResources:
    """The resource fields of a `Call`, with the same meaning as there."""

    resource: str | Unknown | None
    resources: tuple[str, ...] | Unknown
    resource_accounts: tuple[str, ...] | Unknown
    cross_account: bool | Unknown


def collect_resources(
    *,
    service: str,
    operation: str,
    params: Mapping[str, Value],
    scene: CallerContext,
    action: Action | None,
    templates: Mapping[str, str],
    target: Target,
    host_account: str | None,
) -> CallResources:
    """Collect the resources and accounts of a call.

    Args:
        service: botocore's name.
        operation: botocore's name.
        params: by botocore's member names.
        scene: the context of names that are not ARNs.
        action: the main IAM action; None if no table has one.
        templates: the ARN templates of its prefix.
        target: the request target; API Gateway's resources are its paths.
        host_account: the 12 digits in a label of the host; None without.
    """
    found, whole = _found(service, operation, params, scene, action, templates, target)
    if _hides_something(service, params):
        found, whole = (found if service == "s3" else [NOT_KNOWN]), False
    elsewhere = list(_mentioned(service, params, scene))
    every = [*found, *elsewhere]
    arns = [resource.arn for resource in every]
    complete = whole and UNKNOWN not in arns
    accounts = _accounts(every, params, host_account)
    known = tuple(dict.fromkeys(account for account in accounts if isinstance(account, str)))
    settled = whole and UNKNOWN not in accounts
    foreign = any(account != scene.account for account in known)
    return CallResources(
        resource=_main(found, elsewhere, whole=whole),
        resources=tuple(dict.fromkeys(arn for arn in arns if isinstance(arn, str))) if complete else UNKNOWN,
        resource_accounts=known if settled else UNKNOWN,
        cross_account=True if foreign else (False if settled else UNKNOWN),
    )


def _main(found: Sequence[Resource], elsewhere: Sequence[Resource], *, whole: bool) -> str | Unknown | None:
    """The main resource of a call; None if it names none, UNKNOWN if it cannot be determined."""
    if found:
        return found[0].arn
    if not whole:
        return UNKNOWN
    if not elsewhere:
        return None
    return elsewhere[0].arn if len(elsewhere) == 1 else UNKNOWN


def _hides_something(service: str, params: Mapping[str, Value]) -> bool:
    """Whether there is an unknown parameter that may name something, which is any but the object that S3 streams."""
    return any(value is UNKNOWN and not (service == "s3" and path == ("Body",)) for path, value in leaves(params))


def _found(
    service: str,
    operation: str,
    params: Mapping[str, Value],
    scene: CallerContext,
    action: Action | None,
    templates: Mapping[str, str],
    target: Target,
) -> tuple[list[Resource], bool]:
    """The resources that the call acts on, and whether the list is complete."""
    if service in BY_METHOD:
        path = "/".join(target.segments[1:] if target.segments[:1] == ("v2",) else target.segments)
        return [Resource(arn=f"arn:{scene.partition}:apigateway:{scene.region}::/{path}", account=scene.account)], True
    listed = curated(service, operation, params, scene)
    if listed:
        return listed, True
    if action is None:
        return [], False
    if listed is None and action.kinds:
        listed, whole = by_template(action, operation, templates, params, scene)
        return listed, whole or (not listed and _names_nothing(action, params))
    return [], not action.kinds or _names_nothing(action, params)


def _names_nothing(action: Action, params: Mapping[str, Value]) -> bool:
    """Whether a listing call names nothing, so that IAM's resource types stand for everything in the account."""
    return action.access == "list" and all(_PAGE.fullmatch(path[0]) for path, _ in leaves(params))


def _mentioned(service: str, params: Mapping[str, Value], scene: CallerContext) -> Iterable[Resource]:
    """Yield ARNs anywhere in the call, buckets that services other than S3 are to use, and what a query may name."""
    queries = QUERIES.get(service, frozenset())
    for path, value in leaves(params):
        if path[-1] in queries:
            yield NOT_KNOWN
        if not isinstance(value, str) or not _DATA.isdisjoint(path) or path[0] in _READ.get(service, ()):
            continue
        arn = parse(value)
        image = _IMAGE.match(value)
        if arn is not None:
            yield NOT_KNOWN if "arn:" in arn.resource else given_arn(arn, scene)
        elif image is not None:
            yield scene.arn("ecr", f"repository/{image[3]}", region=image[2], account=image[1])
        elif _says_more(value):
            yield NOT_KNOWN
        elif service != "s3":
            uri = _S3_URI.match(value)
            name = uri[1] if uri else value
            if uri or (fold(path[-1][-10:]).endswith(_BUCKET_ENDS) and _BUCKET_NAME.fullmatch(name)):
                yield Resource(arn=f"arn:{scene.partition}:s3:::{name}", account=UNKNOWN)


def _says_more(value: str) -> bool:
    """Whether a text names something in a form that is not read here: an S3 object's URL, an image, almost an ARN."""
    head = fold(value[:_HEAD].strip())
    scheme, mark, rest = head.partition("://")
    if mark and scheme.startswith("s3"):
        return _S3_URI.match(value) is None
    labels = rest.partition("/")[0].split(".")
    by_url = scheme in {"http", "https"} and "amazonaws" in labels and any(label.startswith("s3") for label in labels)
    return by_url or head.startswith("arn:") or ("dkr" in head and "ecr" in head and " " not in head)


def _accounts(every: list[Resource], params: Mapping[str, Value], host_account: str | None) -> list[str | Unknown]:
    said = [text(params, name) for name in sorted(ACCOUNT_MEMBERS)]
    owners = [resource.account for resource in every if resource.account is not None]
    words = [host_account, *said, text(params, "ExpectedBucketOwner"), text(params, "ExpectedSourceBucketOwner")]
    return [*owners, *(word for word in words if word is not None and is_account(word))]
