"""Reads a configuration file for a verb, with access to files and the environment, which the core does not have."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.app.state_dir import StartFailed
from trio_gate.cli import config_place
from trio_gate.config.agents.trust import Trust
from trio_gate.config.load import load
from trio_gate.config.source import ConfigFaults
from trio_gate.signing.issuer_keys import checked_keys

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from collections.abc import Collection

    from trio_gate.config.model import Config
    from trio_gate.config.operation_block import KnownOperation


def _find(service: str, operation: str) -> KnownOperation | Collection[str]:
    from trio_gate.shell.models.installed_operations import find  # noqa: PLC0415 - loads botocore, for a block that few files have

    return find(service, operation)


def _read_authority(pem: str) -> str:
    from trio_gate.shell.certificates.clients import read_authority  # noqa: PLC0415 - loads cryptography, for a file that names authorities

    return read_authority(pem)


EMPTY = hashlib.sha256().hexdigest()
"""Of a file that an editor has truncated, and not written yet: it would be sound, and deny all."""


def read(file: str) -> Config | None:
    """Read the configuration; None if it has errors, all of which are printed."""
    try:
        return _load(file)
    except ConfigFaults as faults:
        count = len(faults.faults)
        print(faults, f"{file}: {count} fault{'s' if count > 1 else ''}", sep="\n", file=sys.stderr)
    except StartFailed as fault:
        print(f"trio-gate: {fault}", file=sys.stderr)
    return None


def read_again(file: str) -> Config:
    """Read the configuration of a running gateway. Raises StartFailed with the first of its errors, in one line; all are logged."""
    try:
        config = _load(file)
    except ConfigFaults as faults:
        for fault in faults.faults:
            log.error("%s", fault.brief)  # noqa: TRY400 - the fault is the file's; a traceback would say nothing more
        first, *more = faults.faults
        others = f" (and {len(more)} more)" if more else ""
        message = f"the configuration has faults: {Path(first.name).name}:{first.line}:{first.column}: {first.message}{others}"
        raise StartFailed(message) from None
    if config.sha256 == EMPTY:
        raise StartFailed(f"{Path(file).name}: the file is empty: it may be being written; write another, and rename it")
    return config


def _load(file: str) -> Config:
    """Raises ConfigFaults, or StartFailed where the file cannot be read."""
    from trio_gate.exchange.snapshot import check_condition  # noqa: PLC0415 - loads CEL, which not every verb needs

    return load(
        config_place.text_of(file),
        file,
        env=os.environ.get,
        read_file=lambda name: Path(name).read_text("utf-8"),
        base_dir=str(config_place.folder_of(file)),
        check_condition=check_condition,
        find_operation=_find,
        trust=Trust(authority=_read_authority, keys=checked_keys),
    )
