"""`trio-gate demo`: the whole of it with an embedded AWS on this machine, and the AWS CLI as the agent."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  trio-gate demo              # you approve
  trio-gate demo --yes        # it approves by itself
  trio-gate demo --stay       # AWS and gateway stay, for a second terminal"""

PACKAGES = ("trio_gate_demo", "scripts")
"""Where the demo is: in an installed package, and in a checkout."""

NEEDED = ("moto", "trustme", "flask")
"""What the embedded AWS is made with."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--yes", action="store_true", help="approve without asking, also at a terminal")
    parser.add_argument("--stay", action="store_true", help="keep gateway and AWS running afterwards, for a second terminal")


def run(args: argparse.Namespace) -> int:
    """Run it. Returns 1 if a step of it did not work, or something that it needs is not installed."""
    if not all(map(find_spec, NEEDED)):
        return _fail("it needs the extra `demo`: pip install '.[demo]' in its checkout")
    found = next((package for package in PACKAGES if find_spec(package) and find_spec(f"{package}.demos")), None)
    if found is None:
        return _fail("it is not in this installation: install the wheel of trio-gate, or run scripts/demo in a checkout")
    return int(import_module(f"{found}.demos.main_job").play(yes=args.yes, stays=args.stay))


def _fail(text: str) -> int:
    print(f"trio-gate demo: {text}", file=sys.stderr)
    return 1
