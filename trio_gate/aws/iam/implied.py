"""Actions that parameters add to a call: for ACLs and tags on S3 objects, copies, passed roles, templates.

Rule: if a call runs something whose needs its parameters do not show (a CloudFormation template, a launch template, a task
definition), its implied actions are UNKNOWN. Source: the service authorization reference and S3's "Required permissions".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.param_paths import at, given, items, leaves
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Unknown, Value

_IAM_ARN = re.compile(r"arn:aws[a-z-]{0,32}:iam::[0-9]{12}:(?:role|instance-profile)/.", re.DOTALL)
_ROLE_MEMBER = "iaminstanceprofile"
_ROLE_ENDS = ("rolearn", "rolearns", "instanceprofilearn", "iamrole", "iamroles", _ROLE_MEMBER)
_LONG_NAME = 1024
"""Names of members with this many characters or more are not searched: all of AWS's are shorter."""

_ROLE_WORD = re.compile(r"role|instanceprofile", re.IGNORECASE | re.ASCII)
_ROLE_NAMES = {
    "batch": {"instanceRole", "serviceRole", "spotIamFleetRole"},
    "codebuild": {"serviceRole", "resourceAccessRole", "fleetServiceRole", "serviceRoleOverride"},
    "ec2": {"IamFleetRole"},
    "emr": {"JobFlowRole", "ServiceRole", "AutoScalingRole", "InstanceRole"},
    "glue": {"Role", "TmpDirIAMRole", "CatalogEncryptionServiceRole"},
    "neptune": {"DomainIAMRoleName"},
    "rds": {"DomainIAMRoleName", "CustomIamInstanceProfile"},
    "ssm": {"IamRole", "ExecutionRoleName", "ServiceRole"},
}
"""Members that pass a role by its bare name."""

_NO_PASSING = frozenset({"sts", "sso", "sso-admin", "securityhub", "rolesanywhere", "account-access", "iam-toolbox"})
"""Services that name roles without passing them."""

_OBJECT_EXTRAS = (
    (("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"), "s3:PutObjectAcl"),
    (("Tagging",), "s3:PutObjectTagging"),
    (("ObjectLockMode", "ObjectLockRetainUntilDate"), "s3:PutObjectRetention"),
    (("ObjectLockLegalHoldStatus",), "s3:PutObjectLegalHold"),
)
_BUCKET_EXTRAS = (
    (("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"), "s3:PutBucketAcl"),
    (("ObjectLockEnabledForBucket",), "s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"),
    (("ObjectOwnership",), "s3:PutBucketOwnershipControls"),
)
_VERSIONED = {
    "GetObject": "s3:GetObjectVersion",
    "HeadObject": "s3:GetObjectVersion",
    "DeleteObject": "s3:DeleteObjectVersion",
    "GetObjectAcl": "s3:GetObjectVersionAcl",
    "PutObjectAcl": "s3:PutObjectVersionAcl",
    "GetObjectTagging": "s3:GetObjectVersionTagging",
    "PutObjectTagging": "s3:PutObjectVersionTagging",
    "DeleteObjectTagging": "s3:DeleteObjectVersionTagging",
    "GetObjectAttributes": "s3:GetObjectVersionAttributes",
    "GetObjectTorrent": "s3:GetObjectVersionTorrent",
}
_ALWAYS = {
    ("s3", "GetObjectAttributes"): ("s3:GetObject",),
    ("kms", "ReEncrypt"): ("kms:ReEncryptTo",),
    ("neptunedata", "ExecuteGremlinQuery"): ("neptune-db:ReadDataViaQuery", "neptune-db:DeleteDataViaQuery"),
    ("neptunedata", "ExecuteGremlinProfileQuery"): ("neptune-db:ReadDataViaQuery", "neptune-db:DeleteDataViaQuery"),
    ("neptunedata", "ExecuteOpenCypherQuery"): ("neptune-db:ReadDataViaQuery", "neptune-db:DeleteDataViaQuery"),
    ("iam", "AddRoleToInstanceProfile"): ("iam:PassRole",),
}
_STS_EXTRAS = (
    (("Tags", "TransitiveTagKeys"), "sts:TagSession"),
    (("SourceIdentity",), "sts:SetSourceIdentity"),
    (("ProvidedContexts",), "sts:SetContext"),
)
_BLIND = frozenset(
    [
        ("cloudcontrol", "CreateResource"),
        ("cloudcontrol", "DeleteResource"),
        ("cloudcontrol", "UpdateResource"),
        ("datapipeline", "PutPipelineDefinition"),
        ("ecs", "CreateService"),
        ("ecs", "CreateTaskSet"),
        ("ecs", "RunTask"),
        ("ecs", "StartTask"),
        ("ecs", "UpdateService"),
        ("elasticbeanstalk", "CreateEnvironment"),
        ("elasticbeanstalk", "UpdateEnvironment"),
        ("servicecatalog", "ProvisionProduct"),
        ("servicecatalog", "UpdateProvisionedProduct"),
        ("servicecatalog", "TerminateProvisionedProduct"),
    ]
)
"""Operations that act through something that their parameters do not show."""

