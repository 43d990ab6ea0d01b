"""Connections as they are accepted: the name decides, and nothing a peer does is worse than Malformed."""

import socket

import pytest
import trio
from trio.testing import memory_stream_pair

from tests.kit.wire.curl import with_curl
from tests.kit.wire.tls_kit import MovingClock, alternative_names, client_hello, client_of, open_authority
from tests.kit.wire.transports import StreamTransport
from trio_gate.errors import Denied, Malformed
from trio_gate.shell.certificates.leaves import LeafCertificates
from trio_gate.shell.net.tls_handshake import accept_tls, accept_transport
from trio_gate.shell.net.tls_transport import TlsTransport
from trio_gate.shell.net.transport import SocketTransport
from trio_gate.wire.client_hello import MAX_HELLO

pytestmark = pytest.mark.parametrize("accept", [accept_tls, accept_transport])

QUEUE, TOPIC = "sqs.us-east-1.amazonaws.com", "sns.us-east-1.amazonaws.com"
DEFAULT = "default.amazonaws.com"


@pytest.fixture
def authority(tmp_path):
    return open_authority(tmp_path / "ca")


@pytest.fixture
def leaves(authority):
    return LeafCertificates(authority, clock=MovingClock())


@pytest.fixture
def choose(leaves):
    """Serves two hosts, and a default for who names none."""

    def context(name):
        known = {QUEUE: QUEUE, TOPIC: TOPIC, None: DEFAULT}.get(name)
        return leaves.context([known]) if known else None

    return context


@pytest.fixture(autouse=True)
def silence(capfd):
    yield
    assert capfd.readouterr() == ("", "")


async def met(accept, choose, client, host):
    """Both ends' results: what the gate accepted or raised, and the client's stream or what it raised."""
    near, far = memory_stream_pair()
    results = {}

    async def serve() -> None:
        try:
            stream, name = await accept(StreamTransport(far), choose, within=30)
        except Malformed as error:
            results["gate"] = error
            await far.aclose()
        else:
            results["gate"] = name
            with trio.fail_after(30):
                assert await stream.receive_some(5) == b"hello"
                await stream.send_all(b"goodbye")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        stream = trio.SSLStream(near, client, server_hostname=host, https_compatible=True)
        try:
            with trio.fail_after(30):
                await stream.send_all(b"hello")
                assert await stream.receive_some(7) == b"goodbye"
            results["client"] = stream
        except trio.BrokenResourceError as broken:
            results["client"] = broken.__cause__
            await near.aclose()
    return results["gate"], results["client"]


@pytest.mark.parametrize(("asked", "name"), [(QUEUE, QUEUE), (TOPIC.upper(), TOPIC)])
async def test_the_name_chooses_the_certificate(accept, authority, choose, asked, name):
    accepted, client = await met(accept, choose, client_of(authority, "h2", "http/1.1"), asked)
    assert accepted == name
    assert alternative_names(client) == {name}
    assert client.selected_alpn_protocol() == "http/1.1"
    assert not client.session.has_ticket


async def test_who_names_nothing_may_have_a_default(accept, authority, choose):
    context = client_of(authority)
    context.check_hostname = False
    accepted, client = await met(accept, choose, context, None)
    assert accepted is None
    assert alternative_names(client) == {DEFAULT}


async def test_a_name_that_is_not_served_gets_an_alert(accept, authority, choose):
    accepted, client = await met(accept, choose, client_of(authority), "login.bank.example")
    assert accepted.reason == "the server name login.bank.example is not served here"
    assert accepted.status == 421
    assert client.reason == "TLSV1_UNRECOGNIZED_NAME"


async def test_a_client_that_does_not_trust_the_ca(accept, choose, tmp_path):
    near, far = memory_stream_pair()
    client = TlsTransport(StreamTransport(near), client_of(open_authority(tmp_path / "other")), server_hostname=QUEUE)

    async def fail() -> None:
        with pytest.raises(trio.BrokenResourceError):
            await client.handshake()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fail)
        with pytest.raises(Malformed, match="broke off: TLS failed: tlsv1 alert unknown ca"):
            await accept(StreamTransport(far), choose, within=30)


