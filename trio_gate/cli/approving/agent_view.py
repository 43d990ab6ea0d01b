"""`trio-gate agent-view AGENT`: what an agent may do, as it reads that itself at the gateway's `/-/agent`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trio_gate.approval.channel.frames import ShowAgent
from trio_gate.cli import connecting
from trio_gate.cli.approving import requests

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  trio-gate agent-view ci --config gateway.hcl
  trio-gate agent-view ci --json | jq .view.calls           # for programs"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("agent", metavar="AGENT", help="the agent's name, or '*' where no agent is configured")
    connecting.add_arguments(parser, EXAMPLES)


def run(args: argparse.Namespace) -> int:
    """Print the view. Returns the exit status."""
    frame = ShowAgent(agent=requests.agent(args.agent))
    return connecting.run("agent-view", args, partial(requests.request, frame, json=args.json))
