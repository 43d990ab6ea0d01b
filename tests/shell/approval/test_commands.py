"""What people may do at the hub, frame by frame."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import Agent
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.questions import FixedClock, question
from tests.kit.records import intent, outcome, read
from tests.kit.sessions import session
from tests.kit.shortages import no_thread
from trio_gate.approval.channel.frames import (
    Accepted,
    Decide,
    Detail,
    Found,
    Granted,
    GrantEnded,
    Lift,
    Observe,
    Open,
    Read,
    Rejected,
    Revoke,
    Search,
    SessionList,
    Sessions,
    ShowAgent,
    Stop,
)
from trio_gate.approval.param_tree import ToRead
from trio_gate.approval.terms import Terms
from trio_gate.audit.rows import whole_row
from trio_gate.errors import AuditUnavailable, Overloaded, StorageUnavailable, TooMuchAtOnce
from trio_gate.sessions.table import SessionTable
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import HubConfig, Limits

ALL = {"may_grant": True, "may_observe": True, "may_stop": True}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def hub(clock) -> ApprovalHub:
    return ApprovalHub(clock, Limits(grant_time=3600.0, grant_uses=10), HubConfig(agents=("ci", "eve")))


@pytest.fixture
async def waiting(hub, nursery):
    agent = Agent(hub, asked(question(grantable=True)))
    nursery.start_soon(agent.run)
    await wait_all_tasks_blocked()
    return agent


GRANT = {"uses": 1, "minutes": 1}


@pytest.mark.parametrize(
    ("abilities", "terms", "code"),
    [
        ({}, GRANT, "not_allowed"),
        (ALL, {**GRANT, "uses": 11}, "limits"),
        (ALL, {**GRANT, "minutes": 61}, "limits"),
        (ALL, {**GRANT, "predicate": "aws.srevice == 's3'"}, "predicate"),
        (ALL, {**GRANT, "predicate": "aws.service =="}, "predicate"),
        (ALL, {**GRANT, "predicate": "'text'"}, "predicate"),
    ],
)
async def test_grants_that_cannot_be_given(hub, clock, waiting, abilities, terms, code):
    assert waiting.answer is None
    with listening(hub, clock, **abilities) as alice:
        alice.vote(grant=Terms(**terms))
        assert (await alice.until(Rejected)).code == code
        assert (hub.pending, list(hub.grants.table)) == (1, [])


async def test_a_grant_to_the_cap_is_given(hub, clock, waiting):
    with listening(hub, clock, **ALL) as alice:
        alice.vote(grant=Terms(uses=10, minutes=60, predicate="aws.service == 's3'"))
        assert (await alice.until(Accepted)).status == "approved"
        await wait_all_tasks_blocked()
        assert waiting.cleared
        assert [grant.kind for grant in hub.grants.table] == ["predicate"]


async def test_what_vends_or_is_not_known_takes_no_grant(hub, clock, nursery):
    nursery.start_soon(hub.ask, asked(question(grantable=False)))
    await wait_all_tasks_blocked()
    with listening(hub, clock, **ALL) as alice:
        alice.vote(grant=Terms(**GRANT))
        assert (await alice.until(Rejected)).code == "not_grantable"


async def test_a_predicate_holds_for_the_call_at_hand(hub, clock, nursery):
    nursery.start_soon(hub.ask, asked(question(grantable=True), covers=lambda _: False))
    await wait_all_tasks_blocked()
    with listening(hub, clock, **ALL) as alice:
        alice.vote(grant=Terms(**GRANT, predicate="aws.service == 'ec2'"))
        refused = await alice.until(Rejected)
        assert (refused.code, refused.message) == ("predicate", "it does not hold for this call, or cannot be decided")


async def test_a_part_is_opened_in_full(hub, clock, waiting):
    assert waiting.answer is None
    with listening(hub, clock) as alice:
        await alice.say(Open(ref="r", id="q1", part="p1", offset=2))
        shown = await alice.until(Detail)
        assert (shown.ref, shown.text, shown.offset, shown.next, shown.length) == ("r", "ole", 2, None, 5)
        for frame, code in ((Open(id="q1", part="p2"), "not_kept"), (Open(id="q9", part="p1"), "gone")):
            await alice.say(frame)
            assert (await alice.until(Rejected)).code == code
    with listening(hub, clock, "mallory") as mallory:
        await mallory.say(Open(id="q1", part="p1"))
        assert (await mallory.until(Rejected)).code == "gone"


async def test_nothing_is_opened_of_a_question_that_ended_meanwhile(hub, clock, nursery):
    go = trio.Event()

    async def slow(part, offset, colors):
        await go.wait()
        return await asked().open("p1", offset, colors)

    nursery.start_soon(hub.ask, replace(asked(question()), open=slow))
    await wait_all_tasks_blocked()
    with listening(hub, clock) as alice:
        nursery.start_soon(alice.say, Open(id="q1", part="p1"))
        await wait_all_tasks_blocked()
        hub.stop(None, "bob", "")
        go.set()
        assert (await alice.until((Detail, Rejected))).code == "gone"


@pytest.mark.parametrize("kind", [StorageUnavailable, TooMuchAtOnce, Overloaded])
async def test_a_part_that_cannot_be_had_is_said(hub, clock, nursery, kind):
    async def broken(part, offset, colors):
        await trio.lowlevel.checkpoint()
        raise kind("it could not be read", detail="Input/output error")

    nursery.start_soon(hub.ask, replace(asked(question()), open=broken))
    await wait_all_tasks_blocked()
    with listening(hub, clock) as alice:
        await alice.say(Open(id="q1", part="body"))
        refused = await alice.until(Rejected)
        assert (refused.code, "Input/output" in refused.message) == ("not_kept", False)


async def test_a_grant_is_revoked_by_whom_it_concerns(hub, clock, waiting):
    assert waiting.answer is None
    with listening(hub, clock, **ALL) as alice, listening(hub, clock, "mallory", **ALL) as mallory:
        alice.vote(grant=Terms(**GRANT))
        grant = (await alice.until(Granted)).grant["id"]
        await mallory.say(Revoke(id=grant))
        assert (await mallory.until(Rejected)).code == "gone"
        await alice.say(Revoke(ref="r", id=grant))
        assert await alice.until(GrantEnded) == GrantEnded(id=grant, why="revoked", by="alice")
        assert await alice.until(Accepted) == Accepted(ref="r", id=grant, status="done")
        await alice.say(Revoke(id=grant))
        assert (await alice.until(Rejected)).code == "gone"
    assert list(hub.grants.table) == []


@pytest.mark.parametrize("frame", [Stop(agent=None), Lift(agent=None), Observe(on=True), Search(filters={})])
async def test_without_the_ability_nothing_is_done(hub, clock, frame):
    with listening(hub, clock, may_grant=True) as alice:
        await alice.say(frame)
        assert (await alice.until(Rejected)).code == "not_allowed"
    assert list(hub.stops) == []


def row(seq: int, size: int = 1) -> dict:
    kept = read(whole_row(intent(f"r{seq}"), outcome(f"r{seq}")))
    return {"seq": seq, **kept, "params": {"Key": "\x1b" * size}}


async def test_the_record_is_searched_a_page_at_a_time(hub, clock):
    rows = [row(9), row(7), row(4)]
    calls = []

    def find(filters, before, limit):
        calls.append((filters, before, limit))
        return rows[:limit], 7 if len(rows) > limit else None

    with listening(hub, clock, find=find, **ALL) as alice:
        await alice.say(Search(ref="s", filters={"agent": "ci"}, before=10, limit=2))
        found = await alice.until(Found)
        assert ([call["seq"] for call in found.calls], found.next, found.ref) == ([9, 7], 7, "s")
        assert found.calls[0]["params"] == {"Key": "\\u{1b}"}
        await alice.say(Search(filters={}))
        assert (await alice.until(Found)).next is None
    assert calls == [({"agent": "ci"}, 10, 2), ({}, None, 50)]


async def test_searches_leave_threads_to_others(hub, clock):
    slow = threading.Event()

    def find(*_):
        assert slow.wait(10)
        return [], None

    with listening(hub, clock, find=find, **ALL) as alice:
        async with trio.open_nursery() as nursery:
            for _ in range(trio.to_thread.current_default_thread_limiter().total_tokens + 5):
                nursery.start_soon(alice.say, Search(filters={}))
            await wait_all_tasks_blocked()
            with trio.fail_after(5):
                await trio.to_thread.run_sync(int)
            slow.set()


async def test_one_persons_search_waits_for_no_other_persons(hub, clock):
    slow, asked = threading.Event(), trio.Event()
    token = trio.lowlevel.current_trio_token()

    def find(filters, *_):
        if not filters:
            token.run_sync_soon(asked.set)
            assert slow.wait(10)
        return [], None

    with listening(hub, clock, find=find, **ALL) as alice, listening(hub, clock, "bob", **ALL) as bob:
        bob.commands = alice.commands
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(alice.say, Search(filters={}))
            await asked.wait()
            with trio.fail_after(5):
                await bob.say(Search(filters={"agent": "ci"}))
                await bob.until(Found)
            slow.set()


async def test_a_page_is_no_larger_than_a_frame(hub, clock):
    with listening(hub, clock, find=lambda *_: ([row(number, 120_000) for number in range(9, 0, -1)], None), **ALL) as alice:
        await alice.say(Search(filters={}))
        found = await alice.until(Found)
        assert 0 < len(found.calls) < 9
        assert found.next == found.calls[-1]["seq"]


def broken(*_):
    raise AuditUnavailable("no disk")


@pytest.mark.parametrize("find", [None, broken])
async def test_a_record_that_cannot_be_read(hub, clock, find):
    with listening(hub, clock, find=find, **ALL) as alice:
        await alice.say(Search(filters={}))
        assert (await alice.until(Rejected)).code == "unavailable"


async def test_a_full_book_takes_no_more(hub, clock, waiting):
    hub.limits = replace(hub.limits, max_grants=0)
    with listening(hub, clock, **ALL) as alice:
        alice.vote(grant=Terms(**GRANT))
        assert (await alice.until(Rejected)).code == "limits"
        assert waiting.answer is None
        assert (hub.grants.table.count, hub.grants.table.refused) == (0, 1)
        await trio.lowlevel.checkpoint()


class Store:
    """The sessions that a hub knows; nothing is on disk."""

    def __init__(self, sessions):
        self.table = SessionTable(sessions)

    def watch(self, told):
        pass


async def test_the_newest_sessions_are_listed_as_far_as_they_fit(clock):
    kept = [
        session(number % 256, key_id=f"TGVS111111111111{number:016}", expires=clock.now() + timedelta(hours=1))
        for number in range(1001)
    ]
    hub = ApprovalHub(clock, Limits(grant_time=3600.0, grant_uses=10), HubConfig(agents=("ci",)), sessions=Store(kept))
    with listening(hub, clock, **ALL) as alice:
        await alice.say(Sessions(ref="r"))
        listed = (await alice.until(SessionList)).sessions
        assert [one["id"] for one in listed] == [one.key_id for one in kept[1:]]
        hub.sessions = Store([replace(one, chain=(f"arn:aws:iam::111111111111:role/{'a' * 600}",) * 10) for one in kept])
        await alice.say(Sessions(ref="r"))
        listed = (await alice.until(SessionList)).sessions
        assert 100 < len(listed) < 1000
        assert listed[-1]["id"] == kept[-1].key_id


@pytest.mark.parametrize(("agent", "code"), [("nobody", "gone"), (None, "gone"), ("ci", "unavailable")])
async def test_a_view_of_an_agent_needs_the_agent_and_something_that_makes_it(clock, agent, code):
    hub = ApprovalHub(clock, Limits(), HubConfig(agents=("ci",)))
    with listening(hub, clock, may_observe=True) as alice:
        await alice.say(ShowAgent(agent=agent))
        assert (await alice.until(Rejected)).code == code


async def test_without_a_thread_a_search_is_refused(hub, clock):
    with listening(hub, clock, find=lambda *_: ([], None), **ALL) as alice:
        with no_thread():
            await alice.say(Search(filters={}))
        assert (await alice.until(Rejected)).code == "unavailable"


SCRIPT = question(
    to_read=(
        ToRead(part="p1", name="Note", what="text", whole=False),
        ToRead(part="p2", name="commands", what="script", whole=True),
    )
)


class Acts(list):
    """A record of what people did."""

    async def acted(self, row):
        await trio.lowlevel.checkpoint()
        self.append(read(row))


@pytest.fixture
async def recorded(clock, nursery):
    """A hub with a record, and a call with parts to read."""
    audit = Acts()
    hub = ApprovalHub(clock, Limits(), HubConfig(agents=("ci",)), audit=audit)
    nursery.start_soon(Agent(hub, asked(SCRIPT)).run)
    await wait_all_tasks_blocked()
    return hub, audit


def vote_of(audit) -> dict:
    [row] = [row for row in audit if row["kind"] == "vote"]
    assert row["act"].get("confirmed") is None  # that is of tasks
    return {name: row["act"].get(name) for name in ("read", "unread", "knowing")}


async def test_who_asks_for_it_cannot_approve_what_they_have_not_read(recorded, clock):
    hub, audit = recorded
    with listening(hub, clock) as alice:
        decide = Decide(id="q1", digest=SCRIPT.digest, verdict="approve", unread=False)
        await alice.say(decide)
        refused = await alice.until(Rejected)
        assert (refused.code, refused.message) == ("unread", "read first: text Note, script commands")
        await alice.say(Open(id="q1", part="p1"))
        await alice.until(Detail)
        await alice.say(decide)
        assert (await alice.until(Rejected)).message == "read first: script commands"
        await alice.say(Read(id="q1", digest=SCRIPT.digest, parts=("p2",)))
        assert (await alice.until(Accepted)).status == "done"
        await alice.say(decide)
        assert (await alice.until(Accepted)).status == "approved"
    assert vote_of(audit) == {"read": ["text Note", "script commands"], "unread": None, "knowing": None}


@pytest.mark.parametrize(("unread", "knowing"), [(None, None), (True, True)])
async def test_a_vote_is_recorded_with_what_was_unread_and_whether_its_person_said_so(recorded, clock, unread, knowing):
    hub, audit = recorded
    with listening(hub, clock) as alice:
        await alice.say(Read(id="q1", digest=SCRIPT.digest, parts=("p1", "p2")))
        await alice.say(Decide(id="q1", digest=SCRIPT.digest, verdict="approve", unread=unread))
        await alice.until(Accepted)
    assert vote_of(audit) == {"read": ["script commands"], "unread": ["text Note"], "knowing": knowing}


async def test_nobody_reads_for_another_and_a_denial_needs_no_reading(recorded, clock):
    hub, audit = recorded
    with listening(hub, clock, "bob") as bob:
        await bob.say(Read(id="q1", digest=SCRIPT.digest, parts=("p2",)))
        await bob.say(Open(id="q1", part="p1"))
    with listening(hub, clock) as alice:
        await alice.say(Decide(id="q1", digest=SCRIPT.digest, verdict="deny", unread=False))
        assert (await alice.until(Accepted)).status == "denied"
    assert vote_of(audit)["read"] is None


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (Read(id="q1", digest="f" * 64, parts=("p2",)), "digest"),
        (Read(id="q9", digest=SCRIPT.digest, parts=("p2",)), "gone"),
    ],
)
async def test_what_is_read_is_of_a_question_as_it_is(recorded, clock, frame, code):
    hub, _ = recorded
    with listening(hub, clock) as alice:
        await alice.say(frame)
        assert (await alice.until(Rejected)).code == code
