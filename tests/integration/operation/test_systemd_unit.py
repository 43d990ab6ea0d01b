"""The unit in scripts/systemd, under a real systemd that is process 1 of namespaces of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.kit.gateway import TRIO_GATE
from tests.kit.paths import ROOT
from trio_gate.shell.clock import SystemClock

UNIT = ROOT / "scripts" / "systemd" / "trio-gate.service"
BOOT = ROOT.parent / "shared" / "systemd" / "boot"
SYSTEMD = Path("/lib/systemd/systemd")
MARK = "lib/systemd/systemd --system --unit=gate-test"
PATIENCE = 60
MOST_EXPOSED = 15
"""In tenths, as systemd-analyze takes it."""

CONFIG = """\
gateway {
  state_dir = "/var/lib/trio-gate"
  listener "proxy" { bind = "127.0.0.1:0" }
}
credential "aws_account" "base" {
  access_key_id     = "AKIAANYTHINGATALL000"
  secret_access_key = "anything"
}
endpoint "aws_api" "main" {
  role       = "trio-gate"
  region     = "us-east-1"
  credential = aws_account.base
  accounts   = ["111111111111"]
}
rule "all" { action = "allow" }
"""
OVERRIDE = """\
[Service]
ExecStart=
ExecStart={gate} serve /run/gateway.hcl
ExecReload=
ExecReload={gate} reload /run/gateway.hcl
LoadCredential=
ProtectHome=no
{user}
"""
"""What differs here: where the program is, and that some kernels cannot give the credentials of a unit to a dynamic user."""


def test_the_unit_exposes_little():
    if shutil.which("systemd-analyze") is None:
        pytest.skip("NO SYSTEMD: its unit is not looked at. apt-get install systemd")  # reason: only systemd rates a unit
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class Machine:
    """A systemd in namespaces, and what is done inside."""

    def __init__(self, process):
        self.process = process
        self.began = SystemClock().now().timestamp()

    def run(self, *words, check=True, **given):
        command = ["nsenter", "-t", str(self.process), "-p", "-m", "-u", "-i", "-C", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, **given)
        assert not check or done.returncode == 0, done.stdout + done.stderr + self.log()
        return done

    def log(self):
        self.run("journalctl", "--sync", check=False)
        since = f"--since=@{self.began}"
        return self.run("journalctl", "-u", "trio-gate", since, "--no-pager", "-o", "cat", check=False).stdout

    def write(self, path, text):
        self.run("sh", "-c", f"mkdir -p $(dirname {path}); cat > {path}", input=text)

    def main(self):
        return self.run("systemctl", "show", "trio-gate", "-P", "MainPID").stdout.strip()

    def until(self, ready):
        deadline = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < deadline, self.log()


@pytest.fixture
def machine(tmp_path):
    missing = [str(one) for one in (BOOT, SYSTEMD) if not one.exists()]
    if missing or os.geteuid() != 0:
        lacks = ", ".join(missing) or "root"
        pytest.skip(f"NO SYSTEMD to start, it takes {lacks}")  # reason: only root may make it process 1 of namespaces
    shutil.copy(UNIT, tmp_path)
    before = _systemds()
    with (tmp_path / "boot.log").open("w") as log:
        boot = subprocess.Popen([BOOT, tmp_path], stdout=log, stderr=log, env={**os.environ, "SECONDS_AT_MOST": "300"})
    made = None
    try:
        deadline = time.monotonic() + PATIENCE
        while made is None:
            made = next((Machine(one) for one in _systemds() - before), None)
            if boot.poll() is not None or time.monotonic() > deadline:
                said = (tmp_path / "boot.log").read_text()[-200:]
                pytest.skip(f"NO SYSTEMD: it cannot be started here: {said}")  # reason: some containers allow no namespaces
        made.until(lambda: made.run("systemctl", "list-units", check=False).returncode == 0)
        for folder in ("/var/lib", "/var/log"):  # so that nothing is left on this machine
            made.run("mount", "-t", "tmpfs", "tmpfs", folder)
        made.run("systemctl", "restart", "systemd-journald")
        made.write("/run/gateway.hcl", CONFIG)
        gate = " ".join(map(str, TRIO_GATE))
        user = "" if all(map(_open, (ROOT, Path(sys.executable).resolve()))) else "DynamicUser=no\nUser=root"
        made.write("/run/systemd/system/trio-gate.service.d/here.conf", OVERRIDE.format(gate=gate, user=user))
        made.run("systemctl", "daemon-reload")
        yield made
    finally:
        if made is not None:
            os.kill(made.process, signal.SIGKILL)
        boot.kill()
        boot.wait()


def _open(path):
    """Whether any user may read what is there."""
    return all(one.stat().st_mode & 0o001 for one in (path, *path.parents))


def _systemds():
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if MARK in words and (process / "exe").resolve().name == "systemd":
                found.add(int(process.name))
    return found


def test_it_starts_reloads_comes_back_and_stops(machine):
    machine.run("systemctl", "start", "trio-gate")
    assert "trio-gate: ready" in machine.log()
    machine.run("systemctl", "reload", "trio-gate")
    assert "reloaded, generation 2" in machine.log()

    machine.write("/run/gateway.hcl", CONFIG.replace("allow", "permit"))
    assert machine.run("systemctl", "reload", "trio-gate", check=False).returncode == 1
    assert "not reloaded: the configuration has faults" in machine.log()
    assert machine.run("systemctl", "is-active", "trio-gate").stdout == "active\n"
    machine.write("/run/gateway.hcl", CONFIG)

    first = machine.main()
    machine.run("kill", "-KILL", first)
    machine.until(lambda: machine.main() not in ("0", first))
    machine.until(lambda: machine.run("systemctl", "is-active", "trio-gate", check=False).stdout == "active\n")

    machine.run("systemctl", "stop", "trio-gate")
    assert machine.run("systemctl", "show", "trio-gate", "-P", "Result").stdout == "success\n"
    assert re.search("trio-gate: stopped", machine.log())
    assert machine.run("stat", "-L", "-c", "%a", "/var/lib/trio-gate").stdout == "700\n"
