"""One channel to a real gateway: what was sent on it so far, and requests that find their answers among news."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import asked
from tests.kit.approvals.questions import question
from trio_gate.approval.channel.frames import Accepted, Decide, Observe, Pending, Rejected
from trio_gate.approval.param_tree import Part, ToRead
from trio_gate.cli.approving.terminal.channel import ApprovalChannel, lets_go
from trio_gate.client import Hopeless
from trio_gate.ports import Opened

OTHER = "e" * 64
PATIENCE = 30


@asynccontextmanager
async def opened(gate, name="alice"):
    """A channel that takes what comes."""
    async with gate.connect(name) as client, trio.open_nursery() as nursery:
        channel = ApprovalChannel(client)

        async def read() -> None:
            async for frame in client:
                channel.note(frame)

        nursery.start_soon(read)
        with trio.fail_after(PATIENCE):
            while channel.hello is None:
                await channel.changed.wait()
            yield channel
        nursery.cancel_scope.cancel()


async def until(channel, there) -> None:
    while not there():
        await channel.changed.wait()


async def test_prompts_come_and_go_and_the_oldest_is_answered_first(gate, nursery):
    for number, digest in ((1, question().digest), (2, OTHER)):
        nursery.start_soon(gate.hub.ask, asked(question(f"q{number}", digest=digest, repeat_key=digest)))
        await wait_all_tasks_blocked()
    async with opened(gate) as channel:
        await until(channel, lambda: len(channel.open) == 2)
        assert channel.next()["id"] == "q1"
        channel.answered.add("q1")
        assert channel.next()["id"] == "q2"
        reply = await channel.ask(Decide(id="q2", digest=OTHER, verdict="deny", reason="no"))
        assert isinstance(reply, Accepted)
        await channel.gone("q2")
        assert (list(channel.open), channel.next()) == (["q1"], None)


async def test_a_prompt_that_is_shown_anew_takes_the_place_of_the_one_that_was_shown(gate, nursery):
    nursery.start_soon(gate.hub.ask, asked())
    async with opened(gate) as channel:
        await until(channel, lambda: channel.open)
        shown = channel.open["q1"]
        channel.note(Pending(prompt={**shown}))
        await channel.gone("q1", shown)
        assert list(channel.open) == ["q1"]


@pytest.mark.parametrize(
    ("status", "more", "goes"),
    [
        ("approved", {}, True),
        ("pending", {}, False),
        ("approved", {"detached": True}, False),
        ("approved", {"task": {"purpose": "move"}}, False),
        ("approved", {"task": None}, True),
    ],
)
def test_the_answer_that_sends_a_call_is_known(status, more, goes):
    assert lets_go({"to_read": [], **more}, Accepted(ref="1", id="q1", status=status)) == goes
    assert not lets_go(more, Accepted(ref="1", id="q1", status=status))
    assert not lets_go({"to_read": []}, Rejected(ref="1", id="q1", code="gone", message=""))


TELLING = {"level": "fact", "code": "unnotified", "text": '"desk" of human.oncall was not notified: h answers with status 500'}


async def test_that_somebody_was_not_notified_leaves_the_prompt_on_the_screen(gate, nursery):
    nursery.start_soon(gate.hub.ask, asked())
    async with opened(gate) as channel:
        await until(channel, lambda: channel.open)
        shown, now = channel.open["q1"], {**channel.open["q1"]}
        for news in (TELLING, {**TELLING, "text": "another"}):
            now = {**now, "risks": [news, *now["risks"]]}
            channel.note(Pending(prompt={**now}))
            assert (channel.open["q1"] is shown, shown) == (True, now)
        for more in ({"risks": [{**TELLING, "code": "sent"}, *now["risks"]]}, {"approvers": []}):
            channel.note(Pending(prompt={**now, **more}))
            assert channel.open["q1"] is not shown
            channel.open["q1"] = shown


async def test_answers_find_the_request_that_they_are_to(gate):
    async with opened(gate) as channel:
        replies = {}

        async def ask(name: str, frame) -> None:
            replies[name] = await channel.ask(frame)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, "vote", Decide(id="none", digest=OTHER, verdict="deny", reason=""))
            nursery.start_soon(ask, "observe", Observe(on=True))
        assert all(isinstance(reply, Rejected) for reply in replies.values())
        assert {name: reply.code for name, reply in replies.items()} == {"vote": "gone", "observe": "not_allowed"}


async def test_a_hidden_part_is_read_once_and_said_where_it_cannot_be(gate, nursery):
    nursery.start_soon(gate.hub.ask, asked())
    await wait_all_tasks_blocked()
    async with opened(gate) as channel:
        await until(channel, lambda: channel.open)
        prompt = {"id": "q1", "not_shown": [{"part": "p1"}, {"part": "p2"}]}
        assert [str(piece) async for piece in channel.read(prompt, "p1")] == ["whole"]
        assert channel.not_shown(prompt) == [{"part": "p2"}]
        [why] = [piece async for piece in channel.read(prompt, "p2")]
        assert why.startswith("(this part is not here")
        assert channel.not_shown(prompt) == [{"part": "p2"}]


FILES = [
    {"part": "p1f0", "name": "index.py", "size": 9, "said": ""},
    {"part": None, "name": "logo\x1b.png", "size": 10, "said": "binary"},
    {"part": "p1f2", "name": "run.sh", "size": 8, "said": ""},
]


async def opens(part: str, offset: int, colors: bool) -> Opened | None:
    """An archive, listed at once and in two pieces, and its files."""
    await trio.lowlevel.checkpoint()
    text, after = {("p1", 0): ("list", 4), ("p1", 4): ("rest", None)}.get((part, offset), (part, None))
    files = FILES if (part, offset) == ("p1", 0) else []
    return Opened(text=text, next=after, length=8, size=8, sha256="0" * 64, how=("zip",), files=files)


async def test_the_files_of_an_archive_are_listed_and_all_of_it_is_read_once_all_of_them_were(gate, nursery):
    archive = ToRead(part="p1", name="ZipFile", what="archive", whole=False)
    made = replace(asked(question(to_read=(archive,), not_shown=(Part(part="p1", name="ZipFile", why="cut"),))), open=opens)
    nursery.start_soon(gate.hub.ask, made)
    await wait_all_tasks_blocked()
    async with opened(gate) as channel:
        await until(channel, lambda: channel.open)
        prompt = channel.open["q1"]
        [listed] = [str(piece) async for piece in channel.read(prompt, "p1")]
        assert listed.split("\n") == [
            "     1  index.py, 9 bytes",
            "     2  logo\\u{1b}.png, 10 bytes (binary)",
            "     3  run.sh, 8 bytes",
            "(d 1 shows one of these files, d all shows all of them)",
        ]
        refused = Decide(id="q1", digest=prompt["digest"], verdict="approve", unread=False)
        for file in channel.files(prompt):
            assert [part["part"] for part in channel.unread(prompt)] == ["p1"]
            assert (await channel.ask(refused)).code == "unread"
            if file["part"] is not None:
                assert [str(piece) async for piece in channel.read(prompt, file["part"])] == [file["part"]]
        assert (channel.unread(prompt), channel.not_shown(prompt)) == ([], [])
        assert (await channel.ask(refused)).status == "approved"


async def test_the_dangerous_are_first_and_those_put_off_come_again(gate, nursery):
    for name, level in (("q1", "fact"), ("q2", "danger"), ("q3", "caution"), ("q4", "danger")):
        nursery.start_soon(gate.hub.ask, asked(question(name, digest=name[1] * 64, repeat_key=name, level=level)))
        await wait_all_tasks_blocked()
    async with opened(gate) as channel:
        await channel.begun()
        assert [prompt["id"] for prompt in channel.waiting()] == ["q2", "q4", "q3", "q1"]
        order = []
        for _ in range(5):
            order.append(channel.next()["id"])
            channel.skipped.add(order[-1])
        assert order == ["q2", "q4", "q3", "q1", "q2"]
        channel.only = "q3"
        assert channel.next()["id"] == "q3"


async def test_time_is_the_gateways(gate, nursery):
    nursery.start_soon(gate.hub.ask, asked())
    await wait_all_tasks_blocked()
    async with opened(gate) as channel:
        await channel.begun()
        assert 500 < channel.left(channel.open["q1"]) <= 600
        assert channel.left({"expires_at": "never"}) == 0
        with pytest.raises(Hopeless, match="q9 does not wait for you"):
            channel.prompt("q9")


async def test_what_ended_by_an_answer_of_this_run_is_known(gate, nursery):
    nursery.start_soon(gate.hub.ask, asked())
    await wait_all_tasks_blocked()
    async with opened(gate) as channel:
        await channel.begun()
        await channel.ask(Decide(id="q1", digest=question().digest, verdict="deny", reason=""))
        assert channel.settled == {"q1"}
