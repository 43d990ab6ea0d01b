"""`trio-gate check`: what a configuration means, or all of its errors."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from trio_gate.cli import config_place
from trio_gate.cli.config_file import read
from trio_gate.config.describe import describe

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  trio-gate check
  trio-gate check gateway.hcl && trio-gate reload gateway.hcl"""

STATUSES = "0 if the configuration can be used, 1 if it has errors or cannot be read, 2 if there is none, 130 after Ctrl-C"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    config_place.add_arguments(parser, config_place.HELP_HERE)


def run(args: argparse.Namespace) -> int:
    """Print what the configuration means. Returns 1 if it has errors, or the gateway would not start with it, 2 if there is none."""
    file = config_place.find(args, here=True)
    if file is None:
        return 2
    config = read(file)
    if config is None:
        return 1
    from trio_gate.cli.judging import check_start, remarks  # noqa: PLC0415 - load botocore and TLS, for which faulty files need not wait

    print(describe(config), end="")
    print(*remarks.remark_lines(config), sep="\n")
    faults = list(check_start.start_faults(config))
    for fault in faults:
        print(f"trio-gate: the gateway would not start: {fault}", file=sys.stderr)
    return 1 if faults else 0
