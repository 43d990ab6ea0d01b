"""The current host table: at first the packaged one, then extended by the hosts that the installed botocore adds.

Rule: a table is replaced as a whole, by one assignment, and knows every host that the previous one knew. A request reads it once.

Theory: evaluating botocore's rule sets takes ten seconds, so a separate process does it, once per version. The result is kept in the
state folder, for this version of botocore and of the gateway only.
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

from trio_gate import __version__
from trio_gate.aws.hosts.merged import limited, merged
from trio_gate.aws.hosts.table import HostTable
from trio_gate.errors import Overloaded
from trio_gate.shell.models.model_loader import installed_services, keep
from trio_gate.shell.models.packaged_data import packaged_hosts
from trio_gate.shell.worker_threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "hosts"
"""Name of the file in the state folder. Its first line has the versions that it is for, and the hash of the rest."""

MAKING = 600.0
"""Seconds that the process may take, even on a busy machine."""

MOST_SAID = 2000
"""Characters of its error output that are logged."""

PASSED = ("PATH", "LD_LIBRARY_PATH")
"""Environment variables that the process gets, besides Python's own: it needs no secret."""

log = logging.getLogger(__name__)


class Hosts:
    """Holds the current table, and extends it when a newer botocore is installed. Reads and writes files.

    Args:
        folder: the state folder.

    Attributes:
        packaged: the packaged table, whichever botocore is installed.
        table: the table in force.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        data = packaged_hosts()
        self.packaged = self.table = HostTable(data)
        self._incomplete: Mapping[str, Any] | None = None  # the data that is to be completed; it is not needed otherwise
        if data["botocore"] != botocore.__version__:
            part = installed_part(data)
            found = read_kept(self._file, part)
            self._incomplete = part if found is None else None
            self.table = found or HostTable(part)

    @property
    def complete(self) -> bool:
        """Whether it has the hosts of the installed botocore."""
        return self._incomplete is None

    async def complete_table(self) -> None:
        """Add the hosts of the installed botocore to the packaged table, if there are any. Logs a failure."""
        packaged = self._incomplete
        if packaged is None:
            return
        older = packaged["botocore"]
        log.info("trio-gate: making the host table of botocore %s; until then that of %s serves", botocore.__version__, older)
        try:
            made = await _made()
            table = await in_thread(HostTable, merged(packaged, json.loads(made)))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, Overloaded) as error:
            log.warning(
                "trio-gate: the host table of botocore %s cannot be made, that of %s stays: %s",
                botocore.__version__,
                older,
                error,
            )
            return
        self.table, self._incomplete = table, None
        log.info("trio-gate: the host table of botocore %s serves", botocore.__version__)
        try:
            await in_thread(keep, self._file, first_line(made) + made)
        except (OSError, Overloaded) as error:
            log.warning("trio-gate: %s cannot be kept: %s", self._file, error)


def installed_part(packaged: Mapping[str, Any]) -> Mapping[str, Any]:
    """The packaged data, without services for which the installed botocore has no model."""
    if packaged["botocore"] == botocore.__version__:
        return packaged
    return limited(packaged, installed_services())


def read_kept(file: Path, packaged: Mapping[str, Any]) -> HostTable | None:
    """The kept table merged with the packaged one; None if there is none for this botocore, gateway and user."""
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
    """The first line of the file, for a body that was computed here."""
    return f"hosts of botocore {botocore.__version__}, trio-gate {__version__}, {hashlib.sha256(body).hexdigest()}\n".encode()


async def _made() -> bytes:
    """The output of `host_rules`. Raises OSError, ValueError, and RuntimeError if no thread can be had."""
    command = [sys.executable, "-P", "-m", "trio_gate.shell.exchange.host_rules"]
    passed = {name: value for name, value in os.environ.items() if name in PASSED or name.startswith("PYTHON")}
    with trio.move_on_after(MAKING):
        ended = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False, env=passed)
        if ended.returncode == 0:
            return bytes(ended.stdout)
        said = ended.stderr.decode("utf-8", "replace")[-MOST_SAID:]
        raise ValueError(f"its process ended with {ended.returncode}: {said!a}")
    raise ValueError(f"its process took more than {MAKING:.0f} seconds")
