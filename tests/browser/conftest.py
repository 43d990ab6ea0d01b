"""A gate and a browser for each test that wants them."""

import pytest
import trustme

from tests.browser.kit import WIDE, Visitor, chromium
from tests.browser.stage import running


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def stage(authority):
    with running(authority) as made:
        yield made


@pytest.fixture
def visit(browser, stage):
    """Browsers of as many people as a test needs; none of their pages may have a fault."""
    visitors = []

    def new(**how):
        context = browser.new_context(**{"ignore_https_errors": True, "viewport": WIDE, **how})
        visitors.append(Visitor(context, stage.url))
        return visitors[-1]

    yield new
    for visitor in visitors:
        visitor.context.close()
    assert [fault for visitor in visitors for fault in visitor.faults] == []
