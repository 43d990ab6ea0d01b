"""Which calls are answered with a virtual session."""

import pytest

from tests.kit.calls import make_call
from trio_gate.sessions.calls import REFUSED, SERVED, refused, served

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


def test_what_is_refused_is_not_served():
    assert SERVED.isdisjoint(REFUSED)
    assert refused(make_call(service="sts", operation="AssumeRole")) is None
    assert refused(make_call(service="sts", operation="GetFederationToken")).startswith("sts:GetFederationToken is not served: ")
