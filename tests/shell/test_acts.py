"""What people do is in the record, in its chain, before it counts."""

import json
import sqlite3
from contextlib import closing, suppress

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.approval.kit import FixedClock, question
from tests.audit.kit import intent
from tests.kit.asking import asked, listening
from tests.shell.test_approvals import Agent
from trio_gate.approval.frames import Accepted, Decide, Lift, Rejected, Revoke, Stop, Terms
from trio_gate.audit.chain import GENESIS, link
from trio_gate.audit.record import intent_row
from trio_gate.cli.log import cells
from trio_gate.errors import AuditUnavailable, Denied
from trio_gate.shell.approvals import ApprovalHub
from trio_gate.shell.audit_log import open_audit_log
from trio_gate.shell.clearance import Cleared
from trio_gate.shell.roll import Roll
from trio_gate.shell.store import read_last

ALL = {"may_grant": True, "may_observe": True, "may_stop": True}
OLD = """
CREATE TABLE record (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, row TEXT NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE INDEX record_id ON record (id);
PRAGMA user_version = 1;
"""


@pytest.fixture
def path(tmp_path):
    """A database as the gateway made it before, with one row."""
    made = str(tmp_path / "audit.db")
    old = json.loads(intent_row(intent("r-old")))
    del old["grant"]
    row = json.dumps(old, sort_keys=True, separators=(",", ":"))
    with closing(sqlite3.connect(made)) as db:
        db.executescript(OLD)
        db.execute("INSERT INTO record VALUES (1, 'intent', 'r-old', ?, ?)", (row, link(GENESIS, row.encode())))
        db.commit()
    return made


def chain(path):
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT row, hash FROM record ORDER BY seq").fetchall()
    head = GENESIS
    for row, kept in rows:
        head = link(head, row.encode())
        assert kept == head
    return [json.loads(row) for row, _ in rows]


def decide(verdict, reason, **more):
    return Decide(id="q1", digest=question().digest, verdict=verdict, reason=reason, **more)


async def leaves(hub, made):
    """An agent asks and goes: its question waits, detached."""
    with trio.move_on_after(0):
        await hub.ask(made)


async def test_all_that_people_do_stands_in_the_chain_of_an_older_database(path):
    clock, made = FixedClock(), asked(question(grantable=True))
    async with open_audit_log(path) as audit:
        hub = ApprovalHub(clock, roll=Roll(agents=("ci",)), audit=audit)
        with listening(hub, clock, **ALL) as alice:
            await leaves(hub, made)
            terms = Terms(uses=5, minutes=60, predicate="aws.action != 'X'")
            await alice.say(decide("approve", "because\u202e of it", grant=terms))
            given = next(grant for grant in hub.grants.book if grant.kind == "predicate")
            used = await hub.ask(made)
            assert used.verdict.grant is not None
            used.sending()
            used.close()
            await alice.say(Revoke(id=given.id))
            await alice.say(Stop(agent="ci", reason="password=hunter2-canary"))
            await alice.say(Lift(agent="ci"))
    rows = chain(path)
    assert [row["kind"] for row in rows] == ["intent", "vote", "grant", "grant", "revoke", "stop", "lift"]
    vote, once, granted = rows[1:4]
    assert (vote["act"]["answer"], vote["act"]["status"], vote["approvers"][0]["person"]) == ("approve", "approved", "alice")
    assert vote["act"]["grant"] == {"uses": 5, "minutes": 60, "predicate": "aws.action != 'X'"}
    assert once["act"]["kind"] == "once"
    assert (granted["grant"], granted["act"]["uses"], granted["act"]["minutes"]) == (given.id, 5, 60)
    assert granted["act"]["predicate"] == "aws.action != 'X'"
    text = json.dumps(rows)
    assert "hunter2-canary" not in text
    assert "\\u202e" not in text
    shown = [cells(record)[3] for record in read_last(path, 10)]
    assert shown[1].startswith("approve ")
    assert "5 uses in 60 minutes, where aws.action != 'X'" in shown[1]
    assert shown[-1] == "lift ci"


