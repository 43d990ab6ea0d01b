"""The gateway's state folder and admin listener, for verbs that need nothing else of its configuration.

Rule: only these are read, so these verbs work where the gateway's secrets are not set.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.app.state_dir import StartFailed
from trio_gate.cli import config_place
from trio_gate.config import blocks, expressions, gateway_block, hcl
from trio_gate.config.block_reader import Form, Reading
from trio_gate.config.source import ConfigFaults, Flaw, Report, Source

if TYPE_CHECKING:
    import argparse

    from trio_gate.config.model import Admin


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the configuration and --state-dir."""
    source = config_place.add_arguments(parser)
    source.add_argument("--state-dir", metavar="FOLDER", help="its state folder, instead of the configuration")


def find(args: argparse.Namespace) -> Path | None:
    """The folder that the arguments name; None if the configuration cannot be read, after printing why.

    Afterwards `args.config` is the configuration's path, None with --state-dir.
    """
    if args.state_dir:
        return Path(args.state_dir)
    args.config = config_place.find(args)
    if args.config is None:
        return None
    try:
        return Path(state_dir(args.config))
    except (StartFailed, ConfigFaults) as error:
        print(error if isinstance(error, ConfigFaults) else f"trio-gate: {error}", file=sys.stderr)
        return None


def has(folder: Path, name: str | Path) -> bool:
    """Whether a state folder has a file. Raises StartFailed where this user may not see that."""
    try:
        (folder / name).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StartFailed(f"cannot look into {folder}: {words(error)}") from None
    return True


def words(error: OSError) -> str:
    """What is wrong with a file of the state folder, which is its gateway's user's alone."""
    what_to_do = ": run this as the gateway's user" if isinstance(error, PermissionError) else ""
    return f"{error.strerror}{what_to_do}"


def state_dir(config: str) -> str:
    """The state folder that a configuration names. Raises StartFailed or ConfigFaults."""
    root, reading = read_blocks(config)
    report, lookups = reading.report, reading.lookups
    found: expressions.Data = "./state"
    for item in (item for block in root.blocks if block.kind == "gateway" for item in block.attributes):
        if item.name == "state_dir":
            try:
                found = expressions.parse(report.source.text, item.start, item.end, lookups).data
            except Flaw as flaw:
                report.flaw(flaw)
            if not isinstance(found, str):
                report.add(item.start, "`state_dir` is a string")
    if faults := report.faults():
        raise ConfigFaults(faults)
    return lookups.path(str(found))


def admin(config: str) -> tuple[Admin, str]:
    """The admin listener of a configuration, and where it says so. Raises StartFailed or ConfigFaults."""
    root, reading = read_blocks(config)
    inside = [block for top in root.blocks if top.kind == "gateway" for block in top.blocks]
    found, where = gateway_block.DEFAULT_ADMIN, f"the default, since {config} has no `admin` block"
    for block in (block for block in inside if block.kind == "admin"):
        found = gateway_block.admin(Form(block, reading))
        where = f"of `admin` in {config} line {reading.report.source.line(block.at)}"
    if faults := reading.report.faults():
        raise ConfigFaults(faults)
    return found, where


def read_blocks(config: str) -> tuple[hcl.Block, Reading]:
    """The blocks of a configuration, and what reads their attributes one by one. Raises StartFailed where it cannot be read."""
    report = Report(Source(config_place.text_of(config), config))
    base = str(config_place.folder_of(config))
    lookups = expressions.Lookups(env=os.environ.get, read_file=lambda path: Path(path).read_text("utf-8"), base_dir=base)
    root = hcl.read(report, top=blocks.SHAPES.keys(), sensitive=blocks.sensitive)
    return root, Reading(report=report, lookups=lookups, check=lambda _: (), declared={})
