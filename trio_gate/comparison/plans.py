"""How the present state that a call would change is read: a closed list of calls that only read, for a closed list of calls that change.

Rule: a plan asks for reads one after the other and returns both sides, in the words of the call's own parameters; it does no I/O. What it
reads is of the place that the call names, and nothing of the agent's but names gets into a read.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from trio_gate.aws.call import Unknown
from trio_gate.aws.resources.arns import parse
from trio_gate.comparison.firewalls import after_changes, rule_lines
from trio_gate.comparison.reads import IncomparableError, Read, Sides

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from trio_gate.aws.call import Call, Value
    from trio_gate.comparison.reads import Answer, Plan

BODY = "Body"
"""The member of a call of S3 that is its body."""


_DOCUMENTS: Mapping[str, tuple[str, tuple[str, ...], str, str]] = {
    **{
        f"iam.{verb}{kind}Policy": (f"Get{kind}Policy", (f"{kind}Name", "PolicyName"), "PolicyDocument", member)
        for kind in ("Role", "User", "Group")
        for verb, member in (("Put", "PolicyDocument"), ("Delete", ""))
    },
    "iam.UpdateAssumeRolePolicy": ("GetRole", ("RoleName",), "Role.AssumeRolePolicyDocument", "PolicyDocument"),
    "s3.PutBucketPolicy": ("GetBucketPolicy", ("Bucket",), "Policy", "Policy"),
    "s3.DeleteBucketPolicy": ("GetBucketPolicy", ("Bucket",), "Policy", ""),
    **{
        f"s3.{verb}PublicAccessBlock": ("GetPublicAccessBlock", ("Bucket",), "PublicAccessBlockConfiguration", member)
        for verb, member in (("Put", "PublicAccessBlockConfiguration"), ("Delete", ""))
    },
    "kms.PutKeyPolicy": ("GetKeyPolicy", ("KeyId", "PolicyName"), "Policy", "Policy"),
    "secretsmanager.PutResourcePolicy": ("GetResourcePolicy", ("SecretId",), "ResourcePolicy", "ResourcePolicy"),
    "secretsmanager.DeleteResourcePolicy": ("GetResourcePolicy", ("SecretId",), "ResourcePolicy", ""),
    "ecr.SetRepositoryPolicy": ("GetRepositoryPolicy", ("registryId", "repositoryName"), "policyText", "policyText"),
    "ecr.DeleteRepositoryPolicy": ("GetRepositoryPolicy", ("registryId", "repositoryName"), "policyText", ""),
}
"""Calls that set or delete one document: the read, its parameters, where the answer has the document, and where the call has it."""


_ACCOUNT = re.compile(r"(?:(?<=[:/])|\A)[0-9]{12}(?=[:/]|\Z)")
"""A part of an ARN, a shortened ARN or a queue's URL, or a registry, that is an account."""


def comparable(service: str, operation: str) -> bool:
    """Whether calls of an operation can be compared with what is there now."""
    return f"{service}.{operation}" in _DOCUMENTS.keys() | _PLANS.keys()


def plan(call: Call, body: bytes | None) -> Plan:
    """The plan of a call. `body`: of a call that is streamed; None where it is too large. Raises IncomparableError where there is no plan."""
    name = f"{call.service}.{call.operation}"
    if name in _DOCUMENTS:
        return _document(call, *_DOCUMENTS[name])
    if name not in _PLANS:
        raise IncomparableError(f"{name} cannot be compared with what is there now")
    return _PLANS[name](call, body)


def _document(call: Call, operation: str, names: tuple[str, ...], place: str, member: str) -> Plan:
    found: Any = yield Read(service=call.service, operation=operation, params=_sent(call, *names))
    for name in place.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    document = unquote(found) if call.service == "iam" and isinstance(found, str) else found
    shown = member or place.rpartition(".")[2]
    return Sides(before=_some(shown, document), after=_some(shown, call.params.get(member)) if member else {})


def _version(call: Call, _: bytes | None) -> Plan:
    """A version of a managed policy becomes the default one, and may be new."""
    arn, wanted = call.params.get("PolicyArn"), call.params.get("VersionId")
    policy = yield Read(service="iam", operation="GetPolicy", params=_sent(call, "PolicyArn"))
    present = policy["Policy"].get("DefaultVersionId") if policy else None
    before = (yield from _version_text(arn, present)) if present else None
    after = call.params.get("PolicyDocument") if wanted is None else (yield from _version_text(arn, wanted))
    if wanted is None and call.params.get("SetAsDefault") is not True:
        raise IncomparableError("the new version does not become the default one, so nothing changes by it alone")
    return Sides(before=_some("PolicyDocument", before), after=_some("PolicyDocument", after))


