"""What the gateway costs, compared with a plain TLS relay in the same run: nginx if it is installed, else one in Python.

Large bodies: the memory that a PutObject in each of boto3's forms and a GetObject add to the gateway, one and eight at once, with rate
and CPU. Small requests: rate and CPU. Naming: CPU, compared with botocore's signing of the same request. Other load on the machine
changes the rates; the CPU ratios are reliable. The gateway does all that it normally does: signatures both ways, rules, the audit record
on disk, the decision log, deadlines.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmarks.agent import FORMS, KINDS, MIB, get, put, small, together
from scripts.benchmarks.aws import stand_in
from scripts.benchmarks.naming import naming
from scripts.benchmarks.proxies import find_nginx, gateway, plain

if TYPE_CHECKING:
    from scripts.benchmarks.proxies import Proxy

STREAMS = (1, 8)
CONNECTIONS = (1, 16)
ROUNDS = 3
NAMED = 5000
GIB = 1024 * MIB


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The result for a transfer or for small requests: `rate` in MiB or requests per second, `cpu` in seconds per GiB or µs per request."""

    rate: float
    cpu: float
    memory: float = 0.0


def main() -> None:
    """Measure what the command line asks for, and print the tables."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="bodies of 64 MiB instead of 1 GiB, and shorter rounds")
    parser.add_argument("--only", choices=("bodies", "requests", "naming"), help="one of the three tables")
    args = parser.parse_args()
    size, seconds = (64 * MIB, 0.5) if args.quick else (GIB, 2.0)
    peer = "nginx" if find_nginx() else "pump"
    print(
        f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}; {peer} is the plain TLS relay"
    )
    if args.only in (None, "naming"):
        naming(NAMED // 10 if args.quick else NAMED)
    if args.only == "naming":
        return
    with tempfile.TemporaryDirectory(prefix="trio-gate-bench-") as name:
        folder = Path(name)
        with stand_in(folder) as port, plain(folder, port) as baseline:
            if args.only != "requests":
                bodies(folder, port, baseline, peer, size)
            if args.only != "bodies":
                requests(folder, port, baseline, peer, seconds)


def bodies(folder: Path, port: int, baseline: Proxy, peer: str, size: int) -> None:
    """Measure large bodies, and print their table."""
    print(
        f"\nbodies of {size // MIB} MiB      at once  gateway MiB/s  CPU s/GiB  memory +MiB   {peer} MiB/s  CPU s/GiB   CPU ratio"
    )
    for count in STREAMS:
        beside = {job: transfer(baseline, count, job, "unsigned", size) for job in (put, get)}
        for job, form in [*((put, form) for form in FORMS), (get, "unsigned")]:
            with gateway(folder, port) as gate:
                ours = transfer(gate, count, job, form, size)
            theirs = beside[job]
            name = f"{job.__name__} {form if job is put else ''}"
            print(
                f"{name:22}{count:>8}{ours.rate:>15.0f}{ours.cpu:>11.2f}{ours.memory:>13.1f}"
                f"{theirs.rate:>14.0f}{theirs.cpu:>11.2f}{ours.cpu / theirs.cpu:>12.2f}",
                flush=True,
            )


def transfer(proxy: Proxy, count: int, job: object, form: str, size: int) -> Cost:
    """Move `size` bytes in each of `count` connections, once a HEAD has made the proxy ready."""
    together(proxy.way, 1, small, "HEAD", 0)
    proxy.forget_peak()
    memory, cpu = proxy.memory("VmRSS"), proxy.cpu()
    seconds, done = together(proxy.way, count, job, form, size)
    return Cost(
        rate=done / MIB / seconds,
        cpu=(proxy.cpu() - cpu) / (done / GIB),
        memory=proxy.memory("VmHWM") - memory,
    )


def requests(folder: Path, port: int, baseline: Proxy, peer: str, seconds: float) -> None:
    """Measure small requests, and print their table: medians of alternating rounds."""
    print(f"\nsmall requests     connections  gateway req/s  CPU µs/req  {peer} req/s  CPU µs/req   CPU ratio")
    with gateway(folder, port) as gate:
        for kind in KINDS:
            for count in CONNECTIONS:
                rounds = [[burst(proxy, count, kind, seconds) for proxy in (gate, baseline)] for _ in range(ROUNDS)]
                ours, theirs = (median(costs) for costs in zip(*rounds, strict=True))
                print(
                    f"{kind:18}{count:>12}{ours.rate:>15.0f}{ours.cpu:>12.0f}{theirs.rate:>13.0f}{theirs.cpu:>12.0f}"
                    f"{ours.cpu / theirs.cpu:>12.2f}",
                    flush=True,
                )


def burst(proxy: Proxy, count: int, kind: str, seconds: float) -> Cost:
    """Requests on `count` connections for some seconds."""
    cpu = proxy.cpu()
    took, done = together(proxy.way, count, small, kind, seconds)
    return Cost(rate=done / took, cpu=(proxy.cpu() - cpu) * 1e6 / done)


def median(costs: tuple[Cost, ...]) -> Cost:
    return Cost(rate=statistics.median(cost.rate for cost in costs), cpu=statistics.median(cost.cpu for cost in costs))


if __name__ == "__main__":
    main()
