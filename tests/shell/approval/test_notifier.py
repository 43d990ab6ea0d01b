"""The program that is run when nobody is connected: a real one."""

import logging
import os
from contextlib import ExitStack

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.questions import FixedClock, question
from tests.kit.held import held
from tests.kit.shortages import no_thread
from trio_gate.approval.question import Group
from trio_gate.shell.approval import notifier
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import HubConfig
from trio_gate.shell.approval.notifier import Notifier

FACTS = ["q1", "111111111111 prod", "s3:DeleteObjects", "https://gate/#q1"]


@pytest.fixture
def script(tmp_path):
    """A program that writes its arguments and environment into a pipe that `said` reads."""
    path = tmp_path / "page"
    os.mkfifo(tmp_path / "said")
    path.write_text(f'#!/bin/sh\n{{ printf "%s\\n" "$@"; env; }} > {tmp_path}/said\n')
    path.chmod(0o700)
    return path


async def said(script) -> list[str]:
    return (await trio.Path(script.parent / "said").read_text()).splitlines()


@pytest.fixture
async def pages(nursery):
    made = Notifier("https://gate/")
    nursery.start_soon(made.run)
    return made


async def test_it_is_told_what_waits_and_nothing_of_ours(script, pages, monkeypatch):
    monkeypatch.setenv("BASE_SECRET_ACCESS_KEY", "canary")
    pages.notify((str(script), "-v"), question())
    lines = await said(script)
    assert lines[:5] == ["-v", *FACTS]
    assert not any("canary" in line for line in lines)
    assert any(line.startswith("PATH=") for line in lines)
    assert 'TRIO_GATE_SENTENCE=Delete object "a" from "reports"' in lines
    assert "TRIO_GATE_LEVEL=caution" in lines


class Noted:
    """A pager that only notes."""

    def __init__(self) -> None:
        self.programs: list[str] = []

    def notify(self, program, _) -> None:
        self.programs.append(program[0])


@pytest.mark.parametrize(
    ("here", "run"), [([], ["/oncall", "/x"]), (["carol"], ["/oncall", "/x"]), (["alice"], ["/x"]), (["bob", "dave"], [])]
)
async def test_it_is_run_for_groups_of_whom_nobody_is_connected(nursery, here, run):
    pages, clock = Noted(), FixedClock()
    hub = ApprovalHub(clock, config=HubConfig(notify={"human.oncall": ("/oncall",), "human.x": ("/x",)}), notifier=pages)
    groups = (*question().approvers, Group(id="human.x", people=("dave",), quorum=1, timeout=600.0))
    with ExitStack() as connected:
        for name in here:
            connected.enter_context(listening(hub, clock, name))
        nursery.start_soon(hub.ask, asked(question("q1", *groups)))
        await wait_all_tasks_blocked()
    assert pages.programs == run


@pytest.mark.parametrize(
    ("lines", "words"), [("exit 3", "ended with status 3"), (None, "could not be run"), ("sleep 60", "was killed")]
)
async def test_one_that_does_not_work_is_logged_and_stops_nothing(tmp_path, pages, script, caplog, monkeypatch, lines, words):
    if lines == "sleep 60":
        monkeypatch.setattr(notifier, "RUN_TIMEOUT", 0.1)
    bad = tmp_path / "bad"
    if lines is not None:
        bad.write_text(f"#!/bin/sh\n{lines}\n")
        bad.chmod(0o700)
    with caplog.at_level(logging.WARNING):
        pages.notify((str(bad),), question())
        while True:
            if words in caplog.text:
                break
            await trio.lowlevel.checkpoint()
    monkeypatch.setattr(notifier, "RUN_TIMEOUT", 30)
    pages.notify((str(script),), question())
    assert (await said(script))[:4] == FACTS


async def test_programs_that_wait_are_bounded(caplog):  # noqa: ASYNC124 - the pager is for a running trio
    made = Notifier("")
    for _ in range(notifier.MAX_WAITING + 1):
        made.notify(("/bin/true",), question())
    assert "too many programs wait" in caplog.text


async def test_one_that_is_killed_leaves_nothing_running(tmp_path, pages, script, monkeypatch):
    monkeypatch.setattr(notifier, "RUN_TIMEOUT", 1)
    with held(tmp_path) as pipe:
        script.write_text(f"#!/bin/sh\n{pipe.lines} wait\n")
        pages.notify((str(script),), question())
        await pipe.begun()
        await pipe.ended()


async def test_without_a_thread_it_is_not_run_and_the_next_one_is(script, pages, caplog):
    with no_thread():
        pages.notify((str(script), "first"), question())
        await wait_all_tasks_blocked()
    assert "could not be run: no thread" in caplog.text
    pages.notify((str(script), "second"), question())
    assert (await said(script))[0] == "second"
