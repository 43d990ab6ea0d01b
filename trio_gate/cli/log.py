"""`trio-gate log`: recent calls, from the audit database of a gateway that may be running."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, get_args

from trio_gate.approval.channel.codec import TIMES, timestamp
from trio_gate.audit.record import End
from trio_gate.audit.search import PARTS
from trio_gate.cli import state_dir
from trio_gate.cli.times import moment
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.audit.database import FILE, FILTERS, read_last
from trio_gate.text.visible import visible

if TYPE_CHECKING:
    import argparse

NOT_A_TERMINAL = 200
"""Width of the table if the output is not a terminal."""

WIDE = 140
"""Least width of a terminal for all columns of the table."""

WIDE_ONLY = frozenset({"resource", "rule"})
"""Columns of the table that a narrower terminal leaves out."""

FOLDED = frozenset({"call", "resource", "rule", "approver"})
COLUMNS = ("time", "agent", "account", "call", "resource", "decision", "rule", "status", "approver")

EXAMPLES = """\
  trio-gate log --agent ci --decision deny --since 2026-01-15
  trio-gate log --text "delete bucket" -n 100
  trio-gate log --json | jq -r .sentence           # for programs"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    state_dir.add_arguments(parser)
    parser.add_argument("-n", dest="count", type=_count, default=20, help="how many calls (default: 20)")
    parser.add_argument("--json", action="store_true", help="print one JSON line per call")
    for name in FILTERS:
        parser.add_argument(f"--{name}", help=f"only calls with this {name}")
    parser.add_argument("--end", choices=get_args(End), help="only calls that ended so")
    parser.add_argument(
        "--text", metavar="WORDS", help="only calls with all of these words in their sentence, names, rule or reasons"
    )
    for name in ("resource", "approver", "reason"):
        parser.add_argument(
            f"--{name}", metavar="PART", help=f"only calls with this in {'the' if name == 'reason' else 'a'} {name}"
        )
    parser.add_argument(
        "--since", metavar="TIME", type=moment, help="only calls from this time on, such as 2026-01-15T12:00 (UTC)"
    )
    parser.add_argument("--until", metavar="TIME", type=moment, help="only calls before this time")


def run(args: argparse.Namespace) -> int:
    """Print the calls, oldest first. Returns 1 if the database cannot be read, 2 if the configuration cannot."""
    folder = state_dir.find(args)
    if folder is None:
        return 2
    if not (folder / FILE).exists():
        print(f"trio-gate: there is no record in {folder}: the gateway has not run there yet", file=sys.stderr)
        return 1
    given = {name: getattr(args, name) for name in (*FILTERS, "end", *PARTS) if getattr(args, name) is not None}
    wanted = {name: timestamp(value) if name in TIMES else value for name, value in given.items()}
    try:
        records = read_last(str(folder / FILE), args.count, wanted)
    except AuditUnavailable as error:
        print(f"trio-gate: {error.detail}", file=sys.stderr)
        return 1
    if args.json:
        for record in records:
            print(json.dumps(record))
    else:
        _print_table(records)
    return 0


def _count(text: str) -> int:
    count = int(text)
    if not 0 < count <= 1_000_000:
        raise ValueError
    return count


def _print_table(records: list[dict[str, Any]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to load, and --json does not need it
    from rich.table import Table  # noqa: PLC0415 - slow to load, and --json does not need it
    from rich.text import Text  # noqa: PLC0415 - slow to load, and --json does not need it

    console = Console(width=None if sys.stdout.isatty() else NOT_A_TERMINAL)
    shown = [column for column in COLUMNS if console.width >= WIDE or column not in WIDE_ONLY]
    table = Table(box=None, pad_edge=False)
    for column in shown:
        table.add_column(column, overflow="fold", no_wrap=column not in FOLDED)
    for record in records:
        row = dict(zip(COLUMNS, cells(record), strict=True))
        table.add_row(*(Text(visible(row[column])) for column in shown))
    console.print(table)


def cells(record: dict[str, Any]) -> tuple[str, ...]:
    """The cells of a record, not yet escaped for printing."""
    outcome, decision = record["outcome"], record["decision"]
    resources = record["resources"] or []
    names = [str(name) for name in resources if isinstance(name, str)]
    more = f" and {len(resources) - 1} more" if len(resources) > 1 else ""
    called = f"{record['service']}:{record['action']}" if record["service"] else "-"
    if sentence := record.get("sentence"):
        level = "" if record["level"] == "fact" else f"{record['level']}: "
        called = f"{level}{sentence} ({called})" if record["service"] else f"{level}{sentence}{_moved(record)}"
    if record.get("presigned"):
        called += f" (presigned, {record['presigned']} s)"
    act = record.get("act")
    if act is not None:
        called = said(record["kind"], act, None if called == "-" else called)
    if counted := record.get("counted"):
        called = f"{sum(counted['codes'].values())} more refused"
    return (
        record["time"][:19].replace("T", " "),
        record["agent"] or record["agent_address"],
        _where(record),
        called,
        f"{names[0]}{more}" if names else "-",
        decision["outcome"],
        decision["rule"] or "-",
        _status(outcome),
        ", ".join(item["person"] for item in record["approvers"]) or "-",
    )


def _moved(record: dict[str, Any]) -> str:
    """How much went through a tunnel that is over."""
    outcome = record["outcome"]
    if record["decision"]["outcome"] != "tunnel" or outcome is None:
        return ""
    return f", {outcome['bytes_in']} bytes there, {outcome['bytes_out']} back in {outcome['seconds']['tunnel']:.1f} s"


def _where(record: dict[str, Any]) -> str:
    """The account of a call, and the role of the virtual session that it was made with."""
    account = str(record["account_name"] or record["account"] or "-")
    session = record.get("session")
    if not session:
        return account
    return f"{account} as {str(session['role']).rpartition('/')[2] if session.get('role') else 'a session'}"


def said(kind: str, act: dict[str, Any], called: str | None) -> str:
    """An act of a person or the gateway, in a few words."""
    terms = act.get("grant") or act
    many = f", {terms['uses']} uses in {terms['minutes']} minutes" if "uses" in terms else ""
    which = f", where {terms['predicate']}" if terms.get("predicate") else ""
    match kind:
        case "vote":
            words = f"{act.get('answer')} {called}{f', grant{many}{which}' if act.get('grant') else ''}"
        case "void":
            words = f"did not count: {called}"
        case "compare":
            words = f"compared with now, by {act.get('read')}: {called}"
        case "grant" | "revoke":
            words = f"{kind} ({act.get('kind')}): {act.get('about')}{many}{which}"
        case "ended":
            words = f"grant ended, {act.get('why')} ({act.get('kind')}): {act.get('about')}"
        case "stop" | "lift":
            words = f"{kind} {act.get('agent') or 'everything'}"
        case "link" | "linked":
            words = "sign-in link made" if kind == "link" else "signed in by link"
        case "end_session":
            words = f"session ended: {act.get('role') or act.get('session')}"
        case "unreviewed":
            words = f"first call of {called}"
        case "reload":
            words = "reloaded" if act.get("taken") else "not reloaded"
        case _:
            words = f"gateway {kind}"
    reason = act.get("reason")
    return f"{words}: {reason}" if reason else words


def _status(outcome: dict[str, Any] | None) -> str:
    if outcome is None:
        return "in progress"
    status = "-" if outcome["status"] is None else str(outcome["status"])
    return status if outcome["end"] == "answered" else f"{status} {outcome['end']}"