def _version_text(arn: Value, version: Value) -> Generator[Read, Answer, str | None]:
    found = yield Read(service="iam", operation="GetPolicyVersion", params={"PolicyArn": arn, "VersionId": version})
    return unquote(str(found["PolicyVersion"].get("Document", ""))) if found else None


def _attached(kind: str, *, attach: bool) -> Callable[[Call, bytes | None], Plan]:
    def compared(call: Call, _: bytes | None) -> Plan:
        found = yield Read(service="iam", operation=f"ListAttached{kind}Policies", params=_sent(call, f"{kind}Name"))
        if found and found.get("IsTruncated"):
            raise IncomparableError("more policies are attached than one answer has")
        before = {str(one.get("PolicyArn")) for one in (found or {}).get("AttachedPolicies", ())}
        changed = {str(call.params.get("PolicyArn"))}
        after = before | changed if attach else before - changed
        return Sides(before=_lines("policies", before), after=_lines("policies", after))

    return compared


def _firewall(call: Call, _: bytes | None) -> Plan:
    group = call.params.get("GroupId")
    if not isinstance(group, str):
        raise IncomparableError("it names its security group by name, and its rules can only be read by id")
    filters = [{"Name": "group-id", "Values": [group]}]
    found = yield Read(service="ec2", operation="DescribeSecurityGroupRules", params={"Filters": filters})
    if found and found.get("NextToken"):
        raise IncomparableError("the security group has more rules than one answer has")
    rules = (found or {}).get("SecurityGroupRules", [])
    return Sides(before=rule_lines(rules), after=after_changes(call.operation, call.params, rules))


CODE_DIFFERS = "the code differs; its present text is not fetched: AWS gives only an address to download it from"
CODE_UNREAD = "neither the present code nor that of the call is fetched: whether they differ is not known"
"""What people read about a function's code, which no call returns."""


def _function(call: Call, _: bytes | None) -> Plan:
    found = yield Read(service="lambda", operation="GetFunctionConfiguration", params=_sent(call, "FunctionName"))
    after = {name: value for name, value in call.params.items() if name not in ("FunctionName", "RevisionId")}
    return Sides(before={name: found[name] for name in after if name in found} if found else {}, after=after)


def _code(call: Call, _: bytes | None) -> Plan:
    """A function's code is compared by its hash: to read it takes another way than a call."""
    found = yield Read(service="lambda", operation="GetFunctionConfiguration", params=_sent(call, "FunctionName"))
    before = {name: found[name] for name in ("CodeSha256", "CodeSize") if name in found} if found else {}
    archive = call.params.get("ZipFile")
    if isinstance(archive, bytes):
        digest = base64.b64encode(hashlib.sha256(archive).digest()).decode("ascii")
        unread = CODE_DIFFERS if before and before.get("CodeSha256") != digest else ""
        return Sides(before=before, after={"CodeSha256": digest, "CodeSize": len(archive)}, unread=unread)
    return Sides(before=before, after=_sent(call, "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri"), unread=CODE_UNREAD)


def _table(call: Call, _: bytes | None) -> Plan:
    found = yield Read(service="dynamodb", operation="DescribeTable", params=_sent(call, "TableName"))
    table = found["Table"] if found else {}
    present = {
        **table,
        "BillingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED" if table else None),
        "TableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD" if table else None),
    }
    if call.operation == "DeleteTable":
        shown = ("TableName", "ItemCount", "TableSizeBytes", "DeletionProtectionEnabled", "BillingMode", "AttributeDefinitions")
        return Sides(before={name: present[name] for name in shown if present.get(name) is not None}, after={})
    after = {name: value for name, value in call.params.items() if name in _SETTINGS}
    return Sides(before={name: _like(present[name], after[name]) for name in after if present.get(name) is not None}, after=after)


_SETTINGS = frozenset(
    (
        "AttributeDefinitions",
        "BillingMode",
        "DeletionProtectionEnabled",
        "ProvisionedThroughput",
        "StreamSpecification",
        "TableClass",
    )
)
"""Parameters of UpdateTable that a table has in the same words."""


