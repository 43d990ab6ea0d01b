"""How long others wait while one person's channels, or one agent, send as much as they can.

    scripts/bench floods [--channels 1] [--seconds 8]

Each row uses its own gateway. While carol's channels or an agent's connection flood it, another person pings and an agent gets a small
refusal on a new connection, in turn. The first row sends nothing. Everything runs on loopback.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kit.gateway import AGENT, running
from tests.kit.wire.floods import FLOODS, PEOPLE, ROOT, channel, flooding, frame, repeating
from tests.kit.wire.raw import S3, STS, Raw, parted, request, tunnel

if TYPE_CHECKING:
    from tests.kit.gateway import Gateway

DENY = 'rule "nothing" { action = "deny" }\n'
REFUSED = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
PAUSE = 0.02
"""Seconds between two pings: a channel that sends too many is read more slowly."""

PONG = b"\x8a\x04"


def ping(raw: Raw) -> float:
    """Seconds until a ping on an open channel is answered."""
    start = time.perf_counter()
    raw.send(frame(9, b"ping"))
    while PONG not in raw.take():
        pass
    return time.perf_counter() - start


def refused(gateway: Gateway) -> float:
    """Seconds until a request without a signature is refused."""
    start = time.perf_counter()
    with Raw(gateway.doors["endpoint"]) as raw:
        raw.send(REFUSED).answer()
    return time.perf_counter() - start


def tiny_requests(gateway: Gateway, floods: ExitStack) -> None:
    """Requests of an authenticated agent, one after the other."""
    floods.enter_context(flooding(tunnel(gateway, gateway.ca_file, STS), request() * 50))


def tiny_chunks(gateway: Gateway, floods: ExitStack) -> None:
    """Uploads of 10,000 chunks of one byte, repeatedly, each on its own connection."""
    head, body = parted(request("s3", S3, method="PUT", path="/b/k", body=b"x" * 10_000))
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    upload = b"\r\n".join([lines[0], b"Transfer-Encoding: chunked", *lines[1:]]) + b"1\r\nx\r\n" * len(body) + b"0\r\n\r\n"
    ca_file = gateway.ca_file

    def put() -> None:
        with tunnel(gateway, ca_file, S3) as raw:
            raw.send(upload).rest()

    floods.enter_context(repeating(put))


def measure(name: str, channels: int, seconds: float) -> None:
    """Measure one flood; print its line of the table."""
    with tempfile.TemporaryDirectory(prefix="trio-gate-bench-") as folder, ExitStack() as floods:
        gateway = floods.enter_context(running(Path(folder), None, agent=AGENT, rules=DENY, extra=PEOPLE))
        other = floods.enter_context(channel(gateway, ROOT))
        refused(gateway)
        if name in AGENTS:
            AGENTS[name](gateway, floods)
        elif name in FLOODS:
            for _ in range(channels):
                floods.enter_context(flooding(channel(gateway), FLOODS[name]))
        pings, answers, end = [], [], time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(PAUSE)
            pings.append(ping(other))
            answers.append(refused(gateway))
        print(f"{name:16}{len(pings):>8}{figures(pings)}{figures(answers)}", flush=True)


def figures(took: list[float]) -> str:
    """Median, 99th percentile and maximum, in milliseconds."""
    took.sort()
    return "".join(f"{1000 * took[int(part * (len(took) - 1))]:>10.1f}" for part in (0.5, 0.99, 1))


AGENTS = {"tiny requests": tiny_requests, "tiny chunks": tiny_chunks}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=8)
    args = parser.parse_args()
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; milliseconds: a ping's median, p99 and most, then a refusal's")
    for row in ("nothing", *FLOODS, *AGENTS):
        measure(row, args.channels, args.seconds)
