"""Who is told of waiting calls by a hub: when, how often, and after what; deliveries are noted, time is the test's."""

import hashlib
import logging
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import Agent
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.questions import NOW, ONCALL, question
from trio_gate.approval.channel.frames import Hello
from trio_gate.approval.question import Group
from trio_gate.config.receivers.model import Program, Receiver
from trio_gate.notices.trouble import PAUSES, Trouble
from trio_gate.shell.approval import notifier
from trio_gate.shell.approval.database import ApprovalDatabase
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import HubConfig
from trio_gate.shell.approval.notifier import AT_ONCE

DOWN, WRONG = Trouble(text="h answers with status 500"), Trouble(text="h answers with status 404", final=True)


class TrioClock:
    """Wall time that goes as trio's clock does."""

    def __init__(self) -> None:
        self._start = trio.current_time()

    def now(self):
        return NOW + timedelta(seconds=trio.current_time() - self._start)


class Receivers:
    """Takes deliveries and notes them; `troubles` are what the next ones meet, and while `open` is not set, they hang."""

    def __init__(self, clock) -> None:
        self._clock = clock
        self.told: list[tuple[str, str]] = []
        self.times: list[float] = []
        self.troubles: list[Trouble] = []
        self.open = trio.Event()
        self.open.set()

    async def deliver(self, to, notice) -> Trouble | None:
        self.told.append((to.command[0], notice.id))
        self.times.append((self._clock.now() - NOW).total_seconds())
        if to.command[0] == "/slow":
            await self.open.wait()
        await trio.lowlevel.checkpoint()
        return self.troubles.pop(0) if self.troubles else None


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def receiver(name: str, **changes) -> Receiver:
    return Receiver(name=name, to=Program(command=(f"/{name}",)), **changes)


def config(*receivers: Receiver, **changes) -> HubConfig:
    oncall = replace(ONCALL, notify=receivers, **changes)
    leads = replace(ONCALL, name="leads", people=("bob",), notify=(receiver("lead"),))
    return HubConfig(approvers={one.id: one for one in (oncall, leads)}, standings={"the rest": "s" * 64})


class Told:
    """A hub whose notifier runs."""

    def __init__(self, hub, receivers, nursery, clock) -> None:
        self.hub, self.receivers, self.clock, self._nursery = hub, receivers, clock, nursery

    async def ask(self, name: str = "q1", **changes) -> Agent:
        agent = Agent(self.hub, asked(replace(question(name), repeat_key=digest(name), digest=digest(name), **changes)))
        self._nursery.start_soon(agent.run)
        await wait_all_tasks_blocked()
        return agent

    @property
    def programs(self) -> list[str]:
        return [program for program, _ in self.receivers.told]


@asynccontextmanager
async def telling(path, made: HubConfig):
    clock = TrioClock()
    receivers, database = Receivers(clock), ApprovalDatabase(str(path / "approvals.db"))
    hub = ApprovalHub(clock, config=made, database=database, delivery=receivers, page="https://gate/")
    hub.load()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hub.notifier.run)
        yield Told(hub, receivers, nursery, clock)
        nursery.cancel_scope.cancel()
    await database.flush()
    database.close()


async def test_every_question_is_told_once_to_each_whoever_is_connected(autojump_clock, tmp_path):
    async with telling(tmp_path, config(receiver("desk"), receiver("chat"))) as here:
        with listening(here.hub, here.clock):
            first = await here.ask()
            first.leave()
            await here.ask()  # the agent tries again, and joins
            await here.ask("q2")
            await trio.sleep(300)
        assert sorted(here.receivers.told) == [
            ("/chat", "q1:asked:human:oncall:chat"),
            ("/chat", "q2:asked:human:oncall:chat"),
            ("/desk", "q1:asked:human:oncall:desk"),
            ("/desk", "q2:asked:human:oncall:desk"),
        ]


@pytest.mark.parametrize("people", [[], ["carol"], ["alice"], ["bob", "carol"]])
async def test_the_program_of_an_attribute_is_run_only_where_nobody_is_connected(autojump_clock, tmp_path, people):
    async with telling(tmp_path, config(receiver("page", when_absent=True))) as here:
        with ExitStack() as connected:
            for name in people:
                connected.enter_context(listening(here.hub, here.clock, name))
            await here.ask()
        await trio.sleep(60)
        assert here.programs == ([] if {"alice", "bob"} & set(people) else ["/page"])


