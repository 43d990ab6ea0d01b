"""Which resources a call names, for the services that people write rules about.

Rule: the first member that names something names the main resource. If IAM expects a resource but no member names one, the result
is UNKNOWN, not empty; `collect` takes care of that. A call that leaves out what it acts on names the default that AWS assumes, by
the models' documentation ("if you do not specify …, the default … is assumed"), whichever its service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.partiql import read_statements
from trio_gate.aws.iam.queries import may_choose_groups
from trio_gate.aws.param_paths import items, text
from trio_gate.aws.resources import arns
from trio_gate.aws.resources.arns import NOT_KNOWN, CallerContext, Resource, name_or_arn
from trio_gate.aws.resources.curated_ec2 import ec2, reads_ec2
from trio_gate.aws.resources.curated_ecs import IN_CLUSTER, ecs
from trio_gate.aws.resources.curated_members import BY_OPERATION, LOG_GROUP, READERS, TABLE
from trio_gate.aws.resources.curated_s3 import TOLD_S3, s3, s3control
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trio_gate.aws.call import Value
    from trio_gate.aws.iam.partiql import Statement
    from trio_gate.aws.model.place import Leaf, Place
    from trio_gate.aws.model.shape import Shape

    _Reader = Callable[[object, CallerContext], Resource]
    _Together = Callable[[str, Mapping[str, Value], CallerContext], list[Resource] | None]


@value_class
class Readers:
    """What reads the resources of an operation of a curated service.

    Attributes:
        texts: whether all texts are read, as for EC2.
        together: the reader of members that are only meaningful together; None without.
        members: the readers of single members by their names, in the order of the resources; None if the service has none.
    """

    operation: str
    texts: bool
    together: _Together | None
    members: Mapping[str, _Reader] | None


def readers_of(service: str, operation: str, shape: Shape | None) -> Readers | None:
    """The readers of an operation; None for a service that is not curated. `shape` is of the operation's input."""
    if service not in READERS and service not in _SPECIAL and service != "ec2":
        return None
    known = READERS.get(service)
    members = None if known is None else {**BY_OPERATION.get((service, operation), {}), **known}
    if members is not None and shape is not None:
        members = {name: read for name, read in members.items() if name in shape.members}
    return Readers(operation=operation, texts=service == "ec2", together=_SPECIAL.get(service), members=members)


def curated(readers: Readers, params: Mapping[str, Value], texts: Sequence[Leaf], caller: CallerContext) -> list[Resource] | None:
    """The resources that a call names, the main one first; None if its members do not tell. `texts` are those of `params`."""
    if readers.texts:
        return ec2(readers.operation, texts, caller)
    found = readers.together(readers.operation, params, caller) if readers.together is not None else None
    if found is not None or readers.members is None:
        return found
    return [one for name, read in readers.members.items() if name in params for one in _read(params[name], read, caller)]


def reads(place: Place) -> bool:
    """Whether the texts of a place belong to a member that its service's readers read."""
    service, top = place.service, place.names[0]
    if service == "ec2":
        return reads_ec2(place)
    return (
        top in READERS.get(service, ())
        or top in BY_OPERATION.get((service, place.operation), ())
        or top in _TOGETHER.get(service, ())
        or place.names in _BELOW.get(service, ())
    )


_BELOW: dict[str, frozenset[tuple[str, ...]]] = {"events": frozenset({("Entries", "EventBusName")}), "s3": frozenset(TOLD_S3)}
"""Paths below the top level that the readers read."""

_TOGETHER: dict[str, frozenset[str]] = {
    service: frozenset(names)
    for service, names in (
        ("dynamodb", ("IndexName", "Statement", "Statements", "TransactStatements", "TransactItems", "RequestItems")),
        ("ecr", ("registryId",)),
        ("ecs", (*IN_CLUSTER, "cluster", "clusterArn", "clusterName", "clusters", "resourceArn", "taskDefinition")),
        ("events", ("EventBusName", "Name", "Rule")),
        ("iam", ("Path", "PolicyName")),
        ("logs", ("logStreamName",)),
        ("s3", ("Bucket", "CopySource", "Delete", "ExpectedBucketOwner", "ExpectedSourceBucketOwner", "Key", "RenameSource")),
        ("s3control", ("AccountId", "Bucket", "JobId", "Name", "ResourceArn", "resourceArn")),
        ("sqs", ("QueueName", "QueueOwnerAWSAccountId")),
    )
}
"""Members that the readers below read."""


