"""`trio-gate log`: recent calls, from the audit database of a gateway that may be running."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from typing import Any, get_args

from trio_gate.app.state_dir import StartFailed
from trio_gate.approval.channel.codec import TIMES, timestamp
from trio_gate.audit.chain import GENESIS
from trio_gate.audit.record import End
from trio_gate.audit.search import PARTS
from trio_gate.cli import config_place, state_dir
from trio_gate.cli.times import FORMS, moment
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.audit.database import FILE, FILTERS, read_last, search, verify
from trio_gate.text.visible import visible

NOT_A_TERMINAL = 200
"""Width of the table if the output is not a terminal."""

LOOK_EVERY = 1.0
"""Seconds between two looks for new calls, with --follow."""

MOST_NEW = 10_000
"""Calls that one look gives."""

MOST_CALLS = 1_000_000
"""Calls that may be asked for."""

WIDTHS = {"resource": 140, "rule": 140, "status": 100, "approver": 100}
"""Least width of a terminal for these columns of the table, so that a narrower one has room for what was called."""

_DEFAULTS = {"count": 20, "follow": False, "json": False}
"""What options are that were not given, if not None."""

FOLDED = frozenset({"call", "resource", "rule", "approver"})
COLUMNS = ("time", "agent", "account", "call", "resource", "decision", "rule", "status", "approver")

EXAMPLES = """\
  trio-gate log --agent ci --decision deny --since 2026-01-15
  trio-gate log --text "delete bucket" -n 100
  trio-gate log --follow --decision deny           # each call as it ends, until Ctrl-C
  trio-gate log --json | jq -r .sentence           # for programs
  trio-gate log verify                             # whether the record is what was written"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "words", nargs="*", metavar="CONFIG", help=f"{config_place.HELP}; the word `verify` before it checks the hash chain"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--config", metavar="CONFIG", help="the same")
    source.add_argument("--state-dir", metavar="FOLDER", help="its state folder, instead of the configuration")
    parser.add_argument(
        "--head", metavar="HASH", type=_hash, help="with verify: a hash that was kept elsewhere, and must be in the chain"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="go on with each call as it ends, until Ctrl-C")
    parser.add_argument("-n", dest="count", type=_count, default=_DEFAULTS["count"], help="how many calls (default: 20)")
    parser.add_argument("--json", action="store_true", help="print one JSON line per call")
    for name in FILTERS:
        also = ("--outcome",) if name == "decision" else ()
        parser.add_argument(f"--{name}", *also, help=f"only calls with this {name}")
    parser.add_argument("--end", choices=get_args(End), help="only calls that ended so")
    parser.add_argument(
        "--text", metavar="WORDS", help="only calls with all of these words in their sentence, names, rule or reasons"
    )
    for name, whose in (("resource", "a resource"), ("approver", "an approver's name"), ("reason", "the reason")):
        parser.add_argument(f"--{name}", metavar="PART", help=f"only calls with this in {whose}")
    parser.add_argument("--since", metavar="TIME", type=moment, help=f"only calls from this time on, {FORMS}")
    parser.add_argument("--until", metavar="TIME", type=moment, help="only calls before this time")


def run(args: argparse.Namespace) -> int:
    """Print the calls, oldest first. Returns 1 if the database cannot be read or is not sound, 2 if the configuration cannot be read."""
    verifying = args.words[:1] == ["verify"]
    named = args.words[verifying:]
    if len(named) > 1 or (named and (args.config or args.state_dir)):
        print("trio-gate: name one configuration, or its state folder", file=sys.stderr)
        return 2
    if _mixed(args, verifying=verifying):
        print("trio-gate: `log verify` reads the whole record and takes only --head, which `log` does not take", file=sys.stderr)
        return 2
    args.file = named[0] if named else None
    folder = state_dir.find(args)
    if folder is None:
        return 2
    try:
        if not state_dir.has(folder, FILE):
            print(f"trio-gate: there is no record in {folder}: the gateway has not run there yet", file=sys.stderr)
            return 1
        return _verify(str(folder / FILE), args.head) if verifying else _print(str(folder / FILE), args)
    except (AuditUnavailable, StartFailed) as error:
        print(f"trio-gate: {error}", file=sys.stderr)
        return 1


def _mixed(args: argparse.Namespace, *, verifying: bool) -> bool:
    """Whether options were given that do not concern what is asked for."""
    if not verifying:
        return args.head is not None
    return any(getattr(args, name) != _DEFAULTS.get(name) for name in ("count", "follow", "json", "end", *FILTERS, *PARTS))