async def test_others_are_told_when_it_has_waited(autojump_clock, tmp_path):
    made = config(receiver("desk"), escalate_to=("human.leads",), escalate_after=180.0)
    async with telling(tmp_path, made) as here:
        await here.ask()
        await trio.sleep(179)
        assert here.programs == ["/desk"]
        await trio.sleep(2)
        assert here.receivers.told[1:] == [("/lead", "q1:escalated:human:leads:lead")]
        assert here.receivers.times[1] == pytest.approx(180.0)


async def test_nobody_is_told_of_what_was_answered_meanwhile(autojump_clock, tmp_path):
    made = config(receiver("desk"), escalate_to=("human.leads",), escalate_after=180.0)
    async with telling(tmp_path, made) as here:
        agent = await here.ask()
        with listening(here.hub, here.clock) as alice:
            alice.vote(digest=digest("q1"))
        await trio.sleep(1)
        assert agent.cleared
        await trio.sleep(500)
        assert here.programs == ["/desk"]


async def test_nobody_is_told_later_where_the_own_people_have_answered(autojump_clock, tmp_path):
    made = config(receiver("desk"), escalate_to=("human.leads",), escalate_after=180.0)
    groups = [
        Group(id="human.oncall", people=("alice",), quorum=1, timeout=600.0),
        Group(id="human.x", people=("x",), quorum=1, timeout=600.0),
    ]
    async with telling(tmp_path, made) as here:
        await here.ask(approvers=tuple(groups))
        with listening(here.hub, here.clock) as alice:
            alice.vote(digest=digest("q1"))
        await trio.sleep(300)
        assert here.hub.pending == 1
        assert here.programs == ["/desk"]


async def test_a_try_that_fails_is_made_again_after_a_pause(autojump_clock, tmp_path):
    async with telling(tmp_path, config(receiver("desk"))) as here:
        here.receivers.troubles = [DOWN, DOWN]
        await here.ask()
        await trio.sleep(300)
        assert here.receivers.told == [("/desk", "q1:asked:human:oncall:desk")] * 3
        assert here.receivers.times == pytest.approx([0, PAUSES[0], PAUSES[0] + PAUSES[1]], abs=0.1)
        assert here.hub._notices() == ()


@pytest.mark.parametrize(("trouble", "tries"), [(DOWN, len(PAUSES) + 1), (WRONG, 1)])
async def test_what_is_given_up_is_logged_counted_and_shown_to_who_connects(autojump_clock, tmp_path, caplog, trouble, tries):
    async with telling(tmp_path, config(receiver("desk"))) as here:
        here.receivers.troubles = [trouble] * 20
        with caplog.at_level(logging.WARNING):
            await here.ask()
            await trio.sleep(599)
        assert len(here.receivers.told) == tries
        assert caplog.messages == [f'"desk" of human.oncall was not notified of q1: {trouble.text}']
        with listening(here.hub, here.clock) as alice:
            [line] = (await alice.until(Hello)).notices
            [risk, *_] = (await alice.prompt())["risks"]
        assert (risk["level"], risk["code"]) == ("fact", "unnotified")
        assert risk["text"] == f'"desk" of human.oncall was not notified: {trouble.text}'
        assert line.startswith('"desk" of human.oncall was not notified of 1 call, last at 05:')
        assert line.endswith(trouble.text)


async def test_no_further_try_is_made_for_a_question_that_has_ended(autojump_clock, tmp_path):
    async with telling(tmp_path, config(receiver("desk"))) as here:
        here.receivers.troubles = [DOWN] * 20
        await here.ask()
        with listening(here.hub, here.clock) as alice:
            alice.vote("deny", digest=digest("q1"))
        await trio.sleep(500)
        assert len(here.receivers.told) == 1
        assert here.hub._notices() == ()


