"""Actions that parameters add to a call: access lists and tags on S3 objects, copies, passed roles.

Rule: where a call runs something whose needs its parameters do not show, what it implies is UNKNOWN (see `unseen`). Source: the
service authorization reference and S3's "Required permissions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.passed_roles import passes_role
from trio_gate.aws.iam.unseen import acts_unseen
from trio_gate.aws.param_paths import at, given, items
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.model.shape import Shape

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
    ("ssm", "UpdateServiceSetting"): ("iam:PassRole",),  # one of the settings is the name of a role
}
_STS_EXTRAS = (
    (("Tags", "TransitiveTagKeys"), "sts:TagSession"),
    (("SourceIdentity",), "sts:SetSourceIdentity"),
    (("ProvidedContexts",), "sts:SetContext"),
)


def implied(
    service: str, operation: str, params: Mapping[str, Value], shape: Shape | None, *, reads: bool
) -> tuple[str, ...] | Unknown:
    """What a call asks for besides its main action, in no promised order; UNKNOWN where that cannot be said."""
    if acts_unseen(service, operation, params, shape, reads=reads):
        return UNKNOWN
    extra = list(_ALWAYS.get((service, operation), ()))
    if service == "s3":
        extra += _s3(operation, params)
    if service == "sts":
        extra += _when_given(_STS_EXTRAS, params)
    passing = passes_role(service, operation, params, shape, reads=reads)
    if passing is UNKNOWN:
        return UNKNOWN
    return (*extra, "iam:PassRole") if passing else tuple(extra)


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
