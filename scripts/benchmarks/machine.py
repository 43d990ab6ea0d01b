"""The machine: which cores the proxies have, which the load, and what a process has used of it."""

from __future__ import annotations

import os
import platform
import re
import resource
import signal
import ssl
import time
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CORES = sorted(os.sched_getaffinity(0))
PROXIES = frozenset(CORES[:1])
LOAD = frozenset(CORES[1:] or CORES)
"""The cores of the load and of the stand-in for AWS: all others, where there are others."""


def describe() -> str:
    """The machine in some words."""
    return f"Python {platform.python_version()}, {len(CORES)} CPUs, load {os.getloadavg()[0]:.1f} before"


def versions() -> str:
    """What else figures depend on: the processor, the kernel, and what the proxies are made of."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    packages = ", ".join(f"{name} {version(name)}" for name in ("trio", "h11", "botocore"))
    return f"{model[1] if model else platform.machine()}, Linux {platform.release()}, {ssl.OPENSSL_VERSION}, {packages}"


@contextmanager
def on(cores: frozenset[int]) -> Iterator[None]:
    """Programs that are started within the block run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def prepare() -> None:
    """Run on the cores of the load, with files for a thousand agents, and stop what was started also when told to end."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.sched_setaffinity(0, LOAD)
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def cpu(pid: int) -> float:
    """Seconds of CPU that a process and its children have used, with threads that have ended.

    Every process has a clock of its CPU time, which counts nanoseconds; its number is made as `clock_getcpuclockid(3)` does.
    """
    return sum(time.clock_gettime_ns(~process << 3 | 2) for process in (pid, *_children(pid))) / 1e9


def _children(pid: int) -> Iterator[int]:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (thread / "children").read_text().split()):
            yield child
            yield from _children(child)


def memory(pid: int, name: str = "VmRSS") -> float:
    """MiB: `VmRSS` is the memory now, `VmHWM` the peak since `forget_peak`."""
    return int(_status(pid, name)) / 1024


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def threads(pid: int) -> int:
    return int(_status(pid, "Threads"))


def descriptors(pid: int) -> int:
    """How many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def _status(pid: int, name: str) -> str:
    return re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]
