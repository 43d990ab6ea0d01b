"""The upstream side of HTTP/1.1: what is sent, what is read, and which answers are refused."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.wire.answers import CL, OK, asked, events, head
from trio_gate.wire.events import NEED_DATA, BodyEnd, PeerClosed
from trio_gate.wire.head import ResponseHead
from trio_gate.wire.upstream_connection import UpstreamConnection


def test_a_head_is_written_from_its_value_host_first():
    sent = UpstreamConnection().send_request(head("PUT"), length=3)
    assert sent == ("PUT /b/a%20b%2Fc?acl= HTTP/1.1\r\nhost: s3.amazonaws.com\r\nx-note: é\r\ncontent-length: 3\r\n\r\n".encode())


@pytest.mark.parametrize(
    ("method", "length", "framing"),
    [
        ("GET", 0, b""),
        ("HEAD", 0, b""),
        ("DELETE", 0, b""),
        ("GET", 2, b"content-length: 2\r\n"),
        ("PUT", 0, b"content-length: 0\r\n"),
        ("POST", 0, b"content-length: 0\r\n"),
        ("PUT", None, b"transfer-encoding: chunked\r\n"),
    ],
)
def test_framing_of_requests(method, length, framing):
    sent = UpstreamConnection().send_request(head(method, (("host", "a"),)), length=length)
    assert sent.endswith(b"host: a\r\n" + framing + b"\r\n")


def test_bodies_of_requests():
    connection = UpstreamConnection()
    connection.send_request(head("PUT"), length=None)
    assert connection.send_data(b"hello") + connection.send_end() == b"5\r\nhello\r\n0\r\n\r\n"
    connection = UpstreamConnection()
    connection.send_request(head("PUT"), length=5)
    assert connection.send_data(b"hello") + connection.send_end() == b"hello"


def test_a_field_cannot_end_its_line():
    with pytest.raises(ValueError, match="line end"):
        UpstreamConnection().send_request(head("GET", (("host", "a"), ("x-amz-meta-a", "b\r\nx-amz-acl: c"))), length=0)


def test_a_connection_serves_one_request_after_another():
    connection = asked()
    for _ in range(3):
        assert events(connection, OK + b"Content-Length: 1\r\n\r\na")[-1] == BodyEnd()
        connection.send_request(head("PUT"), length=1)
        with pytest.raises(RuntimeError):
            connection.send_request(head(), length=0)
        connection.send_data(b"a")
        connection.send_end()


def test_an_answer_before_the_request_is_sent_whole_spends_the_connection():
    connection = UpstreamConnection()
    connection.send_request(head("PUT"), length=5)
    assert events(connection, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")[-1] == BodyEnd()
    assert not connection.reusable


BAD_CHUNKS = {
    "size of 20 digits": b"%020x\r\nhi\r\n0\r\n\r\n" % 2,
    "size and a blank": b"2 \r\nhi\r\n0\r\n\r\n",
    "size in bare LF": b"2\nhi\r\n0\r\n\r\n",
    "CR in an extension": b"2;a=b\r\r\nhi\r\n0\r\n\r\n",
    "blank in an extension": b"2; a=b\r\nhi\r\n0\r\n\r\n",
    "quotes in an extension": b'2;a="b"\r\nhi\r\n0\r\n\r\n',
    "empty extension": b"2;\r\nhi\r\n0\r\n\r\n",
    "endless extension": b"2;" + b"a" * 999 + b"\r\nhi\r\n0\r\n\r\n",
    "trailer in bare LF": b"2\r\nhi\r\n0\r\nA: b\n\n",
    "folded trailer": b"2\r\nhi\r\n0\r\nA: b\r\n c: d\r\n\r\n",
    "control in a trailer": b"2\r\nhi\r\n0\r\nA: \x08\r\n\r\n",
    "length in a trailer": b"2\r\nhi\r\n0\r\nContent-Length: 5\r\n\r\n",
    "cookie in a trailer": b"2\r\nhi\r\n0\r\nSet-Cookie: a\r\n\r\n",
    "data without their end": b"2\r\nhi0\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD_CHUNKS)
def test_chunks_with_two_readings_are_refused(name):
    connection = asked()
    got = events(connection, OK + b"Transfer-Encoding: chunked\r\n\r\n" + BAD_CHUNKS[name])
    assert isinstance(got[0], ResponseHead)
    assert got[-1] == 502
    assert BodyEnd() not in got
    assert not connection.reusable


def test_before_a_request_there_is_nothing_to_say():
    connection = UpstreamConnection()
    assert not connection.reusable
    assert connection.next_event() is NEED_DATA
    with pytest.raises(RuntimeError):
        connection.send_data(b"a")
    assert events(UpstreamConnection(), b"HTTP/1.1 408 Request Timeout\r\n\r\n") == [502]


def test_closing_before_the_answer_is_reported():
    assert events(asked(), b"") == [PeerClosed()]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_surplus_byte_spends_the_connection(method):
    body = b"a" if method == "GET" else b""
    connection = asked(method)
    assert events(connection, OK + CL + b"\r\n" + body + b"H")[-2:] == [BodyEnd(), 502]
    connection = asked(method)
    assert events(connection, OK + CL + b"\r\n" + body)[-1] == BodyEnd()
    connection.receive(b"H")
    assert not connection.reusable


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5), st.booleans())
def test_h11_reads_what_we_send_and_we_read_what_it_sends(pieces, counted):
    length = sum(map(len, pieces)) if counted else None
    connection = UpstreamConnection()
    raw = connection.send_request(head("PUT"), length=length)
    raw += b"".join(map(connection.send_data, pieces)) + connection.send_end()
    peer = h11.Connection(h11.SERVER)
    peer.receive_data(raw)
    assert peer.next_event().method == b"PUT"
    got = b""
    while isinstance(event := peer.next_event(), h11.Data):
        got += event.data
    assert isinstance(event, h11.EndOfMessage)
    framing = [("content-length", str(length))] if counted else []
    answer = peer.send(h11.Response(status_code=200, headers=framing))
    answer += b"".join(peer.send(h11.Data(data=piece)) for piece in pieces) + peer.send(h11.EndOfMessage())
    assert b"".join(event.data for event in events(connection, answer)[1:-1]) == got == b"".join(pieces)