def _read(value: Value, read: _Reader, caller: CallerContext) -> list[Resource]:
    if value is UNKNOWN:
        return [NOT_KNOWN]
    return [read(item, caller) for item in (value if isinstance(value, list) else [value]) if item not in (None, "")]


def _dynamodb(operation: str, params: Mapping[str, Value], caller: CallerContext) -> list[Resource] | None:
    if "Statement" in operation or operation == "ExecuteTransaction":
        statements = read_statements(operation, params)
        return [part for one in statements for part in _statement(one, caller)] if statements else [NOT_KNOWN]
    if operation in {"TransactGetItems", "TransactWriteItems"}:
        entries = items(params.get("TransactItems"))
        inner = [part for entry in entries for part in (entry.values() if isinstance(entry, dict) else [entry])]
        return [TABLE(part.get("TableName") if isinstance(part, dict) else None, caller) for part in inner] or [NOT_KNOWN]
    if operation in {"BatchGetItem", "BatchWriteItem"}:
        requests = params.get("RequestItems")
        return [TABLE(name, caller) for name in requests] if isinstance(requests, dict) and requests else [NOT_KNOWN]
    index = params.get("IndexName")
    if isinstance(index, str) and index and params.get("TableName"):
        return _with_index(TABLE(params.get("TableName"), caller), index)
    return None


def _statement(statement: Statement, caller: CallerContext) -> list[Resource]:
    table = TABLE(statement.table, caller)
    return [table] if statement.index is None else _with_index(table, statement.index)


def _with_index(table: Resource, index: str) -> list[Resource]:
    return [table, arns.inside(table, "/index/", index)]


def _iam(operation: str, params: Mapping[str, Value], caller: CallerContext) -> list[Resource] | None:
    made = {
        "CreateRole": ("RoleName", "role"),
        "CreateUser": ("UserName", "user"),
        "CreateGroup": ("GroupName", "group"),
        "CreatePolicy": ("PolicyName", "policy"),
        "CreateInstanceProfile": ("InstanceProfileName", "instance-profile"),
    }.get(operation)
    if made is None:
        return None
    path, name = params.get("Path") or "/", params.get(made[0])
    if not (arns.plain(path) and path.startswith("/") and path.endswith("/") and arns.plain(name) and "/" not in name):
        return [NOT_KNOWN]
    return [caller.arn("iam", f"{made[1]}{path}{name}", region="")]


def _sqs(operation: str, params: Mapping[str, Value], caller: CallerContext) -> list[Resource] | None:
    if operation not in {"CreateQueue", "GetQueueUrl"}:
        return None
    owner = params.get("QueueOwnerAWSAccountId") or caller.account
    name = params.get("QueueName")
    return [caller.arn("sqs", name, account=owner) if arns.plain(name) and arns.is_account(owner) else NOT_KNOWN]


def _kms(operation: str, params: Mapping[str, Value], caller: CallerContext) -> list[Resource] | None:
    if operation == "Decrypt" and not params.get("KeyId"):
        return [NOT_KNOWN]
    if operation == "ReEncrypt" and not params.get("SourceKeyId"):
        return [arns.key(params.get("DestinationKeyId"), caller), NOT_KNOWN]
    return None


def _logs(_: str, params: Mapping[str, Value], caller: CallerContext) -> list[Resource] | None:
    if may_choose_groups(params):
        return [NOT_KNOWN]
    group, stream = params.get("logGroupName"), text(params, "logStreamName")
    if not group or stream is None:
        return None
    whole = LOG_GROUP(group, caller)
    return [whole, arns.inside(whole, ":log-stream:", stream)]


def _ecr(_: str, params: Mapping[str, Value], caller: CallerContext) -> list[Resource] | None:
    registry = params.get("registryId")
    names = [name for name in (params.get("repositoryName"), *items(params.get("repositoryNames"))) if name is not None]
    if not registry or not names:
        return None
    return [
        caller.arn("ecr", f"repository/{name}", account=registry) if arns.plain(name) and arns.is_account(registry) else NOT_KNOWN
        for name in names
    ]


