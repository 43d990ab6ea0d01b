"""The strict reader of answers: what it takes, and what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.wire.answers import CL, OK, asked, events
from trio_gate.errors import UpstreamError
from trio_gate.wire.events import BodyData, BodyEnd, Informational, PeerClosed
from trio_gate.wire.head import ResponseHead
from trio_gate.wire.upstream_connection import MAX_HEAD, MAX_INFORMATIONAL

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


@pytest.mark.parametrize("raw", [OK, OK + CL + b"\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"])
def test_an_answer_cut_short_is_refused(raw):
    assert events(asked(), raw, b"")[-1] == 502


@given(st.binary(max_size=200), st.sampled_from([b"", OK, OK + b"Transfer-Encoding: chunked\r\n\r\n", OK + CL + b"\r\n"]))
def test_any_answer_gives_events_or_an_upstream_error(tail, start):
    raw = start + tail
    if raw:
        got = events(asked(), raw, b"")
        assert [event for event in got if not isinstance(event, int)] == [
            event for event in events(asked(), *(bytes([byte]) for byte in raw), b"") if not isinstance(event, int)
        ]
