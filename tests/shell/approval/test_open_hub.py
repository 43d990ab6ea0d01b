"""A hub that a process opens: what comes back from its database, what it writes by itself, and when it ends."""

from __future__ import annotations

import math
from contextlib import closing
from datetime import timedelta
from functools import partial

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import listening
from tests.kit.approvals.hubs import CONFIG, OTHER_RULE, call, nowhere, waiting
from tests.kit.approvals.questions import FixedClock
from trio_gate.approval.channel.frames import Accepted, Activity, Decide, Decided, GrantEnded, Open, Pending, Rejected, Resolved
from trio_gate.approval.param_tree import Part, ToRead
from trio_gate.approval.question import Group
from trio_gate.approval.terms import Terms
from trio_gate.audit.acts import gateway_row
from trio_gate.errors import AuditUnavailable, StorageUnavailable
from trio_gate.shell.approval.database import ApprovalDatabase
from trio_gate.shell.approval.open_hub import open_hub
from trio_gate.shell.audit.writer import open_audit_log

PATIENCE = 10


class Full:
    """A record that takes nothing."""

    async def acted(self, row) -> None:
        raise AuditUnavailable("full")


async def test_a_stop_is_kept_though_the_record_takes_no_row_of_it(tmp_path):
    path = str(tmp_path / "approvals.db")
    async with open_hub(CONFIG, FixedClock(), path, "", Full(), send=nowhere) as hub:
        hub.stop("ci", "alice", "odd calls")
        hub.acts.note(gateway_row("started", CONFIG, 1, FixedClock().now()))
    with closing(ApprovalDatabase(path)) as database:
        assert [stop["agent"] for stop in database.load("stop", dict).values()] == ["ci"]


@pytest.fixture
async def hub(tmp_path):
    """A hub whose writers wait, after a flush that had nothing to write."""
    async with (
        open_audit_log(str(tmp_path / "audit.db")) as audit,
        open_hub(CONFIG, FixedClock(), str(tmp_path / "approvals.db"), "", audit, send=nowhere) as hub,
    ):
        await hub.flush()
        await wait_all_tasks_blocked()
        await hub.flush()
        await hub.acts.flush()
        yield hub


async def test_a_row_is_written_that_was_noted_after_an_empty_flush(hub):
    with listening(hub, FixedClock(), may_observe=True) as alice, trio.fail_after(PATIENCE):
        alice.subscription.observes = True
        hub.acts.note(gateway_row("started", CONFIG, 1, FixedClock().now()))
        assert (await alice.until(Activity)).call["kind"] == "started"


async def test_what_outlives_the_process_is_kept_that_was_noted_after_an_empty_flush(hub, monkeypatch):
    write, done = ApprovalDatabase._write, trio.Event()

    def tell(self, notes):
        write(self, notes)
        trio.from_thread.run_sync(done.set if notes else int)

    monkeypatch.setattr(ApprovalDatabase, "_write", tell)
    hub.stop("ci", "alice", "look")
    with trio.fail_after(PATIENCE):
        await done.wait()


async def test_a_pending_question_is_there_after_a_restart_and_nothing_is_executed_for_nobody(opened, clock):
    async with opened() as hub, waiting(hub, call()):
        pass
    async with opened() as hub:
        with listening(hub, clock) as alice:
            assert (await alice.next()).pending == 1
            prompt = await alice.prompt()
            assert (prompt["id"], prompt["detached"]) == ("q1", True)
            alice.vote()
            assert (await alice.until(Resolved)).status == "approved"
        assert [grant.kind for grant in hub.grants.table] == ["once"]
    async with opened() as hub, waiting(hub, call(2, digest="e" * 64)) as [again]:
        await again.done.wait()
        assert again.cleared
        again.answer.sending()
        again.answer.close()
    async with opened() as hub:
        assert (hub.pending, list(hub.grants.table)) == (0, [])


@pytest.mark.parametrize("kind", ["prompt", "decided", "grant", "stop", "proof", "notice"])
@pytest.mark.parametrize("kept", [{}, {"id": 1}, []])
async def test_what_is_kept_in_another_form_is_said_in_one_line(opened, tmp_path, kind, kept):
    with closing(ApprovalDatabase(str(tmp_path / "approvals.db"))) as database:
        database.put(kind, "a1", kept)
        await database.flush()
    with pytest.raises(StorageUnavailable) as refused:
        async with opened():
            pass
    what = "what it keeps" if kind == "decided" else f"its {kind} a1"
    assert f"approvals.db: {what} is of another form: start the version that wrote it (" in refused.value.detail
    assert "\n" not in refused.value.detail


async def test_votes_are_there_after_a_restart(opened, clock):
    both = Group(id="human.oncall", people=("alice", "bob"), quorum=2, timeout=600.0)
    async with opened() as hub, waiting(hub, call(approvers=(both,))):
        with listening(hub, clock, may_grant=True) as alice:
            alice.vote(grant=Terms(uses=1, minutes=1))
    async with opened() as hub:
        with listening(hub, clock, "bob") as bob:
            await bob.next()
            assert (await bob.prompt())["proposed"] == {"uses": 1, "minutes": 1, "predicate": None}
            bob.vote()
            assert (await bob.until(Resolved)).by == ["alice", "bob"]


