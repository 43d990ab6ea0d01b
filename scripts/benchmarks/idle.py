"""Agents that keep their connection: how much memory they take, and whether they are still answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.benchmarks import machine
from scripts.benchmarks.load import Agents
from scripts.benchmarks.table import row, title

if TYPE_CHECKING:
    from scripts.benchmarks.proxies import Place
    from scripts.benchmarks.run import Effort


def idle(place: Place, effort: Effort) -> dict[str, float]:
    """Memory with many connected agents, each of which has asked once, and errors when all ask again."""
    title(f"{effort.agents} idle agents", "MiB before", "MiB after", "KiB each", "errors")
    figures = {}
    with place.all() as proxies:
        for proxy in filter(None, proxies):
            with Agents(proxy, "read", 1):
                before = machine.memory(proxy.pid)
            with Agents(proxy, "read", effort.agents) as agents:
                after = machine.memory(proxy.pid)
                errors = agents.again()
            row(proxy.name, before, after, (after - before) * 1024 / effort.agents, str(errors))
            figures |= {f"idle {proxy.name} MiB": after, f"idle {proxy.name} errors": errors}
    return figures
