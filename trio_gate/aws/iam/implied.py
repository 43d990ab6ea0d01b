"""Actions that parameters add to a call: access lists and tags on S3 objects, copies, passed roles.

Rule: where a call runs something whose needs its parameters do not show, what it implies is UNKNOWN (see `unseen`). Source: the
service authorization reference and S3's "Required permissions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.passed_roles import passes_role, passing_of
from trio_gate.aws.iam.unseen import unseen_of
from trio_gate.aws.param_paths import at, given, items
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.iam.passed_roles import Passing
    from trio_gate.aws.iam.unseen import Unseen
    from trio_gate.aws.model.shape import Shape

    _Rows = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

_OBJECT_EXTRAS: _Rows = (
    (("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"), ("s3:PutObjectAcl",)),
    (("Tagging",), ("s3:PutObjectTagging",)),
    (("ObjectLockMode", "ObjectLockRetainUntilDate"), ("s3:PutObjectRetention",)),
    (("ObjectLockLegalHoldStatus",), ("s3:PutObjectLegalHold",)),
)
_BUCKET_EXTRAS: _Rows = (
    (("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"), ("s3:PutBucketAcl",)),
    (("ObjectLockEnabledForBucket",), ("s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning")),
    (("ObjectOwnership",), ("s3:PutBucketOwnershipControls",)),
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
_BYPASS = "BypassGovernanceRetention"
_STS_EXTRAS: _Rows = (
    (("Tags", "TransitiveTagKeys"), ("sts:TagSession",)),
    (("SourceIdentity",), ("sts:SetSourceIdentity",)),
    (("ProvidedContexts",), ("sts:SetContext",)),
)


class Implied(NamedTuple):
    """What an operation asks for besides its main action.

    Attributes:
        operation: botocore's name.
        always: in every call.
        given: the actions that each of these members adds.
        of_objects: the further actions of S3, by parameters; None without.
        unseen: when it may need actions that its parameters do not show; None for never.
        passing: how roles are found that it passes; None if it passes none.
    """

    operation: str
    always: tuple[str, ...]
    given: _Rows
    of_objects: Callable[[str, Mapping[str, Value]], list[str]] | None
    unseen: Unseen | None
    passing: Passing | None

    @property
    def steady(self) -> bool:
        """Whether no parameter adds an action."""
        return not (self.given or self.of_objects or self.unseen or self.passing)


def implied_of(service: str, operation: str, shape: Shape | None, *, reads: bool) -> Implied:
    """What an operation asks for besides its main action; `shape` is of its input, `reads` whether the call only reads."""
    rows: _Rows = _STS_EXTRAS if service == "sts" else _of_s3(operation) if service == "s3" else ()
    return Implied(
        operation=operation,
        always=_ALWAYS.get((service, operation), ()),
        given=tuple(
            (members, actions) for members, actions in rows if shape is None or not shape.members.keys().isdisjoint(members)
        ),
        of_objects=_of_objects if service == "s3" and operation in _BY_CONTENT else None,
        unseen=unseen_of(service, operation, shape, reads=reads),
        passing=passing_of(service, operation, shape, reads=reads),
    )


def implied(rules: Implied, params: Mapping[str, Value]) -> tuple[str, ...] | Unknown:
    """What a call asks for besides its main action, in no promised order; UNKNOWN where that cannot be said."""
    if rules.unseen is not None and rules.unseen.acts(params):
        return UNKNOWN
    extra = list(rules.always)
    for members, actions in rules.given:
        if any(given(params, name) for name in members if name in params):
            extra += actions
    if rules.of_objects is not None:
        extra += rules.of_objects(rules.operation, params)
    passing = passes_role(rules.passing, params) if rules.passing is not None else False
    if passing is UNKNOWN:
        return UNKNOWN
    return (*extra, "iam:PassRole") if passing else tuple(extra)


def _of_s3(operation: str) -> _Rows:
    """The actions of S3 that single members add."""
    rows: _Rows = _OBJECT_EXTRAS if operation in {"PutObject", "CopyObject", "CreateMultipartUpload"} else ()
    rows = _BUCKET_EXTRAS if operation == "CreateBucket" else rows
    versioned = _VERSIONED.get(operation)
    rows = (*rows, (("VersionId",), (versioned,))) if versioned is not None else rows
    return rows if operation in _BY_CONTENT else (*rows, ((_BYPASS,), (f"s3:{_BYPASS}",)))


_BY_CONTENT = frozenset(("CopyObject", "CreateBucket", "DeleteObjects", "UploadPartCopy"))
"""Operations of S3 whose actions depend on the content of a member."""


def _of_objects(operation: str, params: Mapping[str, Value]) -> list[str]:
    extra = []
    if operation == "CreateBucket":
        extra += ["s3:TagResource"] if given(params, "CreateBucketConfiguration", "Tags") else []
    if operation in {"CopyObject", "UploadPartCopy"}:
        versioned = "versionid" in fold(unquote(str(params.get("CopySource"))))
        extra += ["s3:GetObject", "s3:GetObjectVersion"] if versioned else ["s3:GetObject"]
    if operation == "CopyObject" and params.get("TaggingDirective") != "REPLACE":
        extra += ["s3:GetObjectTagging", "s3:PutObjectTagging"]
    if operation == "DeleteObjects" and any(
        isinstance(entry, dict) and entry.get("VersionId") for entry in items(at(params, "Delete", "Objects"))
    ):
        extra.append("s3:DeleteObjectVersion")
    if given(params, _BYPASS):
        extra.append(f"s3:{_BYPASS}")
    return extra
