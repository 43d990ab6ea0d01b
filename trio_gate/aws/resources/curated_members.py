"""What individual top-level members of a service's calls name: the reviewed rows behind `curated`.

Rule: a row turns a member's value, in each form that the service accepts, into one resource, or into UNKNOWN if that would need a
lookup. Source: the service authorization reference and each service's API reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources import arns
from trio_gate.aws.resources.arns import NOT_KNOWN, CallerContext, Resource, name_or_arn
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Callable


def kind_reader(
    service: str, kind: str, *, lower: bool = False, bare: bool = False
) -> Callable[[object, CallerContext], Resource]:
    """Make a reader for a name or ARN; `lower` if names ignore case, `bare` if ARNs have neither region nor account."""

    def read(value: object, caller: CallerContext) -> Resource:
        if lower and isinstance(value, str) and arns.plain(value):
            value = fold(value)
        found = name_or_arn(service, kind, value, caller)
        if bare and found is not NOT_KNOWN and arns.parse(value) is None:
            return Resource(arn=f"arn:{caller.partition}:{service}:::{kind}{value}", account=caller.account)
        return found

    return read


def iam_reader(kind: str) -> Callable[[object, CallerContext], Resource]:
    """A reader of an IAM name: it is in the caller's account, but its path and its original case are not known."""

    def read(value: object, caller: CallerContext) -> Resource:
        if arns.plain(value):
            return Resource(arn=UNKNOWN, account=caller.account)
        return name_or_arn("iam", kind, value, caller)

    return read


def arn_reader(value: object, caller: CallerContext) -> Resource:
    """Read a member that only takes full ARNs."""
    arn = arns.parse(value)
    return arns.given_arn(arn, caller) if arn else NOT_KNOWN


_ZONE = re.compile(r"[A-Z0-9]{1,32}")
_HOSTED_ZONE = kind_reader("route53", "hostedzone/", bare=True)


def _zone(value: object, caller: CallerContext) -> Resource:
    """A hosted zone by its id, which consists of capitals and digits, or by its ARN."""
    name = str(value).removeprefix("/hostedzone/").removeprefix("hostedzone/")
    if _ZONE.fullmatch(name) is None and arns.parse(value) is None:
        return NOT_KNOWN
    return _HOSTED_ZONE(name, caller)


def _stack(value: object, caller: CallerContext) -> Resource:
    """A stack by name or ARN, as `stack/name/*`, because only an ARN has the id that follows."""
    if arns.plain(value):
        return caller.arn("cloudformation", f"stack/{value}/*")
    return name_or_arn("cloudformation", "stack/", value, caller)


def _stack_set(value: object, caller: CallerContext) -> Resource:
    if arns.plain(value):
        return caller.arn("cloudformation", f"stackset/{str(value).partition(':')[0]}:*")
    return name_or_arn("cloudformation", "stackset/", value, caller)


def _change_set(value: object, caller: CallerContext) -> Resource:
    return arn_reader(value, caller) if arns.parse(value) else Resource(arn=UNKNOWN, account=caller.account)


def _document(value: object, caller: CallerContext) -> Resource:
    """An SSM document. Names that begin with AWS or Amazon are AWS's own; accounts may not use them."""
    if arns.plain(value) and str(value).startswith(("AWS", "Amazon")):
        return Resource(arn=f"arn:{caller.partition}:ssm:{caller.region}::document/{value}", account=None)
    return name_or_arn("ssm", "document/", value, caller)


def _parameter_path(value: object, caller: CallerContext) -> Resource:
    """All SSM parameters under a path, as one ARN with `*`."""
    path = str(value).strip("/")
    if f"{path}/".startswith(arns.OF_AWS) and arns.plain(path):
        return Resource(arn=f"arn:{caller.partition}:ssm:{caller.region}::parameter/{path}/*", account=None)
    return caller.arn("ssm", f"parameter/{path}/*".replace("//", "/")) if not path or arns.plain(path) else NOT_KNOWN


def _root(value: object, caller: CallerContext) -> Resource:
    """An account, by its id or the ARN of its root user."""
    if arns.is_account(value):
        return caller.arn("iam", "root", region="", account=str(value))
    return arn_reader(value, caller)


def _never(_: object, __: CallerContext) -> Resource:
    return NOT_KNOWN


def _instance(value: object, caller: CallerContext) -> Resource:
    word = str(value)
    if word.startswith("i-") and arns.plain(word):
        return caller.arn("ec2", f"instance/{word}")
    return caller.arn("ssm", f"managed-instance/{word}") if word.startswith("mi-") and arns.plain(word) else NOT_KNOWN