async def test_what_was_decided_is_there_after_a_restart_with_what_became_of_it_since(opened, clock):
    async with opened() as hub, waiting(hub, call()):
        pass
    async with opened() as hub:
        with listening(hub, clock) as alice:
            alice.vote()
    async with opened() as hub, waiting(hub, call(2)) as [again]:
        await again.done.wait()
        again.answer.sending()
        again.answer.answered(204, None)
        again.answer.close()
        again.answer.ended(None, 0.5)
    async with opened() as hub:
        with listening(hub, clock, follows=True) as alice:
            last = await alice.until(Decided)
            assert (last.id, last.status, last.outcome["status"]) == ("q1", "approved", 204)


async def test_what_hangs_on_a_rule_that_changed_does_not_come_back(opened, clock):
    async with opened() as hub:
        async with waiting(hub, call(), call(2, digest="e" * 64, repeat_key="e" * 64)):
            pass
        with listening(hub, clock) as alice:
            alice.vote()
        assert (hub.pending, len(list(hub.grants.table))) == (1, 1)
    async with opened(OTHER_RULE) as hub:
        assert (hub.pending, list(hub.grants.table)) == (0, [])
    async with opened() as hub:
        assert (hub.pending, list(hub.grants.table)) == (0, [])


async def test_what_expired_meanwhile_does_not_come_back(opened, clock):
    async with opened() as hub, waiting(hub, call()):
        pass
    clock.time += timedelta(seconds=600)
    async with opened() as hub:
        await wait_all_tasks_blocked()
        assert hub.pending == 0


async def test_the_limits_are_the_configurations(opened, clock):
    async with opened() as hub:
        limits = hub.limits
        assert (limits.max_pending, limits.max_pending_per_agent, limits.grant_ttl) == (3, 2, 60.0)
        assert (limits.grant_time, limits.grant_uses, limits.deny_cooldown) == (120.0, 4, 0.0)
        assert hub.config.agents == ("ci",)


async def test_what_is_out_of_time_ends_by_itself(tmp_path, autojump_clock):
    class Ticking:
        """Wall time that goes with trio's."""

        began = trio.current_time()

        def now(self):
            return FixedClock().time + timedelta(seconds=trio.current_time() - self.began)

    clock = Ticking()
    async with open_hub(CONFIG, clock, str(tmp_path / "x.db"), "", send=nowhere) as hub:
        async with waiting(hub, call(1), call(2, digest="e" * 64, repeat_key="e" * 64)):
            pass
        with listening(hub, clock) as alice:
            alice.vote()
            assert await alice.until(GrantEnded)
            assert trio.current_time() - clock.began == pytest.approx(60, abs=1)
            assert (await alice.until(Resolved)).status == "expired"
            assert trio.current_time() - clock.began == pytest.approx(600, abs=1)
        autojump_clock.autojump_threshold = math.inf  # which would jump over a write that is under way in its thread at the end


async def test_after_a_restart_what_was_to_be_read_is_not_here_until_its_agent_is_back_and_is_then_read_anew(tmp_path):
    path, clock = str(tmp_path / "approvals.db"), FixedClock()
    note = {"Note": {"$cut": {"text": "x", "length": 9000, "sha256": "0" * 64, "part": "p1"}}}
    parts = {"not_shown": (Part(part="p1", name="Note", why="cut"),)}
    long = partial(call, params=note, to_read=(ToRead(part="p1", name="Note", what="text", whole=False),), **parts)
    async with open_hub(CONFIG, clock, path, "", Full(), send=nowhere) as hub, waiting(hub, long()):
        pass
    async with open_audit_log(str(tmp_path / "audit.db")) as audit, open_hub(CONFIG, clock, path, "", audit, send=nowhere) as hub:
        with listening(hub, clock) as alice:
            alone = (await alice.until(Pending)).prompt
            assert alone["params"] != note
            read = Open(id="q1", part="p1")
            vote = Decide(id="q1", digest=alone["digest"], verdict="approve", unread=False)
            await alice.say(read)
            assert (await alice.next()).code == "not_kept"
            await alice.say(vote)
            assert (await alice.next()).message == "read first: text Note, parameters"
            async with waiting(hub, long(2)) as [agent]:
                back = (await alice.until(Pending)).prompt
                assert (back["id"], back["params"], [one["part"] for one in back["to_read"]]) == ("q1", note, ["p1"])
                assert [one["part"] for one in back["not_shown"]] == ["p1"]
                await alice.say(vote)
                assert (await alice.until(Rejected)).message == "read first: text Note"
                await alice.say(read)
                await alice.say(vote)
                assert (await alice.until(Accepted)).status == "approved"
                await agent.done.wait()
                assert agent.cleared
