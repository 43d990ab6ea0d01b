"""What people do is in the record, in its chain, before it counts."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.acts import ALL, CONFIG, Full, Slow, chain, decide, leaves
from tests.kit.approvals.agents import Agent
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.questions import FixedClock, question
from tests.kit.records import CALL
from trio_gate.approval.channel.frames import Accepted, Lift, Rejected, Revoke, Stop
from trio_gate.approval.terms import Terms
from trio_gate.audit.acts import gateway_row
from trio_gate.cli.log import cells
from trio_gate.errors import AuditUnavailable, Denied
from trio_gate.shell.approval.clearance import HubClearance
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import HubConfig
from trio_gate.shell.approval.subscribers import Subscribers
from trio_gate.shell.audit.acts import Acts, Unreviewed
from trio_gate.shell.audit.database import read_last, search
from trio_gate.shell.audit.writer import open_audit_log


async def test_all_that_people_do_stands_in_the_chain_of_an_older_database(path):
    clock, made = FixedClock(), asked(question(grantable=True))
    async with open_audit_log(path) as audit:
        hub = ApprovalHub(clock, config=HubConfig(agents=("ci",)), audit=audit)
        with listening(hub, clock, **ALL) as alice:
            await leaves(hub, made)
            terms = Terms(uses=5, minutes=60, predicate="aws.action != 'X'")
            await alice.say(decide("approve", "because\u202e of it", grant=terms))
            given = next(grant for grant in hub.grants.table if grant.kind == "predicate")
            used = await hub.ask(made)
            assert used.verdict.grant is not None
            used.sending()
            used.close()
            await alice.say(Revoke(id=given.id))
            await alice.say(Stop(agent="ci", reason="password=hunter2-canary"))
            await alice.say(Lift(agent="ci"))
    rows = chain(path)
    assert [row["kind"] for row in rows] == ["intent", "vote", "grant", "grant", "ended", "revoke", "stop", "lift"]
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
    [old] = search(path, {"id": "r-old"}, None, 5)[0]
    assert (old["kind"], old["outcome"], "grant" in old, "act" in old) == ("intent", None, False, False)
    assert [row["seq"] for row in search(path, {}, 4, 2)[0]] == [3, 2]


@pytest.mark.parametrize("verdict", ["approve", "deny"])
async def test_one_of_two_is_recorded(path, verdict):
    clock = FixedClock()
    async with open_audit_log(path) as audit:
        hub = ApprovalHub(clock, audit=audit)
        with listening(hub, clock) as alice:
            await leaves(hub, asked())
            await alice.say(decide(verdict, "no"))
    assert [(row["act"]["answer"], row["act"]["reason"]) for row in chain(path) if row["kind"] == "vote"] == [(verdict, "no")]


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
    hub = ApprovalHub(clock, config=HubConfig(agents=("ci",)), audit=record)
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
    assert record.rows == ["stop", "stop", "lift"], "a lift that may be in the record but did not happen has the stop after it"


@pytest.fixture
async def lifting():
    """Alice lifts a stop, and her row is being written."""
    clock, record = FixedClock(), Slow()
    hub = ApprovalHub(clock, config=HubConfig(agents=("ci",)), audit=record)
    with listening(hub, clock, **ALL) as alice, listening(hub, clock, "bob", **ALL) as bob:
        async with trio.open_nursery() as nursery:
            await bob.say(Stop(agent="ci", reason="same words"))
            await bob.until(Accepted)
            nursery.start_soon(alice.say, Lift(agent="ci"))
            await wait_all_tasks_blocked()
            yield hub, record, alice, bob


async def test_a_stop_that_comes_while_a_lift_is_recorded_stands(lifting):
    hub, record, alice, bob = lifting
    await bob.say(Stop(agent="ci", reason="same words"))
    await bob.until(Accepted)
    record.go.set()
    refused = await alice.until(Rejected)
    assert (refused.code, refused.message) == ("gone", "it is still stopped: bob stopped it again while you lifted it")
    with pytest.raises(Denied):
        hub.check("ci")
    await hub.acts.flush()
    assert record.rows == [("stop", "bob"), ("stop", "bob"), ("lift", "alice"), ("stop", "bob")]
    await alice.say(Lift(agent="ci"))
    await alice.until(Accepted)
    hub.check("ci")


async def test_who_has_left_while_a_lift_is_recorded_lifts_nothing(lifting):
    hub, record, alice, _ = lifting
    alice.subscription.close()
    record.go.set()
    await wait_all_tasks_blocked()
    with pytest.raises(Denied):
        hub.check("ci")
    await hub.acts.flush()
    assert record.rows[-1] == ("stop", "bob")


async def test_two_lifts_at_once_are_one(lifting, nursery):
    hub, record, alice, bob = lifting
    nursery.start_soon(bob.say, Lift(agent="ci"))
    await wait_all_tasks_blocked()
    record.go.set()
    answers = [type(await one.until((Accepted, Rejected))) for one in (alice, bob)]
    assert sorted(kind.__name__ for kind in answers) == ["Accepted", "Rejected"]
    hub.check("ci")


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
    assert [grant.used for grant in hub.grants.table] == [0]
    record.full = False
    assert (await hub.ask(asked())).verdict.grant is not None
    assert record.rows == ["vote", "grant"]


@pytest.mark.parametrize("what", ["stop", "rule"])
async def test_an_approval_that_was_taken_back_is_not_kept_for_later(what):
    clock, made = FixedClock(), asked()
    hub = ApprovalHub(clock, config=HubConfig(standings={made.question.rule: made.standing}))
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
            hub.stop(None, "alice", "") if what == "stop" else hub.judge_again(
                HubConfig(standings={made.question.rule: "another"})
            )
    if isinstance(agent.answer, HubClearance):
        agent.answer.close()
    assert not list(hub.grants.table)


async def test_the_end_of_a_grant_has_a_row_however_it_ends(path):
    clock, made = FixedClock(), asked(question(grantable=True))
    standings = {made.question.rule: made.standing}
    async with open_audit_log(path) as audit:
        hub = ApprovalHub(clock, config=HubConfig(standings=standings), audit=audit)
        with listening(hub, clock, **ALL) as alice:
            for end in ("used", "expired", "void"):
                made = asked(replace(made.question, expires_at=clock.time + timedelta(minutes=10)))
                await leaves(hub, made)
                await alice.say(decide("approve", ""))
                if end == "used":
                    use = await hub.ask(made)
                    use.sending()
                    use.close()
                elif end == "expired":
                    clock.time += timedelta(hours=1)
                    hub.sweep()
                else:
                    hub.judge_again(HubConfig())
                clock.time += timedelta(minutes=16)
        await hub.acts.flush()
    ended = [row for row in chain(path) if row["kind"] == "ended"]
    granted = [row for row in chain(path) if row["kind"] == "grant"]
    assert [row["act"]["why"] for row in ended] == ["used", "expired", "void"]
    assert [row["grant"] for row in ended] == [row["grant"] for row in granted]
    assert [row["act"]["used"] for row in ended] == [1, 0, 0]
    shown = [cells(record)[3] for record in read_last(path, 20) if record["kind"] == "ended"]
    assert shown[0] == "grant ended, used (once): DeleteObjects on s3 in us-east-1"


async def test_an_operation_that_was_not_reviewed_has_one_row(path):
    async with open_audit_log(path) as audit:
        acts = Acts(Subscribers().publish_activity, audit)
        met = Unreviewed(acts, FixedClock())
        for call in (CALL, replace(CALL, reviewed=False), replace(CALL, reviewed=False, params={})):
            met.met(call, "ci")
        met.met(replace(CALL, reviewed=False, operation="GetNew"), None)
        await acts.flush()
    rows = chain(path)[1:]
    assert [(row["kind"], row["service"], row["action"], row["agent"]) for row in rows] == [
        ("unreviewed", "s3", "GetObject", "ci"),
        ("unreviewed", "s3", "GetNew", None),
    ]
    assert cells(read_last(path, 1)[0])[3].startswith(
        "first call of s3:GetNew: the operation or one of its members is newer than the review"
    )


async def test_a_row_that_is_being_written_when_its_task_is_cancelled_is_written_once(path):
    async with open_audit_log(path) as audit:
        acts = Acts(Subscribers().publish_activity, audit)
        acts.note(gateway_row("started", CONFIG, 1, FixedClock().now()))
        with trio.move_on_after(0):
            await acts.flush()
        await acts.flush()
    assert [row["kind"] for row in chain(path)] == ["intent", "started"]


async def test_a_row_that_takes_too_long_is_kept_for_later(autojump_clock):
    class Slow(Full):
        async def acted(self, row):
            if self.full:
                await trio.sleep_forever()
            await super().acted(row)

    record = Slow()
    acts = Acts(Subscribers().publish_activity, record)
    acts.note(gateway_row("started", CONFIG, 1, FixedClock().now()))
    with pytest.raises(AuditUnavailable, match="within 10 seconds"):
        await acts.flush()
    record.full = False
    await acts.flush()
    assert record.rows == ["started"]
