"""Sharing of stored things: objects, snapshots, images, keys, queues, topics, functions, catalogs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.param_paths import at
from trio_gate.aws.policies.grammar import Statement
from trio_gate.aws.policies.judge import grantees
from trio_gate.aws.resources.arns import is_account, parse
from trio_gate.aws.sharing.recipients import (
    EVERYBODY,
    account_or_arn,
    each,
    everybody,
    inner,
    is_service,
    open_if,
    principals,
    several,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.resources.arns import CallerContext

    Found = Iterator[str | Unknown]
    Params = Mapping[str, Value]

_CANNED = {
    **dict.fromkeys(("private", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write", "aws-exec-read"), ()),
    **dict.fromkeys(("public-read", "public-read-write", "authenticated-read"), (EVERYBODY,)),
}
"""S3's canned ACLs; what they give the bucket's owner is not counted."""

_GROUPS = {
    "http://acs.amazonaws.com/groups/global/AllUsers": (EVERYBODY,),
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": (EVERYBODY,),
    "http://acs.amazonaws.com/groups/s3/LogDelivery": (),
}
_GRANT = re.compile(r'[ \t]{0,8}(id|uri|emailAddress)="?([^",]{1,1024}+)"?[ \t]{0,8}')
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _acl(params: Params, caller: CallerContext) -> Found:
    """A canned ACL, grants in headers, or a whole list."""
    if params.get("ACL") is not None:
        canned = params["ACL"]
        yield from _CANNED.get(canned, (UNKNOWN,)) if isinstance(canned, str) else (UNKNOWN,)
    for name in ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"):
        value = params.get(name)
        if value is not None:
            for grant in value.split(",") if isinstance(value, str) else ("",):
                found = _GRANT.fullmatch(grant)
                yield from _grantee(*found.groups()) if found else (UNKNOWN,)
    yield from _grants(each(params, "AccessControlPolicy", "Grants"))


def _grants(grants: list[Value]) -> Found:
    """Every grantee, the owner included, because the request only claims who that is."""
    for grant in grants:
        grantee = inner(grant, "Grantee")
        named = [(key, inner(grantee, key)) for key in ("ID", "URI", "EmailAddress") if inner(grantee, key) is not None]
        if len(named) != 1 or not isinstance(named[0][1], str):
            yield UNKNOWN
        else:
            yield from _grantee({"ID": "id", "URI": "uri"}.get(named[0][0], "email"), named[0][1])


def _grantee(kind: str, value: str) -> Found:
    if kind == "uri":
        yield from _GROUPS.get(value, (UNKNOWN,))
    else:
        yield f"CanonicalUser:{value}" if kind == "id" else value


def _logging(params: Params, caller: CallerContext) -> Found:
    yield from _grants(each(params, "BucketLoggingStatus", "LoggingEnabled", "TargetGrants"))


def _block(params: Params, caller: CallerContext) -> Found:
    """A public access block in which something is not blocked."""
    block = params.get("PublicAccessBlockConfiguration")
    if isinstance(block, dict):
        states = [block.get(name) for name in _BLOCKS]
        yield from open_if(UNKNOWN if UNKNOWN in states else any(state is not True for state in states))
    else:
        yield UNKNOWN


def _access_point(params: Params, caller: CallerContext) -> Found:
    if params.get("PublicAccessBlockConfiguration") is not None:
        yield from _block(params, caller)
    yield from principals([params.get("BucketAccountId")], caller)


def _ownership(params: Params, caller: CallerContext) -> Found:
    """Turning ACLs on again: what they allow is unknown."""
    rules = [inner(rule, "ObjectOwnership") for rule in each(params, "OwnershipControls", "Rules")]
    if rules != ["BucketOwnerEnforced"]:
        yield UNKNOWN


def _image(add: str) -> Callable[[Params, CallerContext], Found]:
    """EC2's permissions to launch, load or restore: structures with additions, or a list and the word "add"."""

    def way(params: Params, caller: CallerContext) -> Found:
        for one in each(params, add, "Add"):
            members = [inner(one, name) for name in ("Group", "UserId", "OrganizationArn", "OrganizationalUnitArn")]
            yield from principals(members, caller, everybody="all")
        if params.get("OperationType") != "remove":
            for name in ("UserGroups", "GroupNames", "UserIds", "OrganizationArns", "OrganizationalUnitArns"):
                yield from principals(each(params, name), caller, everybody="all")
        if at(params, add) is UNKNOWN:
            yield UNKNOWN

    return way


def _statement(principal: str, conditions: dict[str, str]) -> Callable[[Params, CallerContext], Found]:
    """A policy statement sent as separate members: its principal, and conditions by member."""

    def way(params: Params, caller: CallerContext) -> Found:
        who = params.get(principal)
        if who is None:
            return
        said = {key: params[name] for name, key in conditions.items() if params.get(name) is not None}
        if not isinstance(who, str) or not all(isinstance(value, str) for value in said.values()):
            yield UNKNOWN
            return
        service = is_service(who)
        if not (service or who == EVERYBODY or is_account(who) or parse(who)):
            yield UNKNOWN
            return
        named = f"Service:{who}" if service else account_or_arn(who)
        yield from grantees(_allow(named, {key: [str(value)] for key, value in said.items()}), caller)

    return way


