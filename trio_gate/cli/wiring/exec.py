"""`trio-gate exec AGENT -- COMMAND`: runs a command as an agent, in its environment for one account.

Theory: the command takes the place of this process, so signals and its exit status are its own.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from trio_gate.cli.wiring import proofs, wiring_up

if TYPE_CHECKING:
    import argparse

    from trio_gate.cli.wiring.reading import AgentFacts

EXAMPLES = """\
  trio-gate exec ci --account prod -- aws s3 ls
  trio-gate exec ci --account prod -- claude"""

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""What a shell reports for a command that is not there, and for one that it cannot execute."""

STATUSES = "that of COMMAND; 127 if it is not found, 126 if it cannot be executed, 2 if the agent cannot be wired up"
IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)
"""What Python ignores, and a program would go on ignoring: it would write on when nobody reads, as `yes | head` shows."""

OWN = ("TRIO_GATE_TOKEN", "TRIO_GATE_CONFIG", proofs.SECRET, proofs.TOKEN, *proofs.GITHUB)
"""Variables of people, operators and the job, which no agent gets, nor what the configuration reads from the environment."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    wiring_up.add_arguments(parser)
    wiring_up.add_environment(parser)
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="after `--`: the command and its arguments")


def run(args: argparse.Namespace) -> int:
    """Become the command. Returns only if it cannot be run."""

    def work(known: AgentFacts) -> int:
        made = wiring_up.environment("exec", args, known)
        kept = {name: value for name, value in os.environ.items() if name not in made and name not in _removed(known)}
        for number in IGNORED:
            signal.signal(number, signal.SIG_DFL)
        try:
            os.execvpe(args.command[0], args.command, kept | {name: value for name, value in made.items() if value is not None})  # noqa: S606 - the user's own command, without a shell
        except OSError as error:
            print(f"trio-gate exec: cannot run {args.command[0]}: {error.strerror}", file=sys.stderr)
            return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE

    return wiring_up.run("exec", args, work)


def _removed(known: AgentFacts) -> frozenset[str]:
    """The agent's identity token is left to it: it asks the gateway with that."""
    return known.variables.union(OWN).difference({proofs.TOKEN} if known.audience is not None else ())
