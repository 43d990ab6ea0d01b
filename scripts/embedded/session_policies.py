"""Session policies as AWS applies them: what a session does must be allowed by its role, and by the policy that it was assumed with.

moto keeps these policies and ignores them. `enforce` changes that in the one place where moto checks a request. It ignores tags and
source identities as well; `write_down` keeps what was asked for, as CloudTrail does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.iam import access_control
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse
from moto.utilities.utils import get_partition

from .aws import TRAIL

if TYPE_CHECKING:
    from pathlib import Path


def enforce() -> None:
    """From now on, require both."""
    checked = access_control.IAMRequestBase.check_action_permitted

    def both(self: Any, resource: str) -> None:
        checked(self, resource)
        key = self._access_key
        if not isinstance(key, access_control.AssumedRoleAccessKey) or self._action == "sts:GetCallerIdentity":
            return
        sessions = sts_backends[self.account_id][get_partition(self._region)].assumed_roles
        (policy,) = (one.policy for one in sessions if one.access_key_id == key._access_key_id)
        if policy is None:
            return
        found = access_control.IAMPolicy(policy).is_action_permitted(self._action, resource)
        if found is not access_control.PermissionResult.PERMITTED:
            self._raise_access_denied()

    access_control.IAMRequestBase.check_action_permitted = both


def write_down(folder: Path) -> None:
    """From now on, write the parameters of each AssumeRole to a file in `folder`."""
    answered = TokenResponse.assume_role

    def kept(self: Any) -> Any:
        with (folder / TRAIL).open("a") as trail:
            trail.write(json.dumps({name: values[0] for name, values in self.querystring.items()}) + "\n")
        return answered(self)

    TokenResponse.assume_role = kept