def _allow(who: str, conditions: dict[str, list[str]]) -> Statement:
    positive = {key: values for key, values in conditions.items() if not key.endswith("Arn")}
    arns = {key: values for key, values in conditions.items() if key.endswith("Arn")}
    return Statement(
        allows=True,
        actions=("*",),
        not_actions=(),
        resources=(),
        not_resources=(),
        principals=(who,),
        not_principals=(),
        conditions={"StringEquals": positive, "ArnLike": arns},
    )


def _event_bus(params: Params, caller: CallerContext) -> Found:
    key, value = at(params, "Condition", "Key"), at(params, "Condition", "Value")
    narrowed = (
        key == "aws:PrincipalOrgID" and at(params, "Condition", "Type") == "StringEquals" and params.get("Principal") == "*"
    )
    yield from principals([value if narrowed else params.get("Principal")], caller)


def _data_lake(params: Params, caller: CallerContext) -> Found:
    """Lake Formation: IAM_ALLOWED_PRINCIPALS means those whom the account's own policies allow."""
    entries = each(params, "Entries") if "Entries" in params else [dict(params)]
    named = [inner(entry, "Principal", "DataLakePrincipalIdentifier") for entry in entries]
    whole = [one.removesuffix(":IAMPrincipals") if isinstance(one, str) else one for one in named]
    yield from principals([one for one in whole if one != "IAM_ALLOWED_PRINCIPALS"], caller)


def _subscription(params: Params, caller: CallerContext) -> Found:
    """Messages that leave the account: the ARN of a queue, stream or function names its account; an address or phone number does not."""
    endpoint = params.get("Endpoint")
    if endpoint is not None:
        yield from principals([endpoint], caller) if parse(endpoint) is not None else (UNKNOWN,)


def _documents_say(_params: Params, _scene: CallerContext) -> Found:
    """Only those named by the policy among the attributes."""
    yield from ()


def _public_documents(params: Params, caller: CallerContext) -> Found:
    """Systems Manager: the setting that lets documents be shared with everybody."""
    if params.get("SettingId") is UNKNOWN or "public-sharing" in str(params.get("SettingId")):
        yield from open_if(params.get("SettingValue") != "Disable")


def _application(params: Params, caller: CallerContext) -> Found:
    """Serverless Application Repository: everybody, or everybody of some organizations."""
    for statement in each(params, "Statements"):
        organizations = several(inner(statement, "PrincipalOrgIDs"))
        named = several(inner(statement, "Principals"))
        yield from principals(organizations if organizations and named == [EVERYBODY] else named, caller)


def _lightsail_bucket(params: Params, caller: CallerContext) -> Found:
    rules = at(params, "accessRules")
    if rules is not None:
        yield from open_if(
            UNKNOWN if rules is UNKNOWN else inner(rules, "getObject") != "private" or inner(rules, "allowPublicOverrides")
        )
    yield from principals(several(params.get("readonlyAccessAccounts")), caller)


_FUNCTION = {"SourceAccount": "aws:SourceAccount", "SourceArn": "aws:SourceArn", "PrincipalOrgID": "aws:PrincipalOrgID"}
_WITH_ACL = ("CopyObject", "CreateBucket", "CreateMultipartUpload", "PutBucketAcl", "PutObject", "PutObjectAcl")
_ATTRIBUTES = {"sqs": ("CreateQueue", "SetQueueAttributes"), "sns": ("CreateTopic", "SetTopicAttributes")}

STORAGE: dict[tuple[str, str], Callable[[Params, CallerContext], Found]] = {
    **{("s3", name): _acl for name in _WITH_ACL},
    ("s3", "PutBucketLogging"): _logging,
    ("s3", "PutPublicAccessBlock"): _block,
    ("s3", "DeletePublicAccessBlock"): everybody,
    ("s3", "PutBucketOwnershipControls"): _ownership,
    ("s3control", "PutPublicAccessBlock"): _block,
    ("s3control", "DeletePublicAccessBlock"): everybody,
    ("s3control", "CreateAccessPoint"): _access_point,
    ("ec2", "ModifyImageAttribute"): _image("LaunchPermission"),
    ("ec2", "ModifySnapshotAttribute"): _image("CreateVolumePermission"),
    ("ec2", "ModifyFpgaImageAttribute"): _image("LoadPermission"),
    ("ec2", "DisableImageBlockPublicAccess"): everybody,
    ("ec2", "DisableSnapshotBlockPublicAccess"): everybody,
    ("sns", "Subscribe"): _subscription,
    **{(service, name): _documents_say for service, names in _ATTRIBUTES.items() for name in names},
    ("ssm", "UpdateServiceSetting"): _public_documents,
    ("ssm", "ResetServiceSetting"): _public_documents,
    ("events", "PutPermission"): _event_bus,
    ("serverlessrepo", "PutApplicationPolicy"): _application,
    ("lambda", "AddPermission"): _statement("Principal", _FUNCTION),
    ("lambda", "AddLayerVersionPermission"): _statement("Principal", {"OrganizationId": "aws:PrincipalOrgID"}),
    ("lakeformation", "GrantPermissions"): _data_lake,
    ("lakeformation", "BatchGrantPermissions"): _data_lake,
    ("ecr-public", "CreateRepository"): everybody,
    ("ecr-public", "PutImage"): everybody,
    ("ecr-public", "PutRegistryCatalogData"): everybody,
    ("ecr-public", "PutRepositoryCatalogData"): everybody,
    ("cloudformation", "PublishType"): everybody,
    ("lightsail", "UpdateBucket"): _lightsail_bucket,
}
"""By service and operation."""
