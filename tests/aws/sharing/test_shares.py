"""Whom a call gives access to."""

from __future__ import annotations

from tests.kit.aws.meanings import meaning
from trio_gate.aws.call import UNKNOWN


def test_what_is_not_worked_out_is_unknown():
    call = meaning("ec2", "NewThing")
    assert (call.shares_with, call.makes_public) == (UNKNOWN, UNKNOWN)