def _like(present: Any, asked: Value) -> Any:
    """Of an object that is there, the members that are asked for."""
    return (
        {name: present[name] for name in asked if name in present}
        if isinstance(asked, dict) and isinstance(present, dict)
        else present
    )


def _item(call: Call, _: bytes | None) -> Plan:
    table, key, item = _sent(call, "TableName"), call.params.get("Key"), call.params.get("Item")
    if isinstance(item, dict):
        described = yield Read(service="dynamodb", operation="DescribeTable", params=table)
        names = [one["AttributeName"] for one in described["Table"]["KeySchema"]] if described else []
        key = {name: item[name] for name in names if name in item}
    found = yield Read(service="dynamodb", operation="GetItem", params={**table, "Key": key, "ConsistentRead": True})
    return Sides(before=_some("Item", found.get("Item") if found else None), after=_some("Item", item))


def _object(call: Call, body: bytes | None) -> Plan:
    if call.operation == "PutObject" and body is None:
        raise IncomparableError("the new object is too large to be compared")
    found = yield Read(service="s3", operation="GetObject", params=_sent(call, "Bucket", "Key", "VersionId"))
    return Sides(
        before=_some(BODY, found.get(BODY) if found else None), after=_some(BODY, body) if call.operation == "PutObject" else {}
    )


def _attributes(call: Call, _: bytes | None) -> Plan:
    asked = call.params.get("Attributes")
    names = sorted(asked) if isinstance(asked, dict) else []
    found = yield Read(service="sqs", operation="GetQueueAttributes", params={**_sent(call, "QueueUrl"), "AttributeNames": names})
    return Sides(before=_some("Attributes", (found or {}).get("Attributes")), after=_some("Attributes", asked))


def _topic(call: Call, _: bytes | None) -> Plan:
    found = yield Read(service="sns", operation="GetTopicAttributes", params=_sent(call, "TopicArn"))
    name = str(call.params.get("AttributeName"))
    return Sides(
        before=_some(name, (found or {}).get("Attributes", {}).get(name)), after=_some(name, call.params.get("AttributeValue"))
    )


_PLANS: Mapping[str, Callable[[Call, bytes | None], Plan]] = {
    "dynamodb.DeleteItem": _item,
    "dynamodb.DeleteTable": _table,
    "dynamodb.PutItem": _item,
    "dynamodb.UpdateTable": _table,
    **{f"ec2.{verb}SecurityGroup{way}": _firewall for verb in ("Authorize", "Revoke") for way in ("Ingress", "Egress")},
    "ec2.ModifySecurityGroupRules": _firewall,
    "iam.CreatePolicyVersion": _version,
    "iam.SetDefaultPolicyVersion": _version,
    **{
        f"iam.{verb}{kind}Policy": _attached(kind, attach=verb == "Attach")
        for verb in ("Attach", "Detach")
        for kind in ("Role", "User", "Group")
    },
    "lambda.UpdateFunctionCode": _code,
    "lambda.UpdateFunctionConfiguration": _function,
    "s3.DeleteObject": _object,
    "s3.PutObject": _object,
    "sns.SetTopicAttributes": _topic,
    "sqs.SetQueueAttributes": _attributes,
}


def _sent(call: Call, *names: str) -> dict[str, Value]:
    """Parameters of the call that a read repeats."""
    sent = {name: call.params[name] for name in names if name in call.params}
    if any(isinstance(value, Unknown) for value in sent.values()):
        raise IncomparableError("what it names is not known")
    if not all(_is_here(value, call) for name, value in sent.items() if name != "Key"):
        raise IncomparableError("it names something of another account or region")
    return {**sent, "ExpectedBucketOwner": call.account} if "Bucket" in sent else sent


def _is_here(value: Value, call: Call) -> bool:
    """Whether a name is of nothing outside of the call's account and region, as far as it says."""
    arn = parse(value)
    if arn is not None and arn.region not in ("", call.region):
        return False
    return not isinstance(value, str) or {*_ACCOUNT.findall(value)} <= {call.account}


def _some(name: str, value: Value | None) -> dict[str, Value]:
    return {} if value is None else {name: value}


def _lines(name: str, found: set[str]) -> dict[str, Value]:
    return {name: [*sorted(found)]}
