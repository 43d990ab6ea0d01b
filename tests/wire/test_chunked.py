"""The grammar of chunks, as an agent's connection meets it."""

import pytest

from tests.kit.wire.requests import BAD_CHUNKS, CHUNKS, body, chunked, events, read
from trio_gate.errors import Malformed
from trio_gate.wire.agent_connection import AgentConnection
from trio_gate.wire.chunked import FREE, LEAST
from trio_gate.wire.events import BodyData, BodyEnd


@pytest.mark.parametrize("raw", CHUNKS)
def test_chunks(raw):
    assert body(chunked(raw)) == CHUNKS[raw]


def test_chunks_may_be_small_but_not_all_of_them():
    crumbs = b"1\r\na\r\n" * (2 * FREE)
    assert events(AgentConnection(), chunked(crumbs + b"0\r\n\r\n"))[-1] == 400
    lines = b"%x\r\n" % LEAST + b"a" * LEAST + b"\r\n"
    assert len(body(chunked(lines * (2 * FREE) + b"0\r\n\r\n"))) == 2 * FREE * LEAST


def test_an_event_has_the_data_of_a_few_chunks():
    connection = AgentConnection()
    connection.receive(chunked(b"1\r\na\r\n" * 200 + b"0\r\n\r\n"))
    connection.next_event()
    assert [connection.next_event() for _ in range(4)] == [BodyData(data=b"a" * count) for count in (64, 64, 64, 8)]
    assert isinstance(connection.next_event(), BodyEnd)
    assert not connection.ahead


def test_trailers_never_join_the_head():
    got = read(chunked(b"0\r\nx-amz-target: A.DeleteTable\r\n\r\n"))
    assert got[0].one("x-amz-target") is None


@pytest.mark.parametrize("raw", BAD_CHUNKS)
def test_bad_chunks_are_refused_and_the_connection_ends(raw):
    connection = AgentConnection()
    assert events(connection, chunked(raw))[-1] == 400
    assert connection.must_close
    with pytest.raises(Malformed):
        connection.next_event()
    assert not connection.start_next()
