"""What `cdk bootstrap` and `cdk deploy` need of the embedded AWS and moto does not have.

moto's CloudFormation makes roles, buckets, parameters and repositories. It knows no bucket policies, executes a change set at once
and with no role's power, and loads its API Gateway, which checks OpenAPI documents by a package that nothing here needs.
"""

from __future__ import annotations

import json
import re
import sys
from types import ModuleType
from typing import Any

from moto.iam import access_control

_ACCOUNT = re.compile(r"(?:arn:aws:iam::)?([0-9]{12})(?::root)?")


def prepare() -> None:
    """Before moto's CloudFormation is loaded."""
    for name in ("openapi_spec_validator", "openapi_spec_validator.validation", "openapi_spec_validator.validation.exceptions"):
        module: Any = ModuleType(name)
        module.__path__ = []
        module.validate_spec, module.OpenAPIValidationError = None, ValueError
        sys.modules.setdefault(name, module)


def read_policies() -> None:
    """From now on the policies of CDK's roles are read as they are meant.

    An account as the principal stands for all in it. moto leaves `null` where a condition leaves a statement out, and keeps the
    policies that a template gives to a role as objects, where it wants text.
    """
    statement, result = access_control.IAMPolicyStatement, access_control.PermissionResult
    known, permitted = statement._check_principal, statement.is_action_permitted

    def check(self: Any, principal: str) -> bool:
        named = self._statement.get("Principal")
        asked = named.get("AWS") if isinstance(named, dict) else None
        accounts = [_ACCOUNT.fullmatch(str(one)) for one in (asked if isinstance(asked, list) else [asked])]
        return any(found and found[1] == principal.split(":")[4] for found in accounts) or known(self, principal)

    def is_permitted(self: Any, *asked: Any) -> Any:
        return result.NEUTRAL if self._statement is None else permitted(self, *asked)

    made = access_control.IAMPolicy.__init__

    def make(self: Any, policy: Any) -> None:
        made(self, json.dumps(policy) if isinstance(policy, dict) and "Statement" in policy else policy)

    access_control.IAMPolicy.__init__ = make
    statement._check_principal, statement.is_action_permitted = check, is_permitted
