"""`trio-gate pending`: the calls that wait for you, the dangerous first; with an id, all that the approval of one is bound to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trio_gate.cli import connecting
from trio_gate.cli.approving import requests

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  trio-gate pending --config gateway.hcl                    # what waits, a line each
  trio-gate pending q0123456789abcdef --config gateway.hcl  # one call in full
  trio-gate pending --json | jq -r .prompt.sentence         # for programs"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("id", nargs="?", metavar="ID", help="print this call, and all that its approval is bound to")
    connecting.add_arguments(parser, EXAMPLES)


def run(args: argparse.Namespace) -> int:
    """Print what waits. Returns the exit status."""
    return connecting.run("pending", args, partial(requests.pending, args.id, json=args.json))
