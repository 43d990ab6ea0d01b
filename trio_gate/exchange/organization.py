"""How an organization's own names of accounts are asked for: `DescribeAccount`, by a role that may make no other call.

Theory: docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeAccount.html. Only the management account and those that it
delegates to may ask. Those who may rename an account choose the text, so nothing rests on it but rules that read it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.config.role_settings import ROLE_SECONDS
from trio_gate.errors import Malformed
from trio_gate.exchange.roles import GATEWAY
from trio_gate.ports import AssumeRole
from trio_gate.signing.session_name import session_name
from trio_gate.wire.head import RequestHead, Target

if TYPE_CHECKING:
    from trio_gate.config.model import Endpoint

SERVICE = "organizations"
"""Its signing name."""

LONGEST_NAME = 50
"""Characters of an account's name."""

_FOREIGN = "AccountNotFoundException"
"""The code of AWS's error for an account of no or of another organization."""


def asking_role(endpoint: Endpoint) -> AssumeRole | None:
    """The request for the role that asks for the names of an endpoint's accounts; None where nobody asks."""
    role = endpoint.organization_role
    if role is None:
        return None
    _, partition, _, _, account, _ = role.split(":", 5)
    return AssumeRole(
        partition=partition,
        region=endpoint.region,
        account=account,
        role_arn=role,
        session_name=session_name(GATEWAY, None),
        external_id=None,
        duration=ROLE_SECONDS,
        base=endpoint.credential_for(account).name,
    )


def question(host: str, account: str) -> tuple[RequestHead, bytes]:
    """The request, unsigned, that asks for an account."""
    fields = (
        ("host", host),
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "AWSOrganizationsV20161128.DescribeAccount"),
    )
    return RequestHead(method="POST", target=Target(segments=("",)), headers=fields), json.dumps({"AccountId": account}).encode()


def answered_name(status: int, body: bytes, account: str) -> str | None:
    """The name in AWS's answer for an account; None where the account is not in the organization. Raises ValueError for all else."""
    try:
        answer = read_json(body)
    except Malformed:
        raise ValueError(f"{status}, and no JSON") from None
    if type(answer) is not dict:
        raise ValueError(f"{status}, and no JSON object")
    if status == 200:
        described = answer.get("Account")
        if isinstance(described, dict) and described.get("Id") == account:
            name = described.get("Name")
            if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.isprintable():
                return name
        raise ValueError("no name of this account")
    code = str(answer.get("__type", "")).rpartition("#")[2]
    if code == _FOREIGN:
        return None
    raise ValueError(f"{status} {code[:64]}" if code.isascii() and code.isalnum() else f"{status}")
