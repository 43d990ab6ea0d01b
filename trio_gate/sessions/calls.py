"""The calls that are answered with a virtual session."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trio_gate.aws.call import Call

ASSUMES, SAME_POWER, EXPRESS = ("sts", "AssumeRole"), ("sts", "GetSessionToken"), ("s3", "CreateSession")

SERVED = frozenset({ASSUMES, SAME_POWER, EXPRESS})
"""They are answered with a virtual session unless their rule says `vends = true`."""


def served(call: Call) -> bool:
    """Whether a call can be answered with a virtual session."""
    return (call.service, call.operation) in SERVED