_BLIND_WITHOUT = {
    ("cloudformation", "CreateStack"): "RoleARN",
    ("cloudformation", "UpdateStack"): "RoleARN",
    ("cloudformation", "DeleteStack"): "RoleARN",
    ("cloudformation", "ExecuteChangeSet"): "RoleARN",
    ("cloudformation", "RollbackStack"): "RoleARN",
    ("cloudformation", "ContinueUpdateRollback"): "RoleARN",
    ("ssm", "StartAutomationExecution"): "AutomationAssumeRole",
    ("ssm", "StartChangeRequestExecution"): "AutomationAssumeRole",
}
"""Operations that run a template as the caller unless this member names a role for it."""

_BLIND_WITH = re.compile(r"LaunchTemplates?|LaunchTemplateConfigs|LaunchTemplateData|MixedInstancesPolicy|launchTemplate")


def implied(service: str, operation: str, params: Mapping[str, Value]) -> tuple[str, ...] | Unknown:
    """The actions that a call needs besides its main one, in any order; UNKNOWN if the list could be incomplete."""
    if (service, operation) in _BLIND or _runs_a_template(service, operation, params):
        return UNKNOWN
    extra = list(_ALWAYS.get((service, operation), ()))
    if service == "s3":
        extra += _s3(operation, params)
    if service == "sts":
        extra += _when_given(_STS_EXTRAS, params)
    passing = _passes_role(service, params)
    if passing is UNKNOWN:
        return UNKNOWN
    return (*extra, "iam:PassRole") if passing else tuple(extra)


def _runs_a_template(service: str, operation: str, params: Mapping[str, Value]) -> bool:
    role = _BLIND_WITHOUT.get((service, operation))
    if role is not None:
        return not given(params, role)
    return service in {"ec2", "autoscaling", "eks", "batch"} and any(_BLIND_WITH.fullmatch(name) for name in _names(params))


def _names(params: Mapping[str, Value]) -> set[str]:
    return {name for path, _ in leaves(params) for name in path}


def _passes_role(service: str, params: Mapping[str, Value]) -> bool | Unknown:
    if service in _NO_PASSING or service == "iam":
        return False
    named = _ROLE_NAMES.get(service, set())
    unknown = False
    worded: dict[str, bool] = {}
    for path, value in leaves(params):
        if value is UNKNOWN:
            unknown = unknown or not (service == "s3" and path == ("Body",))
        elif value and (
            any(name in named or _names_role(name) for name in path) or _points_at_role(path[-1], str(value), worded)
        ):
            return True
    return UNKNOWN if unknown else False


def _names_role(name: str) -> bool:
    """Whether a member is named like a role. Only the name's end is checked, as an agent may make it as long as the body."""
    end = fold(name[-len(_ROLE_MEMBER) :])
    return end.endswith(_ROLE_ENDS) and (end != _ROLE_MEMBER or len(name) == len(end))


def _points_at_role(name: str, value: str, worded: dict[str, bool]) -> bool:
    """Whether a value is a role's ARN and its name contains "role"; `worded` caches the result for names."""
    if _IAM_ARN.match(value) is None:
        return False
    if name not in worded:
        worded[name] = len(name) > _LONG_NAME or _ROLE_WORD.search(name) is not None
    return worded[name]


def _when_given(rows: tuple[tuple[tuple[str, ...] | str, ...], ...], params: Mapping[str, Value]) -> list[str]:
    return [str(action) for members, *actions in rows if any(given(params, name) for name in members) for action in actions]


def _s3(operation: str, params: Mapping[str, Value]) -> list[str]:
    extra = []
    if operation in {"PutObject", "CopyObject", "CreateMultipartUpload"}:
        extra += _when_given(_OBJECT_EXTRAS, params)
    if operation == "CreateBucket":
        extra += _when_given(_BUCKET_EXTRAS, params)
        extra += ["s3:TagResource"] if given(params, "CreateBucketConfiguration", "Tags") else []
    if operation in {"CopyObject", "UploadPartCopy"}:
        versioned = "versionid" in fold(unquote(str(params.get("CopySource"))))
        extra += ["s3:GetObject", "s3:GetObjectVersion"] if versioned else ["s3:GetObject"]
    if operation == "CopyObject" and params.get("TaggingDirective") != "REPLACE":
        extra += ["s3:GetObjectTagging", "s3:PutObjectTagging"]
    if operation in _VERSIONED and given(params, "VersionId"):
        extra.append(_VERSIONED[operation])
    if operation == "DeleteObjects" and any(
        isinstance(entry, dict) and entry.get("VersionId") for entry in items(at(params, "Delete", "Objects"))
    ):
        extra.append("s3:DeleteObjectVersion")
    if given(params, "BypassGovernanceRetention"):
        extra.append("s3:BypassGovernanceRetention")
    return extra