async def test_one_that_hangs_keeps_no_other_waiting(autojump_clock, tmp_path):
    async with telling(tmp_path, config(receiver("slow"), receiver("desk"))) as here:
        here.receivers.open = trio.Event()
        for number in range(AT_ONCE + 2):
            await here.ask(f"q{number}")
        await trio.sleep(1)
        assert here.programs.count("/desk") == AT_ONCE + 2
        assert here.programs.count("/slow") == AT_ONCE
        here.receivers.open.set()
        await trio.sleep(1)
        assert here.programs.count("/slow") == AT_ONCE + 2


async def test_notices_that_wait_are_bounded(autojump_clock, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(notifier, "MAX_WAITING", 1)
    async with telling(tmp_path, config(receiver("slow"))) as here:
        here.receivers.open = trio.Event()
        await here.ask("q1")
        await here.ask("q2")
        assert '"slow" of human.oncall was not notified of q2: too many notices wait' in caplog.messages
        assert (here.hub.notifier.waiting, here.hub.notifier.refused) == (1, 1)
        here.receivers.open.set()
        await trio.sleep(1)
        await here.ask("q3")
        assert [name for _, name in here.receivers.told] == ["q1:asked:human:oncall:slow", "q3:asked:human:oncall:slow"]


async def test_a_stop_cancels_what_is_under_way_and_the_next_start_tells_it(autojump_clock, tmp_path):
    made = config(receiver("slow"), receiver("desk"))
    async with telling(tmp_path, made) as here:
        here.receivers.open = trio.Event()
        await here.ask()
    async with telling(tmp_path, made) as here:
        await trio.sleep(1)
        assert here.receivers.told == [("/slow", "q1:asked:human:oncall:slow")]
    async with telling(tmp_path, made) as here:
        await trio.sleep(1)
        assert here.receivers.told == []
        assert here.hub.pending == 1


async def test_after_a_restart_others_are_told_in_their_time(autojump_clock, tmp_path):
    made = config(receiver("desk"), escalate_to=("human.leads",), escalate_after=180.0)
    async with telling(tmp_path, made) as here:
        await here.ask()
        await trio.sleep(10)
    async with telling(tmp_path, made) as here:
        await trio.sleep(181)
        assert here.programs == ["/lead"]


async def test_what_was_told_is_forgotten_with_its_question(autojump_clock, tmp_path):
    async with telling(tmp_path, config(receiver("desk"))) as here:
        await here.ask()
        await here.ask("q2")
        await trio.sleep(1)
        with listening(here.hub, here.clock) as alice:
            alice.vote("deny", digest=digest("q1"))
    database = ApprovalDatabase(str(tmp_path / "approvals.db"))
    assert list(database.load("notice", dict)) == ["q2"]
    database.put("notice", "q9", {"notices": []})
    await database.flush()
    database.close()
    async with telling(tmp_path, config()):
        pass
    database = ApprovalDatabase(str(tmp_path / "approvals.db"))
    assert list(database.load("notice", dict)) == ["q2"]
    database.close()


async def test_a_reload_tells_new_receivers_and_no_old_ones(autojump_clock, tmp_path):
    async with telling(tmp_path, config(receiver("desk"), receiver("slow"))) as here:
        here.receivers.troubles = [DOWN, DOWN]
        await here.ask()
        here.hub.judge_again(config(receiver("desk"), receiver("chat")))
        await trio.sleep(60)
        assert sorted(here.programs) == ["/chat", "/desk", "/desk", "/slow"]
        here.hub.judge_again(config(receiver("slow")))
        await trio.sleep(60)
        assert sorted(here.programs) == ["/chat", "/desk", "/desk", "/slow", "/slow"]


async def test_who_is_connected_sees_at_once_what_could_not_be_delivered(autojump_clock, tmp_path):
    async with telling(tmp_path, config(receiver("desk"))) as here:
        here.receivers.troubles = [WRONG]
        with listening(here.hub, here.clock) as alice:
            await alice.until(Hello)
            await here.ask()
            assert "unnotified" not in [risk["code"] for risk in (await alice.prompt())["risks"]]
            while (frame := await alice.next()).type != "pending":
                pass
            assert frame.prompt["risks"][0]["text"].startswith('"desk" of human.oncall was not notified')
