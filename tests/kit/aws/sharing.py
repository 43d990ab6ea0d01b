"""Ways to share, as rows: an operation, its parameters, and whom it lets in."""

from __future__ import annotations

from tests.kit.aws.meanings import ACCOUNT, OTHER, meaning
from tests.kit.aws.policies import shape_of
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.sharing import shares

ORGANIZATION = "o-a1b2c3d4e5"
UNIT = "ou-ab12-11112222"
ORGANIZATION_ARN = f"arn:aws:organizations::{ACCOUNT}:organization/{ORGANIZATION}"
UNIT_ARN = f"arn:aws:organizations::{ACCOUNT}:ou/{ORGANIZATION}/{UNIT}"
ROLE = f"arn:aws:iam::{OTHER}:role/r"
OWN_ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
WORLD, BLOCK = "0.0.0.0/0", "203.0.113.0/24"


def shared(name, params, **facts):
    """The meaning of a call by `service.Operation`."""
    service, operation = name.split(".")
    return meaning(service, operation, params, shape=shape_of(service, operation), **facts)


def lets_in(name, params, who):
    """Whether a call lets in exactly those, and says so of the world."""
    call = shared(name, params)
    world = UNKNOWN if who is UNKNOWN else any(one == "*" or one.endswith(("/0", "/1")) for one in who)
    return (call.shares_with, call.makes_public) == (who, world)


def without_rows(monkeypatch, name, params):
    """What is said of a call where nobody worked out its operation."""
    monkeypatch.setattr(shares, "WAYS", {})
    monkeypatch.setattr(shares, "DOCUMENTS", {})
    return shared(name, params).shares_with