@with_curl
async def test_a_real_client_over_a_socket(accept, choose, authority, tmp_path):
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]

    async def serve() -> None:
        async with listener, await listener.accept() as tcp, SocketTransport(socket.socket(fileno=tcp.socket.detach())) as below:
            stream, name = await accept(below, choose, within=30)
            assert name == QUEUE
            assert (await stream.receive_some(1000)).startswith(b"GET /path HTTP/1.1\r\n")
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")

    command = [
        "curl",
        "-sS",
        "--cacert",
        tmp_path / "ca.pem",
        "--resolve",
        f"{QUEUE}:{port}:127.0.0.1",
        f"https://{QUEUE}:{port}/path",
    ]
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            done = await trio.run_process(command, env={}, capture_stdout=True)
    assert done.stdout == b"yes"


async def answered(accept, choose, *chunks):
    """Why the gate refuses these bytes with nothing behind them, and what it sent."""
    near, far = memory_stream_pair()

    async def send() -> None:
        for chunk in chunks:
            await near.send_all(chunk)
        await near.send_eof()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        with pytest.raises(Malformed) as caught:
            await accept(StreamTransport(far), choose, within=30)
    await far.aclose()
    return caught.value.reason, bytes(await near.receive_some())


HELLO = client_hello(QUEUE)


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        ([], "ended before the TLS client's hello"),
        ([HELLO[:50]], "ended before the TLS client's hello"),
        ([HELLO], "broke off: the connection was closed early"),
        ([HELLO, b"\x15\x03\x03\x00\x02\x02\x28"], "alert handshake failure"),
        ([HELLO, b"GET / HTTP/1.1\r\n\r\n"], "broke off"),
        ([b"GET / HTTP/1.1\r\n\r\n"], "not TLS"),
        ([bytes(range(256)) * 10], "not TLS"),
        ([HELLO.replace(b"sqs.", b"\xffqs.")], "a server name that is not a host name"),
        ([b"\x16\x03\x01\xff\xff\x01\x00\xff\xff", bytes(MAX_HELLO)], "hello is too long"),
    ],
    ids=["nothing", "half", "hello", "alert", "http-after-hello", "http", "noise", "not-ascii", "endless"],
)
async def test_what_is_no_handshake_ends_it(accept, choose, chunks, said):
    reason, _ = await answered(accept, choose, *chunks)
    assert said in reason


async def test_a_hello_may_come_byte_by_byte(accept, choose):
    reason, sent = await answered(accept, choose, *(bytes([byte]) for byte in HELLO))
    assert reason == "the TLS handshake broke off: the connection was closed early"
    assert sent.startswith(b"\x16\x03\x03")


async def test_an_old_client_is_refused(accept, choose):
    hello = client_hello(QUEUE).replace(b"\x03\x04", b"\x03\x02").replace(b"\x03\x03", b"\x03\x02")
    reason, sent = await answered(accept, choose, hello)
    assert "unsupported protocol" in reason or "does not speak TLS" in reason
    assert sent == b"\x15\x03\x02\x00\x02\x02\x46"


async def test_a_peer_that_stops_half_way_is_left(accept, choose, autojump_clock):
    for beginning in (b"", HELLO[:100], HELLO):
        near, far = memory_stream_pair()
        if beginning:
            await near.send_all(beginning)
        with pytest.raises(Malformed, match="not over in 7 seconds") as caught:
            await accept(StreamTransport(far), choose, within=7)
        assert caught.value.status == 408


async def test_what_the_choice_raises_passes_through(accept):
    def choose(_):
        raise Denied("not today")

    near, far = memory_stream_pair()
    await near.send_all(HELLO)
    with pytest.raises(Denied, match="not today"):
        await accept(StreamTransport(far), choose, within=7)


async def test_the_stream_stays_the_callers(accept, choose):
    near, far = memory_stream_pair()
    await near.send_all(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(Malformed):
        await accept(StreamTransport(far), choose, within=7)
    await far.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert await near.receive_some() == b"HTTP/1.1 400 Bad Request\r\n\r\n"
