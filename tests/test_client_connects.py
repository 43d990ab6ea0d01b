"""What the client says where it cannot or must not connect."""

import ssl

import pytest
import trio
import trustme

from tests.kit.approvals.admin_gate import TOKENS, gate_on
from trio_gate.client import ClientError, Hopeless, connect, parse_url


@pytest.fixture
async def gate():
    async with gate_on(trustme.CA()) as made:
        yield made


async def test_the_gate_must_prove_itself(gate):
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trustme.CA().configure_trust(stranger)
    with pytest.raises(Hopeless, match="certificate"):
        async with connect(gate.url, TOKENS["alice"], stranger):
            pytest.fail("connected")


async def test_a_gate_that_is_not_there():
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    with pytest.raises(ClientError, match="cannot reach"):
        async with connect(f"wss://127.0.0.1:{port}", TOKENS["alice"], ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)):
            pytest.fail("connected")


@pytest.mark.parametrize("token", ["", "short", "with space 0123456789", "line\r\nInjected: 0123456789"])
async def test_what_is_no_token_is_not_sent(gate, token):
    with pytest.raises(Hopeless):
        async with connect(gate.url, token, gate.trust):
            pytest.fail("connected")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("wss://127.0.0.1:9443", "127.0.0.1", 9443),
        ("wss://gate.internal.example", "gate.internal.example", 9443),
        ("https://[::1]:8443/", "::1", 8443),
    ],
)
def test_addresses(text, host, port):
    assert (parse_url(text).host, parse_url(text).port) == (host, port)


@pytest.mark.parametrize(
    "text", ["ws://127.0.0.1:9443", "127.0.0.1:9443", "wss://a:b@host", "wss://host:0", "wss://host:99999", "wss://host/x", ""]
)
def test_what_is_no_address(text):
    with pytest.raises(Hopeless):
        parse_url(text)
