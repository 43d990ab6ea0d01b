"""`trio-gate env AGENT`: the environment variables with which an agent's programs use the gateway, for one account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.cli.wiring import wiring_up
from trio_gate.cli.wiring.variables import FORMATS, written

if TYPE_CHECKING:
    import argparse

    from trio_gate.cli.wiring.reading import AgentFacts

EXAMPLES = """\
  eval "$(trio-gate env ci --account prod)"                       # in this shell
  umask 077                                                       # the files below have the agent's secret
  trio-gate env ci --account prod --format dotenv > .env          # for a container
  trio-gate env ci --account prod --format systemd > agent.env    # for EnvironmentFile= of a unit"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    wiring_up.add_arguments(parser)
    wiring_up.add_environment(parser)
    parser.add_argument(
        "--format", choices=FORMATS, default="shell", help="what reads it (default: shell); null in JSON is a variable to remove"
    )


def run(args: argparse.Namespace) -> int:
    """Print the variables. Returns 2 if the agent cannot be wired up."""

    def work(known: AgentFacts) -> int:
        print(written(wiring_up.environment("env", args, known), args.format), end="")
        return 0

    return wiring_up.run("env", args, work)
