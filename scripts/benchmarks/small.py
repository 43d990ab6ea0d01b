"""Small requests: reads and writes on kept connections, latencies at half of the greatest rate, and a new connection for each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from scripts.benchmarks.load import Agents, median, new_connections
from scripts.benchmarks.table import part, row, title

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.benchmarks.load import Load
    from scripts.benchmarks.proxies import Place, Proxy
    from scripts.benchmarks.run import Effort

CONNECTIONS = (1, 16, 64)
NAMES = {"read": "small reads (GetItem of 1 KiB)", "write": "small writes (PutItem of 1 KiB; the intent is on disk first)"}
LIMITED = "the rate of nginx, which the load limits, is not shown"
PROXIES = ("gateway", "textbook", "nginx")
COLUMNS = [
    *(f"{name}\n{figure}" for name in ("gateway", "textbook") for figure in ("req/s", "p50 ms", "CPU µs")),
    *("nginx\np50 ms", "nginx\nCPU µs"),
]
RATIOS = ("CPU to\ntextbook", "CPU to\nnginx", "rate to\ntextbook")


def reads(place: Place, effort: Effort) -> dict[str, float]:
    """Rate, latency and CPU of a small read, on 1, 16 and 64 kept connections."""
    return _requests(place, effort, "read")


def writes(place: Place, effort: Effort) -> dict[str, float]:
    """The same of a small write."""
    return _requests(place, effort, "write")


def _requests(place: Place, effort: Effort, kind: str) -> dict[str, float]:
    title(f"{NAMES[kind]}; {LIMITED}", *COLUMNS, *RATIOS)
    figures = {}
    with place.all() as proxies:
        for count in CONNECTIONS:
            burst = partial(_burst, kind=kind, count=count, seconds=effort.seconds)
            found = _row(f"{count} connection{'s' if count > 1 else ''}", proxies, effort.rounds, burst)
            figures |= {f"{kind} {count} {name}": value for name, value in found.items()}
    return figures


def _burst(proxy: Proxy, kind: str, count: int, seconds: float) -> Load:
    with Agents(proxy, kind, count) as agents:
        return agents.run(seconds)


def connections(place: Place, effort: Effort) -> dict[str, float]:
    """A new connection for each small read, with a full handshake, 16 at once."""
    title(f"a new connection for each small read; {LIMITED}", *COLUMNS, *RATIOS)
    with place.all() as proxies:
        found = _row("16 at once", proxies, effort.rounds, partial(new_connections, count=16, seconds=effort.seconds))
    return {f"connection {name}": value for name, value in found.items()}


def _row(name: str, proxies: list[Proxy | None], rounds: int, measure: Callable[[Proxy], Load]) -> dict[str, float]:
    """Measure all in turn, some rounds, and print the medians."""
    taken = [[measure(proxy) for proxy in proxies if proxy] for _ in range(rounds)]
    ours, textbook, *nginx = map(median, zip(*taken, strict=True))
    found = {
        "textbook": part(ours.cpu, textbook.cpu),
        "nginx": part(ours.cpu, nginx[0].cpu) if nginx else None,
        "rate": part(ours.rate, textbook.rate),
    }
    each = [getattr(load, figure) for load in (ours, textbook) for figure in ("rate", "p50", "cpu")]
    row(name, *each, *((nginx[0].p50, nginx[0].cpu) if nginx else (None, None)), *found.values())
    return {**found, "µs": ours.cpu}


def tail(place: Place, effort: Effort) -> dict[str, float]:
    """Latency at half of each one's greatest rate on 16 connections, counted from when each request was due."""
    title(
        "half of the greatest rate, 16 connections",
        *(f"{name}\n{figure}" for name in PROXIES for figure in ("req/s", "p50 ms", "p99 ms")),
    )
    figures = {}
    with place.all() as proxies:
        for kind in NAMES:
            loads = [_at_half(proxy, kind, effort) if proxy else None for proxy in proxies]
            row(f"small {kind}s", *(getattr(load, name, None) for load in loads for name in ("rate", "p50", "p99")))
            figures[f"{kind} p99"] = loads[0].p99
    return figures


def _at_half(proxy: Proxy, kind: str, effort: Effort) -> Load:
    with Agents(proxy, kind, 16) as agents:
        rate = median([agents.run(effort.seconds / 2) for _ in range(effort.rounds)]).rate
        return median([agents.run_at(rate / 2, effort.seconds * 2) for _ in range(effort.rounds)])
