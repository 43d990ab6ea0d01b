"""One try to deliver a notice: real programs, and receivers over real TLS."""

import json
import os
from dataclasses import replace
from functools import partial

import pytest
import trio
import trustme
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.questions import NOW, FixedClock, question
from tests.kit.held import held
from tests.kit.shortages import no_thread
from tests.kit.standins.stand_in import answer, say, silent, stand_in_on
from trio_gate.config.receivers.model import Program, Slack, Url, Webhook
from trio_gate.notices.notice import as_json, as_slack, notice_of
from trio_gate.notices.plan import Key
from trio_gate.notices.post import signed
from trio_gate.shell.notices import delivery
from trio_gate.shell.notices.delivery import Delivery
from trio_gate.shell.upstream.pool import post

HOST = "hooks.example"
URL = Url(host=HOST, target="/services/canary-1")
SECRET = b"canary-2" * 4
NOTICE = notice_of(question(), Key(event="asked", approver="human.oncall", receiver="desk"), "https://gate/")
FACTS = ["q1", "111111111111 prod", "s3:DeleteObjects", "https://gate/#q1"]


def to(pool) -> Delivery:
    return Delivery(partial(post, pool), FixedClock())


@pytest.fixture
async def receiver():
    async with stand_in_on(trustme.CA(), names=(HOST,)) as made:
        yield made


@pytest.fixture
async def delivered(receiver):
    pool = receiver.upstreams(routes=[receiver.route(HOST)])
    yield to(pool).deliver
    await pool.aclose()


# Over TLS


async def takes(peer, bodies):
    while (head := await peer.head()) is not None:
        length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length"))
        bodies.append(await peer.body(length))
        await peer.send(answer(b"ok"))


@pytest.mark.parametrize(
    ("kind", "body", "fields"),
    [
        (Webhook(url=URL, secret=SECRET), as_json(NOTICE), signed(NOTICE.id, as_json(NOTICE), SECRET, NOW)),
        (Slack(url=URL), as_slack(NOTICE), {}),
    ],
)
async def test_a_message_is_posted_and_taken(receiver, delivered, kind, body, fields):
    bodies = []
    receiver.script = lambda peer: takes(peer, bodies)
    assert await delivered(kind, NOTICE) is None
    [head] = receiver.heads
    first, *lines = head.decode().splitlines()
    sent = dict(line.lower().split(": ", 1) for line in lines)
    assert (first, bodies) == ("POST /services/canary-1 HTTP/1.1", [body])
    assert {name: value for name, value in sent.items() if name.startswith("webhook-")} == {
        name: value.lower() for name, value in fields.items()
    }
    assert json.loads(bodies[0])


LOCATION = b"location: https://127.0.0.1/internal"


@pytest.mark.parametrize(
    ("script", "text", "final"),
    [
        (say(answer(b"", LOCATION, status=b"307 Temporary Redirect")), "answers with a redirect, which is not followed", True),
        (say(answer(b"canary-1", status=b"500 Oops")), "answers with status 500", False),
        (say(b"HTTP/1.1 nonsense\r\n\r\n"), "", False),
        (say(), "closed the connection before it answered", False),
    ],
)
async def test_what_goes_wrong_is_said_without_the_url(receiver, delivered, script, text, final):
    receiver.script = script
    trouble = await delivered(Slack(url=URL), NOTICE)
    assert text in trouble.text
    assert trouble.text.startswith(HOST)
    assert trouble.final == final
    assert "canary" not in repr(trouble)
    assert receiver.connections == 1


