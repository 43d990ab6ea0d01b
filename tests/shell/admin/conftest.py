"""Fixtures that the tests of the admin listener share."""

import pytest
import trustme

from tests.kit.approvals.admin_gate import gate_on


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def gate(authority):
    async with gate_on(authority) as made:
        yield made
