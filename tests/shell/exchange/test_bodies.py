"""Where bodies are kept, how much of them, and who makes room for whom."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager

import pytest
import trio
from trio.testing import memory_stream_pair

from tests.kit.shortages import room as disk
from tests.kit.wire.streams import agent_stream, seat
from tests.kit.wire.transports import StreamTransport
from trio_gate.errors import Malformed, Overloaded, StorageUnavailable
from trio_gate.shell.exchange.bodies import SPILL, Bodies, Kept, read_held
from trio_gate.shell.exchange.budget import Budget

MIB = 1024 * 1024


def proven(budget: Budget, agent: str):
    """A share of a proven agent's."""
    return owned(budget.share(seat(agent)), agent)


@contextmanager
def owned(share, agent):
    with share as made:
        made.agent = agent
        yield made


@pytest.fixture
def kept(tmp_path) -> Bodies:
    return Bodies(held=Budget(4 * MIB, "holds"), spooled=Budget(8 * MIB, "keeps"), folder=str(tmp_path / "spool"))


async def test_a_budget_is_shared_and_given_back():  # noqa: ASYNC124 - a share reads trio's clock
    budget = Budget(100, "holds")
    with proven(budget, "ci") as one:
        one.reserve(60)
        with proven(budget, "cd") as other:
            other.reserve(40)
            with pytest.raises(Overloaded, match=r"holds too much already: try again later \(held_total\)"):
                other.reserve(1)
        assert budget.left == 40
        one.reserve(40)
    assert budget.left == 100


async def test_a_share_is_given_back_whatever_happens():  # noqa: ASYNC124 - a share reads trio's clock
    budget = Budget(100, "holds")

    def fail():
        with budget.share(seat()) as share:
            share.reserve(100)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert budget.left == 100


async def test_an_agent_with_one_body_may_have_all_and_with_more_leaves_as_much_as_it_has():  # noqa: ASYNC124 - a share reads trio's clock
    budget = Budget(100, "holds")
    with proven(budget, "ci") as only:
        only.reserve(100)
    with proven(budget, "ci") as first, proven(budget, "ci") as second, proven(budget, "cd") as other:
        first.reserve(30)
        second.reserve(20)
        with pytest.raises(Overloaded, match="as much for this agent's other calls as it may") as refused:
            second.reserve(1)
        assert "held_total" not in refused.value.reason
        other.reserve(50)
    assert budget.left == 100


async def test_who_has_proven_nothing_makes_room_and_the_slowest_first(autojump_clock):
    budget = Budget(100, "holds")
    slow, quick, mine = seat(None), seat(None), seat(None)
    with budget.share(slow) as first, budget.share(quick) as second, budget.share(mine) as third:
        quick.took(1_000_000)
        first.reserve(60)
        second.reserve(40)
        await trio.sleep(10)
        third.reserve(50)
        assert (slow.turned_out, quick.turned_out) == (True, False)
        assert (first.taken, budget.left) == (0, 10)
        with proven(budget, "ci") as other:
            other.reserve(100)
        assert quick.turned_out
        assert mine.turned_out
    assert budget.left == 100


async def test_who_has_kept_nothing_is_left_alone(autojump_clock):
    budget = Budget(100, "holds")
    silent, quick = seat(None), seat(None)
    with budget.share(silent), budget.share(quick) as full, proven(budget, "ci") as mine:
        quick.took(1_000_000)
        full.reserve(100)
        await trio.sleep(10)
        mine.reserve(1)
    assert (silent.turned_out, quick.turned_out) == (False, True)


async def test_a_proven_agent_makes_no_room_for_who_has_proven_nothing(autojump_clock):
    budget = Budget(100, "holds")
    theirs = seat("ci")
    with owned(budget.share(theirs), "ci") as share, budget.share(seat(None)) as stranger:
        share.reserve(90)
        stranger.reserve(10)
        await trio.sleep(10)
        with pytest.raises(Overloaded):
            stranger.reserve(1)
    assert not theirs.turned_out


async def test_a_large_body_waits_for_its_turn_and_not_for_ever(nursery, autojump_clock):
    budget = Budget(100, "holds")
    with proven(budget, "ci") as waiting:
        with proven(budget, "cd") as first:
            first.reserve(60)
            nursery.start_soon(waiting.wait, 70)
            await trio.sleep(10)
            assert waiting.taken == 0
        await trio.sleep(1)
        assert waiting.taken == 70
        with proven(budget, "cd") as late, pytest.raises(Overloaded):
            await late.wait(31)


async def test_what_is_spooled_is_read_again_and_leaves_no_file(kept, tmp_path):
    data = bytes(range(256)) * 3000
    with kept.room(seat()) as room:
        store = room.spool()
        await store.write(data[:5])
        await store.write(data[5:])
        for _ in range(2):
            await store.rewind()
            pieces = []
            while (piece := await store.next_piece()) is not None:
                pieces.append(piece)
            assert b"".join(pieces) == store.load() == data
        assert kept.spooled.left == 8 * MIB - len(data)
        assert list((tmp_path / "spool").iterdir()) == []
    assert kept.spooled.left == 8 * MIB
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


async def test_a_spool_keeps_no_more_than_its_budget(tmp_path):
    small = Bodies(held=Budget(1, "holds"), spooled=Budget(10, "keeps"), folder=str(tmp_path))
    with small.room(seat()) as room:
        store = room.spool()
        with pytest.raises(Overloaded):
            await store.write(b"x" * 11)
        await store.write(b"x" * 10)


