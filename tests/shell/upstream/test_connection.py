"""One exchange with AWS, over real TLS on loopback: answers, silence, and what an agent is told."""

import random

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.standins.stand_in import HOST, Peer, answer, echo, request, say, silent, stand_in_on
from tests.kit.wire.links import ask, events, exchange, start
from trio_gate.errors import UpstreamError
from trio_gate.wire.events import BodyData, BodyEnd, Informational
from trio_gate.wire.head import ResponseHead

MIB = 1024 * 1024


# What is not used again

CLOSING = [
    say(answer(b"x", b"Connection: close"), then=silent),
    say(b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", then=silent),
    say(b"HTTP/1.1 200 OK\r\n\r\nx"),
    say(answer(b"x") + b"HTTP/1.1 200 OK\r\n", then=silent),
]


@pytest.mark.parametrize("script", CLOSING, ids=["close", "1.0", "until the end", "surplus"])
async def test_an_answer_that_ends_its_connection(aws, upstreams, script):
    aws.script = script
    assert await ask(upstreams) == b"x"
    aws.script = echo
    assert upstreams.idle == 0
    assert await ask(upstreams) == b"2:"


async def test_an_answer_before_the_whole_request(aws, upstreams):
    aws.script = say(answer(b"no", status=b"400 Bad Request"), then=silent)
    async with upstreams.connect(HOST) as link:
        await start(link, None, length=10)
        assert [type(event) for event in await events(link)] == [ResponseHead, BodyData, BodyEnd]
    assert upstreams.idle == 0


async def test_an_answer_while_the_body_is_on_its_way(aws, upstreams):
    """All of the request was made and the answer is whole, and yet a part of the request never left."""
    aws.script = say(answer(b"no", status=b"400 Bad Request"), then=silent)
    async with upstreams.connect(HOST) as link:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(start, link, bytes(64 * MIB))
            head, *_ = await events(link)
            nursery.cancel_scope.cancel()
        assert isinstance(head, ResponseHead)
        assert head.status == 400
        assert link.connection.reusable
        assert not link.reusable
        with pytest.raises(UpstreamError, match=f"the request could not be sent to {HOST}"):
            await link.send(b"x")
    assert upstreams.idle == 0


# Answers


async def test_a_piece_of_a_large_answer_is_lent_until_the_next(aws, upstreams):
    aws.script = say(answer(random.Random(1).randbytes(2 * MIB)), then=silent)
    async with upstreams.connect(HOST) as link:
        await start(link)
        assert isinstance(await link.next_event(), ResponseHead)
        lent = []
        while isinstance(event := await link.next_event(), BodyData):
            lent.append(event.data)
        stale = [piece for piece in lent[:-1] if isinstance(piece, memoryview)]
        assert stale
        for piece in stale:
            with pytest.raises(ValueError, match="released"):
                bytes(piece)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 262143, 262144, 262145, 262144 * 5 + 7, 3 * MIB])
async def test_an_answer_of_any_size_comes_byte_for_byte(aws, upstreams, size, chunked):
    body = random.Random(size).randbytes(size)
    framed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
        b"%x\r\n%b\r\n" % (len(body[at : at + 50_000]), body[at : at + 50_000]) for at in range(0, size, 50_000)
    )
    aws.script = say(framed + b"0\r\n\r\n" if chunked else answer(body), then=silent)
    async with upstreams.connect(HOST) as link:
        assert await exchange(link) == body
    assert upstreams.idle == 1


async def test_interim_answers_are_seen(aws, upstreams):
    aws.script = say(b"HTTP/1.1 100 Continue\r\n\r\n", answer(b"x"), then=echo)
    async with upstreams.connect(HOST) as link:
        await start(link)
        first, second, *_ = await events(link)
        assert first == Informational(status=100)
        assert isinstance(second, ResponseHead)
    assert upstreams.idle == 1


async def test_interim_answers_are_not_what_was_fetched(aws, upstreams):
    aws.script = say(b"HTTP/1.1 100 Continue\r\n\r\n", answer(b"x"), then=echo)
    assert await ask(upstreams) == b"x"


async def test_an_answer_in_single_bytes(aws, upstreams):
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
    aws.script = say(*(raw[at : at + 1] for at in range(len(raw))), then=echo)
    assert await ask(upstreams) == b"abcd"
    assert await ask(upstreams) == b"1:"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (say(), f"{HOST} closed the connection before it answered"),
        (say(b"HTTP/1.1 100 Continue\r\n\r\n"), f"{HOST} closed the connection before it answered"),
        (say(b"HTTP/1.1 200"), f"{HOST} closed the connection in the middle of its answer"),
        (say(answer(b"abc")[:-1]), f"{HOST} closed the connection in the middle of its answer"),
        (say(b"\x15\x03garbage\r\n\r\n", then=silent), f"{HOST}: upstream's answer is not valid HTTP"),
        (say(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", then=silent), f"{HOST}: upstream's answer"),
        (say(answer(bytes(1001)), then=silent), f"{HOST} answers with more than 1000 bytes"),
    ],
)
async def test_a_bad_answer(aws, upstreams, script, said):
    aws.script = script
    with pytest.raises(UpstreamError) as refused:
        await ask(upstreams)
    assert refused.value.reason.startswith(said)
    assert refused.value.status == 502
    assert upstreams.idle == 0
    aws.script = echo
    assert await ask(upstreams) == b"2:"


