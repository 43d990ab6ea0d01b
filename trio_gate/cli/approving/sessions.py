"""`trio-gate sessions`: the virtual sessions of agents, a line each; with --end, end one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trio_gate.approval.channel.frames import EndSession, Sessions
from trio_gate.cli import connecting
from trio_gate.cli.approving import requests

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  trio-gate sessions --config gateway.hcl
  trio-gate sessions --config gateway.hcl --end TGVS111111111111SABCDEFGHIJKLMNO   # and those that came from it"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--end", metavar="ID", help="end this session and those that came from it")
    connecting.add_arguments(parser, EXAMPLES)


def run(args: argparse.Namespace) -> int:
    """List the sessions, or end one. Returns the exit status."""
    frame, done = (EndSession(id=args.end), f"ended {args.end}") if args.end else (Sessions(), "")
    return connecting.run("sessions", args, partial(requests.request, frame, json=args.json, done=done))
