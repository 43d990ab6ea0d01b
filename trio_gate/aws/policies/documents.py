"""The policy documents of a call, for `aws.policies`.

Rule: the list is complete, or None is returned. Empty means that no member of the operation can hold a document, or that none was sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.model.shape import reaching
from trio_gate.aws.policies.grammar import MAX_DOCUMENT, read_document
from trio_gate.aws.policies.judge import facet
from trio_gate.aws.policies.members import TEMPLATES, kind_of
from trio_gate.aws.resources.arns import parse
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.policies.grammar import Statement
    from trio_gate.aws.policies.members import Kind
    from trio_gate.aws.resources.arns import CallerContext

_BLANKS = " \t\r\n"
_REMOVES = frozenset(("es", "opensearch", "sqs"))
"""Services in which an empty text removes the policy."""

_SETTINGS = frozenset(
    (
        "AISERVICES_OPT_OUT_POLICY",
        "BACKUP_POLICY",
        "BEDROCK_POLICY",
        "CHATBOT_POLICY",
        "DECLARATIVE_POLICY_EC2",
        "GUARDDUTY_POLICY",
        "NETWORK_SECURITY_DIRECTOR_POLICY",
        "SECURITYHUB_CSPM_POLICY",
        "INSPECTOR_POLICY",
        "S3_POLICY",
        "SECURITYHUB_POLICY",
        "TAG_POLICY",
        "UPGRADE_ROLLOUT_POLICY",
    )
)
"""Types of Organizations' policies that hold settings and have their own grammars."""

_ADMINISTRATOR = read_document('{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')

_Leaf = tuple[tuple[str, ...], "Kind", "Value"]
"""The path to a policy-like member, its kind and its value; items of a list have the path of the list."""


@value_class
class Document:
    """One policy document: the member that holds it, such as `Attributes.Policy`, and its statements.

    `statements` are None if the member only names the policy: it gives access to no one who has none, but nobody knows what it says.
    """

    member: str
    statements: tuple[Statement, ...] | None


@value_class
class Holders:
    """The members of an operation's input that may hold policy documents.

    Attributes:
        service: botocore's name.
        operation: botocore's name.
        shape: of the input; None if it has none.
        templates: members with templates, which may contain policies.
        by_key: whether a value may say that another is a document.
        members: of each structure, the members that may hold a document, with their kinds, or that lead to one.
    """

    service: str
    operation: str
    shape: Shape | None
    templates: tuple[str, ...]
    by_key: bool
    members: Mapping[Shape, Mapping[str, tuple[Shape, Kind | None]]]


def holders_of(service: str, operation: str, shape: Shape | None) -> Holders | None:
    """The members of an operation that may hold policy documents; None if there are none. `shape` is of the operation's input."""
    templates = _TEMPLATES.get(f"{service}.{operation}", ())
    by_key = shape is not None and service in _BY_KEY
    members = {} if shape is None else _holding(service, operation, shape)
    if not (templates or by_key or members):
        return None
    return Holders(service=service, operation=operation, shape=shape, templates=templates, by_key=by_key, members=members)


def _holding(service: str, operation: str, root: Shape) -> dict[Shape, dict[str, tuple[Shape, Kind | None]]]:
    """The members of each structure of an input that may hold a document or lead to one; empty if none holds one."""
    leading = reaching(root, lambda name: kind_of(service, operation, name) not in (None, "plain"))
    return {
        shape: {
            name: (member.shape, kind)
            for name, member in shape.members.items()
            if (kind := kind_of(service, operation, name)) is not None or member.shape in leading
        }
        for shape in leading
        if shape.type == "structure"
    }


def read_policies(holders: Holders | None, params: Mapping[str, Value]) -> tuple[Document, ...] | None:
    """Every policy document among the parameters; None if one cannot be read without doubt.

    Args:
        holders: of the operation.
        params: by botocore's member names.
    """
    if holders is None:
        return ()
    if any(params.get(member) is not None for member in holders.templates):
        return None
    left = MAX_DOCUMENT
    found = []
    for path, kind, value in _leaves(holders, params):
        if kind == "unlisted" and not _may_be_document(value):
            continue
        if kind == "named":
            found.append(Document(member=".".join(path), statements=_ADMINISTRATOR if _is_administrator(value) else None))
            continue
        if kind != "read" or not isinstance(value, str) or len(value) > left:
            return None
        if not value and holders.service in _REMOVES:
            continue
        left -= len(value)
        statements = read_document(value)
        if statements is None:
            return None
        found.append(Document(member=".".join(path), statements=statements))
    return tuple(found)