async def test_an_answer_may_have_the_most(aws, upstreams):
    aws.script = say(answer(bytes(1000)))
    assert len(await ask(upstreams)) == 1000


async def test_an_answer_until_the_end_must_end_with_tls_goodbye(authority):
    """Whoever can send a FIN could else cut it."""
    async with stand_in_on(authority, ragged=True) as aws:
        aws.script = say(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        with pytest.raises(UpstreamError, match=f"no whole answer from {HOST}: the connection was closed early"):
            await ask(aws.upstreams())


# Silence


@pytest.mark.parametrize(
    ("script", "patience", "said"),
    [
        (silent, 30, "did not answer in time"),
        (say(b"HTTP/1.1 200 OK\r\n", then=silent), 30, "did not answer in time"),
        (say(answer(b"abc")[:-3], then=silent), 20, "stopped in the middle of its answer"),
        (say(answer(b"abc")[:-1], then=silent), 20, "stopped in the middle of its answer"),
    ],
)
async def test_a_silent_peer(mock_clock, aws, upstreams, script, patience, said):
    aws.script = script
    refusals = []

    async def wait() -> None:
        with pytest.raises(UpstreamError) as refused:
            await ask(upstreams)
        refusals.append((refused.value.status, refused.value.reason))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        mock_clock.jump(patience - 1)
        await wait_all_tasks_blocked()
        assert refusals == []
        mock_clock.jump(1)
    assert refusals == [(504, f"{HOST} {said}")]
    assert upstreams.idle == 0


LONG = 32 * MIB
"""Bytes of a body of which the peer reads a quarter every 15 seconds."""


async def upload(aws, upstreams, clock, finish, parts: int) -> list:
    """The events of the answer to a long body; `finish` sends the answer, and may wait `parts` times."""
    more = trio.Semaphore(0)

    async def slow(peer: Peer) -> None:
        await peer.head()
        for _ in range(4):
            await more.acquire()
            await peer.body(LONG // 4)
        await finish(peer, more)

    aws.script = slow
    found = []

    async def read(link) -> None:
        found.extend(await events(link))

    async with upstreams.connect(HOST) as link, trio.open_nursery() as nursery:
        make = link.connection
        data = make.send_request(request("PUT"), length=LONG) + make.send_data(bytes(LONG)) + make.send_end()
        nursery.start_soon(link.send, data)
        nursery.start_soon(read, link)
        for _ in range(4):
            await wait_all_tasks_blocked(0.05)
            clock.jump(15)
            more.release()
        for _ in range(parts):
            await wait_all_tasks_blocked(0.05)
            more.release()
    return [type(event) for event in found]


async def test_an_answer_in_parts_after_a_long_body_has_its_time(mock_clock, aws, upstreams):
    """The deadline that the body has moved on holds for all parts of the answer."""

    async def finish(peer: Peer, more: trio.Semaphore) -> None:
        for part in (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 4\r\n\r\n", b"done"):
            await peer.send(part)
            await more.acquire()

    assert await upload(aws, upstreams, mock_clock, finish, 3) == [ResponseHead, BodyData, BodyEnd]


async def test_a_peer_that_does_not_read(mock_clock, aws, upstreams):
    """The deadline is for a piece, and no more is handed on than what the sockets hold and one piece."""
    aws.script = silent
    refusals = []

    async def push(link) -> None:
        with pytest.raises(UpstreamError) as refused:
            await start(link, bytes(64 * MIB))
        refusals.append((refused.value.status, refused.value.reason))

    async with upstreams.connect(HOST) as link, trio.open_nursery() as nursery:
        nursery.start_soon(push, link)
        await wait_all_tasks_blocked()
        assert 0 < link.sent < 32 * MIB
        mock_clock.jump(19)
        await wait_all_tasks_blocked()
        assert refusals == []
        mock_clock.jump(1)
    assert refusals == [(504, f"{HOST} stopped reading the request")]
    assert upstreams.idle == 0


async def test_a_peer_that_reads_slowly_has_time(mock_clock, aws, upstreams):
    """Neither the deadline of a write nor that of the answer counts while the body moves."""

    async def finish(peer: Peer, _: trio.Semaphore) -> None:
        await peer.send(answer(b"done"))

    assert await upload(aws, upstreams, mock_clock, finish, 0) == [ResponseHead, BodyData, BodyEnd]


async def test_an_answer_that_has_begun_waits_no_longer_for_a_body_that_moves(mock_clock, aws, upstreams):
    aws.script = say(answer(b"abc")[:-1], then=silent)
    refusals = []

    async def read(link) -> None:
        with pytest.raises(UpstreamError) as refused:
            await events(link)
        refusals.append(refused.value.reason)

    async with upstreams.connect(HOST) as link, trio.open_nursery() as nursery:
        await start(link, None, length=10)
        nursery.start_soon(read, link)
        await wait_all_tasks_blocked()
        await link.send(link.connection.send_data(b"x"))
        mock_clock.jump(20)
        await wait_all_tasks_blocked()
        assert refusals == [f"{HOST} stopped in the middle of its answer"]
