"""Sessions of the page: how long they last, and what ends them."""

from dataclasses import replace

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_gate.config.model import Person
from trio_gate.shell.admin.sessions import IDLE, LIFE, MAX_OF_ONE, Sessions

ALICE = Person(name="alice", token_sha256="a" * 64, kind="human")
BOB = Person(name="bob", token_sha256="b" * 64, kind="human")


@pytest.fixture
def people():
    return {"alice": ALICE, "bob": BOB}


@pytest.fixture
def sessions(people):
    return Sessions(people)


async def test_a_session_is_found_by_its_id_alone(sessions):  # noqa: ASYNC124 - sessions read trio's clock
    name, other = sessions.begin(ALICE), sessions.begin(BOB)
    assert name != other
    assert len(name) >= 43
    assert (sessions.find(name).person, sessions.find(other).person) == (ALICE, BOB)
    assert sessions.find(name[:-1]) is None
    assert sessions.find("") is None


async def test_an_idle_session_ends(sessions, autojump_clock: MockClock):
    name = sessions.begin(ALICE)
    for _ in range(3):
        await trio.sleep(IDLE - 1)
        assert sessions.find(name) is not None
    await trio.sleep(IDLE)
    assert sessions.find(name) is None


async def test_an_open_channel_is_no_idleness_but_a_shift_has_an_end(sessions, autojump_clock: MockClock):
    name = sessions.begin(ALICE)
    session = sessions.find(name)
    with session.open_channel():
        await trio.sleep(LIFE - 1)
        assert sessions.find(name) is session
        await session.over()
        assert trio.current_time() == pytest.approx(LIFE)
    assert sessions.find(name) is None


async def test_idleness_begins_when_the_channel_closes(sessions, autojump_clock: MockClock):
    name = sessions.begin(ALICE)
    with sessions.find(name).open_channel():
        await trio.sleep(2 * IDLE)
    await trio.sleep(IDLE - 1)
    assert sessions.find(name) is not None


async def test_signing_out_ends_what_hangs_on_it(sessions):
    name, other = sessions.begin(ALICE), sessions.begin(ALICE)
    session = sessions.find(name)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(session.over)
        await wait_all_tasks_blocked()
        sessions.end(name)
    assert sessions.find(name) is None
    assert sessions.find(other) is not None
    sessions.end(name)


async def test_another_token_or_no_person_ends_it(sessions, people):  # noqa: ASYNC124 - sessions read trio's clock
    alice, bob = sessions.begin(ALICE), sessions.begin(BOB)
    held = sessions.find(alice)
    people["alice"] = replace(ALICE, token_sha256="c" * 64)
    del people["bob"]
    assert sessions.find(alice) is None
    assert sessions.find(bob) is None
    assert held.ended.is_set()


async def test_abilities_are_those_of_now(sessions, people):  # noqa: ASYNC124 - sessions read trio's clock
    name = sessions.begin(ALICE)
    people["alice"] = replace(ALICE, may_stop=True)
    assert sessions.find(name) is not None


async def test_one_person_has_a_limit_of_sessions(sessions):  # noqa: ASYNC124 - sessions read trio's clock
    bob = sessions.begin(BOB)
    names = [sessions.begin(ALICE) for _ in range(MAX_OF_ONE + 2)]
    assert [sessions.find(name) is not None for name in names] == [False, False, *[True] * MAX_OF_ONE]
    assert sessions.find(bob) is not None