@pytest.mark.parametrize("verdict", ["approve", "deny"])
async def test_one_of_two_is_recorded(path, verdict):
    clock = FixedClock()
    async with open_audit_log(path) as audit:
        hub = ApprovalHub(clock, audit=audit)
        with listening(hub, clock) as alice:
            await leaves(hub, asked())
            await alice.say(decide(verdict, "no"))
    assert [(row["act"]["answer"], row["act"]["reason"]) for row in chain(path) if row["kind"] == "vote"] == [(verdict, "no")]


class Full:
    """A record that takes nothing."""

    full = True

    def __init__(self):
        self.rows = []

    async def acted(self, row):
        await trio.lowlevel.checkpoint()
        if self.full:
            raise AuditUnavailable("no room")
        self.rows.append(json.loads(row)["kind"])


async def test_a_vote_whose_row_cannot_be_written_does_not_count(nursery):
    clock, record = FixedClock(), Full()
    hub = ApprovalHub(clock, audit=record)
    agent = Agent(hub, asked())
    nursery.start_soon(agent.run)
    await wait_all_tasks_blocked()
    with listening(hub, clock) as alice:
        await alice.say(decide("approve", ""))
        assert (await alice.until(Rejected)).code == "unavailable"
        assert hub.pending == 1
        record.full = False
        await alice.say(decide("approve", ""))
        assert (await alice.until(Accepted)).status == "approved"
    assert record.rows == ["void", "vote"]


async def test_a_stop_holds_at_once_and_is_lifted_only_when_that_is_recorded():
    clock, record = FixedClock(), Full()
    hub = ApprovalHub(clock, roll=Roll(agents=("ci",)), audit=record)
    with listening(hub, clock, **ALL) as alice:
        await alice.say(Stop(agent="ci", reason="x"))
        assert "not in the record yet" in (await alice.until(Rejected)).message
        await alice.say(Lift(agent="ci"))
        assert "still stopped" in (await alice.until(Rejected)).message
        with pytest.raises(Denied):
            hub.check("ci")
        record.full = False
        await alice.say(Lift(agent="ci"))
        await alice.until(Accepted)
        hub.check("ci")
    assert record.rows == ["stop", "lift"]


async def test_a_grant_answers_for_nothing_before_it_is_recorded():
    clock, record = FixedClock(), Full()
    record.full = False
    hub = ApprovalHub(clock, audit=record)
    with listening(hub, clock) as alice:
        await leaves(hub, asked())
        await alice.say(decide("approve", ""))
    record.full = True
    with suppress(AuditUnavailable):
        assert await hub.ask(asked()) is None
    assert [grant.used for grant in hub.grants.book] == [0]
    record.full = False
    assert (await hub.ask(asked())).verdict.grant is not None
    assert record.rows == ["vote", "grant"]


@pytest.mark.parametrize("what", ["stop", "rule"])
async def test_an_approval_that_was_taken_back_is_not_kept_for_later(what):
    clock, made = FixedClock(), asked()
    hub = ApprovalHub(clock, roll=Roll(standings={made.question.rule: made.standing}))
    with listening(hub, clock) as alice:
        await leaves(hub, made)
        alice.vote()
        cleared = await hub.ask(made)
        cleared.sending()
        cleared.close()
        await leaves(hub, made)
        async with trio.open_nursery() as nursery:
            agent = Agent(hub, made)
            nursery.start_soon(agent.run)
            await wait_all_tasks_blocked()
            alice.vote()
            hub.stop(None, "alice", "") if what == "stop" else hub.judge_again(Roll(standings={made.question.rule: "another"}))
    if isinstance(agent.answer, Cleared):
        agent.answer.close()
    assert not list(hub.grants.book)
