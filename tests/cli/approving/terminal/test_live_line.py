"""What a person sees of a line while it is typed, at a real terminal, and what comes of the keys."""

from __future__ import annotations

import os
import sys
import termios

import pytest
import trio
from rich.text import Text

from tests.kit.approvals.terminal import terminal
from trio_gate.cli.approving.terminal.live_line import REDRAW_SECONDS, LiveLine

QUESTION = "first row\n3 of 9: "


@pytest.fixture
def at(monkeypatch):
    with terminal(monkeypatch, width=20) as made:
        yield made


@pytest.fixture
def line(at):
    return LiveLine(at.console)


async def reads(line, at, keys) -> str:
    """The line that these keys make."""
    got: list[str] = []

    async def read() -> None:
        got.append(await line.read(lambda: Text(QUESTION)))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await at.type(keys)
    return got[0]


@pytest.mark.parametrize(
    ("keys", "typed"),
    [
        ("y\n", "y"),
        ("y\r", "y"),
        ("yes\x7f\x7f\n", "y"),
        ("nonsense\x15n\n", "n"),
        ("y because it\x17 was\n", "y because was"),
        ("\x1b[A\x1b[1;5Dy\x1bOP\n", "y"),
        ("\x01\x0cy\t\n", "y"),
        ("y \u00e9\u4e2d\n", "y \u00e9\u4e2d"),
        ("y\x04\n", "y"),
    ],
)
async def test_keys_make_a_line(line, at, keys, typed):
    assert await reads(line, at, keys) == typed


async def test_a_letter_may_come_in_pieces(line, at):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(line.read, lambda: Text(QUESTION))
        first, second = "x \u4e2d".encode()[:3], "\u4e2d\n".encode()[1:]
        await at.shows("first row", "3 of 9:")
        os.write(at.end, first)
        await at.shows("3 of 9: x")
        os.write(at.end, second)
    await at.shows("first row", "3 of 9: x \u4e2d", "")


async def test_what_was_typed_after_a_line_waits_for_the_next(line, at):
    assert await reads(line, at, "y ok\nmore") == "y ok"
    assert await reads(line, at, "\n") == "more"


async def test_what_is_printed_meanwhile_comes_above_the_line_that_is_being_typed(line, at):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(line.read, lambda: Text(QUESTION))
        await at.type("y beca")
        await at.shows("first row", "3 of 9: y beca")
        line.say("q1 denied by bob")
        await at.shows("q1 denied by bob", "first row", "3 of 9: y beca")
        await at.type("use\n")
    await at.shows("q1 denied by bob", "first row", "3 of 9: y because", "")


async def test_a_line_that_takes_several_rows_is_moved_as_a_whole(line, at):
    typed = "y " + "x" * 40
    rows = [f"3 of 9: {typed}"[start : start + 20] for start in (0, 20, 40)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(line.read, lambda: Text(QUESTION))
        await at.type(typed)
        await at.shows("first row", *rows)
        line.say("news")
        await at.shows("news", "first row", *rows)
        await at.type("\n")


async def test_a_question_that_is_over_leaves_the_screen_and_the_terminal_as_it_was(line, at):
    before = termios.tcgetattr(sys.stdin.fileno())
    line.say("news")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(line.read, lambda: Text(QUESTION))
        await at.type("y hal")
        await at.shows("news", "first row", "3 of 9: y hal")
        nursery.cancel_scope.cancel()
    await at.shows("news", "")
    assert termios.tcgetattr(sys.stdin.fileno()) == before


async def test_the_question_is_asked_anew_as_time_goes_by(line, at, autojump_clock):
    times = iter(["9:12 left: ", "9:02 left: "])
    with trio.move_on_after(REDRAW_SECONDS + 1):
        await line.read(lambda: Text(next(times)))
    assert next(times, None) is None


async def test_what_was_typed_before_is_forgotten(line, at):
    await at.type("y early\ny")
    await trio.lowlevel.wait_readable(sys.stdin.fileno())
    assert await reads(line, at, "x\nahead") == "y early"
    line.flush()
    assert await reads(line, at, "n\n") == "n"


async def test_who_leaves_ends_the_input(line, at):
    with pytest.RaisesGroup(EOFError, flatten_subgroups=True):
        await reads(line, at, "x\x15\x04")
