"""Our side of a connection to AWS in tests: a request sent, and the events of its answer."""

from trio_gate.errors import UpstreamError
from trio_gate.wire.events import NEED_DATA, BodyData, PeerClosed
from trio_gate.wire.head import RequestHead, Target
from trio_gate.wire.upstream_connection import UpstreamConnection

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


OK = b"HTTP/1.1 200 OK\r\n"


CL = b"Content-Length: 1\r\n"
