"""The host table for verbs that run once: what the packaged one lacks is computed in this process, and nothing is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.hosts.merged import merged
from trio_gate.aws.hosts.table import HostTable
from trio_gate.errors import Unidentified
from trio_gate.shell.exchange import host_rules
from trio_gate.shell.exchange.hosts import FILE, installed_part, read_kept
from trio_gate.shell.models.model_loader import INSTALLED, installed_services
from trio_gate.shell.models.packaged_data import packaged_hosts

if TYPE_CHECKING:
    from pathlib import Path


class HostsOfOneRun:
    """The table for verbs that run once: services that the packaged one lacks are computed at once, the rest only if a host needs it.

    Args:
        folder: a state folder that may have the complete table.
    """

    def __init__(self, folder: Path | None) -> None:
        self._packaged = installed_part(packaged_hosts())
        found = HostTable(self._packaged) if self._packaged["botocore"] == INSTALLED else None
        if found is None and folder is not None:
            found = read_kept(folder / FILE, self._packaged)
        self._complete = found is not None
        self.table = found or self._with(sorted(installed_services() - self._packaged["services"].keys()))

    def look_for(self, host: str) -> None:
        """Extend the table for a host, if the installed botocore knows it. Raises Unidentified."""
        try:
            self.table.place(host)
        except Unidentified:
            if self._complete:
                raise
            self.whole().place(host)

    def whole(self) -> HostTable:
        """The table with all hosts of the installed botocore."""
        if not self._complete:
            self.table, self._complete = self._with(sorted(installed_services())), True
        return self.table

    def _with(self, services: list[str]) -> HostTable:
        return HostTable(merged(self._packaged, host_rules.table(services)) if services else self._packaged)