async def test_what_is_on_disk_is_the_agents_once_it_is_proven(kept):
    with kept.room(seat()) as room:
        before = room.spool()
        room.count_for("ci")
        await before.write(bytes(3 * MIB))
        with kept.room(seat()) as another:
            another.count_for("ci")
            with pytest.raises(Overloaded, match="this agent's other calls"):
                await another.spool().write(bytes(2 * MIB))


async def test_a_folder_that_cannot_be_used_is_said(tmp_path):  # noqa: ASYNC124 - a room reads trio's clock
    (tmp_path / "file").write_text("")
    broken = Bodies(held=Budget(1, "holds"), spooled=Budget(10, "keeps"), folder=str(tmp_path / "file"))
    with broken.room(seat()) as room, pytest.raises(StorageUnavailable, match="cannot be stored in"):
        room.spool()


@pytest.mark.parametrize("short", [1, 5000, MIB])
async def test_a_disk_that_is_full_at_the_last_bytes_refuses(kept, short):
    size = 2 * MIB
    agent = await sent(bytes(size), f"Content-Length: {size}")
    with (
        kept.room(seat()) as room,
        disk(size - short),
        pytest.raises(StorageUnavailable, match="could not be stored") as caught,
    ):
        await read_held(agent, 4 * MIB, room, lambda: False)
    assert caught.type is StorageUnavailable, "a disk for bodies is not the record's"
    assert caught.value.reason == "the gateway could not store the body of this request: tell your operator"
    assert kept.spooled.left == 8 * MIB


@pytest.mark.parametrize("does", ["write", "rewind", "next_piece", "read_at", "load"])
async def test_a_disk_that_fails_refuses_whatever_is_done(kept, does):
    async def load(store):
        await trio.lowlevel.checkpoint()
        return store.load()

    act = {
        "write": lambda store: store.write(b"more"),
        "rewind": lambda store: store.rewind(),
        "next_piece": lambda store: store.next_piece(),
        "read_at": lambda store: store.read_at(0, 5),
        "load": load,
    }[does]
    reads, writes = os.pipe()  # neither seeks, and each goes one way
    with kept.room(seat()) as room:
        store = room.spool()
        await store.write(b"bytes")
        os.dup2(reads if does == "write" else writes, store._file.fileno())
        with pytest.raises(StorageUnavailable, match="could not be stored"):
            await act(store)
    os.close(reads)
    os.close(writes)


async def test_a_spool_that_gives_back_less_than_it_took_is_no_body(kept):
    with kept.room(seat()) as room:
        store = room.spool()
        await store.write(b"bytes")
        os.truncate(store._file.fileno(), 3)
        with pytest.raises(StorageUnavailable, match="less than it took"):
            store.load()


async def sent(body, framing):
    """An agent whose request's head has been read."""
    near, far = memory_stream_pair()
    agent = agent_stream(StreamTransport(near))
    await far.send_all(f"PUT / HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n".encode() + body)
    assert await agent.next_head()
    return agent


CHUNKS = b"5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n"
HELLO_WORLD = hashlib.sha256(b"helloworld").hexdigest()
FRAMED = pytest.mark.parametrize(
    ("framing", "body"), [("Content-Length: 10", b"helloworld"), ("Transfer-Encoding: chunked", CHUNKS)], ids=["length", "chunks"]
)


def small(total: int = 100) -> Bodies:
    return Bodies(held=Budget(total, "holds"), spooled=Budget(0, "keeps"), folder="/nowhere")


@FRAMED
async def test_a_held_body_is_counted_while_it_is_kept(framing, body):
    place = small(10)
    with place.room(seat()) as room:
        held = await read_held(await sent(body, framing), 10, room, lambda: False)
        assert held == Kept(length=10, sha256=HELLO_WORLD, data=b"helloworld")
        assert place.held.left == 0
        with place.room(seat()) as another, pytest.raises(Overloaded):
            await read_held(await sent(body, framing), 10, another, lambda: False)
    assert place.held.left == 10


@FRAMED
async def test_a_held_body_has_a_limit(framing, body):
    with small().room(seat()) as room, pytest.raises(Malformed, match="held_limit") as caught:
        await read_held(await sent(body, framing), 9, room, lambda: False)
    assert (caught.value.status, caught.value.code) == (413, "TooLarge")
    assert not any(word in caught.value.reason for word in ("held_limit", "9"))


@pytest.mark.parametrize("size", [SPILL, SPILL + 1, 3 * MIB])
@pytest.mark.parametrize("chunked", [False, True])
async def test_more_than_a_little_is_on_disk(kept, size, chunked):
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    body, framing = (
        (b"%x\r\n%b\r\n0\r\n\r\n" % (size, data), "Transfer-Encoding: chunked") if chunked else (data, f"Content-Length: {size}")
    )
    with kept.room(seat()) as room:
        found = await read_held(await sent(body, framing), 4 * MIB, room, lambda: False)
        assert (found.length, found.sha256) == (size, hashlib.sha256(data).hexdigest())
        assert (found.store is None) == (size == SPILL)
        assert (found.store.load() if found.store else found.data) == data
        assert kept.held.left == 4 * MIB - len(found.data)
        assert kept.spooled.left == 8 * MIB - (size if found.store else 0)


async def test_more_than_the_limit_is_kept_only_where_it_may_be(kept):
    body = bytes(2 * MIB)
    with kept.room(seat()) as room:
        found = await read_held(await sent(body, f"Content-Length: {len(body)}"), SPILL, room, lambda: True)
        assert found.store is not None
