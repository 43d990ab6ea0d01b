"""The policies that a gateway needs in AWS, as JSON documents, CloudFormation templates and Terraform.

Theory: the base key may assume the roles and nothing else; each role trusts the base key alone, and may not change itself or the base
key, whatever else it may do. Tags and a source identity are allowed, which some attributes of the configuration need
(docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Document = Mapping[str, Any]

ASSUME = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
"""What assuming a role takes, in the base key's policy and in the role's trust policy."""

_VERBS = (
    *("Add", "Attach", "Change", "Create", "Deactivate", "Delete", "Detach", "Enable", "Pass", "Put", "Remove", "Reset"),
    *("Resync", "Set", "Tag", "Untag", "Update", "Upload"),
)
CHANGES = tuple(f"iam:{verb}*" for verb in _VERBS)
"""All of IAM's actions that change a user, group, role or policy, and PassRole, by which a machine or function would get a role's keys."""

PRINCIPAL = re.compile(r"arn:(aws[a-z-]*):iam::([0-9]{12}):(user|role)/(?:[\w+=,.@/:-]+/)?([\w+=,.@-]{1,64})", re.ASCII)
MANAGED = re.compile(r"arn:(aws[a-z-]*):iam::(?:aws|[0-9]{12}):policy/(?:[\w+=,.@/:-]+/)?[\w+=,.@-]{1,128}", re.ASCII)
"""ARNs of users, roles and managed policies, without what policies, Terraform or JSON read as their own."""

_VERSION = "2012-10-17"


@value_class
class Needs:
    """What the policies are made for.

    Attributes:
        principal: the ARN of the base key's user or role.
        role: its name, the same in each of `accounts`.
        managed: ARNs of managed policies that say what the role may do.
    """

    partition: str
    principal: str
    role: str
    accounts: Sequence[str]
    managed: Sequence[str]


def principal_of(arn: str) -> str | None:
    """The user or role of a caller, as trust policies name it; None for others, such as the root user.

    A role's path is not in a session's ARN, so it is left out.
    """
    head, _, last = arn.rpartition(":")
    kind, _, name = last.partition("/")
    if kind == "user" and name:
        return arn
    if kind == "assumed-role" and name:
        return f"{head.replace(':sts:', ':iam:')}:role/{name.partition('/')[0]}"
    return None


def base_key_policy(needs: Needs) -> Document:
    """What the base key may do."""
    roles = [f"arn:{needs.partition}:iam::{account}:role/{needs.role}" for account in needs.accounts]
    return _policy({"Effect": "Allow", "Action": [*ASSUME], "Resource": roles})


def trust_policy(needs: Needs) -> Document:
    """Who may assume the role."""
    return _policy({"Effect": "Allow", "Principal": {"AWS": needs.principal}, "Action": [*ASSUME]})


def guard_policy(needs: Needs) -> Document:
    """What the role may never do."""
    customers = [
        arn for arn in needs.managed if ":iam::aws:" not in arn
    ]  # a new version of one would change what the role may do
    own = [f"arn:{needs.partition}:iam::*:role/{needs.role}", needs.principal, *_groups(needs.principal), *customers]
    return _policy({"Sid": "NeitherItselfNorTheBaseKey", "Effect": "Deny", "Action": [*CHANGES], "Resource": own})


def _groups(principal: str) -> list[str]:
    """All groups of a user's account: who puts the user into one, or changes one, changes what the user may do."""
    kind, _ = _named(principal)
    return [f"{principal.partition(':user/')[0]}:group/*"] if kind == "user" else []


def files(needs: Needs) -> dict[str, str]:
    """The contents of files by their paths, in a folder for each of the two places where they are used."""
    return {
        "base-key/policy.json": _json(base_key_policy(needs)),
        "base-key/cloudformation.json": _json(_base_key_template(needs)),
        "base-key/main.tf": _base_key_terraform(needs),
        "role/trust.json": _json(trust_policy(needs)),
        "role/guard.json": _json(guard_policy(needs)),
        "role/cloudformation.json": _json(_role_template(needs)),
        "role/main.tf": _role_terraform(needs),
    }


def trusts(principal: str) -> str:
    """The statement of a trust policy that lets a principal assume a role, on one line."""
    return json.dumps({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": [*ASSUME]})


def _policy(statement: Document) -> Document:
    return {"Version": _VERSION, "Statement": [statement]}


def _json(document: Document) -> str:
    return json.dumps(document, indent=2) + "\n"


def _named(principal: str) -> tuple[str, str]:
    """Kind and name of a user or role by its ARN."""
    kind, _, path = principal.partition(":iam::")[2].partition(":")[2].partition("/")
    return kind, path.rpartition("/")[2]


def _base_key_template(needs: Needs) -> Document:
    kind, name = _named(needs.principal)
    policy = {
        "Type": "AWS::IAM::Policy",  # in the user or role itself: a managed one would be changed by itself
        "Properties": {
            "PolicyName": "trio-gate-may-assume",
            "PolicyDocument": base_key_policy(needs),
            f"{kind.capitalize()}s": [name],
        },
    }
    return _template("The base key of trio-gate: deploy it in the base key's account.", {"MayAssume": policy})


def _role_template(needs: Needs) -> Document:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": needs.role,
            "AssumeRolePolicyDocument": trust_policy(needs),
            "ManagedPolicyArns": [*needs.managed],
            "Policies": [{"PolicyName": "guard", "PolicyDocument": guard_policy(needs)}],
        },
    }
    return _template("The role of trio-gate: deploy it in each account, with CAPABILITY_NAMED_IAM.", {"Role": role})


def _template(description: str, resources: Document) -> Document:
    return {"AWSTemplateFormatVersion": "2010-09-09", "Description": description, "Resources": resources}


def _base_key_terraform(needs: Needs) -> str:
    kind, name = _named(needs.principal)
    return (
        "# The base key of trio-gate: apply it in the base key's account.\n"
        f'resource "aws_iam_{kind}_policy" "trio_gate" {{\n  name   = "trio-gate-may-assume"\n  {kind:<6} = "{name}"\n'
        f"{_heredoc('policy', base_key_policy(needs))}}}\n"
    )


def _role_terraform(needs: Needs) -> str:
    attached = "".join(
        f'\nresource "aws_iam_role_policy_attachment" "trio_gate_{number}" {{\n'
        f'  role       = aws_iam_role.trio_gate.name\n  policy_arn = "{arn}"\n}}\n'
        for number, arn in enumerate(needs.managed, start=1)
    )
    return (
        "# The role of trio-gate: apply it in each account.\n"
        f'resource "aws_iam_role" "trio_gate" {{\n  name               = "{needs.role}"\n{_heredoc("assume_role_policy", trust_policy(needs))}}}\n'
        f'\nresource "aws_iam_role_policy" "guard" {{\n  name   = "guard"\n  role   = aws_iam_role.trio_gate.name\n'
        f"{_heredoc('policy', guard_policy(needs))}}}\n{attached}"
    )


def _heredoc(name: str, document: Document) -> str:
    lines = "".join(f"    {line}\n" for line in json.dumps(document, indent=2).splitlines())
    return f"  {name} = <<-END\n{lines}  END\n"