def as_facet(documents: tuple[Document, ...] | None, caller: CallerContext) -> tuple[Value, ...] | Unknown:
    """The value of `aws.policies`, from the point of view of the caller's account."""
    if documents is None:
        return UNKNOWN
    found: list[Value] = []
    for one in documents:
        if one.statements is None:
            return UNKNOWN
        found.append({"member": one.member, "statements": [facet(statement, caller) for statement in one.statements]})
    return tuple(found)


def _may_be_document(value: Value) -> bool:
    """Whether a newer member's value could be a policy, which begins with a brace."""
    return not isinstance(value, str) or value.lstrip(_BLANKS).startswith("{")


def _is_administrator(value: Value) -> bool:
    """Whether a policy is the one of AWS's whose content never changes."""
    arn = parse(value)
    return arn is not None and (arn.service, arn.account, arn.resource) == ("iam", "aws", "policy/AdministratorAccess")


_TEMPLATES: dict[str, tuple[str, ...]] = {}
for _where, _member in sorted(TEMPLATES):
    _TEMPLATES[_where] = (*_TEMPLATES.get(_where, ()), _member)


def _leaves(holders: Holders, params: Mapping[str, Value]) -> list[_Leaf]:
    """The policy-like members that were sent, except those that hold settings."""
    shape, service, operation = holders.shape, holders.service, holders.operation
    if shape is None or not _sends_policies(service, operation, params):
        return []
    found = list(_by_key(service, operation, params)) if holders.by_key else []
    _add_inside(holders, shape, params, (), found)
    return found


def _sends_policies(service: str, operation: str, params: Mapping[str, Value]) -> bool:
    return (service, operation) != ("organizations", "CreatePolicy") or params.get("Type") not in _SETTINGS


def _by_key(service: str, operation: str, params: Mapping[str, Value]) -> Iterator[_Leaf]:
    """Documents that are marked by a value instead of a member's name: attributes of queues and topics, API Gateway's patches."""
    if service in ("sqs", "sns"):
        attributes = params.get("Attributes")
        if attributes is UNKNOWN:
            yield ("Attributes",), "other", UNKNOWN
        if isinstance(attributes, dict) and attributes.get("Policy") is not None:
            yield ("Attributes", "Policy"), "read", attributes["Policy"]
        if operation == "SetTopicAttributes" and params.get("AttributeName") in ("Policy", UNKNOWN):
            yield ("AttributeValue",), "read", params.get("AttributeValue", "")
    if service == "apigateway":
        patches = params.get("patchOperations")
        for patch in patches if isinstance(patches, list) else [patches]:
            if patch is UNKNOWN or (isinstance(patch, dict) and _is_policy(patch.get("path"))):
                yield ("patchOperations", "value"), "read", patch.get("value", "") if isinstance(patch, dict) else UNKNOWN


_BY_KEY = frozenset(("apigateway", "sns", "sqs"))


def _is_policy(path: Value) -> bool:
    return path is UNKNOWN or (isinstance(path, str) and path.startswith("/policy"))


def _add_inside(holders: Holders, shape: Shape, values: Mapping[str, Value], path: tuple[str, ...], found: list[_Leaf]) -> None:
    """Add the policy-like members of a structure."""
    members = holders.members.get(shape)
    if members is None:
        return
    for name, value in values.items():
        member = members.get(name)
        if value is not None and member is not None:
            _add(holders, member[0], value, (*path, name), member[1], found)


def _add(holders: Holders, shape: Shape, value: Value, path: tuple[str, ...], kind: Kind | None, found: list[_Leaf]) -> None:
    """Add a value that may be a document, or those in a list, a structure or a map."""
    if shape.type in ("string", "blob") or shape.document:
        if kind is not None and kind != "plain" and value is not None:
            found.append((path, kind, value))
    elif value is UNKNOWN:
        found.append((path, "other", UNKNOWN))
    elif shape.type == "structure" and isinstance(value, dict):
        _add_inside(holders, shape, value, path, found)
    elif shape.type == "list" and isinstance(value, list):
        for item in value:
            _add(holders, shape.element.shape, item, path, kind, found)
    elif shape.type == "map" and isinstance(value, dict):
        for key, item in value.items():
            _add(holders, shape.members["value"].shape, item, (*path, key), kind, found)
