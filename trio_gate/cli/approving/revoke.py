"""`trio-gate revoke GRANT`: end a grant; calls of it that were not sent yet are not sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trio_gate.approval.channel.frames import Revoke
from trio_gate.cli import connecting
from trio_gate.cli.approving import requests

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  trio-gate revoke g0123456789abcdef --config gateway.hcl   # `trio-gate grants` lists them"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("id", metavar="GRANT", help="the grant, as `trio-gate grants` names it")
    connecting.add_arguments(parser, EXAMPLES)


def run(args: argparse.Namespace) -> int:
    """End the grant. Returns the exit status."""
    done = f"revoked {args.id}"
    return connecting.run("revoke", args, partial(requests.request, Revoke(id=args.id), json=args.json, done=done))
