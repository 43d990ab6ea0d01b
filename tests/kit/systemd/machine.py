"""A systemd that is process 1 of namespaces of its own, with the project's units, and what is done inside."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.kit.gateway import TRIO_GATE
from tests.kit.paths import ROOT
from trio_gate.shell.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNITS = ROOT / "scripts" / "systemd"
BOOT = ROOT / "tests" / "kit" / "systemd" / "boot"
SYSTEMD = Path("/lib/systemd/systemd")
PATIENCE = 60

KEPT = sorted({str(Path(one).resolve()) for one in (ROOT, sys.prefix, sys.base_prefix)})
"""What the program is made of, outermost first."""

CONFIG = "/run/gateway.hcl"
OVERRIDE = f"""\
[Service]
ExecStart=
ExecStart={" ".join(TRIO_GATE)} serve {CONFIG}
ExecReload=
ExecReload={" ".join(TRIO_GATE)} reload {CONFIG}
WorkingDirectory={ROOT}
LoadCredential=
LoadCredential=base_access_key_id:/run/base_access_key_id
LoadCredential=base_secret_access_key:/run/base_secret_access_key
ProtectHome=no
BindReadOnlyPaths={" ".join(KEPT)}
WatchdogSec=4
"""
"""What differs here: where the program is, which may be below /home or /tmp, and a watchdog that is not waited for long."""


@dataclass
class Machine:
    """A booted systemd, by its process in the machine's own numbers."""

    process: int
    began: float = field(default_factory=lambda: SystemClock().now().timestamp())

    def run(self, *words: str, check: bool = True, **given: Any) -> subprocess.CompletedProcess[str]:
        """Run a program inside."""
        command = ["nsenter", "-t", str(self.process), "-p", "-m", "-u", "-i", "-C", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, **given)
        assert not check or done.returncode == 0, done.stdout + done.stderr + self.log()
        return done

    def systemctl(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run("systemctl", *words, check=check)

    def shown(self, name: str) -> str:
        """A property of the gateway's unit."""
        return self.systemctl("show", "trio-gate", "-P", name).stdout.strip()

    def log(self) -> str:
        """The unit's journal, systemd's own lines included."""
        self.run("journalctl", "--sync", check=False)
        since = f"--since=@{self.began}"
        return self.run("journalctl", "-u", "trio-gate", since, "--no-pager", "-o", "cat", check=False).stdout

    def write(self, path: str, text: str, *, mode: str = "644") -> None:
        self.run("install", "-D", "-m", mode, "/dev/stdin", path, input=text)

    def until(self, ready: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < deadline, self.log()

    def is_active(self) -> bool:
        return self.systemctl("is-active", "trio-gate", check=False).stdout == "active\n"


@contextmanager
def booted(folder: Path) -> Iterator[Machine]:
    """Boot a systemd with the project's units, or skip where that cannot be done; `folder` is for its files."""
    if not SYSTEMD.exists() or os.geteuid() != 0:
        pytest.skip(f"NO SYSTEMD to start: it takes root, and {SYSTEMD}")  # reason: only root may make it process 1 of namespaces
    shutil.copytree(UNITS, folder / "units")
    shutil.rmtree(folder / "units" / "trio-gate.service.d")
    with (folder / "boot.log").open("w") as log:
        boot = subprocess.Popen([BOOT, folder / "units", *KEPT], stdout=log, stderr=log)
    made = None
    try:
        deadline = time.monotonic() + PATIENCE
        while made is None:
            made = next((Machine(one) for one in _children(boot.pid)), None)
            if boot.poll() is not None or time.monotonic() > deadline:
                said = (folder / "boot.log").read_text()[-200:]
                pytest.skip(f"NO SYSTEMD: it cannot be started here: {said}")  # reason: some containers allow no namespaces
        made.until(lambda: made.systemctl("list-units", check=False).returncode == 0)
        made.write("/run/systemd/system/trio-gate.service.d/here.conf", OVERRIDE)
        yield made
    finally:
        if made is not None:
            with suppress(ProcessLookupError):
                os.kill(made.process, signal.SIGKILL)
        boot.kill()
        boot.wait()


def _children(process: int) -> list[int]:
    """The children of a process that are a systemd by now."""
    with suppress(OSError):
        numbers = map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())
        return [one for one in numbers if Path(f"/proc/{one}/exe").resolve().name == "systemd"]
    return []
