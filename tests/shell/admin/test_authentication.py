"""The page's files, and signing in to it: over real TLS, as a browser and as what only looks like one."""

import json
import re
from contextlib import ExitStack, asynccontextmanager

import pytest
import trio
import trio.testing
import trio_websocket
from trio.testing import MockClock, memory_stream_pair

from tests.kit.approvals.admin_gate import TOKENS, Gate, admin_server, handle, head
from tests.kit.approvals.questions import FixedClock
from trio_gate.approval.channel.codec import encode
from trio_gate.approval.channel.frames import PROTOCOL, Observe
from trio_gate.shell import wrong_tokens
from trio_gate.shell.admin.channel import POLICY
from trio_gate.shell.admin.connection_limits import UNPROVEN
from trio_gate.shell.admin.sessions import COOKIE, LIFE
from trio_gate.shell.admin.static_files import CSP, KINDS, STATIC
from trio_gate.shell.approval.hub import ApprovalHub

OURS = {"Origin": "https://localhost", "Sec-Fetch-Site": "same-origin"}
ALICE = {"Authorization": f"Bearer {TOKENS['alice']}"}
WRONG = {"Authorization": "Bearer wrong-0123456789abcdef"}
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": PROTOCOL,
}
FILES = sorted(path.name for path in STATIC.iterdir())


async def enter(gate: Gate) -> dict[str, str]:
    """Sign in as alice; the Cookie field."""
    raw = (await gate.send(head("/v1/session", "POST", **OURS, **ALICE))).decode()
    value = re.search(rf"set-cookie: {COOKIE}=([A-Za-z0-9_-]{{43}}); ", raw)[1]
    return {"Cookie": f"theme=dark; {COOKIE}={value}"}


@pytest.mark.parametrize("name", FILES)
async def test_the_pages_files_are_served_with_its_policy(gate, name):
    target = "/" if name == "index.html" else f"/{name}"
    raw, _, body = (await gate.send(head(target))).partition(b"\r\n\r\n")
    fields = raw.decode().lower()
    assert fields.startswith("http/1.1 200 ")
    assert f"content-security-policy: {CSP}".lower() in fields
    assert f"content-type: {KINDS[name[name.rindex('.') :]]}" in fields
    for field in (
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
        "x-frame-options: deny",
    ):
        assert field in fields
    assert body == (STATIC / name).read_bytes()


@pytest.mark.parametrize(
    ("target", "method"),
    [
        *[("/index.html", "GET"), ("/static/page.css", "GET"), ("/../admin.py", "GET"), ("/%2e%2e/admin.py", "GET")],
        *[("/", "POST"), ("/page.css", "DELETE"), ("//", "GET"), ("/?x", "GET")],
    ],
)
async def test_nothing_else_is_a_file(gate, target, method):
    assert (await gate.request(target, method, **OURS))[0] == 401


def test_the_page_names_no_other_host_and_holds_no_inline_script_or_style():
    for name in FILES:
        text = (STATIC / name).read_text()
        hosts = set(re.findall(r"(?:https?|wss?)://[a-z0-9.\-]+", text)) - {"http://www.w3.org"}
        assert hosts == set(), name
        assert not re.search(
            r"\b(?:inner|outer)HTML|insertAdjacent|document\.write|\beval\(|new Function|createContextualFragment", text
        ), name
    index = (STATIC / "index.html").read_text()
    assert re.findall(r"<script[^>]*>([^<]*)</script>", index) == [""]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", index)


async def test_a_token_gets_a_session_in_a_cookie_that_only_the_browser_reads(gate):
    raw = (await gate.send(head("/v1/session", "POST", **OURS, **ALICE))).decode()
    assert raw.startswith("HTTP/1.1 200 ")
    assert raw.endswith("alice\n")
    attributes = f"Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={LIFE}"
    assert re.search(rf"^set-cookie: __Host-trio-gate=[A-Za-z0-9_-]{{43}}; {attributes}\r$", raw, re.MULTILINE)
    assert TOKENS["alice"] not in raw