@pytest.mark.parametrize(
    "script",
    [
        say(answer(b"x" * 1_000_000)),
        say(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"),
        say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
    ],
    ids=["large", "cut off", "broken"],
)
async def test_the_head_of_an_answer_says_that_it_was_taken_whatever_follows(receiver, delivered, script):
    receiver.script = script
    assert [await delivered(Slack(url=URL), NOTICE) for _ in range(2)] == [None, None]
    assert receiver.connections == 2


async def test_one_that_hangs_is_given_up_in_time(receiver, delivered, monkeypatch):
    monkeypatch.setattr(delivery, "POST_TIMEOUT", 0.2)
    receiver.script = silent
    assert (await delivered(Slack(url=URL), NOTICE)).text == f"{HOST} did not answer within 0.2 seconds"


async def test_a_certificate_of_nobody_we_trust_gets_nothing(receiver):
    async with stand_in_on(trustme.CA(), names=(HOST,)) as other:
        pool = receiver.upstreams(routes=[other.route(HOST)])
        trouble = await to(pool).deliver(Slack(url=URL), NOTICE)
        await pool.aclose()
    assert "certificate" in trouble.text
    assert other.heads == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_an_address_that_is_not_public_needs_an_upstream_block(receiver, host):
    pool = receiver.upstreams(routes=[])
    trouble = await to(pool).deliver(Slack(url=Url(host=host, target="/")), NOTICE)
    assert trouble.text == f"{host} resolves to a loopback address: an `upstream` block must allow that"
    assert receiver.connections == 0


async def test_a_try_may_be_cancelled(receiver, delivered, nursery):
    there = trio.Event()

    async def hang(peer):
        await peer.head()
        there.set()
        await trio.sleep_forever()

    async def cancel():
        await there.wait()
        scope.cancel()

    receiver.script = hang
    nursery.start_soon(cancel)
    with trio.CancelScope() as scope:
        await delivered(Slack(url=URL), NOTICE)
    assert scope.cancelled_caught


# Programs


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


async def run(*command: str, notice=NOTICE):
    return await Delivery(None, FixedClock()).deliver(Program(command=command), notice)


async def test_a_program_is_told_what_waits_and_nothing_of_ours(script, nursery, monkeypatch):
    monkeypatch.setenv("BASE_SECRET_ACCESS_KEY", "canary")
    nursery.start_soon(run, str(script), "-v")
    lines = await said(script)
    assert lines[:5] == ["-v", *FACTS]
    assert not any("canary" in line for line in lines)
    assert any(line.startswith("PATH=") for line in lines)
    assert {'TRIO_GATE_SENTENCE=Delete object "a" from "reports"', "TRIO_GATE_LEVEL=caution", "TRIO_GATE_EVENT=asked"} <= set(
        lines
    )


@pytest.mark.parametrize(
    ("lines", "words"), [("exit 3", "ended with status 3"), (None, "could not be run: No such file"), ("sleep 60", "was killed")]
)
async def test_a_program_that_does_not_work_is_not_run_again(tmp_path, monkeypatch, lines, words):
    if lines == "sleep 60":
        monkeypatch.setattr(delivery, "RUN_TIMEOUT", 0.1)
    bad = tmp_path / "bad"
    if lines is not None:
        bad.write_text(f"#!/bin/sh\n{lines}\n")
        bad.chmod(0o700)
    trouble = await run(str(bad))
    assert words in trouble.text
    assert trouble.final


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
async def test_what_no_environment_can_hold_ends_nothing(text):
    trouble = await run("/bin/true", notice=replace(NOTICE, sentence=text))
    assert (trouble.text.startswith("internal error: "), trouble.final) == (True, True)


async def test_a_program_that_works_is_no_trouble():
    assert await run("/bin/true") is None


async def test_a_program_that_is_killed_leaves_nothing_running(tmp_path, script, nursery, monkeypatch):
    monkeypatch.setattr(delivery, "RUN_TIMEOUT", 1)
    with held(tmp_path) as pipe:
        script.write_text(f"#!/bin/sh\n{pipe.lines} wait\n")
        nursery.start_soon(run, str(script))
        await pipe.begun()
        await pipe.ended()


async def test_without_a_thread_a_program_is_not_run():
    with no_thread():
        trouble = await run("/bin/true")
        await wait_all_tasks_blocked()
    assert "could not be run: no thread" in trouble.text
