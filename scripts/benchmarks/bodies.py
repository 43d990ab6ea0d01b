"""Large bodies: CPU, memory and rate of uploads in each form and of downloads, in one and in eight streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.benchmarks import machine
from scripts.benchmarks.table import part, row, title
from scripts.benchmarks.transfers import FORMS, MIB, get, put, together

if TYPE_CHECKING:
    from scripts.benchmarks.proxies import Place, Proxy
    from scripts.benchmarks.run import Effort

STREAMS = (1, 8)
GIB = 1024 * MIB
COLUMNS = ("gateway\nMiB/s", "gateway\nCPU s/GiB", "gateway\n+MiB", "textbook\nCPU s/GiB", "nginx\nCPU s/GiB", "nginx\n+MiB")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a transfer took: `rate` in MiB a second, `cpu` in seconds for a GiB, `memory` in MiB more than before."""

    rate: float
    cpu: float
    memory: float


def bodies(place: Place, effort: Effort) -> dict[str, float]:
    """CPU, and memory since the start, of uploads in each form and of downloads. The others only pass on unsigned ones."""
    title(f"bodies of {effort.size // MIB} MiB in all", *COLUMNS, "CPU to\ntextbook", "CPU to\nnginx")
    figures = {}
    with place.all() as proxies:
        for proxy in filter(None, proxies):
            together(proxy, 1, get, "", 0)
        start = {proxy: machine.memory(proxy.pid) for proxy in filter(None, proxies)}
        for count in STREAMS:
            for job, forms in ((put, FORMS), (get, ("",))):
                _, textbook, nginx = (
                    proxy and _transfer(proxy, start, count, job, "unsigned", effort.size) for proxy in (None, *proxies[1:])
                )
                for form in forms:
                    ours = _transfer(proxies[0], start, count, job, form, effort.size)
                    name = f"{f'up, {form}' if form else 'down'}, x {count}"
                    plain = (nginx.cpu, nginx.memory) if nginx else (None, None)
                    ratios = part(ours.cpu, textbook.cpu), part(ours.cpu, plain[0])
                    row(name, ours.rate, ours.cpu, ours.memory, textbook.cpu, *plain, *ratios)
                    figures |= {f"{name} nginx": ratios[1], f"{name} memory": ours.memory}
    return figures


def _transfer(proxy: Proxy, start: dict[Proxy, float], count: int, job: object, form: str, size: int) -> Cost:
    """Move `size` bytes over `count` connections. `start` has the memory of each proxy before all."""
    machine.forget_peak(proxy.pid)
    cpu = proxy.cpu()
    seconds = together(proxy, count, job, form, size // count)
    used, peak = proxy.cpu() - cpu, machine.memory(proxy.pid, "VmHWM")
    return Cost(rate=size / MIB / seconds, cpu=used / (size / GIB), memory=peak - start[proxy])
