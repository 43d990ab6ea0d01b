"""Answers to what an agent asks about itself, at a hub: its own questions alone, as JSON or as text, and waits that end."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.exchange.own_requests.kit import TABLE
from tests.kit.approvals.hubs import CONFIG, OTHER_RULE, call, waiting
from tests.kit.approvals.questions import FixedClock
from trio_gate.agent_view.view import EVERY
from trio_gate.approval.state import expire
from trio_gate.errors import Unidentified
from trio_gate.exchange.own_requests.paths import About
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.shell.agent_view import answers
from trio_gate.shell.agent_view.answers import AgentViews
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import hub_config, limits_of

SNAPSHOT = compile_snapshot(1, CONFIG)
ALL = About(question=None, within=0, as_json=True)


class Admitted:
    """An agent whose request was proven."""

    def __init__(self, name):
        self.agent_name, self.session = name, None


@pytest.fixture
def hub():
    return ApprovalHub(FixedClock(), limits_of(CONFIG), hub_config(CONFIG))


async def told(hub, about, name="ci", snapshot=SNAPSHOT, views=None):
    views = views or AgentViews(hub, lambda agent: [f"used-by-{agent}"])
    head, body = await views.answer(about, Admitted(name), snapshot, TABLE)
    return dict(head.headers)[b"content-type"].decode(), json.loads(body) if about.as_json else body.decode()


async def test_the_view_has_what_waits_and_the_services_of_its_agent(hub):
    async with waiting(hub, call()):
        kind, said = await told(hub, ALL)
        assert kind == "application/json"
        assert [one["id"] for one in said["waiting"]] == ["q1"]
        assert "used-by-ci" in said["calls"][0]["services"]
        assert (await told(hub, ALL, "other"))[1]["waiting"] == []
        assert "used-by-ci" in (await told(hub, replace(ALL, as_json=False)))[1]


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_view_is_written_in_the_thread_that_makes_it(hub, monkeypatch, as_json):
    threads = set()

    def noted(write):
        def writes(*words, **more):
            threads.add(threading.get_ident())
            return write(*words, **more)

        return writes

    monkeypatch.setattr(answers, "page", noted(answers.page))
    monkeypatch.setattr(json, "dumps", noted(json.dumps))
    await told(hub, replace(ALL, as_json=as_json))
    await AgentViews(hub, lambda _: []).shown("ci", SNAPSHOT, TABLE)
    assert len(threads) > 0
    assert threading.get_ident() not in threads


async def test_a_new_configuration_is_seen_at_once(hub):
    views, other = AgentViews(hub, lambda _: []), compile_snapshot(2, OTHER_RULE)
    found = []
    for snapshot in (SNAPSHOT, other):
        (one,) = (await told(hub, ALL, snapshot=snapshot, views=views))[1]["calls"]
        found.append(one["services"][EVERY]["read"]["answer"])
    assert found == ["asked", "denied"]


async def test_a_question_is_answered_when_it_is_over(hub):
    about = About(question="q1", within=60, as_json=True)
    async with waiting(hub, call()), trio.open_nursery() as nursery:
        said = []

        async def ask():
            said.append((await told(hub, about))[1]["status"])

        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        assert said == []
        (entry,) = hub
        hub.settle(entry, expire(entry.prompt))
    assert said == ["expired"]


async def test_or_when_the_time_is(hub, autojump_clock):
    async with waiting(hub, call()):
        kind, said = await told(hub, About(question="q1", within=60, as_json=False))
        assert kind == "text/markdown; charset=utf-8"
        assert said.startswith("q1 is pending: ")
        assert trio.current_time() >= 60


async def test_or_when_the_gateway_stops(hub, autojump_clock):
    async with waiting(hub, call()), trio.open_nursery() as nursery:
        nursery.start_soon(told, hub, About(question="q1", within=60, as_json=True))
        await wait_all_tasks_blocked()
        hub.stop_waiting()
    assert trio.current_time() < 60


@pytest.mark.parametrize(("name", "question"), [("other", "q1"), ("ci", "q2"), (None, "q1")])
async def test_a_question_of_others_and_none_are_alike(hub, name, question):
    async with waiting(hub, call()):
        with pytest.raises(Unidentified, match="no approval of this agent has this id") as refused:
            await told(hub, About(question=question, within=60, as_json=True), name)
        assert refused.value.status == 404
        (entry,) = hub
        hub.settle(entry, expire(entry.prompt))
        with pytest.raises(Unidentified):
            await told(hub, About(question=question, within=0, as_json=True), name)
