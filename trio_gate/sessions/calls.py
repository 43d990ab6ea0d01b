"""The calls that are answered with a virtual session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.config.role_settings import ROLE_SECONDS

if TYPE_CHECKING:
    from trio_gate.aws.call import Call

ASSUMES, SAME_POWER, EXPRESS = ("sts", "AssumeRole"), ("sts", "GetSessionToken"), ("s3", "CreateSession")

WEB_IDENTITY = ("sts", "AssumeRoleWithWebIdentity")
"""Comes unsigned, with a token that AWS verifies and that is not kept."""

REFUSED = {
    ("sts", "GetFederationToken"): "AWS refuses it to the session of a role, which the gateway uses: assume a role instead",
    ("sts", "AssumeRoot"): "it hands out an account's root, and no session of the gateway stands for that: ask your operator",
}
"""Calls that no rule can allow, and why."""

SERVED = frozenset({ASSUMES, SAME_POWER, EXPRESS, WEB_IDENTITY})
"""They are answered with a virtual session unless their rule says `vends = true`."""


def refused(call: Call) -> str | None:
    """Why no rule can allow a call; None for all but a few."""
    why = REFUSED.get((call.service, call.operation))
    return None if why is None else f"{call.service}:{call.operation} is not served: {why}"


def note(call: Call) -> str | None:
    """What an agent should know if AWS refuses a call, beside what AWS says; None if there is nothing."""
    if (call.service, call.operation) != ASSUMES:
        return None
    if "SerialNumber" in call.params or "TokenCode" in call.params:
        return "the gateway asks as a role, which has no MFA device: take mfa_serial out of the profile, or the condition out of the trust policy"
    asked = call.params.get("DurationSeconds")
    if isinstance(asked, int) and asked > ROLE_SECONDS:
        return f"a role that a role assumes has a session of at most {ROLE_SECONDS} seconds: ask for no more"
    return None


def served(call: Call) -> bool:
    """Whether a call can be answered with a virtual session."""
    return (call.service, call.operation) in SERVED
