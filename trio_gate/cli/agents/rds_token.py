"""`trio-gate rds-token HOST`: a password for a database of RDS, as `aws rds generate-db-auth-token` prints it, if a rule lets it be signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.cli.agents import asking

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  trio-gate rds-token db.c0ffee.eu-central-1.rds.amazonaws.com --region eu-central-1 --port 5432 --user reports"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("host", metavar="HOST", help="the database's endpoint, as RDS shows it")
    parser.add_argument("--port", type=int, required=True, help="its port, such as 5432 or 3306")
    parser.add_argument("--user", required=True, help="the user of the database")
    asking.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the token."""
    asked = {"host": args.host, "port": args.port, "user": args.user}
    made = asking.run("rds-token", args, "/-/agent/rds-token", asked)
    if isinstance(made, int):
        return made
    print(made.url.removeprefix("https://"))
    return 0
