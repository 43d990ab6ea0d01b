"""`trio-gate lift AGENT`: end the stop of an agent, or that of all agents."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trio_gate.approval.channel.frames import Lift
from trio_gate.cli import connecting
from trio_gate.cli.approving import requests

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  trio-gate lift ci --config gateway.hcl
  trio-gate lift '*' --config gateway.hcl                   # the stop of all agents"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("agent", metavar="AGENT", help="as it was stopped: the agent's name, or '*'")
    connecting.add_arguments(parser, EXAMPLES)


def run(args: argparse.Namespace) -> int:
    """Lift the stop. Returns the exit status."""
    frame = Lift(agent=requests.agent(args.agent))
    return connecting.run("lift", args, partial(requests.request, frame, json=args.json, done=f"lifted {args.agent}"))