def _last(value: object) -> str:
    return str(value).rsplit("/", 1)[-1]


def _table(value: object, caller: CallerContext) -> Resource:
    """A table by name or ARN. An ARN of something below a table does not name the table; other members name an index."""
    found = name_or_arn("dynamodb", "table/", value, caller)
    return found if str(found.arn).count("/") == 1 else NOT_KNOWN


TABLE = _table
LOG_GROUP = kind_reader("logs", "log-group:")

READERS: dict[str, dict[str, Callable[[object, CallerContext], Resource]]] = {
    "dynamodb": {
        **dict.fromkeys(("TableName", "SourceTableName", "TargetTableName", "TableArn", "SourceTableArn"), TABLE),
        "GlobalTableName": lambda value, caller: (
            caller.arn("dynamodb", f"global-table/{value}", region="") if arns.plain(value) else NOT_KNOWN
        ),
        **dict.fromkeys(("BackupArn", "ExportArn", "ImportArn", "ResourceArn", "StreamArn"), arn_reader),
    },
    "dynamodbstreams": {"TableName": TABLE, "StreamArn": arn_reader, "ShardIterator": _never},
    "ecr": {
        "repositoryName": kind_reader("ecr", "repository/"),
        "repositoryNames": kind_reader("ecr", "repository/"),
        "resourceArn": arn_reader,
    },
    "eks": {"clusterName": kind_reader("eks", "cluster/"), "resourceArn": arn_reader},
    "iam": {
        "RoleName": iam_reader("role/"),
        "UserName": iam_reader("user/"),
        "InstanceProfileName": iam_reader("instance-profile/"),
        "GroupName": iam_reader("group/"),
        "ServerCertificateName": iam_reader("server-certificate/"),
        "OpenIDConnectProviderArn": arn_reader,
        "SAMLProviderArn": arn_reader,
        "SerialNumber": arn_reader,
        "PolicyArn": arn_reader,
        "PolicySourceArn": arn_reader,
    },
    "kinesis": {
        "StreamName": kind_reader("kinesis", "stream/"),
        "StreamARN": arn_reader,
        "ConsumerARN": arn_reader,
        "ResourceARN": arn_reader,
        **dict.fromkeys(("ShardIterator", "StreamId"), _never),
    },
    "kms": {
        "TargetKeyId": arns.key,
        "KeyId": arns.key,
        "AliasName": lambda value, caller: name_or_arn("kms", "", value, caller),
        "DestinationKeyId": arns.key,
        "SourceKeyId": arns.key,
    },
    "lambda": {
        "FunctionName": arns.function,
        "LayerName": kind_reader("lambda", "layer:"),
        "Resource": arn_reader,
        "UUID": kind_reader("lambda", "event-source-mapping:"),
        "EventSourceArn": arn_reader,
        "CodeSigningConfigArn": arn_reader,
    },
    "logs": {
        "logGroupName": LOG_GROUP,
        "logGroupIdentifier": LOG_GROUP,
        "logGroupNames": LOG_GROUP,
        "logGroupIdentifiers": LOG_GROUP,
        "logGroupArn": LOG_GROUP,
        "resourceArn": arn_reader,
        "queryId": _never,
        "logRecordPointer": _never,
    },
    "rds": {
        "DBInstanceIdentifier": kind_reader("rds", "db:", lower=True),
        "DBClusterIdentifier": kind_reader("rds", "cluster:", lower=True),
        "DBSnapshotIdentifier": kind_reader("rds", "snapshot:", lower=True),
        "DBClusterSnapshotIdentifier": kind_reader("rds", "cluster-snapshot:", lower=True),
        "TargetDBSnapshotIdentifier": kind_reader("rds", "snapshot:", lower=True),
        "TargetDBInstanceIdentifier": kind_reader("rds", "db:", lower=True),
        "SourceDBInstanceIdentifier": kind_reader("rds", "db:", lower=True),
        "SourceDBSnapshotIdentifier": kind_reader("rds", "snapshot:", lower=True),
        "SourceDBClusterIdentifier": kind_reader("rds", "cluster:", lower=True),
        "SourceDBClusterSnapshotIdentifier": kind_reader("rds", "cluster-snapshot:", lower=True),
        "DBParameterGroupName": kind_reader("rds", "pg:", lower=True),
        "DBClusterParameterGroupName": kind_reader("rds", "cluster-pg:", lower=True),
        "OptionGroupName": kind_reader("rds", "og:", lower=True),
        "DBSubnetGroupName": kind_reader("rds", "subgrp:", lower=True),
        "DBSecurityGroupName": kind_reader("rds", "secgrp:", lower=True),
        "SubscriptionName": kind_reader("rds", "es:", lower=True),
        "ResourceName": arn_reader,
        "ResourceArn": arn_reader,
        "SourceArn": arn_reader,
        "GlobalClusterIdentifier": _never,
        "DBProxyName": _never,
        "DbiResourceId": _never,
        "SnapshotIdentifier": _never,
    },
    "route53": {"HostedZoneId": _zone, "HealthCheckId": kind_reader("route53", "healthcheck/", bare=True)},
    "secretsmanager": {"SecretId": arns.secret, "SecretIdList": arns.secret},
    "sns": {
        **dict.fromkeys(("TopicArn", "TargetArn", "SubscriptionArn", "ResourceArn"), arn_reader),
        **dict.fromkeys(("PlatformApplicationArn", "EndpointArn"), arn_reader),
        "PhoneNumber": _never,
    },
    "sqs": {"QueueUrl": arns.queue, "SourceArn": arn_reader, "DestinationArn": arn_reader, "TaskHandle": _never},
    "ssm": {
        "Names": arns.parameter,
        "DocumentName": _document,
        "InstanceId": _instance,
        "InstanceIds": _instance,
        "Target": _instance,
        "Targets": _never,
        "ResourceArn": arn_reader,
    },
    "stepfunctions": {
        **dict.fromkeys(("stateMachineArn", "executionArn", "activityArn", "resourceArn"), arn_reader),
        **dict.fromkeys(("stateMachineVersionArn", "stateMachineAliasArn", "mapRunArn"), arn_reader),
        "taskToken": _never,
    },
    "sts": {"RoleArn": arn_reader, "TargetPrincipal": _root},
    "cloudformation": {
        "StackName": _stack,
        "StackId": _stack,
        "StackSetName": _stack_set,
        "ChangeSetName": _change_set,
        "ResourceArn": arn_reader,
    },
    "events": {"EventBusName": kind_reader("events", "event-bus/"), "ResourceARN": arn_reader, "TargetArn": arn_reader},
}
"""botocore's service → member → reader; resources come in the order of the rows."""


