"""Where the configuration is: named by an argument or by TRIO_GATE_CONFIG, else the first of the usual places that has one.

Rule: what is named is used or is an error. Only where nothing is named is a file looked for.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.values import value_class

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

VARIABLE = "TRIO_GATE_CONFIG"
"""Environment variable with the configuration's path. Set to nothing, it means that there is no configuration."""

FILE = "gateway.hcl"
_BELOW = Path("trio-gate") / FILE
HELP = f"the gateway's configuration (default: {VARIABLE}, ./{FILE}, ~/.config/{_BELOW} or /etc/{_BELOW})"


@value_class
class Place:
    """A configuration file, and whether it was only found in the folder where the command was run, not named."""

    path: str
    found_here: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    """Declare CONFIG and --config, which mean the same; returns the group of which only one may be given."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("file", nargs="?", metavar="CONFIG", help=HELP)
    group.add_argument("--config", metavar="CONFIG", help="the same")
    return group


def add_option(parser: argparse.ArgumentParser) -> None:
    """Declare --config alone, for verbs that have other words."""
    parser.add_argument("--config", metavar="CONFIG", help=HELP)


def look(args: argparse.Namespace) -> Place | None:
    """The configuration that the arguments name or that is found; None if there is none."""
    named = args.config or getattr(args, "file", None)
    if named is None:
        named = os.environ.get(VARIABLE)
    if named is not None:
        return Place(path=named) if named else None
    for place in usual(os.environ.get):
        if Path(place).is_file():
            return Place(path=place, found_here=place == FILE)
    return None


def find(args: argparse.Namespace) -> str | None:
    """The path of the configuration; None if there is none, after printing where it can be."""
    place = look(args)
    if place is None:
        print(
            f"trio-gate: no configuration: name its file, set {VARIABLE}, or put it at {', '.join(usual(os.environ.get))}",
            file=sys.stderr,
        )
        return None
    return place.path


def usual(env: Callable[[str], str | None]) -> list[str]:
    """Where a configuration is looked for, in this order. `env` looks up an environment variable."""
    own = env("XDG_CONFIG_HOME") or ""
    if not own.startswith("/"):  # relative ones are to be ignored: XDG Base Directory Specification
        own = f"{env('HOME')}/.config" if env("HOME") else ""
    return [FILE, *([f"{own}/{_BELOW}"] if own else []), f"/etc/{_BELOW}"]
