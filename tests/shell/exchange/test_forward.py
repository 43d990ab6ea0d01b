"""Bodies on their way to AWS: passed on as they come, but for the end, which waits for the check."""

from __future__ import annotations

import hashlib

import pytest
import trio
from trio.testing import memory_stream_pair, wait_all_tasks_blocked

from tests.kit.wire.transports import StreamTransport
from trio_gate.errors import Malformed
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.exchange.forward import Flow, send_flow
from trio_gate.shell.upstream.connection import UpstreamExchange
from trio_gate.signing.sigv4 import Credentials, sign
from trio_gate.wire.body_checkers import checker_for
from trio_gate.wire.head import RequestHead, Streamed, StreamKind, Target
from trio_gate.wire.upstream_connection import UpstreamConnection

PIECES = [b"a" * 1000, b"b" * 1000, b"c" * 1000]
WHOLE = b"".join(PIECES)
CREDENTIALS = Credentials(access_key_id="ASIAEXAMPLEEXAMPLE00", secret_access_key="secret")


class Lent:
    """A source that lends its pieces: each is unreadable once the next is asked for."""

    def __init__(self) -> None:
        self.give, self._given = trio.open_memory_channel[bytes | None](0)
        self._lent = memoryview(b"")

    async def next_piece(self) -> memoryview | None:
        self._lent.release()
        piece = await self._given.receive()
        if piece is not None:
            self._lent = memoryview(piece)
        return None if piece is None else self._lent


def uploading(nursery, declared: bytes, *, counted: bool):
    """An upload of `PIECES` that has begun with the first; where the others are given, and what AWS gets."""
    near, aws = memory_stream_pair()
    length, digest = sum(map(len, PIECES)) if counted else None, hashlib.sha256(declared).hexdigest()
    head = RequestHead(method="PUT", target=Target(segments=("b", "k")), headers=(("host", "s3.us-east-1.amazonaws.com"),))
    now = SystemClock().now()
    signed = sign(head, payload_hash=digest, credentials=CREDENTIALS, service="s3", region="us-east-1", now=now, s3=True)
    body = Streamed(kind=StreamKind.HASHED, length=length, decoded_length=length, sha256=digest)
    source, checker, got = Lent(), checker_for(body), bytearray()
    exchange = UpstreamExchange("aws", StreamTransport(near), UpstreamConnection(), idle_timeout=60, answer_timeout=60)
    flow = Flow(first=bytes(checker.feed(PIECES[0])), ended=False, source=source, checker=checker, body=body)

    async def receive() -> None:
        while True:
            got.extend(await aws.receive_some())

    nursery.start_soon(receive)
    nursery.start_soon(send_flow, exchange, signed, flow)
    return source.give, got


async def bodies(nursery, declared: bytes = WHOLE, *, counted: bool = True) -> list[bytes]:
    """What AWS has got of the body after each piece, and after the end."""
    give, got = uploading(nursery, declared, counted=counted)
    found = []
    for piece in (*PIECES[1:], None):
        await give.send(piece)
        await wait_all_tasks_blocked()
        found.append(got.partition(b"\r\n\r\n")[2])
    nursery.cancel_scope.cancel()
    return found


async def test_each_piece_but_the_last_is_passed_on_when_it_has_come(nursery):
    first, second, _ = PIECES
    assert await bodies(nursery) == [first + second, first + second, WHOLE]


async def test_a_piece_of_a_body_without_a_length_waits_for_the_next(nursery):
    sent = [b"3e8\r\n" + piece + b"\r\n" for piece in PIECES]
    assert await bodies(nursery, counted=False) == [sent[0], sent[0] + sent[1], b"".join(sent) + b"0\r\n\r\n"]


@pytest.mark.parametrize("counted", [True, False])
async def test_the_end_of_a_body_with_another_hash_is_never_sent(counted):
    found = []

    async def upload() -> None:
        async with trio.open_nursery() as nursery:
            give, got = uploading(nursery, b"another", counted=counted)
            found.append(got)
            for piece in (*PIECES[1:], None):
                await give.send(piece)

    with pytest.RaisesGroup(pytest.RaisesExc(Malformed, match="does not have the hash"), flatten_subgroups=True):
        await upload()
    assert PIECES[1] in found[0]
    assert PIECES[2] not in found[0]
