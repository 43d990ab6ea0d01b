"""`trio-gate approve`: answer prompts at a terminal, from a script (--yes, --deny) or by a program (--exec).

Rule: what is sent is the digest of what was shown. A key pressed before a prompt was on the screen answers nothing.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from trio_gate.cli import connecting
from trio_gate.cli.approving import requests
from trio_gate.cli.approving.terminal.prompt_input import TypedAnswer
from trio_gate.cli.approving.terminal.session import ApproverSession

if TYPE_CHECKING:
    import argparse

    from trio_gate.approval.terms import Answer

EXAMPLES = """\
  trio-gate approve --config gateway.hcl                    # answer the calls that wait, the dangerous first
  trio-gate approve q0123456789abcdef --config gateway.hcl  # answer one of them
  trio-gate approve q0123456789abcdef --yes --reason seen   # approve it without a terminal
  trio-gate approve --deny "not during the freeze"          # deny all that comes
  trio-gate approve --exec ./ask-the-chat                   # have a program decide"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("id", nargs="?", metavar="ID", help="the one call to answer, as `trio-gate pending` names it")
    connecting.add_arguments(parser, EXAMPLES)
    parser.add_argument("--once", action="store_true", help="answer one prompt, and exit")
    answers = parser.add_mutually_exclusive_group()
    answers.add_argument("--yes", action="store_true", help="approve without asking: all prompts, or ID")
    answers.add_argument("--deny", metavar="REASON", help="deny without asking: all prompts, or ID")
    answers.add_argument(
        "--exec",
        metavar="PROGRAM",
        dest="program",
        help='run PROGRAM with each prompt as JSON on its standard input; it prints {"verdict": "approve" or "deny", "reason": "…"}',
    )
    parser.add_argument("--reason", default="", help="with --yes: why")
    parser.add_argument(
        "--confirm",
        action="append",
        type=int,
        default=[],
        metavar="LINE",
        help="with --yes ID: the number of a task's line that lets dangerous calls through; may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Answer prompts. Returns the exit status."""
    if args.program and args.id:
        return connecting.fail("approve", "--exec answers all calls: leave ID out", 2)
    if not (args.yes or args.deny is not None or args.program or sys.stdin.isatty()):
        return connecting.fail("approve", "there is no terminal to ask at: use --yes, --deny REASON or --exec PROGRAM", 2)
    if args.confirm and not (args.yes and args.id):
        return connecting.fail("approve", "--confirm goes with --yes and ID: lines are confirmed of one task", 2)
    given = None
    if args.yes or args.deny is not None:
        verdict: Answer = "approve" if args.yes else "deny"
        confirmed = tuple(args.confirm) or None
        given = TypedAnswer(verdict=verdict, reason=args.deny or args.reason, unread=True, confirmed=confirmed)
    if given is not None and args.id:
        return connecting.run("approve", args, partial(requests.decide, args.id, given, json=args.json))
    once = bool(args.once or args.id)

    async def work(connect: connecting.Connect) -> int:
        return await ApproverSession(connect, json=args.json).work(given, args.program, once=once, only=args.id)

    return connecting.run("approve", args, work)
