"""How fast channels are read: what counts as a frame, however its bytes come, and whose turn it is."""

from __future__ import annotations

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, memory_stream_pair, wait_all_tasks_blocked

from trio_gate.shell.net.frame_pacing import FRAMES, PARTS, UNIT, Frames, Paced, Turns
from trio_gate.shell.net.rate_limit import Pace

TEXT, MORE, PING = 1, 0, 9


def frame(opcode: int, size: int, *, final: bool = True, mask: bool = True) -> bytes:
    """As RFC 6455 section 5.2 draws it."""
    short = size if size < 126 else 126 if size < 65536 else 127
    more = b"" if short < 126 else size.to_bytes(2 if short == 126 else 8)
    return bytes([final << 7 | opcode, mask << 7 | short]) + more + b"\x81\x00\x89\x80"[: 4 * mask] + b"\x89" * size


SIZES = st.sampled_from([0, 1, 2, 5, 125, 126, 127, 300, 65535, 65536]) | st.integers(0, 70_000)


@given(
    st.lists(
        st.builds(frame, st.sampled_from([TEXT, MORE, PING, 2, 8, 10]), SIZES, final=st.booleans(), mask=st.booleans()),
        max_size=8,
    ),
    st.lists(st.integers(1, 40), min_size=1, max_size=20),
)
def test_frames_are_counted_however_they_are_cut(frames, cuts):
    data, frames_of, counted, at = b"".join(frames), Frames(), 0, 0
    for cut in cuts:
        counted += frames_of.count(data[at : at + cut])
        at += cut
    assert counted + frames_of.count(data[at:]) == len(frames)


@pytest.mark.parametrize(
    ("frames", "longest"),
    [
        ([frame(TEXT, 3, final=False), frame(MORE, 0, final=False), frame(MORE, 200)], 3),
        ([frame(TEXT, 3, final=False), frame(PING, 0), frame(MORE, 0, final=False), frame(PING, 0)], 2),
        ([frame(TEXT, 0, final=False), frame(MORE, 0), frame(2, 70_000)], 2),
    ],
)
def test_the_frames_of_a_message_are_counted_from_its_first(frames, longest):
    counter = Frames()
    for one in frames:
        counter.count(one)
    assert counter.longest == longest


async def read(frames: bytes) -> tuple[Paced, float]:
    """A stream that these are read from to their end, and the seconds that it took by the test's clock."""
    ours, theirs = memory_stream_pair()
    turns = Turns()
    paced = Paced(theirs, float("inf"), lambda: turns)
    await ours.send_all(frames)
    await ours.aclose()
    while await paced.receive_some(256):
        pass
    return paced, trio.current_time()


@pytest.mark.parametrize("one", [frame(PING, 0), frame(TEXT, 1), frame(TEXT, 0, final=False), frame(TEXT, 100)])
async def test_more_frames_than_the_pace_allows_are_read_later(autojump_clock: MockClock, one):
    count = FRAMES.most + 10 * int(FRAMES.rate)
    _, took = await read(one * count)
    assert took == pytest.approx(10 + len(one) * count / UNIT / FRAMES.rate, abs=0.1)


async def test_what_real_use_sends_is_not_kept_waiting(autojump_clock: MockClock):
    _, took = await read(frame(TEXT, 300) * 150)
    assert took == 0


async def test_large_messages_count_by_their_bytes(autojump_clock: MockClock):
    _, took = await read(frame(TEXT, 64 * UNIT) * 20)
    assert took == pytest.approx((20 * 65 - FRAMES.most) / FRAMES.rate, abs=0.1)


async def test_a_long_row_of_parts_is_refused_and_the_rest_thrown_away(autojump_clock: MockClock):
    paced, _ = await read(frame(TEXT, 0, final=False) + frame(MORE, 0, final=False) * (PARTS - 1))
    assert not paced.refused.is_set()
    paced, _ = await read(frame(TEXT, 0, final=False) + frame(MORE, 0, final=False) * PARTS + frame(TEXT, 5))
    assert paced.refused.is_set()


async def test_who_was_broken_off_leaves_little_to_wait_for(autojump_clock: MockClock):
    turns = Turns()
    for _ in range(1000):
        with trio.move_on_after(0):
            await turns.take(100)
    began = trio.current_time()
    await turns.take(1)
    assert trio.current_time() - began <= 1


async def test_a_crowd_of_one_person_has_one_turn_while_others_have_theirs():
    crowd, other = Turns(Pace(most=10**6, rate=1)), Turns()
    order: list[str] = []

    async def pieces(turns: Turns, name: str, count: int) -> None:
        for _ in range(count):
            await turns.take(1)
            order.append(name)

    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(pieces, crowd, "crowd", 20)
        await wait_all_tasks_blocked()  # all of the crowd wait, or are done
        order.clear()
        for _ in range(50):
            nursery.start_soon(pieces, crowd, "crowd", 20)
        nursery.start_soon(pieces, other, "other", 5)
    last = max(at for at, name in enumerate(order) if name == "other")
    assert last < 15
