"""What a person types, at a real terminal."""

from __future__ import annotations

import sys

import pytest
import trio
from rich.text import Text

from tests.kit.approvals.terminal import terminal as terminal_of_a_person
from trio_gate.approval.terms import Terms
from trio_gate.cli.approving.terminal.live_line import LiveLine
from trio_gate.cli.approving.terminal.prompt_input import Asking, TypedAnswer, typed


class Person:
    """A person at a terminal who is asked about a call."""

    def __init__(self, at) -> None:
        self.at = at
        self.line = LiveLine(at.console)
        self.shown: list[str] = []
        self.unread = ""
        self.confirms: dict[int, str] = {}
        self.previewed: list[str | None] = []

    async def answer(self, *words: str, may_grant: bool = True, proposed: str | None = None, others: bool = False, compare=None):
        """What comes of these lines, each typed when it is waited for."""
        got: list[TypedAnswer | None] = []
        asking = Asking(
            about=lambda: Text("3 of 9: "),
            may_grant=may_grant,
            most=(480, 100),
            proposed=proposed,
            preview=self._preview,
            show=self._show,
            compare=compare,
            others=lambda: others,
            unread=lambda: self.unread,
            confirms=self.confirms,
        )

        async def run() -> None:
            got.append(await typed(self.line, asking))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(run)
            for word in words:
                await self.at.type(word)
        return got[0]

    async def _preview(self, condition: str | None) -> bool:
        await trio.lowlevel.checkpoint()
        self.previewed.append(condition)
        return condition != "bad"

    async def _show(self, which: str) -> None:
        await trio.lowlevel.checkpoint()
        self.shown.append(which)
        self.unread = ""


@pytest.fixture
def terminal(monkeypatch):
    with terminal_of_a_person(monkeypatch, width=120) as at:
        yield Person(at)


@pytest.mark.parametrize(
    ("words", "verdict", "reason"),
    [
        (("y\n",), "approve", ""),
        (("YES as agreed \n",), "approve", "as agreed"),
        (("n\n", "because \n"), "deny", "because"),
        ((" no because\n",), "deny", "because"),
    ],
)
async def test_yes_and_no_may_have_a_reason_and_for_a_no_it_is_asked(terminal, words, verdict, reason):
    assert await terminal.answer(*words) == TypedAnswer(verdict=verdict, reason=reason)


async def test_a_grant_is_asked_for_its_terms_within_their_limits(terminal):
    lines = ["g as agreed\n", "aws.service == 's3'\n", "y\n", "481\n", "0\n", "x\n", "5\n", "101\n", "100\n"]
    grant = Terms(minutes=5, uses=100, predicate="aws.service == 's3'")
    assert await terminal.answer(*lines) == TypedAnswer(verdict="approve", reason="as agreed", grant=grant)


@pytest.mark.parametrize(("proposed", "predicate"), [("aws.action == 'GetObject'", "aws.action == 'GetObject'"), (None, "p")])
async def test_the_proposed_condition_is_taken_by_a_letter(terminal, proposed, predicate):
    found = await terminal.answer("g\n", "p\n", "y\n", "5\n", "5\n", proposed=proposed)
    assert found.grant == Terms(minutes=5, uses=5, predicate=predicate)
    assert ("proposed condition: aws.action == 'GetObject'" in terminal.at.screen()) == (proposed is not None)


async def test_a_condition_is_asked_for_until_what_it_lets_through_is_meant(terminal):
    answer = await terminal.answer("g\n", "bad\n", "true\n", "n\n", "\n", "yes\n", "1\n", "1\n")
    assert answer.grant == Terms(minutes=1, uses=1, predicate=None)
    assert terminal.previewed == ["bad", "true", None]


@pytest.mark.parametrize("may_grant", [False, True])
async def test_what_stands_for_nothing_is_answered_with_what_does(terminal, may_grant):
    word = "what" if may_grant else "g"
    assert (await terminal.answer(f"{word}\n", "n\n", "\n", may_grant=may_grant)).verdict == "deny"
    [keys] = [row for row in terminal.at.screen() if row.startswith("y: yes, n: no, ")]
    assert ("later calls" in keys) == may_grant


@pytest.mark.parametrize("unread", ["", "the script"])
async def test_the_keys_name_the_one_that_approves_unread_where_something_is(terminal, unread):
    terminal.unread = unread
    await terminal.answer("what\n", "n\n", "\n")
    [keys] = [row for row in terminal.at.screen() if row.startswith("y: yes, n: no, ")]
    assert ("u: yes, although not all of it was read" in keys) == bool(unread)


async def test_a_call_is_compared_with_now_by_who_may(terminal):
    compared = []

    async def compare():
        await trio.lowlevel.checkpoint()
        compared.append("now")

    assert (await terminal.answer("c\n", "compare\n", "y\n", compare=compare)).verdict == "approve"
    assert (await terminal.answer("c\n", "y\n")).verdict == "approve"
    assert len(compared) == 2


async def test_hidden_parts_are_shown_and_the_question_is_asked_again(terminal):
    assert (await terminal.answer("d\n", "details 12\n", "d all\n", "y\n")).verdict == "approve"
    assert terminal.shown == ["", "12", "all"]


async def test_a_call_is_put_off_where_others_wait(terminal):
    assert await terminal.answer("s\n", others=True) is None
    assert (await terminal.answer("s\n", "y\n")).verdict == "approve"
    assert "no other call waits" in terminal.at.screen()


async def test_a_key_pressed_before_the_prompt_answers_nothing(terminal):
    await terminal.at.type("y early\ny\n")
    await trio.lowlevel.wait_readable(sys.stdin.fileno())
    assert await terminal.answer("n late\n") == TypedAnswer(verdict="deny", reason="late")


@pytest.mark.parametrize("keys", ["q\n", "\x04"])
async def test_who_quits_or_closes_the_terminal_leaves(terminal, keys):
    with pytest.RaisesGroup(EOFError):
        await terminal.answer(keys)


async def test_what_is_unread_is_read_first_or_approved_by_another_key(terminal):
    terminal.unread = "the script commands"
    unread = TypedAnswer(verdict="approve", reason="as always", unread=True)
    assert await terminal.answer("y\n", "g\n", "u as always\n") == unread
    screen = terminal.at.screen()
    assert screen.count("unread: the script commands. d shows it; u approves without") == 2
    assert any(row.endswith("[y/n/g/u/d/s/q] u as always") for row in screen)
    assert await terminal.answer("d\n", "u\n", "y\n") == TypedAnswer(verdict="approve", reason="")
    terminal.unread = "the script commands"
    assert (await terminal.answer("n because\n")).verdict == "deny"


async def test_each_line_that_lets_dangers_through_is_confirmed_by_a_whole_word(terminal):
    terminal.confirms = {2: "iam: PutRolePolicy", 5: "s3: PutBucketPolicy"}
    answer = await terminal.answer("y\n", "yes\n", "y\n", "y fine\n", "yes\n", "YES\n", may_grant=False)
    assert answer == TypedAnswer(verdict="approve", reason="fine", confirmed=(2, 5))
    screen = terminal.at.screen()
    assert "line 5: s3: PutBucketPolicy" in screen
    assert any(row.startswith("not approved: every line") for row in screen)


async def test_a_denial_confirms_nothing(terminal):
    terminal.confirms = {2: "iam: PutRolePolicy"}
    assert await terminal.answer("n no\n") == TypedAnswer(verdict="deny", reason="no")