def _verify(path: str, kept: bytes | None) -> int:
    """Say whether the chain holds, else where it first breaks, and how."""
    found = verify(path, kept)
    if found.fault is not None:
        print(f"trio-gate: {path}: row {found.rows + 1} {found.fault}", file=sys.stderr)
        return 1
    if found.met is False:
        print(f"trio-gate: {path}: no row has the hash of --head: rows were removed, or all were written anew", file=sys.stderr)
        return 1
    print(f"{path}: {found.rows} rows hold, head {found.head.hex()}")
    return 0


def _print(path: str, args: argparse.Namespace) -> int:
    given = {name: getattr(args, name) for name in (*FILTERS, "end", *PARTS) if getattr(args, name) is not None}
    wanted = {name: timestamp(value) if name in TIMES else value for name, value in given.items()}
    newest = search(path, {}, None, 1)[0] if args.follow else []
    records = read_last(path, args.count, wanted)
    if args.json:
        for record in records:
            print(json.dumps(record))
    else:
        _print_table(records)
    if args.follow:
        _follow(path, wanted, newest[0]["seq"] if newest else 0, json_lines=args.json)
    return 0


def _follow(path: str, wanted: dict[str, str], last: int, *, json_lines: bool) -> None:
    """Print each call after the row `last` once it has an outcome. Ends when it is interrupted."""
    running: dict[str, None] = {}
    while True:
        sys.stdout.flush()
        time.sleep(LOOK_EVERY)
        ended = [call for id_ in running for call in search(path, {"id": id_}, None, 1)[0] if call["outcome"]]
        new = [call for call in reversed(search(path, {}, None, MOST_NEW)[0]) if call["seq"] > last]
        last = max([last, *(call["seq"] for call in new)])
        running |= {call["id"]: None for call in new if not call["outcome"]}
        for call in [*ended, *(call for call in new if call["outcome"])]:
            running.pop(call["id"], None)
            if search(path, {**wanted, "id": call["id"]}, None, 1)[0]:
                _say(call, json_lines=json_lines)


def _say(call: dict[str, Any], *, json_lines: bool) -> None:
    del call["seq"]
    print(json.dumps(call) if json_lines else "  ".join(visible(cell) for cell in cells(call)))


def _hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != len(GENESIS):
        raise argparse.ArgumentTypeError(f"{text!r} is no hash, which has {2 * len(GENESIS)} digits 0-9 and a-f")
    return found


def _count(text: str) -> int:
    count = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_CALLS)) else 0
    if not 0 < count <= MOST_CALLS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_CALLS:,}")
    return count


def _print_table(records: list[dict[str, Any]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to load, and --json does not need it
    from rich.table import Table  # noqa: PLC0415 - slow to load, and --json does not need it
    from rich.text import Text  # noqa: PLC0415 - slow to load, and --json does not need it

    console = Console(width=shutil.get_terminal_size().columns if sys.stdout.isatty() else NOT_A_TERMINAL)
    shown = [column for column in COLUMNS if console.width >= WIDTHS.get(column, 0)]
    table = Table(box=None, pad_edge=False)
    for column in shown:
        table.add_column(column, overflow="fold", no_wrap=column not in FOLDED)
    for record in records:
        row = dict(zip(COLUMNS, cells(record), strict=True))
        table.add_row(*(Text(visible(row[column])) for column in shown))
    console.print(table)
    if left_out := [column for column in COLUMNS if column not in shown]:
        *first, last = left_out
        named = f"{', '.join(first)} and {last}"
        print(f"left out for want of width: {named}; {max(WIDTHS.values())} columns have room, and --json has all")


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
    """By which proof a tunnel was asked for and, once it is over, how much went through it."""
    outcome, proofs = record["outcome"], record.get("proofs")
    if record["decision"]["outcome"] != "tunnel":
        return ""
    by = "" if proofs is None else f" by {' and '.join(proofs).replace('_', ' ')}" if proofs else " without proof"
    return (
        by
        if outcome is None
        else f"{by}, {outcome['bytes_in']} bytes there, {outcome['bytes_out']} back in {outcome['seconds']['tunnel']:.1f} s"
    )


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
            words = "reloaded in part" if act.get("in_part") else "reloaded" if act.get("taken") else "not reloaded"
        case _:
            words = f"gateway {kind}"
    reason = act.get("reason")
    return f"{words}: {reason}" if reason else words


def _status(outcome: dict[str, Any] | None) -> str:
    if outcome is None:
        return "in progress"
    status = "-" if outcome["status"] is None else str(outcome["status"])
    return status if outcome["end"] == "answered" else f"{status} {outcome['end']}"
