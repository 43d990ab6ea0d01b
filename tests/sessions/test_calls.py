"""Which calls are answered with a virtual session."""

import pytest

from tests.kit.calls import make_call
from trio_gate.sessions.calls import served

CALLS = [
    ("sts", "AssumeRole", True),
    ("sts", "GetSessionToken", True),
    ("s3", "CreateSession", True),
    ("sts", "AssumeRoleWithSAML", False),
    ("sts", "GetFederationToken", False),
    ("s3", "GetObject", False),
    ("qconnect", "CreateSession", False),
]


@pytest.mark.parametrize(("service", "operation", "is_served"), CALLS)
def test_a_call_is_served(service, operation, is_served):
    assert served(make_call(service=service, operation=operation)) is is_served
