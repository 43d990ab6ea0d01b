"""The buckets, access points and objects that an S3 call names.

Rule: a bucket's name does not show its owner. `ExpectedBucketOwner` does, because AWS refuses the call if it is wrong. The source
of a copy that S3 could read as another object is UNKNOWN: S3 reads a `+` there as a space (github.com/aws/aws-cli/issues/614).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.param_paths import at, text
from trio_gate.aws.resources.arns import Resource, bucket, inside, parse, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.resources.arns import CallerContext


_TWOFOLD = re.compile(r"[+?#]|%(?![0-9A-Fa-f]{2})")
_LOG_BUCKET = ("BucketLoggingStatus", "LoggingEnabled", "TargetBucket")
_RESTORED_TO = ("RestoreRequest", "OutputLocation", "S3", "BucketName")

TOLD_S3 = (_LOG_BUCKET, _RESTORED_TO)
"""Paths below the top level of an S3 call that are read."""


def s3(_: str, params: Mapping[str, Value], caller: CallerContext) -> list[Resource] | None:
    """What an S3 call names: first the object or the bucket, or each object of a list, then the source of a copy.

    For a list IAM checks each object, not the bucket. Buckets that logs or restored objects are written to are named as well.
    """
    if not params.get("Bucket"):
        return []
    whole = bucket(params["Bucket"], caller, owner=text(params, "ExpectedBucketOwner"))
    found = [_object(whole, params["Key"]) if params.get("Key") else whole]
    listed = at(params, "Delete", "Objects") if "Delete" in params else None
    if listed is UNKNOWN:
        found = [Resource(arn=UNKNOWN, account=whole.account)]
    if isinstance(listed, list) and listed:
        found = [_object(whole, entry.get("Key") if isinstance(entry, dict) else None) for entry in listed]
    if params.get("CopySource"):
        found.append(_source(params["CopySource"], caller, text(params, "ExpectedSourceBucketOwner")))
    if params.get("RenameSource"):
        found.append(_renamed(whole, params["RenameSource"]))
    for path in TOLD_S3:
        if path[0] in params and (name := at(params, *path)):
            found.append(bucket(name, caller))
    return found


def s3control(operation: str, params: Mapping[str, Value], caller: CallerContext) -> list[Resource] | None:
    """The resources that an S3 Control call names, in the account of its `AccountId`."""
    account = str(params.get("AccountId") or caller.account)
    name, job = text(params, "Name"), text(params, "JobId")
    if name is not None and "AccessPoint" in operation and plain(name):
        service = "s3-object-lambda" if operation.endswith("ForObjectLambda") else "s3"
        region = "" if "MultiRegion" in operation else caller.region
        return [caller.arn(service, f"accesspoint/{name}", region=region, account=account)]
    if job is not None and plain(job):
        return [caller.arn("s3", f"job/{job}", account=account)]
    named = params.get("Bucket") or params.get("ResourceArn") or params.get("resourceArn") or params.get("Name")
    return [bucket(named, caller)] if named else []


def _object(whole: Resource, key: Value) -> Resource:
    return inside(whole, "/object/" if ":accesspoint/" in str(whole.arn) else "/", key)


def _source(value: Value, caller: CallerContext, owner: str | None) -> Resource:
    """`bucket/key`, `/bucket/key` or `arn:…:accesspoint/name/object/key`, percent-encoded, before `?versionId=`."""
    if not isinstance(value, str):
        return Resource(arn=UNKNOWN, account=UNKNOWN)
    path = _decoded(value.partition("?versionId=")[0])
    if path is None:
        return Resource(arn=UNKNOWN, account=UNKNOWN)
    path = path.removeprefix("/")
    if parse(path) is not None:
        return bucket(path, caller, owner=owner)
    name, _, key = path.partition("/")
    return inside(bucket(name, caller, owner=owner), "/", key)


def _renamed(whole: Resource, value: Value) -> Resource:
    """The object that is renamed, by its percent-encoded key; UNKNOWN if that could be `bucket/key`, as for a copy."""
    key = _decoded(value) if isinstance(value, str) else None
    own = str(whole.arn).rpartition("/")[2]
    return inside(whole, "/", None if key is None or key.startswith(("/", f"{own}/")) else key)


def _decoded(text: str) -> str | None:
    """Decode a percent-encoded text; None if it is malformed or has two readings."""
    if _TWOFOLD.search(text):
        return None
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None
