"""Whether the gateway stays as it is: reads and writes for some minutes, with reloads and hostile connections beside them.

    scripts/bench load [--minutes 10]

Sixteen agents read and write, the configuration changes every 5 seconds, and beside them connections send half heads, slow bodies,
malformed requests, wrong signatures and no TLS, or leave before the answer. Memory, descriptors and threads are counted before and after,
both times with nobody connected. Exits with 1 if they grew by more than a little, or if a good request was not answered with 200.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmarks import machine
from scripts.benchmarks.load import Agents, connect, request
from scripts.benchmarks.proxies import place
from scripts.benchmarks.table import row, title

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.benchmarks.proxies import Gateway

RELOAD = 5.0
"""Seconds between two reloads."""

SETTLED = 5.0
"""Seconds until the gateway has closed what nobody needs."""

RUN = 20.0
"""Seconds for which agents keep their connections; then they open and sign new ones."""

MAY_GROW = {"memory MiB": 16.0, "descriptors": 16.0, "threads": 8.0}
ELSEWHERE = "127.0.0.2"
"""Hostile connections have another address, as they would."""


@dataclass
class Work:
    """What the threads share: when to end, how many good requests were answered, hostile connections made, and what went wrong."""

    until: float
    answered: int = 0
    hostile: int = 0
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def left(self) -> float:
        return self.until - time.monotonic()


def ask(gateway: Gateway, work: Work, kind: str) -> None:
    """Eight agents that send good requests."""
    try:
        while work.left() > 0:
            with Agents(gateway, kind, 8) as agents:
                load = agents.run(max(0.1, min(RUN, work.left())))
            with work.lock:
                work.answered += load.count
    except (OSError, RuntimeError) as fault:
        work.faults.append(f"a {kind}: {fault!r}")
        work.until = 0


def half_head(gateway: Gateway) -> None:
    """The head ends in its middle."""
    with connect(gateway, source=ELSEWHERE) as tls:
        tls.sendall(request("read")[:300])
        time.sleep(1)


def slow_body(gateway: Gateway) -> None:
    """The body comes byte by byte, and not to its end."""
    head, _, body = request("write").partition(b"\r\n\r\n")
    with connect(gateway, source=ELSEWHERE) as tls:
        tls.sendall(head + b"\r\n\r\n")
        for at in range(20):
            tls.sendall(body[at : at + 1])
            time.sleep(0.1)


def malformed(gateway: Gateway) -> None:
    """Requests that the strict reader refuses."""
    for raw in (
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"\0" * 1000,
        b"GET /\r\n\r\n",
        b"POST / HTTP/1.1\r\nA : b\r\n\r\n",
    ):
        with connect(gateway, source=ELSEWHERE) as tls:
            tls.sendall(raw)
            while tls.recv(65536):
                pass


def wrong_signature(gateway: Gateway) -> None:
    """A body that was not signed."""
    with connect(gateway, source=ELSEWHERE) as tls:
        tls.sendall(request("read").replace(b"xxxx", b"yyyy"))
        tls.recv(65536)


def leaves(gateway: Gateway) -> None:
    """An agent that does not wait for its answer."""
    with connect(gateway, source=ELSEWHERE) as tls:
        tls.sendall(request("write"))


def no_tls(gateway: Gateway) -> None:
    """Not TLS, and then a handshake that does not continue."""
    for raw in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
        with socket.create_connection(("127.0.0.1", gateway.port), source_address=(ELSEWHERE, 0)) as tcp:
            tcp.sendall(raw)
            tcp.settimeout(1)
            tcp.recv(65536)


HOSTILE: tuple[Callable[[Gateway], None], ...] = (half_head, slow_body, malformed, wrong_signature, leaves, no_tls)


def attack(gateway: Gateway, work: Work, once: Callable[[Gateway], None]) -> None:
    """The same again and again, some times a second."""
    while work.left() > 0:
        with suppress(OSError):
            once(gateway)
        with work.lock:
            work.hostile += 1
        time.sleep(0.05)


def reload(gateway: Gateway, work: Work) -> None:
    """Change a rule every some seconds."""
    file = gateway.folder / "gateway.hcl"
    text, count = file.read_text(), 0
    while work.left() > 0:
        time.sleep(min(RELOAD, max(0.0, work.left())))
        count += 1
        file.write_text(f'{text}rule "reload {count}" {{ match = aws.service == "iam" action = "deny" }}\n')
        os.kill(gateway.pid, signal.SIGHUP)


def run(gateway: Gateway, seconds: float) -> Work:
    """All of it for some seconds; afterwards nobody is connected."""
    work = Work(until=time.monotonic() + seconds)
    jobs = [(ask, "read"), (ask, "write"), (reload,), *((attack, once) for once in HOSTILE)]
    with ThreadPoolExecutor(len(jobs)) as pool:
        started = [pool.submit(job, gateway, work, *words) for job, *words in jobs]
    for job in started:
        job.result()
    time.sleep(SETTLED)
    return work


def state(gateway: Gateway) -> dict[str, float]:
    pid = gateway.pid
    return {
        "memory MiB": machine.memory(pid),
        "descriptors": machine.descriptors(pid),
        "threads": machine.threads(pid),
    }


def steady(minutes: float) -> list[str]:
    """Run for so long; print what was counted; return what is wrong."""
    with tempfile.TemporaryDirectory(prefix="trio-gate-bench-") as name, place(Path(name)) as where, where.gateway() as gateway:
        title(f"{minutes:g} minutes of load", "good\nrequests", "hostile", *(word.replace(" ", "\n") for word in MAY_GROW))
        seconds, warm = minutes * 60, min(60, minutes * 12)
        work = run(gateway, warm)
        before, wrong = state(gateway), work.faults
        row("after warming up", str(work.answered), str(work.hostile), *(f"{value:.0f}" for value in before.values()))
        work = run(gateway, seconds - warm)
        after = state(gateway)
        row("at the end", str(work.answered), str(work.hostile), *(f"{value:.0f}" for value in after.values()))
        grew = [
            f"{word} grew from {before[word]:.0f} to {after[word]:.0f}"
            for word in after
            if after[word] > before[word] + MAY_GROW[word]
        ]
        failed = ["the gateway's log has a traceback"] if "Traceback" in (gateway.folder / "gateway.log").read_text() else []
        return [*wrong, *work.faults, *grew, *failed]


def main() -> None:
    """Run, and exit with 1 if something is wrong."""
    command("scripts/bench load", __doc__, steady, "no error, no growth")


def command(program: str, text: str | None, load: Callable[[float], list[str]], fine: str) -> None:
    """Run a load for as many minutes as the command line says, and exit with 1 if something is wrong; `fine` is said if nothing is."""
    parser = argparse.ArgumentParser(prog=program, description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="how long in all")
    minutes = parser.parse_args().minutes
    machine.prepare()
    wrong = load(minutes)
    print("\n".join(wrong) or f"steady: {fine}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
