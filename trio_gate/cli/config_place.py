"""Where the configuration is: named by an argument or by TRIO_GATE_CONFIG, else the first of the usual places that has one.

Rule: what is named is used or is an error. Only where nothing is named is a file looked for, and in the current folder by no verb that
sends, signs, runs, signals or writes anything: an agent's folder would say to whom the person's token goes, and what runs.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.app.state_dir import StartFailed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

VARIABLE = "TRIO_GATE_CONFIG"
"""Environment variable with the configuration's path. Set to nothing, it means that there is no configuration."""

FILE = "gateway.hcl"
_BELOW = Path("trio-gate") / FILE
HELP = f"the gateway's configuration (default: {VARIABLE}, ~/.config/{_BELOW} or /etc/{_BELOW})"
HELP_HERE = f"the gateway's configuration (default: {VARIABLE}, ./{FILE}, ~/.config/{_BELOW} or /etc/{_BELOW})"
"""For verbs that also look in the current folder."""


def add_arguments(parser: argparse.ArgumentParser, text: str = HELP) -> argparse._MutuallyExclusiveGroup:
    """Declare CONFIG and --config, which mean the same; returns the group of which only one may be given."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("file", nargs="?", metavar="CONFIG", help=text)
    group.add_argument("--config", metavar="CONFIG", help="the same")
    return group


def add_option(parser: argparse.ArgumentParser) -> None:
    """Declare --config alone, for verbs that have other words."""
    parser.add_argument("--config", metavar="CONFIG", help=HELP)


def look(args: argparse.Namespace, *, here: bool = False) -> str | None:
    """The path of the configuration that the arguments name or that is found; None if there is none.

    `here` is for verbs that only read, print and compute: they also look in the current folder.
    """
    named = args.config or getattr(args, "file", None)
    if named is None:
        named = os.environ.get(VARIABLE)
    if named is not None:
        return named or None
    return next((place for place in usual(os.environ.get, here=here) if _may_be(place)), None)


def _may_be(place: str) -> bool:
    """Whether a file is there, or cannot be seen: who reads it then says why, and takes no other in its place."""
    try:
        return stat.S_ISREG(os.stat(place).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def folder_of(file: str) -> Path:
    """Where a configuration's relative paths begin: the folder of the file itself, where the path is a link."""
    return Path(file).resolve().parent


def text_of(file: str) -> str:
    """The text of a configuration, with its line ends: the record has the hash of the file. Raises StartFailed where it cannot be read."""
    try:
        return Path(file).read_bytes().decode("utf-8")
    except OSError as error:
        raise StartFailed(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StartFailed(f"{file} is not a text file in UTF-8") from None


def find(args: argparse.Namespace, *, here: bool = False) -> str | None:
    """As `look`; if there is none, where it can be is printed."""
    place = look(args, here=here)
    if place is None:
        print(f"trio-gate: {absent(here=here)}", file=sys.stderr)
    return place


def absent(*, here: bool = False) -> str:
    """Says that there is no configuration, and where one can be."""
    places = ", ".join(usual(os.environ.get, here=here))
    passed = f"; {FILE} of this folder has to be named" if not here and Path(FILE).is_file() else ""
    return f"no configuration: name its file by --config, set {VARIABLE}, or put it at {places}{passed}"


def usual(env: Callable[[str], str | None], *, here: bool = False) -> list[str]:
    """Where a configuration is looked for, in this order. `env` looks up an environment variable."""
    own = env("XDG_CONFIG_HOME") or ""
    if not own.startswith("/"):  # relative ones are to be ignored: XDG Base Directory Specification
        own = f"{env('HOME')}/.config" if env("HOME") else ""
    return [*([FILE] if here else []), *([f"{own}/{_BELOW}"] if own else []), f"/etc/{_BELOW}"]
