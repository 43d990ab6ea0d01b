"""How long a decision takes, from `decide` to `accepted`, with many people connected over TLS and many waiting calls.

    scripts/bench approvals [--people 100] [--pending 1000] [--decisions 300]

The hub, its admin listener and the person who decides are in this process; the others are in a second process and only read.
"""

from __future__ import annotations

import argparse
import hashlib
import ssl
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial

import trio
import trustme

from tests.kit.approvals.admin_gate import handle
from tests.kit.approvals.asking import asked, person
from tests.kit.approvals.questions import FixedClock, question
from trio_gate.approval.channel.frames import Accepted, Hello
from trio_gate.approval.question import Group
from trio_gate.client import ApproverClient, ClientError, connect
from trio_gate.shell.admin.server import AdminServer
from trio_gate.shell.approval.commands import CommandHandler
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import Limits
from trio_gate.shell.net.accept import Waits

PAUSE = 0.02
"""Seconds between two decisions; people are slower."""


async def main(people: int, pending: int, decisions: int) -> None:
    """Measure with this many people, waiting calls and decisions, and print one line."""
    names = tuple(map(_name, range(people)))
    hub = ApprovalHub(FixedClock(), Limits(max_pending=pending, max_pending_per_agent=pending))
    group = Group(id="human.all", people=names, quorum=1, timeout=600.0)
    known = {name: replace(person(name), token_sha256=hashlib.sha256(_token(name).encode()).hexdigest()) for name in names}
    server = AdminServer(
        hub=hub,
        commands=CommandHandler(hub, FixedClock()),
        people=known,
        names=frozenset({"127.0.0.1"}),
        waits=Waits(),
        unready=lambda: None,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        authority.cert_pem.write_to_path(file.name)
        async with trio.open_nursery() as nursery:
            for number in range(pending):
                digest = f"{number:064x}"
                nursery.start_soon(hub.ask, asked(question(f"q{number}", group, digest=digest, repeat_key=digest)))
            serve = partial(trio.serve_ssl_over_tcp, partial(handle, server), 0, context, host="127.0.0.1", https_compatible=True)
            listeners = await nursery.start(serve)
            url = f"wss://127.0.0.1:{listeners[0].transport_listener.socket.getsockname()[1]}"
            words = [sys.executable, "-m", "scripts.benchmarks.approvals", "--crowd", url, file.name, "--people", str(people)]
            await nursery.start(trio.run_process, words)
            while not all(hub.subscribers.has([name]) for name in names[1:]):  # noqa: ASYNC110 - who joins sets no event
                await trio.sleep(0.1)
            took = await _decide_all(url, file.name, min(decisions, pending))
            reading = sum(hub.subscribers.has([name]) for name in names[1:])
            nursery.cancel_scope.cancel()  # ends all waiting calls in one moment, so that readers are cut off
    cuts = statistics.quantiles(took, n=100)
    said = f"p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms, most {max(took) * 1e3:.1f} ms"
    print(f"{people} people, {reading} of them reading to the end, {pending} pending, {len(took)} decisions: {said}")


async def _decide_all(url: str, ca_file: str, decisions: int) -> list[float]:
    took = []
    async with connect(url, _token(_name(0)), ssl.create_default_context(cafile=ca_file)) as client:
        hello = await client.receive()
        for _ in range(hello.pending if isinstance(hello, Hello) else 0):
            await client.receive()
        for number in range(decisions):
            took.append(await _decide(client, number))
            await trio.sleep(PAUSE)
    return took


async def _decide(client: ApproverClient, number: int) -> float:
    began = time.perf_counter()
    await client.decide(f"q{number}", f"{number:064x}", "approve")
    while not isinstance(await client.receive(), Accepted):
        pass
    return time.perf_counter() - began


async def crowd(url: str, ca_file: str, people: int) -> None:
    """All people but the first: connect one by one, and read until the other process ends."""
    trust = ssl.create_default_context(cafile=ca_file)

    async def read(name: str, task_status: trio.TaskStatus[None]) -> None:  # noqa: ASYNC114 - for this nursery alone
        try:
            async with connect(url, _token(name), trust) as client:
                hello = await client.receive()
                for _ in range(hello.pending if isinstance(hello, Hello) else 0):
                    await client.receive()
                task_status.started()
                while True:
                    await client.receive()
        except ClientError:
            return

    async with trio.open_nursery() as nursery:
        for number in range(1, people):
            await nursery.start(read, _name(number))


def _name(number: int) -> str:
    return f"person-{number}"


def _token(name: str) -> str:
    return f"tg_{name}".ljust(40, "-")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (("people", 100), ("pending", 1000), ("decisions", 300)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--crowd", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.crowd:
        trio.run(crowd, *args.crowd, args.people)
    else:
        trio.run(main, args.people, args.pending, args.decisions)