def _events(operation: str, params: Mapping[str, Value], caller: CallerContext) -> list[Resource] | None:
    if operation == "PutEvents":
        entries = items(params.get("Entries"))
        buses = [entry.get("EventBusName") or "default" if isinstance(entry, dict) else None for entry in entries]
        return [name_or_arn("events", "event-bus/", bus, caller) for bus in buses]
    if operation in {"DescribeEventBus", "ListRules"} and not (params.get("Name") or params.get("EventBusName")):
        return [caller.arn("events", "event-bus/default")]
    rule = params.get("Rule") or (params.get("Name") if operation.endswith("Rule") else None)
    if not isinstance(rule, str):
        return None
    bus = name_or_arn("events", "event-bus/", params.get("EventBusName") or "default", caller)
    if bus.arn is UNKNOWN:
        return [NOT_KNOWN]
    beginning = str(bus.arn).replace(":event-bus/", ":rule/", 1).removesuffix("/default")
    return [Resource(arn=f"{beginning}/{rule}", account=bus.account) if arns.plain(rule) else NOT_KNOWN]


_SPECIAL: dict[str, _Together] = {
    "dynamodb": _dynamodb,
    "ecr": _ecr,
    "ecs": ecs,
    "events": _events,
    "iam": _iam,
    "kms": _kms,
    "logs": _logs,
    "s3": s3,
    "s3control": s3control,
    "sqs": _sqs,
}
"""Readers for services whose members are only meaningful together."""


class Default(NamedTuple):
    """What a call acts on that does not name it, and the member that would name another one; None without."""

    member: str | None
    made: Callable[[CallerContext], Resource]

    def assumed(self, params: Mapping[str, Value], caller: CallerContext) -> list[Resource]:
        """The default, for a call with these parameters; empty if they name another one."""
        return [] if self.member is not None and params.get(self.member) else [self.made(caller)]


def _own(caller: CallerContext) -> Resource:
    """Something in the caller's account that only a lookup could name: its user, its catalog."""
    return Resource(arn=UNKNOWN, account=caller.account)


def _of(service: str, resource: str) -> Callable[[CallerContext], Resource]:
    return lambda caller: caller.arn(service, resource)


_BUS = Default("EventBusName", _of("events", "event-bus/default"))
_CALLER = Default("UserName", _own)

_DEFAULTS: Mapping[str, Mapping[str, Default]] = {
    "account": {"ListRegions": Default("AccountId", _own)},
    "athena": dict.fromkeys(
        ("CreateNamedQuery", "ListNamedQueries", "ListQueryExecutions", "StartQueryExecution"),
        Default("WorkGroup", _of("athena", "workgroup/primary")),
    ),
    "billing": {"ListBillingViewSegments": Default("arn", _own)},
    "cloudformation": {"DescribePublisher": Default("PublisherId", _own)},
    "events": {"ListRuleNamesByTarget": _BUS, "PutPermission": _BUS, "RemovePermission": _BUS},
    "secretsmanager": {"BatchGetSecretValue": Default("SecretIdList", _own)},
    "iam": dict.fromkeys(
        (
            *("GetLoginProfile", "ListAccessKeys", "ListMFADevices", "ListSSHPublicKeys", "ListServiceSpecificCredentials"),
            "ListSigningCertificates",
        ),
        _CALLER,
    ),
}

_CATALOG = "CatalogId"
_OF_CATALOGS = frozenset(("glue", "lakeformation"))
"""Services whose calls act on the account's Data Catalog unless they name another."""

_OF_HOST = "neptunedata"
"""The service whose calls act on the database that the host belongs to."""

_OWN_CATALOG = _of("glue", "catalog")


def default_of(service: str, operation: str) -> Default | None:
    """The default that a call of an operation acts on besides what it names; None without."""
    return _DEFAULTS.get(service, {}).get(operation)


def default_alone(service: str, shape: Shape | None) -> Default | None:
    """The default that a call acts on if it names nothing at all; None without. `shape` is of the operation's input."""
    if service == _OF_HOST:
        return Default(None, _own)
    if service not in _OF_CATALOGS or shape is None or _CATALOG not in shape.members:
        return None
    return Default(_CATALOG, _OWN_CATALOG)
