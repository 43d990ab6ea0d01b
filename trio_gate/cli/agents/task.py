"""`trio-gate task PURPOSE --need SERVICE:OPERATION …`: asks people once for the calls of a whole task, before it begins."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from trio_gate.approval.task import ACCESS
from trio_gate.cli.agents import asking
from trio_gate.text.visible import plain

_CALLS = re.compile(r"([a-z0-9-]{1,63}|\*):([A-Za-z0-9,]{1,2000})")
_ACCOUNT = re.compile(r"[0-9]{12}")
_IN, _WHERE = " in ", " where "

EXAMPLES = """\
  trio-gate task "move the reports" --need s3:PutObject,DeleteObject --need dynamodb:read
  trio-gate task "clean up" --need 's3:DeleteObject where aws.params.Bucket == "scratch"' --uses 200 --minutes 30"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("purpose", metavar="PURPOSE", help="what the task is for, as people will read it")
    parser.add_argument(
        "--need",
        action="append",
        default=[],
        type=_need,
        metavar="SERVICE:CALLS",
        help='calls, such as "s3:PutObject,DeleteObject", "dynamodb:read" or "*:read", perhaps followed by "in ACCOUNT" and "where CONDITION"; may be repeated',
    )
    parser.add_argument(
        "--danger",
        action="append",
        default=[],
        type=_danger,
        metavar="SERVICE:OPERATION,…",
        help="as --need, but for dangerous calls, too: each such line is confirmed by itself; may be repeated",
    )
    parser.add_argument("--uses", type=int, default=20, metavar="N", help="how many calls (default: 20)")
    parser.add_argument("--minutes", type=int, default=60, metavar="N", help="for how long (default: 60)")
    parser.add_argument("--extend", metavar="TASK", help="the id of a task that this one adds to, which people are told")
    asking.add_arguments(parser)
    asking.add_account(parser)


def run(args: argparse.Namespace) -> int:
    """Ask, wait as long as people are given, and print the task's id."""
    needs = [*args.need, *args.danger]
    if not needs:
        print("trio-gate task: nothing is asked for: give --need or --danger", file=sys.stderr)
        return 2
    members = {"purpose": args.purpose, "needs": needs, "uses": args.uses, "minutes": args.minutes}
    members |= {"extends": args.extend} if args.extend else {}
    said = asking.asked("task", args, "/-/agent/tasks", members, _granted)
    if isinstance(said, int):
        return said
    print(said)
    return 0


def _granted(read: dict[str, Any]) -> str:
    return plain(f"task {read['task']} lets up to {int(read['uses'])} calls through until {read['expires']}")


def _need(text: str) -> dict[str, object]:
    said, where, match = text.partition(_WHERE)
    calls, other, account = said.strip(" ").partition(_IN)
    found = _CALLS.fullmatch(calls)
    if found is None or (where and not match.strip(" ")) or (other and not _ACCOUNT.fullmatch(account)):
        raise argparse.ArgumentTypeError(
            'a need is SERVICE:OPERATION,…, SERVICE:read or *:read, perhaps with " in ACCOUNT" and " where CONDITION"'
        )
    service, calls = found.groups()
    line: dict[str, object] = {"service": service} if service != "*" else {}
    line |= {"access": calls} if calls in ACCESS else {"actions": calls.split(",")}
    line |= {"account": account} if account else {}
    return {**line, "match": match.strip(" ")} if where else line


def _danger(text: str) -> dict[str, object]:
    line = _need(text)
    if "actions" not in line:
        raise argparse.ArgumentTypeError("dangers are asked for by name: SERVICE:OPERATION,…")
    return {**line, "danger": True}