@pytest.mark.parametrize(
    ("method", "fields", "status"),
    [
        ("POST", ALICE, 403),
        ("POST", {**ALICE, "Origin": "https://evil.example"}, 403),
        ("POST", {**ALICE, "Origin": "null"}, 403),
        ("POST", {**ALICE, **OURS, "Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", {**ALICE, **OURS, "Sec-Fetch-Site": "same-site"}, 403),
        ("POST", OURS, 401),
        ("POST", {**OURS, **WRONG}, 401),
        ("DELETE", {}, 403),
        ("DELETE", OURS, 200),
        ("GET", {}, 401),
        ("GET", ALICE, 401),
        ("GET", {"Cookie": f"{COOKIE}={'x' * 43}"}, 401),
        ("GET", {"Cookie": f"{COOKIE}=a; {COOKIE}=b"}, 400),
        ("PUT", OURS, 405),
    ],
)
async def test_what_is_asked_of_a_session_that_is_not_there(gate, method, fields, status):
    assert (await gate.request("/v1/session", method, **fields))[0] == status


async def test_a_session_says_whose_it_is_until_signing_out(gate):
    cookie = await enter(gate)
    assert await gate.request("/v1/session", **cookie) == (200, "alice\n")
    assert (await gate.request("/v1/session", "DELETE", **cookie))[0] == 403
    raw = (await gate.send(head("/v1/session", "DELETE", **cookie, **OURS))).decode()
    assert f"set-cookie: {COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0" in raw
    assert (await gate.request("/v1/session", **cookie))[0] == 401


async def test_signing_in_again_ends_the_session_before(gate):
    cookie = await enter(gate)
    assert (await gate.request("/v1/session", "POST", **OURS, **ALICE, **cookie))[0] == 200
    assert (await gate.request("/v1/session", **cookie))[0] == 401


async def test_a_cookie_opens_the_channel_and_nothing_else(gate):
    cookie = await enter(gate)
    for target in ("/x", "/v1/approvals"):
        assert (await gate.request(target, **OURS, **cookie))[0] == 401


@asynccontextmanager
async def channel(gate: Gate, fields: dict[str, str]):
    stream = await gate.stream()
    async with stream, trio.open_nursery() as nursery:
        extra = [(name.encode(), value.encode()) for name, value in fields.items()]
        yield await trio_websocket.wrap_client_stream(
            nursery, stream, "localhost", "/v1/approvals", subprotocols=[PROTOCOL], extra_headers=extra
        )
        nursery.cancel_scope.cancel()


async def test_the_channel_by_a_session_has_a_place_among_people(gate):
    async with channel(gate, {**await enter(gate), **OURS}) as socket:
        assert json.loads(await socket.get_message())["person"] == "alice"
        crowd = [await gate.stream() for _ in range(UNPROVEN)]
        for stream in crowd:
            await stream.do_handshake()
        await socket.send_message(encode(Observe(on=True)))
        assert json.loads(await socket.get_message())["type"] == "rejected"
        for stream in crowd:
            await trio.aclose_forcefully(stream)


async def test_the_channel_by_a_session_ends_with_it(gate):
    cookie = await enter(gate)
    async with channel(gate, {**cookie, **OURS}) as socket:
        assert json.loads(await socket.get_message())["person"] == "alice"
        await gate.request("/v1/session", "DELETE", **cookie, **OURS)
        with pytest.raises(trio_websocket.ConnectionClosed) as closed:
            await socket.get_message()
        assert closed.value.reason.code == POLICY


@pytest.mark.parametrize(
    "changes",
    [{}, {"Origin": "https://evil.example"}, {"Origin": "https://localhost:1"}, {**OURS, "Sec-Fetch-Site": "cross-site"}],
)
async def test_a_cookie_from_elsewhere_opens_no_channel(gate, changes):
    cookie = await enter(gate)
    assert (await gate.request("/v1/approvals", **WEBSOCKET, **cookie, **changes))[0] == 403


async def test_a_session_that_is_over_opens_no_channel(gate):
    cookie = await enter(gate)
    await gate.request("/v1/session", "DELETE", **cookie, **OURS)
    assert (await gate.request("/v1/approvals", **WEBSOCKET, **cookie, **OURS))[0] == 401


async def test_a_token_in_the_header_counts_before_a_cookie(gate):
    bob = {"Authorization": f"Bearer {TOKENS['bob']}"}
    async with channel(gate, {**await enter(gate), **bob}) as socket:
        assert json.loads(await socket.get_message())["person"] == "bob"


class Asking:
    """Who asks a gate on trio's own clock, and when they were answered."""

    def __init__(self) -> None:
        self.made = admin_server(ApprovalHub(FixedClock()))
        self.answers: list[tuple[float, bytes]] = []

    async def offer(self, fields: dict[str, str], address: str = "192.0.2.1") -> None:
        ours, theirs = memory_stream_pair()
        await ours.send_all(head("/v1/session", "POST", **OURS, **fields))
        await handle(self.made, theirs, address)
        raw = await ours.receive_some()
        self.answers.append((trio.current_time(), raw.split()[1] if raw else b""))


async def test_wrong_tokens_take_their_time_and_only_a_few_at_once(autojump_clock: MockClock):
    asking = Asking()
    async with trio.open_nursery() as nursery:
        for _ in range(wrong_tokens.MOST_AT_ONCE + 1):
            nursery.start_soon(asking.offer, WRONG)
    answers = sorted((round(at), status) for at, status in asking.answers)
    assert answers == [(0, b"429"), *[(wrong_tokens.DELAY_SECONDS, b"401")] * wrong_tokens.MOST_AT_ONCE]
    await asking.offer(WRONG)
    assert asking.answers[-1][1] == b"401"


@pytest.mark.parametrize("address", ["192.0.2.1", "198.51.100.7"])
async def test_a_right_token_never_waits_for_wrong_ones(autojump_clock: MockClock, address):
    asking = Asking()
    async with trio.open_nursery() as nursery:
        for _ in range(4 * wrong_tokens.MOST_AT_ONCE):
            nursery.start_soon(asking.offer, WRONG)
        await trio.testing.wait_all_tasks_blocked()
        before = trio.current_time()
        await asking.offer(ALICE, address)
        assert asking.answers[-1] == (before, b"200")
        nursery.cancel_scope.cancel()


async def test_a_wrong_token_goes_before_older_guests(autojump_clock: MockClock):
    asking = Asking()
    with ExitStack() as others:
        connections = [others.enter_context(asking.made.connections.admit("192.0.2.1")) for _ in range(UNPROVEN - 1)]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(asking.offer, WRONG)
            await trio.testing.wait_all_tasks_blocked()
            with asking.made.connections.admit("192.0.2.1"):
                assert not any(connection.scope.cancel_called for connection in connections)
    assert asking.answers == [(trio.current_time(), b"")]


async def test_wrong_tokens_delay_their_own_source_alone(autojump_clock: MockClock):
    asking = Asking()
    async with trio.open_nursery() as nursery:
        for last in range(wrong_tokens.MOST_AT_ONCE + 1):
            nursery.start_soon(asking.offer, WRONG, f"2001:db8::{last:x}")
        await trio.testing.wait_all_tasks_blocked()
        assert [status for _, status in asking.answers] == [b"429"]
        await asking.offer(WRONG, "2001:db8:0:1::1")
        assert asking.answers[-1][1] == b"401"
