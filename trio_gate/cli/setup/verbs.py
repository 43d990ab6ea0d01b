"""What `trio-gate agent` and `trio-gate person` have in common: the configuration, names, secrets, and how they say no."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.app.state_dir import StartFailed
from trio_gate.cli import config_place
from trio_gate.cli.setup.declared import NOTHING, Declared, NotDeclaredError, declared
from trio_gate.config.blocks import NAME
from trio_gate.config.source import ConfigFaults

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from trio_gate.cli.setup.declared import DeclaredAgent, DeclaredPerson


FOLDER = "secrets"
"""Beside the configuration: the files with agents' secrets that are made here."""


def named(parser: argparse.ArgumentParser, whose: str) -> None:
    """Declare NAME and where the configuration is."""
    parser.add_argument("name", metavar="NAME", help=f"{whose} name in the configuration")
    config_place.add_option(parser)


def run(verb: str, args: argparse.Namespace, work: Callable[[Declared], int], *, needed: bool = True) -> int:
    """Do the work of a verb with what is declared. Returns 2, after saying why, where the configuration cannot be read.

    Unless it is `needed`, a configuration that is not there declares nothing.
    """
    place = config_place.look(args)
    if place is None and needed:
        config_place.find(args)  # says why
        return 2
    args.config = place
    try:
        return work(declared(place) if place else NOTHING)
    except ConfigFaults as faults:
        print(faults, file=sys.stderr)
    except (NotDeclaredError, StartFailed, ValueError) as error:
        print(f"trio-gate {verb}: {error}", file=sys.stderr)
    except OSError as error:
        if error.filename is None:  # of the output
            raise
        print(f"trio-gate {verb}: {error.filename}: {error.strerror}", file=sys.stderr)
    return 2


def checked(kind: str, name: str, taken: Sequence[DeclaredAgent | DeclaredPerson]) -> None:
    """Raises NotDeclaredError for a name that no block may have, or that one of these has."""
    if not NAME.fullmatch(name):
        raise NotDeclaredError("a name has at most 64 letters, digits, `-` and `_`, and begins with a letter or `_`")
    for one in taken:
        if one.name == name:
            raise NotDeclaredError(f"the {kind} {name} is there already, at {one.where}: see `trio-gate {kind} rotate`")


def append(config: str, block: str) -> None:
    """Add a block at the end of the configuration, which keeps all that it has, or nothing. Raises OSError with its name."""
    with Path(config).open("r+b", buffering=0) as file:
        text = file.readall()
        before = b"" if not text or text.endswith(b"\n\n") else b"\n" if text.endswith(b"\n") else b"\n\n"
        left = memoryview(before + block.encode("utf-8"))
        try:
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            file.truncate(len(text))
            raise OSError(error.errno, error.strerror, config) from None


def write_new(file: Path, text: str) -> None:
    """Write a new file that only its owner can read, or none. Raises OSError with its name, also where there is such a file."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        file.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(file)) from None


def write_secret(file: Path, secret: str) -> None:
    """Write a secret to a new file, as `write_new` does, in a folder that is its owner's alone. Raises OSError."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    write_new(file, f"{secret}\n")
