"""Fixtures that the tests of several rooms of the shell share."""

import ssl

import pytest
import trustme

from tests.kit.wire.transports import NAME
from trio_gate.shell.net.contexts import for_client, for_server


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server = for_server()
    authority.issue_cert(NAME).configure_cert(server)
    client = for_client()
    authority.configure_trust(client)
    return client, server
