"""`trio-gate serve`: run the gateway until SIGTERM or SIGINT; SIGHUP reads the configuration again."""

from __future__ import annotations

import logging
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.app.state_dir import StartFailed
from trio_gate.cli import config_place
from trio_gate.cli.config_file import read, read_again
from trio_gate.errors import GateError
from trio_gate.shell import log_setup

if TYPE_CHECKING:
    import argparse

log = logging.getLogger(__name__)

EXAMPLES = """\
  trio-gate serve
  trio-gate serve /etc/trio-gate/gateway.hcl -v"""

STATUSES = "0 after a stop, 1 if it cannot start or cut off calls when it stopped, 2 if there is no configuration"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    config_place.add_arguments(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="log more: also protocol errors of agents")


def _hold_standard_streams() -> None:
    """Open /dev/null in place of closed standard streams, so that no other file gets their number, and with it the log."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


def run(args: argparse.Namespace) -> int:
    """Run the gateway. Returns 1 if it cannot start, or cut off calls when it stopped, 2 if there is no configuration."""
    file = config_place.find(args)
    if file is None:
        return 2
    config = read(file)
    if config is None:
        return 1
    _hold_standard_streams()
    log_setup.configure(config.gateway.log, level=logging.DEBUG if args.verbose else logging.INFO)
    log_setup.take_over()
    logging.getLogger("trio-websocket").setLevel(logging.WARNING)
    for name in ("botocore", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # their tracebacks quote what a provider of base keys printed
    log.info("the configuration is %s", Path(file).absolute())
    for note in config.notes:
        log.warning("note: %s", note)
    import trio  # noqa: PLC0415 - loaded by this verb alone, after the configuration was found good

    from trio_gate.app.serve import serve  # noqa: PLC0415 - loads trio and most of the gateway

    try:
        cut_off = trio.run(serve, config, partial(read_again, file))
    except (GateError, StartFailed) as fault:
        if config.gateway.log.form == "json":
            log.critical("trio-gate: %s", fault)
        else:
            print(f"trio-gate: {fault}", file=sys.stderr)
        return 1
    return 1 if cut_off else 0
