"""The host table in force: the packaged one at once, and with it what the botocore that is installed has besides.

Rule: a table is taken in whole, by one assignment, and knows every host that the one before it knew; a request reads it once.

Theory: what a botocore's rule sets yield takes ten seconds of computing, so a process of its own does it, once for a version. It is
kept in the state folder, for this botocore and this gateway alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
import sys
from typing import TYPE_CHECKING, Any

import botocore
import trio
from botocore.loaders import Loader

from trio_gate import __version__
from trio_gate.aws.hosts.merged import limited, merged
from trio_gate.aws.hosts.table import HostTable
from trio_gate.errors import Unidentified
from trio_gate.shell.exchange import host_rules
from trio_gate.shell.exchange.model_loader import keep
from trio_gate.shell.exchange.packaged_data import packaged_hosts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "hosts"
"""Of the state folder. Its first line says what it is of, and the hash of the rest."""

MAKING = 600.0
"""Seconds that the process may take that computes them, on a machine that has other things to do."""

MOST_SAID = 2000
"""Characters of its complaints that are logged."""

PASSED = ("PATH", "LD_LIBRARY_PATH")
"""Of our environment, beside Python's own, what that process gets: it needs no secret."""

log = logging.getLogger(__name__)


class Hosts:
    """See the head of the file. Reads files.

    Args:
        folder: the state folder.

    Attributes:
        table: the table in force.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._packaged, found = installed_part(packaged_hosts()), None
        self.complete = self._packaged["botocore"] == botocore.__version__
        if not self.complete:
            found = read_kept(self._file, self._packaged)
            self.complete = found is not None
        self.table = found or HostTable(self._packaged)

    async def complete_table(self) -> None:
        """Take in what the botocore that is installed adds to the packaged table, if anything. Where that fails, the log says so."""
        if self.complete:
            return
        log.info("trio-gate: making the host table of botocore %s; until then that of %s serves", botocore.__version__, self._of)
        try:
            made = await _made()
            data = merged(self._packaged, json.loads(made))
            table = await trio.to_thread.run_sync(HostTable, data)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            log.warning(
                "trio-gate: the host table of botocore %s cannot be made, that of %s stays: %s",
                botocore.__version__,
                self._of,
                error,
            )
            return
        self.table, self.complete = table, True
        log.info("trio-gate: the host table of botocore %s serves", botocore.__version__)
        try:
            await trio.to_thread.run_sync(keep, self._file, first_line(made) + made)
        except OSError as error:
            log.warning("trio-gate: %s cannot be kept: %s", self._file, error.strerror)

    @property
    def _of(self) -> str:
        return str(self._packaged["botocore"])


class HostsOfOneRun:
    """The table for a verb that runs once: services that the packaged one lacks are computed at once, the rest for a host that needs it.

    Args:
        folder: a state folder that may have it.
    """

    def __init__(self, folder: Path | None) -> None:
        self._packaged = installed_part(packaged_hosts())
        found = HostTable(self._packaged) if self._packaged["botocore"] == botocore.__version__ else None
        if found is None and folder is not None:
            found = read_kept(folder / FILE, self._packaged)
        self._complete = found is not None
        self.table = found or self._with(sorted(installed_services() - self._packaged["services"].keys()))

    def look_for(self, host: str) -> None:
        """Have the table know a host, if the botocore that is installed does. Raises Unidentified."""
        try:
            self.table.place(host)
        except Unidentified:
            if self._complete:
                raise
            self.whole().place(host)

    def whole(self) -> HostTable:
        """The table with all that the botocore that is installed has."""
        if not self._complete:
            self.table, self._complete = self._with(sorted(installed_services())), True
        return self.table

    def _with(self, services: list[str]) -> HostTable:
        return HostTable(merged(self._packaged, host_rules.table(services)) if services else self._packaged)


def installed_part(packaged: Mapping[str, Any]) -> Mapping[str, Any]:
    """The packaged data of services that the botocore that is installed has a model of."""
    if packaged["botocore"] == botocore.__version__:
        return packaged
    return limited(packaged, installed_services())


def installed_services() -> frozenset[str]:
    """The services that the botocore that is installed has a model of."""
    loader = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return frozenset(loader.list_available_services("service-2"))


def read_kept(file: Path, packaged: Mapping[str, Any]) -> HostTable | None:
    """The table that is kept, with the packaged one; None where there is none of this botocore, gateway and user."""
    try:
        with file.open("rb") as kept:
            about = os.fstat(kept.fileno())
            head, body = kept.readline(200), kept.read()
        if about.st_uid != os.geteuid() or stat.S_IMODE(about.st_mode) & 0o077 or head != first_line(body):
            return None
        return HostTable(merged(packaged, json.loads(body)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        log.warning("trio-gate: %s cannot be read and is made again: %s", file, error)
        return None


def first_line(body: bytes) -> bytes:
    """What is written before a body that was computed here."""
    return f"hosts of botocore {botocore.__version__}, trio-gate {__version__}, {hashlib.sha256(body).hexdigest()}\n".encode()


async def _made() -> bytes:
    """What `host_rules` writes. Raises OSError, ValueError."""
    command = [sys.executable, "-P", "-m", "trio_gate.shell.exchange.host_rules"]
    passed = {name: value for name, value in os.environ.items() if name in PASSED or name.startswith("PYTHON")}
    with trio.move_on_after(MAKING):
        ended = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False, env=passed)
        if ended.returncode == 0:
            return bytes(ended.stdout)
        said = ended.stderr.decode("utf-8", "replace")[-MOST_SAID:]
        raise ValueError(f"its process ended with {ended.returncode}: {said!a}")
    raise ValueError(f"its process took more than {MAKING:.0f} seconds")
