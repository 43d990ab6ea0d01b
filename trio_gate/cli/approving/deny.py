"""`trio-gate deny ID`: deny one call that waits; the agent is told the reason."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trio_gate.cli import connecting
from trio_gate.cli.approving import requests
from trio_gate.cli.approving.terminal.prompt_input import TypedAnswer

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  trio-gate deny q0123456789abcdef --reason "use the staging bucket" --config gateway.hcl"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("id", metavar="ID", help="the call, as `trio-gate pending` names it")
    parser.add_argument("--reason", default="", help="why: the agent reads it")
    connecting.add_arguments(parser, EXAMPLES)


def run(args: argparse.Namespace) -> int:
    """Deny the call. Returns the exit status."""
    answer = TypedAnswer(verdict="deny", reason=args.reason)
    return connecting.run("deny", args, partial(requests.decide, args.id, answer, json=args.json))
