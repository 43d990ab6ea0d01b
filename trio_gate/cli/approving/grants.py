"""`trio-gate grants`: the grants that you gave or could have given, a line each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trio_gate.cli import connecting
from trio_gate.cli.approving import requests

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  trio-gate grants --config gateway.hcl
  trio-gate grants --json | jq -r .grant.id                 # for programs"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    connecting.add_arguments(parser, EXAMPLES)


def run(args: argparse.Namespace) -> int:
    """Print the grants. Returns the exit status."""
    return connecting.run("grants", args, partial(requests.grants, json=args.json))
