"""Reading a person's answer to a prompt from the terminal.

Rule: a key pressed before the prompt was on the screen answers nothing.
"""

from __future__ import annotations

from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text

from trio_gate.approval.terms import Terms
from trio_gate.text.visible import plain
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from trio_gate.approval.terms import Answer
    from trio_gate.cli.approving.terminal.live_line import LiveLine


@value_class
class TypedAnswer:
    """An answer to a prompt.

    Attributes:
        verdict, reason: the answer.
        grant: the terms of a grant; None where none is given.
        unread, confirmed: as in `frames.Decide`.
    """

    verdict: Answer
    reason: str
    grant: Terms | None = None
    unread: bool | None = False
    confirmed: tuple[int, ...] | None = None


@value_class
class Asking:
    """What a person is asked about one prompt.

    Attributes:
        about: what is asked, made plain already; it ends where the keys are named.
        may_grant: whether a grant is offered as well.
        most: the most minutes and uses that a grant may have.
        proposed: a condition for a grant, in CEL; None where there is none.
        preview: prints what a grant by a condition, or None, would let through; returns whether the condition can be taken.
        show: prints all details of the prompt, its hidden parts included; for a number or "all" files of its archives.
        compare: prints what would change, beside what is there now; None where this person may not ask for that.
        others: whether other prompts wait.
        unread: what is to be read first, made plain already; empty for nothing.
        confirms: the lines of a task that are confirmed one by one, by number, made plain already.
    """

    about: Callable[[], Text]
    may_grant: bool
    most: tuple[int, int]
    proposed: str | None
    preview: Callable[[str | None], Awaitable[bool]]
    show: Callable[[str], Awaitable[None]]
    compare: Callable[[], Awaitable[None]] | None
    others: Callable[[], bool]
    unread: Callable[[], str]
    confirms: Mapping[int, str] = field(default_factory=dict)


async def typed(line: LiveLine, asking: Asking) -> TypedAnswer | None:
    """Ask at the terminal until there is an answer; None if the person puts the prompt off.

    Raises:
        EOFError: the person quits, or closed the terminal.
    """
    while True:
        answer = await _typed(line, asking)
        if answer is None or answer.verdict == "deny" or not asking.confirms:
            return answer
        if await _confirmed(line, asking):
            return replace(answer, confirmed=tuple(asking.confirms))
        line.say("not approved: every line that lets dangers through has to be confirmed")


async def _confirmed(line: LiveLine, asking: Asking) -> bool:
    """Whether the person confirms each line that lets dangers through, one after the other."""
    for number, said in asking.confirms.items():
        line.say(f"line {number}: {said}")
        if (await _asked(line, "let its dangerous calls through, unread? [yes/n] ")).lower() != "yes":
            return False
    return True


async def _typed(line: LiveLine, asking: Asking) -> TypedAnswer | None:
    line.flush()
    while True:
        first = asking.unread()
        offered = {"g": asking.may_grant, "u": bool(first), "c": asking.compare is not None}
        keys = "/".join([key for key in "yngudcsq" if offered.get(key, True)])
        word, _, more = (await line.read(partial(_question, asking, keys))).partition(" ")
        match word.lower():
            case "y" | "yes" | "g" | "grant" if first and (asking.may_grant or word[0].lower() == "y"):
                line.say(f"unread: {first}. d shows it; u approves without")
            case "u" | "unread" if first:
                return TypedAnswer(verdict="approve", reason=more.strip(), unread=True)
            case "y" | "yes":
                return TypedAnswer(verdict="approve", reason=more.strip())
            case "n" | "no":
                return TypedAnswer(
                    verdict="deny", reason=more.strip() or await _asked(line, "reason, for the agent too (may be empty): ")
                )
            case "g" | "grant" if asking.may_grant:
                grant = await _terms(line, asking)
                return TypedAnswer(verdict="approve", reason=more.strip(), grant=grant)
            case "d" | "details":
                await asking.show(more.strip())
            case "c" | "compare" if asking.compare is not None:
                await asking.compare()
            case "s" | "skip" if asking.others():
                return None
            case "s" | "skip":
                line.say("no other call waits")
            case "q" | "quit":
                raise EOFError
            case _:
                line.say(_help(asking))


def _help(asking: Asking) -> str:
    grants = "g: yes, and later calls like it, " if asking.may_grant else ""
    compares = "c: compare with what is there now, " if asking.compare is not None else ""
    unread = "u: yes, although not all of it was read, " if asking.unread() else ""
    keys = f"y: yes, n: no, {grants}{unread}d: all details, {compares}s: skip for now, q: quit"
    return f"{keys}; a reason may follow, as in `y as agreed`"


def _question(asking: Asking, keys: str) -> Text:
    return asking.about().append(f"approve this call? [{keys}] ")


async def _terms(line: LiveLine, asking: Asking) -> Terms:
    minutes, uses = asking.most
    return Terms(
        predicate=await _predicate(line, asking),
        minutes=await _number(line, f"for how many minutes? [1-{minutes}] ", minutes),
        uses=await _number(line, f"for how many calls? [1-{uses}] ", uses),
    )


async def _predicate(line: LiveLine, asking: Asking) -> str | None:
    """The condition, once the person has read what it lets through and said yes to that."""
    take = ""
    if asking.proposed is not None:
        line.say(f"proposed condition: {plain(asking.proposed)}")
        take = "p: the proposed one, "
    while True:
        said = await _asked(line, f"condition in CEL, as in a rule ({take}empty: only calls equal to this one): ")
        found = asking.proposed if said == "p" and asking.proposed is not None else said or None
        if await asking.preview(found) and (await _asked(line, "is that meant? [y/n] ")).lower() in ("y", "yes"):
            return found


async def _number(line: LiveLine, question: str, most: int) -> int:
    while True:
        word = await _asked(line, question)
        if word.isascii() and word.isdigit() and 1 <= int(word) <= most:
            return int(word)


async def _asked(line: LiveLine, question: str) -> str:
    return await line.read(lambda: Text(question))
