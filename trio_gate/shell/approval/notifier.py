"""Notifying people who are not connected that a call waits, by the `notify` program of their approver.

Rule: the program gets the prompt's id, account, operation and link, all safe text, as its last four arguments. Its environment has what the
call does in TRIO_GATE_SENTENCE and how serious that is in TRIO_GATE_LEVEL, and of the gateway's own only `_ENVIRONMENT`. It decides nothing; a program that does not work is logged.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import trio

from trio_gate.shell.programs import run_program

if TYPE_CHECKING:
    from trio_gate.approval.question import Question

MAX_WAITING = 100
"""How many programs may wait to be run; any more are left out."""

AT_ONCE = 4
"""How many programs run at the same time."""

RUN_TIMEOUT = 30
"""Seconds that a program may take before it is killed."""

_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")

log = logging.getLogger(__name__)


class Notifier:
    """Runs the programs, AT_ONCE at a time. `link` is the address of the approvals page."""

    def __init__(self, link: str) -> None:
        self._link = link
        self._send, self._receive = trio.open_memory_channel[tuple[tuple[str, ...], dict[str, str]]](MAX_WAITING)

    def notify(self, program: tuple[str, ...], question: Question) -> None:
        """Queue a program (its words) to be run for a question; if too many wait, it is logged and left out. Does not wait."""
        account = f"{question.account} {question.account_name}" if question.account_name else question.account
        facts = (question.id, account, f"{question.service}:{question.operation}", f"{self._link}#{question.id}")
        said = {"TRIO_GATE_SENTENCE": question.sentence or question.words, "TRIO_GATE_LEVEL": question.level or ""}
        try:
            self._send.send_nowait(((*program, *facts), said))
        except trio.WouldBlock:
            log.warning("%s is not run for %s: too many programs wait", program[0], question.id)

    async def run(self) -> None:
        """Run the queued programs, until cancelled."""
        async with trio.open_nursery() as nursery:
            for _ in range(AT_ONCE):
                nursery.start_soon(self._work)

    async def _work(self) -> None:
        async for command, said in self._receive:
            await _run(command, said)


async def _run(command: tuple[str, ...], said: dict[str, str]) -> None:
    env = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | said
    try:
        with trio.fail_after(RUN_TIMEOUT):
            status, _ = await run_program(command, env=env)
    except OSError as error:
        log.warning("%s could not be run: %s", command[0], error.strerror)
    except trio.TooSlowError:
        log.warning("%s took more than %d s and was killed", command[0], RUN_TIMEOUT)
    else:
        if status:
            log.warning("%s ended with status %d", command[0], status)
