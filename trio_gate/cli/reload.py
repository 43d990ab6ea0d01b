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
        process = owner(folder)
        if process is None:
            print(f"trio-gate: no gateway runs on {folder}", file=sys.stderr)
            return 1
        wanted = hashlib.sha256(Path(args.config).read_bytes()).hexdigest() if args.config else None
        before = _last(folder)
        os.kill(process, signal.SIGHUP)
        answer = _answer(folder, before, wanted)
    except (AuditUnavailable, OSError, ValueError) as error:
        print(f"trio-gate: {error}", file=sys.stderr)
        return 1
    if answer is None:
        print(
            f"trio-gate: the gateway (process {process}) did not say within {PATIENCE:g} seconds whether it reloaded",
            file=sys.stderr,
        )
        return 1
    return _said(answer["act"], f"reloaded, generation {answer['generation']}")


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


def _answer(folder: Path, before: dict[str, Any] | None, wanted: str | None) -> dict[str, Any] | None:
    """The row of the next reload, None if it does not come. One that took another file than that of the hash `wanted` is another's."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = _last(folder)
        if found is not None and found != before and _is_ours(found["act"], wanted):
            return found
        time.sleep(LOOK_EVERY)
    return None


def _is_ours(act: dict[str, Any], wanted: str | None) -> bool:
    return wanted is None or not act["taken"] or act["config_sha256"] == wanted
