"""`trio-gate log`: the last calls, from the audit database of a gateway that may be running.

Rule: only `state_dir` of a configuration is read, so the log can be shown where the gateway's secrets are not set.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trio_gate.approval.text import visible
from trio_gate.config import hcl, schema, values
from trio_gate.config.source import ConfigFaults, Flaw, Report, Source
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.store import FILE, FILTERS, read_last

if TYPE_CHECKING:
    import argparse

COLUMNS = ("time", "agent", "account", "call", "resource", "decision", "rule", "status", "approver")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `trio-gate log` takes."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("config", nargs="?", help="the gateway's configuration")
    source.add_argument("--state-dir", help="its state folder, instead of the configuration")
    parser.add_argument("-n", dest="count", type=_count, default=20, help="how many calls (20)")
    parser.add_argument("--json", action="store_true", help="one JSON line for each call")
    for name in FILTERS:
        parser.add_argument(f"--{name}", help=f"only calls with this {name}")


def run(args: argparse.Namespace) -> int:
    """Print the calls, oldest first. 1 when the database cannot be read, 2 when the configuration cannot."""
    try:
        folder = args.state_dir or state_dir(args.config)
    except (OSError, ValueError, ConfigFaults) as error:
        print(error if isinstance(error, ConfigFaults) else f"trio-gate: {error}", file=sys.stderr)
        return 2
    wanted = {name: getattr(args, name) for name in FILTERS if getattr(args, name) is not None}
    try:
        records = read_last(str(Path(folder) / FILE), args.count, wanted)
    except AuditUnavailable as error:
        print(f"trio-gate: {error.reason}", file=sys.stderr)
        return 1
    if args.json:
        for record in records:
            print(json.dumps(record))
    else:
        _print_table(records)
    return 0


def state_dir(config: str) -> str:
    """The state folder that a configuration names. Raises OSError, ValueError (not UTF-8) or ConfigFaults."""
    text = Path(config).read_text("utf-8")
    report = Report(Source(text, config))
    base = str(Path(config).absolute().parent)
    lookups = values.Lookups(env=os.environ.get, read_file=lambda path: Path(path).read_text("utf-8"), base_dir=base)
    root = hcl.read(report, top=schema.SHAPES.keys(), sensitive=schema.sensitive)
    found: values.Data = "./state"
    for item in (item for block in root.blocks if block.kind == "gateway" for item in block.attributes):
        if item.name == "state_dir":
            try:
                found = values.parse(text, item.start, item.end, lookups).data
            except Flaw as flaw:
                report.flaw(flaw)
            if not isinstance(found, str):
                report.add(item.start, "`state_dir` is a string")
    if faults := report.faults():
        raise ConfigFaults(faults)
    return lookups.path(str(found))


def _count(text: str) -> int:
    count = int(text)
    if not 0 < count <= 1_000_000:
        raise ValueError
    return count


def _print_table(records: list[dict[str, Any]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to load, and only wanted here
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, overflow="fold", no_wrap=column in {"time", "status"})
    for record in records:
        table.add_row(*(Text(visible(cell)) for cell in cells(record)))
    Console().print(table)


def cells(record: dict[str, Any]) -> tuple[str, ...]:
    """What the table shows of a record, not yet made safe to print."""
    outcome, decision = record["outcome"], record["decision"]
    resources = record["resources"] or []
    names = [str(name) for name in resources if isinstance(name, str)]
    more = f" and {len(resources) - 1} more" if len(resources) > 1 else ""
    return (
        record["time"][:19].replace("T", " "),
        record["agent"] or record["agent_address"],
        record["account_name"] or record["account"] or "-",
        f"{record['service']}:{record['action']}" if record["service"] else "-",
        f"{names[0]}{more}" if names else "-",
        decision["outcome"],
        decision["rule"] or "-",
        _status(outcome),
        ", ".join(item["person"] for item in record["approvers"]) or "-",
    )


def _status(outcome: dict[str, Any] | None) -> str:
    if outcome is None:
        return "under way"
    status = "-" if outcome["status"] is None else str(outcome["status"])
    return status if outcome["end"] == "answered" else f"{status} {outcome['end']}"
