"""Fixtures that the tests of connections to AWS share."""

import pytest
import trustme

from tests.kit.standins.stand_in import stand_in_on


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def aws(authority):
    async with stand_in_on(authority) as made:
        yield made


@pytest.fixture
async def upstreams(aws):
    made = aws.upstreams()
    yield made
    await made.aclose()
