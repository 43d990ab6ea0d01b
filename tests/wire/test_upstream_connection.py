"""The upstream side of HTTP/1.1: what is sent, what is read, and which answers are refused."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.errors import UpstreamError
from trio_gate.wire.events import NEED_DATA, BodyData, BodyEnd, Informational, PeerClosed
from trio_gate.wire.head import RequestHead, ResponseHead, Target
from trio_gate.wire.upstream_connection import MAX_HEAD, MAX_INFORMATIONAL, UpstreamConnection

HEADERS = (("x-note", "é"), ("content-length", "7"), ("expect", "100-continue"), ("host", "s3.amazonaws.com"))


def head(method: str = "GET", headers=HEADERS) -> RequestHead:
    return RequestHead(method=method, target=Target(segments=("b", "a b/c"), query=(("acl", ""),)), headers=headers)


def asked(method: str = "GET") -> UpstreamConnection:
    connection = UpstreamConnection()
    connection.send_request(head(method), length=0)
    connection.send_end()
    return connection


def events(connection: UpstreamConnection, *pieces: bytes) -> list:
    """All events of these pieces, runs of data joined; a refusal ends them as its status."""
    found: list = []
    for piece in pieces:
        connection.receive(piece)
        while True:
            try:
                event = connection.next_event()
            except UpstreamError as fault:
                return [*found, fault.status]
            if event is NEED_DATA or isinstance(event, PeerClosed):
                found += [] if event is NEED_DATA else [event]
                break
            if isinstance(event, BodyData) and found and isinstance(found[-1], BodyData):
                event = BodyData(data=found.pop().data + event.data)
            found.append(event)
    return found


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


OK = b"HTTP/1.1 200 OK\r\n"
GOOD = {
    "counted": (OK + b"Content-Length: 2\r\nETag: e\r\n\r\nab", b"ab", True),
    "chunked": (OK + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n0\r\nx-trailer: a\r\n\r\n", b"ab", True),
    "chunked in capitals": (OK + b"Transfer-Encoding: CHUNKED\r\n\r\n02\r\nab\r\n00\r\n\r\n", b"ab", True),
    "extensions": (OK + b"Transfer-Encoding: chunked\r\n\r\n2;a;b-c=1\r\nab\r\n0;d\r\n\r\n", b"ab", True),
    "crumbs": (OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 99 + b"0\r\n\r\n", b"a" * 99, True),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b"", True),
    "no content, said twice": (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", b"", True),
    "TAB in a field that frames nothing": (OK + b"x-note:\ta\tb\r\nContent-Length: 0\r\n\r\n", b"", True),
    "empty": (OK + b"Content-Length: 0\r\n\r\n", b"", True),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", b"", True),
    "closing": (OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n", b"", False),
    "closing, among others": (OK + b"Content-Length: 0\r\nConnection: te, CLOSE\r\n\r\n", b"", False),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", b"a", False),
    "continued": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n", b"", True),
    "bytes beyond ASCII": (OK + b"x-amz-meta-a: \xa0\xff\r\nContent-Length: 0\r\n\r\n", b"", True),
}


@pytest.mark.parametrize("name", GOOD)
def test_answers(name):
    raw, body, reusable = GOOD[name]
    connection = asked()
    got = events(connection, raw)
    assert events(asked(), *(bytes([byte]) for byte in raw)) == got
    if name == "continued":
        assert got.pop(0) == Informational(status=100)
    assert isinstance(got[0], ResponseHead)
    assert b"".join(event.data for event in got[1:-1]) == body
    assert got[-1] == BodyEnd()
    assert connection.reusable is reusable


def test_an_answer_that_ends_with_the_connection():
    connection = asked()
    got = events(connection, OK + b"\r\nab", b"c", b"")
    assert got[1:] == [BodyData(data=b"abc"), BodyEnd(), PeerClosed()]
    assert connection.content_length is None
    assert not connection.reusable


def test_head_says_a_length_and_has_no_body():
    connection = asked("HEAD")
    assert events(connection, OK + b"Content-Length: 5\r\n\r\n")[1:] == [BodyEnd()]
    assert connection.content_length == 5
    assert connection.reusable


def test_names_are_folded_and_values_kept():
    (got, *_) = events(asked(), OK + b"X-Amz-Request-ID:  A b \r\nContent-Length: 0\r\n\r\n")
    assert (got.status, got.reason) == (200, b"OK")
    assert got.one(b"x-amz-request-id") == b"A b"


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


CL = b"Content-Length: 1\r\n"
BAD = {
    "both framings": OK + CL + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    "two lengths": OK + CL + b"Content-Length: 2\r\n\r\nab",
    "the same length twice": OK + CL + CL + b"\r\na",
    "length list": OK + b"Content-Length: 1, 1\r\n\r\na",
    "padded length": OK + b"Content-Length: 01\r\n\r\na",
    "signed length": OK + b"Content-Length: +1\r\n\r\na",
    "odd coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "two codings": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked in 1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "bare LF in a field": OK + b"x-amz-meta-a: b\nset-cookie: c\r\nContent-Length: 0\r\n\r\n",
    "bare CR in a field": OK + b"x-amz-meta-a: b\rset-cookie: c\r\nContent-Length: 0\r\n\r\n",
    "folded": OK + b"x-note: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "space before colon": OK + b"Content-Length : 0\r\n\r\n",
    "HTTP/2": b"HTTP/2 200 OK\r\n\r\n",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "status 600": b"HTTP/1.1 600 Odd\r\n\r\n",
    "not HTTP": b"SSH-2.0-x\r\n\r\n",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "interim flood": b"HTTP/1.1 102 Processing\r\n\r\n" * (MAX_INFORMATIONAL + 1),
    "endless head": OK + b"x-note: " + b"a" * MAX_HEAD,
    "chunked without content": b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "chunked and not modified": b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "chunked interim": b"HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no content and a length": b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi",
    "interim with a length": b"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nhi",
    "TAB before a length": OK + b"Content-Length:\t1\r\n\r\na",
    "TAB behind a coding": OK + b"Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
    "length of 19 digits": OK + b"Content-Length: 1000000000000000000\r\n\r\na",
    "bad chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("name", BAD)
def test_answers_with_two_readings_are_refused(name):
    connection = asked()
    got = events(connection, BAD[name])
    assert got[-1] == 502
    assert not any(isinstance(event, (ResponseHead, BodyEnd)) for event in got) or name == "bad chunk"
    assert not connection.reusable
    with pytest.raises(UpstreamError):
        connection.next_event()


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


@pytest.mark.parametrize("raw", [OK, OK + CL + b"\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"])
def test_an_answer_cut_short_is_refused(raw):
    assert events(asked(), raw, b"")[-1] == 502


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


@given(st.binary(max_size=200), st.sampled_from([b"", OK, OK + b"Transfer-Encoding: chunked\r\n\r\n", OK + CL + b"\r\n"]))
def test_any_answer_gives_events_or_an_upstream_error(tail, start):
    raw = start + tail
    if raw:
        got = events(asked(), raw, b"")
        assert [event for event in got if not isinstance(event, int)] == [
            event for event in events(asked(), *(bytes([byte]) for byte in raw), b"") if not isinstance(event, int)
        ]


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
