"""`trio-gate stop AGENT`: refuse all calls of an agent, or of all agents, until it is lifted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trio_gate.approval.channel.frames import Stop
from trio_gate.cli import connecting
from trio_gate.cli.approving import requests

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  trio-gate stop ci --config gateway.hcl --reason "it deletes too much"
  trio-gate stop '*' --config gateway.hcl                   # all agents
  trio-gate lift ci --config gateway.hcl                    # ends the stop"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("agent", metavar="AGENT", help="the agent's name, or '*' for all")
    parser.add_argument("--reason", default="", help="why: other approvers and the agent read it")
    connecting.add_arguments(parser, EXAMPLES)


def run(args: argparse.Namespace) -> int:
    """Stop the agent. Returns the exit status."""
    frame = Stop(agent=requests.agent(args.agent), reason=args.reason)
    return connecting.run("stop", args, partial(requests.request, frame, json=args.json, done=f"stopped {args.agent}"))