BY_OPERATION: dict[tuple[str, str], dict[str, Callable[[object, CallerContext], Resource]]] = {
    **{
        ("ssm", operation): {"Name": arns.parameter}
        for operation in (
            "DeleteParameter",
            "GetParameter",
            "GetParameterHistory",
            "LabelParameterVersion",
            "PutParameter",
            "UnlabelParameterVersion",
        )
    },
    ("ssm", "GetParametersByPath"): {"Path": _parameter_path},
    **{
        ("ssm", operation): {"Name": _document}
        for operation in (
            "CreateDocument",
            "DeleteDocument",
            "DescribeDocument",
            "GetDocument",
            "UpdateDocument",
            "UpdateDocumentDefaultVersion",
            "ModifyDocumentPermission",
            "DescribeDocumentPermission",
        )
    },
    ("secretsmanager", "CreateSecret"): {"Name": arns.secret},
    ("sns", "CreateTopic"): {"Name": kind_reader("sns", "")},
    **{
        ("route53", operation): {"Id": _zone}
        for operation in ("GetHostedZone", "DeleteHostedZone", "UpdateHostedZoneComment", "GetDNSSEC")
    },
    ("route53", "GetChange"): {"Id": lambda value, caller: kind_reader("route53", "change/", bare=True)(_last(value), caller)},
    **{
        ("eks", operation): {"name": kind_reader("eks", "cluster/")}
        for operation in (
            "CreateCluster",
            "DeleteCluster",
            "DescribeCluster",
            "UpdateClusterConfig",
            "UpdateClusterVersion",
            "DescribeUpdate",
            "ListUpdates",
        )
    },
    ("stepfunctions", "CreateStateMachine"): {"name": kind_reader("states", "stateMachine:")},
    ("stepfunctions", "CreateActivity"): {"name": kind_reader("states", "activity:")},
    **{
        ("events", operation): {"Name": kind_reader("events", "event-bus/")}
        for operation in ("CreateEventBus", "DeleteEventBus", "DescribeEventBus", "UpdateEventBus")
    },
}
