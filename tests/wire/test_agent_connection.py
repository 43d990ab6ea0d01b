"""The agent's side of HTTP/1.1: which events bytes make, and which bytes an answer makes."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.wire.requests import BAD_CHUNKS, CHUNKS, OK, body, chunked, events, read, request
from trio_gate.errors import GateError, Malformed
from trio_gate.wire.agent_connection import HTTP2_GOAWAY, MAX_AHEAD, AgentConnection
from trio_gate.wire.events import Http2Preface, PeerClosed
from trio_gate.wire.head import ResponseHead
from trio_gate.wire.parse import MAX_HEAD


def test_counted_body():
    assert body(request(b"Content-Length: 5", body=b"hello")) == b"hello"
    assert body(request(b"Content-Length: 0")) == b""
    assert body(request()) == b""


def test_what_a_head_says_about_its_body():
    connection = AgentConnection()
    connection.receive(request(b"Content-Length: 5", b"Expect: 100-continue"))
    connection.next_event()
    assert (connection.has_body, connection.content_length, connection.expects_continue) == (True, 5, True)
    assert connection.send_continue() == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection = AgentConnection()
    connection.receive(chunked(b""))
    connection.next_event()
    assert (connection.has_body, connection.content_length, connection.expects_continue) == (True, None, False)
    connection = AgentConnection()
    connection.receive(request(b"Content-Length: 0", b"Expect: 100-continue"))
    connection.next_event()
    assert (connection.has_body, connection.content_length, connection.expects_continue) == (False, 0, True)


@pytest.mark.parametrize(
    ("raw", "method", "headers"),
    [
        (b"HEAD / HTTP/1.1\r\nHost: h\r\nX:\ta\tb \r\nnothing\r\n\r\n", "HEAD", (("host", "h"), ("x", "a\tb"))),
        (b"GET /\xff HTTP/1.1\r\nX: \xff\r\n\r\n", "GET", (("x", "\ufffd"),)),
        (b"NONSENSE\r\n\r\n", "NONSENSE", ()),
        (b"\x16\x03\x01", "\x16\x03\x01", ()),
        (b"GET / HTTP/1.1\r\nA: b\r\n" + b"C: " + b"d" * 2 * MAX_HEAD, "GET", (("a", "b"), ("c", "d" * (MAX_HEAD - 25)))),
        (
            b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 200 + b"\r\n",
            "GET",
            (*(("a", "b"),) * 99, ("a", "b\r\na:b" + "\r\na:b" * 99 + "\r\n\r\n")),
        ),
    ],
)
def test_of_a_refused_head_the_shape_of_the_answer_is_known(raw, method, headers):
    connection = AgentConnection()
    connection.receive(raw)
    with pytest.raises(Malformed):
        connection.next_event()
    assert (connection.refused_head.method, connection.refused_head.headers) == (method, headers)


BROKEN_OFF = [b"G", b"POST / HTTP/1.1\r\n", request(b"Content-Length: 5", body=b"hell"), chunked(b"5\r\nhello\r\n0\r\n")]


@pytest.mark.parametrize("raw", BROKEN_OFF)
def test_a_message_cut_short_is_refused(raw):
    assert events(AgentConnection(), raw, b"")[-1] == 400


def test_closing_between_messages_is_no_fault():
    assert events(AgentConnection(), b"") == [PeerClosed()]


def test_leaving_while_waiting_for_the_answer_is_reported():
    assert events(AgentConnection(), request(), b"")[-1] == PeerClosed()


@pytest.mark.parametrize("raw", [b"\x16\x03\x01\x02\x00", b"get / HTTP/1.1\r\n", b"\r\n", b"POST / HTTP/1.1\nHost: a\n\n", b"\0"])
def test_what_cannot_become_a_request_is_refused_at_once(raw):
    assert read(raw) == [400]


def test_a_head_never_grows_beyond_its_limit():
    connection = AgentConnection()
    assert events(connection, *[b"POST / HTTP/1.1\r\nHost: a\r\nx-note: ", *[b"a" * 1024] * 40]) == [431]
    assert len(connection.leftover) <= MAX_HEAD + 1024
    assert read(request(b"x-note: " + b"a" * 70_000)) == [431]


def test_sending_ahead_of_the_answer_is_bounded():
    connection = AgentConnection()
    assert events(connection, request(), *[b"a" * 65536] * (MAX_AHEAD // 65536 + 1))[-1] == 400


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def test_http2_is_recognised_and_sent_away():
    connection = AgentConnection()
    assert events(connection, PREFACE[:10], PREFACE[10:]) == [Http2Preface()]
    assert connection.must_close
    # length 8, GOAWAY, no flags, stream 0, last stream 0, HTTP_1_1_REQUIRED
    settings, goaway = HTTP2_GOAWAY[:9], HTTP2_GOAWAY[9:]
    assert settings == bytes(3) + b"\4" + bytes(5)
    assert goaway == b"\0\0\x08\7" + bytes(5) + bytes(4) + b"\0\0\0\x0d"


def test_a_pipelined_request_waits_for_its_turn():
    first, second = request(b"Content-Length: 1", body=b"a"), request(start=b"DELETE /b HTTP/1.1")
    connection = AgentConnection()
    assert len(events(connection, first + second)) == 3
    assert connection.leftover == second
    assert not connection.start_next()
    assert connection.send_head(OK, length=0) + connection.send_end() == b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
    assert connection.start_next()
    assert connection.next_event().method == "DELETE"


def answered(connection: AgentConnection, *pieces: bytes, length: int | None, headers=(), status: int = 200) -> bytes:
    head = ResponseHead(status=status, reason=b"", headers=tuple(headers))
    sent = connection.send_head(head, length=length)
    return sent + b"".join(connection.send_data(piece) for piece in pieces) + connection.send_end()


def asked(raw: bytes) -> AgentConnection:
    connection = AgentConnection()
    events(connection, raw)
    return connection


def test_answers_are_framed_for_the_agent_alone():
    fields = [
        (b"content-length", b"9"),
        (b"transfer-encoding", b"gzip"),
        (b"connection", b"x-hop"),
        (b"x-hop", b"a"),
        (b"etag", b"e"),
    ]
    assert answered(asked(request()), b"hello", length=5, headers=fields) == (
        b"HTTP/1.1 200 \r\netag: e\r\ncontent-length: 5\r\n\r\nhello"
    )
    assert answered(asked(request()), b"hello", b"", b"!", length=None) == (
        b"HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"
    )


def test_answers_without_a_body():
    head = request(start=b"HEAD / HTTP/1.1")
    assert answered(asked(head), b"hello", length=5) == b"HTTP/1.1 200 \r\ncontent-length: 5\r\n\r\n"
    assert answered(asked(head), length=None) == b"HTTP/1.1 200 \r\n\r\n"
    assert answered(asked(request()), length=0, status=204) == b"HTTP/1.1 204 \r\n\r\n"
    assert answered(asked(request()), length=None, status=304) == b"HTTP/1.1 304 \r\n\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        request(b"Connection: close"),
        request(b"Content-Length: 5", b"Expect: 100-continue"),
        request(b"Content-Length: 5", body=b"hell"),
        request(b"Content-Length: x"),
        b"nonsense",
    ],
)
def test_the_connection_ends_after_an_answer_to_half_a_request(raw):
    connection = asked(raw)
    assert b"connection: close\r\n" in answered(connection, length=0)
    assert connection.must_close
    assert not connection.start_next()


def test_the_caller_may_close():
    connection = asked(request())
    assert b"connection: close\r\n" in connection.send_head(OK, length=0, close=True)
    connection.send_end()
    assert not connection.start_next()


@pytest.mark.parametrize("field", [(b"a", b"b\r\nx: y"), (b"a\n", b"b"), (b"a", b"b\0")])
def test_a_field_cannot_end_its_line(field):
    with pytest.raises(ValueError, match="line end"):
        asked(request()).send_head(ResponseHead(status=200, headers=(field,)), length=0)


def test_promises_about_length_are_kept():
    connection = asked(request())
    connection.send_head(OK, length=3)
    with pytest.raises(RuntimeError):
        connection.send_data(b"four")
    connection.send_data(b"tw")
    with pytest.raises(RuntimeError):
        connection.send_end()
    assert not connection.start_next()


def test_answers_in_the_wrong_order_are_our_fault():
    connection = asked(request())
    with pytest.raises(RuntimeError):
        connection.send_data(b"a")
    connection.send_head(OK, length=0)
    with pytest.raises(RuntimeError):
        connection.send_head(OK, length=0)
    with pytest.raises(RuntimeError):
        connection.send_continue()


STREAMS = [
    request(b"Content-Length: 5", body=b"hello") + request(),
    *[chunked(raw) for raw in CHUNKS],
    *[chunked(raw) for raw in BAD_CHUNKS],
    PREFACE,
    request(b"Content-Length: 5", b"Transfer-Encoding: chunked"),
]


@pytest.mark.parametrize("raw", STREAMS)
def test_bytes_say_the_same_however_they_are_cut(raw):
    assert events(AgentConnection(), *(bytes([byte]) for byte in raw)) == read(raw)


@given(st.lists(st.binary(max_size=40), max_size=6), st.data())
def test_any_bytes_after_a_head_give_events_or_a_gate_error(parts, data):
    raw = data.draw(st.sampled_from([chunked(b""), request(b"Content-Length: 30"), b""])) + b"".join(parts)
    cut = data.draw(st.integers(0, len(raw)))
    try:
        whole = read(raw) if raw else []
    except GateError:
        whole = None
    pieces = [piece for piece in (raw[:cut], raw[cut:]) if piece]
    assert (events(AgentConnection(), *pieces) if pieces else []) == whole


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5), st.booleans())
def test_h11_sends_what_we_read_and_reads_what_we_send(pieces, counted):
    length = sum(map(len, pieces))
    framing = [("content-length", str(length))] if counted else [("transfer-encoding", "chunked")]
    peer = h11.Connection(h11.CLIENT)
    raw = peer.send(h11.Request(method="PUT", target="/k", headers=[("host", "a"), *framing]))
    raw += b"".join(peer.send(h11.Data(data=piece)) for piece in pieces) + peer.send(h11.EndOfMessage())
    assert body(raw) == b"".join(pieces)
    connection = asked(raw)
    peer.receive_data(connection.send_continue())
    assert peer.next_event().status_code == 100
    peer.receive_data(answered(connection, *pieces, length=length if counted else None))
    assert peer.next_event().status_code == 200
    got = b""
    while isinstance(event := peer.next_event(), h11.Data):
        got += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert got == b"".join(pieces)
    assert connection.start_next()
