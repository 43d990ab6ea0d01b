"""`trio-gate approve` before a real admin listener: prompts answered at once and by programs, and its ends."""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.admin_gate import TOKENS
from tests.kit.approvals.agents import OTHER, sent
from tests.kit.approvals.asking import asked
from tests.kit.approvals.questions import question
from tests.kit.held import held
from trio_gate.cli.approving.terminal.channel import NOT_KNOWN_YET
from trio_gate.cli.approving.terminal.prompt_input import TypedAnswer
from trio_gate.cli.approving.terminal.session import ApproverSession
from trio_gate.client import ClientError, Hopeless, connect
from trio_gate.shell.approval.clearance import HubClearance

YES = TypedAnswer(verdict="approve", reason="fine")
PATIENCE = 30


@pytest.fixture
def session(gate):
    def make(token: str = TOKENS["alice"], *, json: bool = False) -> ApproverSession:
        return ApproverSession(partial(connect, gate.url, token, gate.trust), json=json)

    return make


class Answers(list):
    """What the agent of a waiting call got; `came` is set with it."""

    def __init__(self) -> None:
        super().__init__()
        self.came = trio.Event()


@pytest.fixture
async def answers(gate, nursery):
    got = Answers()

    async def ask() -> None:
        got.append(await gate.hub.ask(asked()))
        got.came.set()
        if isinstance(got[0], HubClearance):
            sent(got[0])

    nursery.start_soon(ask)
    await wait_all_tasks_blocked()
    return got


async def within(call, *given, **named):
    with trio.fail_after(PATIENCE):
        return await call(*given, **named)


async def test_an_answer_that_was_given_goes_to_the_next_prompt(session, answers, capsys):
    assert await within(session().work, YES, None, once=True) == 0
    await wait_all_tasks_blocked()
    [clearance] = answers
    assert isinstance(clearance, HubClearance)
    assert (clearance.verdict.by, clearance.verdict.reason) == (("alice",), "fine")
    out = capsys.readouterr().out
    assert (
        out.index("connected as alice; 1 waiting")
        < out.index("DeleteObjects")
        < out.index('q1 approved by you: prod: Delete object "a" from "reports"')
        < out.index("q1: answered 404")
    )


async def test_a_run_for_one_answer_says_where_it_is_not_known_what_became_of_it(session, gate, nursery, monkeypatch, capsys):
    monkeypatch.setattr("trio_gate.cli.approving.terminal.channel.OUTCOME_SECONDS", 0)
    nursery.start_soon(gate.hub.ask, asked())
    await wait_all_tasks_blocked()
    assert await within(session().work, YES, None, once=True) == 0
    assert NOT_KNOWN_YET in capsys.readouterr().out


async def test_a_program_decides(session, answers, tmp_path):
    path = tmp_path / "program"
    path.write_text('#!/bin/sh\ncat > /dev/null; echo \'{"verdict": "deny", "reason": "it says no"}\'\n')
    path.chmod(0o700)
    assert await within(session().work, None, str(path), once=True) == 0
    await wait_all_tasks_blocked()
    assert [(verdict.outcome, verdict.reason) for verdict in answers] == [("deny", "it says no")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_run_that_is_ended_leaves_no_program_behind(session, gate, nursery, tmp_path, number):
    nursery.start_soon(gate.hub.ask, asked())
    await wait_all_tasks_blocked()
    with held(tmp_path) as pipe:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{pipe.lines} wait\n")
        path.chmod(0o700)

        async def end() -> None:
            await pipe.begun()
            os.kill(os.getpid(), number)

        async def run() -> None:
            async with trio.open_nursery() as both:
                both.start_soon(end)
                await within(session().work, None, str(path), once=False)

        with pytest.RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
            await run()
        await pipe.ended()


async def test_one_call_is_answered_and_no_other(session, gate, nursery, answers):
    async def ask() -> None:
        sent(await gate.hub.ask(asked(question("q2", digest=OTHER, repeat_key=OTHER))))

    nursery.start_soon(ask)
    await wait_all_tasks_blocked()
    assert await within(partial(session().work, YES, None, once=True, only="q2")) == 0
    assert ([entry.prompt.question.id for entry in gate.hub], answers) == (["q1"], [])


async def test_a_call_that_does_not_wait_ends_the_run(session, answers):
    with pytest.raises(Hopeless, match="q2 does not wait for you"):
        await within(partial(session().work, YES, None, once=True, only="q2"))
    assert answers == []


async def test_a_token_that_is_nobodys_ends_the_run_at_once(session):
    with pytest.raises(Hopeless):
        await within(session("tg_nobody-0123456789abcdef0123456789").work, YES, None, once=False)


class Broken:
    """Connects nowhere first, and then to the gateway."""

    def __init__(self, session: ApproverSession) -> None:
        self._connect = session._connect
        self.failures = 0

    def __call__(self):
        if not self.failures:
            self.failures += 1
            raise ClientError("there is no gateway")
        return self._connect()


async def test_a_run_goes_on_where_a_channel_could_not_be_opened(session, answers, nursery, monkeypatch, capsys):
    monkeypatch.setattr("trio_gate.cli.approving.terminal.session.FIRST_PAUSE_SECONDS", 0)
    made = session()
    made._connect = Broken(made)
    with trio.fail_after(PATIENCE):
        nursery.start_soon(lambda: made.work(YES, None, once=False))
        await answers.came.wait()
    assert "there is no gateway; trying again in 0 s" in capsys.readouterr().out


async def test_a_run_for_one_answer_does_not_try_again(session):
    made = session()
    made._connect = Broken(made)
    with pytest.raises(ClientError, match="no gateway"):
        await made.work(YES, None, once=True)
