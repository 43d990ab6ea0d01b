"""What a person types, at a real terminal."""

from __future__ import annotations

import os
import sys

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_gate.approval.terms import Terms
from trio_gate.cli.approving.prompt_input import TypedAnswer, typed

ABOUT = "prod: DANGER  Delete it"


class Terminal:
    """A person's end of a terminal whose other end is this process's standard input."""

    def __init__(self) -> None:
        self.end, self.other = os.openpty()
        self.shown = 0

    async def answer(self, *words: str, may_grant: bool = True, proposed: str | None = None) -> TypedAnswer:
        """What comes of these lines, each typed when it is waited for."""
        got: list[TypedAnswer] = []

        async def run() -> None:
            got.append(await typed(ABOUT, may_grant=may_grant, most=(480, 100), proposed=proposed, show=self._show))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(run)
            for word in words:
                await wait_all_tasks_blocked()
                os.write(self.end, word.encode())
        return got[0]

    async def _show(self) -> None:
        await trio.lowlevel.checkpoint()
        self.shown += 1


@pytest.fixture
def terminal(monkeypatch):
    made = Terminal()
    with os.fdopen(made.other) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield made
    os.close(made.end)


@pytest.mark.parametrize(("word", "verdict"), [("y", "approve"), ("YES", "approve"), ("n", "deny"), (" no ", "deny")])
async def test_yes_and_no_come_with_a_reason(terminal, word, verdict):
    assert await terminal.answer(f"{word}\n", "because \n") == TypedAnswer(verdict=verdict, reason="because")


async def test_a_grant_is_asked_for_its_terms_within_their_limits(terminal):
    typed_lines = ["g\n", "481\n", "0\n", "x\n", "5\n", "101\n", "100\n", "aws.service == 's3'\n", "\n"]
    grant = Terms(minutes=5, uses=100, predicate="aws.service == 's3'")
    assert await terminal.answer(*typed_lines) == TypedAnswer(verdict="approve", reason="", grant=grant)


@pytest.mark.parametrize(("proposed", "predicate"), [("aws.action == 'GetObject'", "aws.action == 'GetObject'"), (None, "p")])
async def test_the_proposed_condition_is_taken_by_a_letter(terminal, capsys, proposed, predicate):
    found = await terminal.answer("g\n", "5\n", "5\n", "p\n", "\n", proposed=proposed)
    assert found.grant == Terms(minutes=5, uses=5, predicate=predicate)
    assert ("proposed condition: aws.action == 'GetObject'" in capsys.readouterr().out) == (proposed is not None)


async def test_a_grant_without_a_condition_is_for_equal_calls(terminal):
    answer = await terminal.answer("g\n", "1\n", "1\n", "\n", "\n")
    assert answer.grant == Terms(minutes=1, uses=1, predicate=None)


async def test_who_may_not_grant_is_asked_again(terminal, capsys):
    assert (await terminal.answer("g\n", "n\n", "\n", may_grant=False)).verdict == "deny"
    assert "future calls" not in capsys.readouterr().out


async def test_hidden_parts_are_shown_and_the_question_is_asked_again(terminal):
    assert (await terminal.answer("d\n", "detail\n", "y\n", "\n")).verdict == "approve"
    assert terminal.shown == 2


async def test_a_key_pressed_before_the_prompt_answers_nothing(terminal):
    os.write(terminal.end, b"y\nearly\n")
    assert await terminal.answer("n\n", "late\n") == TypedAnswer(verdict="deny", reason="late")


async def test_a_line_may_come_in_pieces(terminal):
    assert (await terminal.answer("y\n", "in ", "pieces\n")).reason == "in pieces"


async def test_who_closes_the_terminal_leaves(terminal):
    with pytest.RaisesGroup(EOFError):
        await terminal.answer("\x04")
