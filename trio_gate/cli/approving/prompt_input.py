"""Reading a person's answer to a prompt from the terminal.

Rule: a key pressed before the prompt was on the screen answers nothing. No thread waits in a read that would outlive the program.
"""

from __future__ import annotations

import os
import sys
import termios
from dataclasses import replace
from typing import TYPE_CHECKING

import trio

from trio_gate.approval.terms import Terms
from trio_gate.text.visible import plain
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_gate.approval.terms import Answer


@value_class
class TypedAnswer:
    """An answer to a prompt: a verdict with its reason, and the terms of a grant if one is given."""

    verdict: Answer
    reason: str
    grant: Terms | None = None


async def typed(
    about: str, *, may_grant: bool, most: tuple[int, int], proposed: str | None, show: Callable[[], Awaitable[None]]
) -> TypedAnswer:
    """Ask at the terminal until there is an answer.

    Args:
        about: what is asked, in one line, made plain already.
        may_grant: whether a grant is offered as well.
        most: the most minutes and uses that a grant may have.
        proposed: a condition for a grant, in CEL; None where there is none.
        show: prints the hidden parts of the prompt in full.

    Raises:
        EOFError: the person closed the terminal.
    """
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    keys = "y/n/g/d" if may_grant else "y/n/d"
    while True:
        word = (await _asked(f"{about}\napprove this call? [{keys}] ")).lower()
        if word in ("y", "yes", "n", "no"):
            return TypedAnswer(verdict="approve" if word.startswith("y") else "deny", reason=await _reason())
        if word in ("g", "grant") and may_grant:
            grant = await _terms(*most, proposed)
            return TypedAnswer(verdict="approve", reason=await _reason(), grant=grant)
        if word in ("d", "detail"):
            await show()
        else:
            more = ", g: yes, and future calls" if may_grant else ""
            print(f"y: yes, n: no{more}, d: show hidden parts")


async def _reason() -> str:
    return await _asked("reason (may be empty): ")


async def _terms(minutes: int, uses: int, proposed: str | None) -> Terms:
    if proposed is not None:
        print(f"proposed condition: {plain(proposed)}")
    take = "p: the proposed one, " if proposed is not None else ""
    grant = Terms(
        minutes=await _number(f"for how many minutes? [1-{minutes}] ", minutes),
        uses=await _number(f"for how many calls? [1-{uses}] ", uses),
        predicate=await _asked(f"condition in CEL, as in a rule ({take}empty: only calls equal to this one): ") or None,
    )
    return replace(grant, predicate=proposed) if grant.predicate == "p" and proposed is not None else grant


async def _number(question: str, most: int) -> int:
    while True:
        word = await _asked(question)
        if word.isascii() and word.isdigit() and 1 <= int(word) <= most:
            return int(word)


async def _asked(question: str) -> str:
    print(question, end="", flush=True)
    return (await _line()).strip()


async def _line() -> str:
    data = b""
    while not data.endswith(b"\n"):
        await trio.lowlevel.wait_readable(sys.stdin.fileno())
        chunk = os.read(sys.stdin.fileno(), 4096)
        if not chunk:
            raise EOFError
        data += chunk
    return data.decode("utf-8", "replace")
