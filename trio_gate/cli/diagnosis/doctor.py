"""`trio-gate doctor`: tries what a configuration needs, on this machine and at AWS, and says what to do about what fails.

Rule: all checks run at once, each wait is bounded, and nothing is changed: STS is asked, and ports are opened and closed.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import trio

from trio_gate.app.state_dir import StartFailed
from trio_gate.cli import config_file, config_place
from trio_gate.cli.diagnosis.finding import fail, lines
from trio_gate.cli.state_dir import words
from trio_gate.errors import GateError
from trio_gate.shell.clock import SystemClock

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from trio_gate.cli.diagnosis.finding import Finding
    from trio_gate.config.model import Config

EXAMPLES = """\
  trio-gate doctor
  trio-gate doctor --offline                       # this machine alone
  trio-gate doctor --json | jq 'select(.level == "fail")'"""

STATUSES = "0 when nothing fails, 1 if something does or the configuration has errors, 2 if there is none, 130 after Ctrl-C"

PATIENCE = 40.0
"""Seconds after which a check is given up; those of AWS end by themselves before that."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    config_place.add_arguments(parser)
    parser.add_argument("--offline", action="store_true", help="leave AWS out")
    parser.add_argument("--json", action="store_true", help="print one JSON line per check")


def run(args: argparse.Namespace) -> int:
    """Print what was found. Returns 1 if something fails."""
    file = config_place.find(args)
    if file is None:
        return 2
    config = config_file.read(file)
    if config is None:
        return 1
    logging.getLogger("trio_gate").addHandler(logging.NullHandler())  # what is logged of STS is among the findings
    logging.getLogger("trio_gate").propagate = False
    found = trio.run(_findings, config, not args.offline)
    print(lines(found, as_json=args.json), end="")
    return int(any(one.level == "fail" for one in found))


async def _findings(config: Config, online: bool) -> list[Finding]:
    from trio_gate.cli.diagnosis import local_checks  # noqa: PLC0415 - loads cryptography and botocore, for a configuration that is good

    local: dict[str, Callable[[], Iterator[Finding]]] = {
        "ports": partial(local_checks.ports, config),
        "tokens": partial(local_checks.tokens, config),
        "disk": partial(local_checks.disk, config),
        "certificates": partial(local_checks.certificates, config, SystemClock().now()),
        "review": partial(local_checks.newer, config),
    }
    found: dict[str, list[Finding]] = {"AWS": []} if online else {}
    found |= {name: [fail(name, f"it took longer than {PATIENCE:g} seconds")] for name in local}
    with trio.move_on_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            if online:
                nursery.start_soon(_at_aws, config, found)
            for name, check in local.items():
                nursery.start_soon(_here, name, check, found)
    return [one for part in found.values() for one in part]


async def _at_aws(config: Config, found: dict[str, list[Finding]]) -> None:
    from trio_gate.cli.diagnosis.aws_checks import findings  # noqa: PLC0415 - loads most of the gateway

    try:
        found["AWS"] = await findings(config)
    except GateError as fault:
        found["AWS"] = [fail("AWS", str(fault.detail))]


async def _here(name: str, check: Callable[[], Iterator[Finding]], found: dict[str, list[Finding]]) -> None:
    try:
        found[name] = await trio.to_thread.run_sync(lambda: [*check()], abandon_on_cancel=True)
    except StartFailed as error:
        found[name] = [fail(name, str(error))]
    except OSError as error:
        found[name] = [fail(name, f"{error.filename}: {words(error)}")]
