"""Roles and instance profiles that a call passes, for which it needs `iam:PassRole`.

Rule: a write passes a role if any parameter contains its ARN, also an attribute's value, a patch or JSON text. So does any value of a
member whose name says that it takes a role, because many take bare names; in reads, only such members count. The lists below have, with
reasons, what only mentions roles and what takes no IAM role in spite of its name. Anything else is passed, or UNKNOWN.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.role_texts import RoleTexts, has_no_role, key_passes, name_end, says_role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.model.shape import Shape

    _Spot = tuple[Value, Shape | None, bool]

_NAMED_BY_SERVICE = frozenset(
    (
        "account-access-runtime",  # asks for a role's credentials
        "iam",  # creates and changes roles; its calls that pass one always need PassRole, as `implied` says
        "securityhub",  # findings, filters and notes mention roles
        "sso",  # asks for a role's credentials
        "sts",  # assumes a role itself
    )
)
"""Services that name roles but pass none."""

_TAKES_DATA = frozenset(
    (service, operation)
    for service, operations in {
        "bedrock-runtime": "Converse ConverseStream InvokeModel InvokeModelWithResponseStream",
        "cloudwatch": "PutMetricData",
        "dynamodb": "BatchExecuteStatement BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction PutItem "
        "TransactWriteItems UpdateItem",
        "events": "PutEvents",
        "firehose": "PutRecord PutRecordBatch",
        "iot-data": "Publish UpdateThingShadow",
        "kinesis": "PutRecord PutRecords",
        "lambda": "Invoke InvokeAsync InvokeWithResponseStream",
        "logs": "PutLogEvents",
        "s3": "CopyObject CreateMultipartUpload PutObject UploadPart UploadPartCopy",
        "sagemaker-gateway-runtime": "InvokeGlobalInferenceGateway InvokeGlobalInferenceGatewayWithResponseStream",
        "sagemaker-runtime": "InvokeEndpoint InvokeEndpointAsync InvokeEndpointWithResponseStream",
        "secretsmanager": "PutSecretValue",
        "sns": "Publish PublishBatch",
        "sqs": "SendMessage SendMessageBatch",
        "ssm": "PutParameter",
        "timestream-write": "WriteRecords",
        "xray": "PutTelemetryRecords PutTraceSegments",
    }.items()
    for operation in operations.split()
)
"""Operations that store or transmit messages, records, items and objects, in which AWS looks for no role."""

_TAGS = frozenset(("tags", "taglist", "tagset", "tagspecification", "tagspecifications"))
_LET_IN = frozenset(
    (
        "datalakeprincipal",
        "datalakeprincipalidentifier",
        "grantee",
        "granteeidentifier",
        "granteeprincipal",
        "principal",
        "principalarn",
        "principalarns",
        "principalid",
        "principalidentifier",
        "principals",
        "retiringprincipal",
    )
)
_NAMED_BY_MEMBER = _TAGS | _LET_IN
"""Members, in lower case, that only mention a role, or name it as the one that gets access."""

_NO_IAM_ROLE = frozenset(
    (service, member.lower())
    for service, members in {
        "bedrock-agent": "role",  # the speaker of a line of a prompt
        "bedrock-agent-runtime": "role",
        "bedrock-agentcore": "role",
        "bedrock-runtime": "role",
        "chime": "Role",  # of a member in a room
        "chime-sdk-media-pipelines": "ParticipantRole",
        "codebuild": "approverRoles",  # of people in a repository
        "connect": "ParticipantRole",
        "connecthealth": "participantRole role",
        "datazone": "snowflakeRole",
        "dms": "InstanceProfileIdentifier InstanceProfileName",  # DMS's own profiles of networks
        "eks": "role",  # in Argo CD
        "es": "MasterBackendRole",  # in a SAML assertion
        "firehose": "SnowflakeRole",
        "grafana": "grafanaRole keyRole role",  # levels in Grafana
        "invoicing": "ReceiverRole",
        "iot-managed-integrations": "Role",  # hub or device
        "kinesisvideo": "Role",  # master or viewer
        "medialive": "AudioDashRoles CaptionDashRoles Role",  # of a track, of a node
        "mq": "RoleName UserRoleName",  # attributes in LDAP
        "opensearch": "MasterBackendRole",
        "opensearchmemory": "role",
        "organizations": "RoleName",  # of a role that is created in the new account
        "quicksight": "ColumnDataRole ColumnGeographicRole DatabaseAccessControlRole GeographicRole GeographicalRole PropertyRole "
        "Role SelfUpgradeUserRole UserRole",  # of columns, visuals and users
        "rds": "TargetRole",  # reader or writer
        "repostspace": "channelRole role",
        "sagemaker": "RoleName",  # in a partner's application
        "securityagent": "role",
        "transcribe": "ParticipantRole",
        "workdocs": "Role Roles",
        "workmail": "Role",
    }.items()
    for member in members.split()
)
"""Members, in lower case, that are called roles but are not IAM roles."""


class Passing(NamedTuple):
    """How to find out whether a call of an operation passes a role.

    Attributes:
        service: botocore's name.
        shape: of the operation's input; a name that is not in the model is a key that the caller chose.
        by_value: whether the ARN of a role counts in any member.
    """

    service: str
    shape: Shape | None
    by_value: bool


def passing_of(service: str, operation: str, shape: Shape | None, *, reads: bool) -> Passing | None:
    """How to find out whether calls of an operation pass a role; None if they never do. `reads`: they only read."""
    if service in _NAMED_BY_SERVICE:
        return None
    by_value = not reads and (service, operation) not in _TAKES_DATA
    if not by_value and shape is not None and not _takes_a_role(service, shape):
        return None
    return Passing(service, shape, by_value)


def passes_role(passing: Passing, params: Mapping[str, Value]) -> bool | Unknown:
    """Whether a call passes a role; UNKNOWN if that cannot be decided.

    Args:
        passing: of its operation.
        params: by botocore's member names.
    """
    service, shape, by_value = passing
    todo: list[_Spot] = [(dict(params), shape, False)]  # a value, its shape, and whether a name says that it is a role
    texts, unknown = RoleTexts(), False
    while todo:
        value, kind, named = todo.pop()
        if isinstance(value, dict):
            todo += _members(service, value, kind, named=named, by_value=by_value)
        elif isinstance(value, list):
            inner = kind.inner("") if kind else None
            todo += [(item, inner, named) for item in value]
        elif named or by_value:
            found = _is_role(texts, value, named=named)
            if found is True:
                return True
            unknown = unknown or found is UNKNOWN
    return UNKNOWN if unknown else False


def _members(service: str, value: dict[str, Value], kind: Shape | None, *, named: bool, by_value: bool) -> Iterator[_Spot]:
    """The values in a structure or a map, without members that only mention roles and without uploaded content."""
    if kind is not None and kind.type != "structure":
        inner = kind.inner("")
        for key, item in value.items():
            yield item, inner, named or (by_value and key_passes(key))
            if by_value and ":" in key:
                yield key, None, False
        return
    members = kind.members if kind else {}
    for name, item in value.items():
        member = members.get(name)
        takes = _member_passes(service, name) if member else _name_passes(service, name)
        if takes is None or (not takes and not named and has_no_role(item)):
            continue
        if item is UNKNOWN and member and member.streaming and member.shape.type == "blob":
            continue
        yield item, member.shape if member else None, named or takes


def _takes_a_role(service: str, shape: Shape) -> bool:
    """Whether an input has a member whose name says that it takes a role."""
    seen, todo = {shape}, [shape]
    while todo:
        below = todo.pop()
        for name, member in below.members.items():
            if below.type == "structure" and _name_passes(service, name):
                return True
            if member.shape not in seen:
                seen.add(member.shape)
                todo.append(member.shape)
    return False


def _name_passes(service: str, name: str) -> bool | None:
    """Whether a member's name says that it takes a role; None if roles in it are only mentioned."""
    end = name_end(name)
    return None if end in _NAMED_BY_MEMBER else (service, end) not in _NO_IAM_ROLE and says_role(end)


_member_passes = functools.lru_cache(maxsize=1 << 14)(_name_passes)
"""The same with a cache, for names in the model."""


def _is_role(texts: RoleTexts, value: Value, *, named: bool) -> bool | Unknown:
    """Whether a value that is neither a list nor a structure is a role or contains one."""
    if value is UNKNOWN:
        return UNKNOWN
    if isinstance(value, bytes):
        return texts.in_blob(value)
    return isinstance(value, str) and value != "" and (named or texts.in_text(value))
