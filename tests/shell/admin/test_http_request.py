"""One request on the admin listener: what is answered, and what is refused before anything is looked at."""

import pytest

from tests.kit.approvals.admin_gate import ALICE, TOKENS, WEBSOCKET, head


@pytest.mark.parametrize(
    ("target", "fields", "status"),
    [
        ("/x", {}, 401),
        ("/v1/approvals", {}, 401),
        ("/v1/approvals?token=" + TOKENS["alice"], {}, 401),
        ("/x", {"Authorization": "Bearer wrong-0123456789abcdef"}, 401),
        ("/x", {"Authorization": "Basic YWxpY2U6eA=="}, 401),
        ("/x", {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIA111111111111CI01/x, SignedHeaders=host, Signature=0"}, 401),
        ("/x", ALICE, 404),
        ("/healthz/", ALICE, 404),
        ("/v1/approvals", ALICE, 426),
        ("/healthz", {"Host": "evil.example", "Origin": "https://evil.example"}, 200),
        ("/", {"Host": "evil.example"}, 421),
        ("/", {"Host": "localhost.evil.example:9443"}, 421),
        ("/", {"Host": "localhost:9443", "Origin": "https://localhost:9443"}, 200),
        ("/", {"Host": "[::1]:9443"}, 200),
        ("/", {"Origin": "https://evil.example"}, 403),
        ("/", {"Origin": "http://localhost"}, 403),
        ("/", {"Origin": "null"}, 403),
        ("/", {"Content-Length": "5"}, 413),
        ("/", {"Transfer-Encoding": "chunked"}, 413),
        ("/", {"X": "ö"}, 400),
        ("/" + "a" * 40_000, {}, 431),
    ],
)
async def test_plain_requests(gate, target, fields, status):
    assert (await gate.request(target, **fields))[0] == status


async def test_health_is_read_with_get(gate):
    assert (await gate.request("/healthz", "POST", **ALICE))[0] == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://localhost:1"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Authorization": "Bearer wrong-0123456789abcdef"}, 401),
        ({"Sec-WebSocket-Protocol": "chat"}, 400),
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ"}, 400),
        ({"Connection": "close"}, 400),
        ({"Content-Length": "5"}, 413),
    ],
)
async def test_handshakes_that_are_refused(gate, changes, status):
    assert (await gate.request("/v1/approvals", **{**WEBSOCKET, **ALICE, **changes}))[0] == status


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        head("/v1/approvals", **WEBSOCKET, **ALICE).replace(b"\r\n\r\n", b"\r\nAuthorization: Bearer x\r\n\r\n"),
        head("/v1/approvals", **WEBSOCKET, **ALICE) + b"\x81\x80\0\0\0\0",
        head("/v1/approvals", "POST", **WEBSOCKET, **ALICE),
    ],
)
async def test_what_is_not_a_request_for_the_gateway(gate, raw):
    assert (await gate.send(raw + b"\r\n")).startswith(b"HTTP/1.1 400 ")


async def test_no_answer_repeats_a_token(gate):
    raw = await gate.send(head("/x", Authorization="Bearer canary-0123456789abcdef"))
    assert b"canary" not in raw
    assert b"www-authenticate: Bearer" in raw
