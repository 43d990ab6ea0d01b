"""The gateway's side of an agent's connection in tests: requests as bytes, good and bad chunks, and the events that they make."""

from trio_gate.errors import Malformed
from trio_gate.wire.agent_connection import AgentConnection
from trio_gate.wire.events import NEED_DATA, BodyData, BodyEnd, Http2Preface, PeerClosed
from trio_gate.wire.head import RequestHead, ResponseHead

OK = ResponseHead(status=200, reason=b"OK", headers=())


def request(*lines: bytes, start: bytes = b"POST / HTTP/1.1", body: bytes = b"") -> bytes:
    return b"\r\n".join((start, b"Host: a.amazonaws.com", *lines, b"", body))


def chunked(body: bytes) -> bytes:
    return request(b"Transfer-Encoding: chunked", body=body)


def events(connection: AgentConnection, *pieces: bytes) -> list:
    """All events of these pieces, runs of data joined; a refusal is the last one, as its status."""
    found: list = []
    for piece in pieces:
        connection.receive(piece)
        while True:
            try:
                event = connection.next_event()
            except Malformed as fault:
                return [*found, fault.status]
            if event is NEED_DATA or isinstance(event, PeerClosed | Http2Preface):
                if event is not NEED_DATA:
                    found.append(event)
                break
            if isinstance(event, BodyData) and found and isinstance(found[-1], BodyData):
                event = BodyData(data=found.pop().data + event.data)
            found.append(event)
    return found


def read(raw: bytes) -> list:
    return events(AgentConnection(), raw)


def body(raw: bytes) -> bytes:
    got = read(raw)
    assert isinstance(got[0], RequestHead)
    assert got[-1] == BodyEnd()
    return b"".join(event.data for event in got[1:-1])


CHUNKS = {
    b"0\r\n\r\n": b"",
    b"5\r\nhello\r\n0\r\n\r\n": b"hello",
    b"0005\r\nhello\r\n00\r\n\r\n": b"hello",
    b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n": b"01234567890123456789",
    b"1\r\na\r\n0\r\nx-amz-target: A.DeleteTable\r\n\r\n": b"a",
}


BAD_CHUNKS = [
    b"2_d\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n",
    b"+5\r\nhello\r\n0\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n",
    b" 5\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"\r\nhello\r\n0\r\n\r\n",
    b"g\r\n",
    "\u0665\r\nhello\r\n0\r\n\r\n".encode(),
    b"5;a=b\r\nhello\r\n0\r\n\r\n",
    b"5;\r\nhello\r\n0\r\n\r\n",
    b"5;a=b\r\rXX\r\nhello\r\n0\r\n\r\n",
    b"5\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\n0\r\n\r\n",
    b"5\r\nhelloXX0\r\n\r\n",
    b"5\r\nhello world\r\n0\r\n\r\n",
    b"10000000000000000\r\n",
    b"0" * 40,
    b"0\r\n x-folded: a\r\n\r\n",
    b"0\r\nno colon\r\n\r\n",
    b"0\r\nx-note: a\0\r\n\r\n",
    b"0\r\nx-note: a\tb\r\n\r\n",
    b"0\r\nx-note: a\xa0\r\n\r\n",
    *(b"0\r\n%b: 5\r\n\r\n" % name for name in (b"content-length", b"Host", b"AUTHORIZATION", b"expect", b"content-type")),
    b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"0\r\nx-note: a\nb\r\n\r\n",
    b"0\r\nx-note: " + b"a" * 9000 + b"\r\n\r\n",
    b"0\r\n" + b"x-note: a\r\n" * 1000 + b"\r\n",
]
