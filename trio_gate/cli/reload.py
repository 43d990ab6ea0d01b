"""`trio-gate reload`: have the running gateway read its configuration again, and say what became of it.

Theory: the gateway is told by SIGHUP, and answers in its record, where each reload has a row.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trio_gate.app.state_dir import owner
from trio_gate.cli import state_dir
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.audit.database import FILE, read_last

if TYPE_CHECKING:
    import argparse

PATIENCE = 30.0
"""Seconds that a reload may take."""

LOOK_EVERY = 0.1
"""Seconds between two looks at the record."""

EXAMPLES = """\
  trio-gate reload
  trio-gate reload --state-dir /var/lib/trio-gate"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    state_dir.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Send the signal and wait for the answer. Returns 1 if not all is in force, 2 if the configuration names no state folder."""
    folder = state_dir.find(args)
    if folder is None:
        return 2
    try:
        answer = _asked(folder, args.config)
    except (AuditUnavailable, ValueError) as error:
        print(f"trio-gate: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"trio-gate: cannot ask the gateway on {folder}: {state_dir.words(error)}", file=sys.stderr)
        return 1
    return _said(answer["act"], f"reloaded, generation {answer['generation']}")


def _asked(folder: Path, config: str | None) -> dict[str, Any]:
    """Have the gateway reload; return the row of that. Raises ValueError if there is none, AuditUnavailable, OSError."""
    process = owner(folder)
    if process is None:
        more = f", the state_dir of {config}: if that was changed, restart the gateway" if config else ""
        raise ValueError(f"no gateway runs on {folder}{more}")
    wanted = hashlib.sha256(Path(config).read_bytes()).hexdigest() if config else None
    before = _last(folder)
    os.kill(process, signal.SIGHUP)
    return _answer(folder, process, before, wanted)


def _said(act: dict[str, Any], taken: str) -> int:
    """Say what became of it; 0 if all of the configuration is in force."""
    reason = act.get("reason")
    if reason is None:
        print(taken)
        return 0
    became = taken if act["taken"] else "reloaded in part" if act.get("in_part") else "not reloaded"
    print(f"trio-gate: {became}: {reason}", file=sys.stderr)
    return 1


def _last(folder: Path) -> dict[str, Any] | None:
    """The row of the last reload; None if there was none."""
    rows = read_last(str(folder / FILE), 1, {"decision": "reload"})
    return rows[0] if rows else None


def _answer(folder: Path, process: int, before: dict[str, Any] | None, wanted: str | None) -> dict[str, Any]:
    """The row of the next reload. One that took another file than that of the hash `wanted` is another's. Raises ValueError if it does not come."""
    deadline, others = time.monotonic() + PATIENCE, False
    while time.monotonic() < deadline:
        runs = owner(folder) == process
        found = _last(folder)
        if found is not None and found != before:
            if _is_ours(found["act"], wanted):
                return found
            others = True
        if not runs:
            raise ValueError(f"the gateway (process {process}) ended, and did not say before whether it reloaded")
        time.sleep(LOOK_EVERY)
    if others:
        raise ValueError("the gateway did not read this file: it runs with another, or the file was changed meanwhile")
    raise ValueError(f"the gateway (process {process}) did not say within {PATIENCE:g} seconds whether it reloaded")


def _is_ours(act: dict[str, Any], wanted: str | None) -> bool:
    """Whether the file of the hash `wanted` was read, or one with faults, whose hash is not known."""
    return wanted is None or act["config_sha256"] in (wanted, None)
