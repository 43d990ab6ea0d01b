"""Why the gateway would not start with a sound configuration, as far as that can be known without opening sockets.

Rule: what `serve` refuses is tried as `serve` does, and nothing is made. What only the service's user may read is left to `serve` and `doctor`.
"""

from __future__ import annotations

import errno
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.app.listener_blocks import blocks, own_names
from trio_gate.app.sinks import sender_of_traces
from trio_gate.app.state_dir import StartFailed
from trio_gate.app.wiring import root_files
from trio_gate.aws.hosts.table import HostTable
from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.certificates import authority
from trio_gate.shell.certificates.leaves import file_context
from trio_gate.shell.certificates.trust_roots import client_context
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.models.packaged_data import packaged_hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trio_gate.config.model import Config


def start_faults(config: Config) -> Iterator[str]:
    """The reasons, in one line each. Blocks."""
    state = Path(config.gateway.state_dir)
    tries: list[Callable[[], object]] = [partial(client_context, file) for file in sorted(root_files(config))]
    tries += [partial(file_context, one.certificate, one.key) for one in blocks(config) if one.certificate and one.key]
    tries += [partial(_folder, state), partial(_authorities, state, config)]
    if config.gateway.decision_log is not None:
        tries.append(partial(_decision_log, config.gateway.decision_log))
    if config.gateway.log.traces is not None:
        tries.append(sender_of_traces)
    for one in tries:
        try:
            one()
        except CertificatesUnavailable as fault:
            yield fault.detail
        except StartFailed as fault:
            yield str(fault)


def _folder(state: Path) -> None:
    if os.path.lexists(state) and not state.is_dir():
        raise StartFailed(f"cannot use state_dir {state}: it is no folder")


def _authorities(state: Path, config: Config) -> None:
    """Whether the CAs that are there may sign for all that is configured."""
    now = SystemClock().now()
    if _readable(state / authority.INTERCEPTION):
        authority.interception(state, authority.domains_of(config, HostTable(packaged_hosts())), now=now)
    if _readable(state / authority.OWN):
        authority.own(state, own_names(config), now=now)


def _readable(certificate: Path) -> bool:
    return all(os.access(file, os.R_OK) for file in (certificate, certificate.with_suffix(".key")))


def _decision_log(path: str) -> None:
    """Open it as it is; a file that is not there is made by `serve`, in a folder that must be there."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY))
    except OSError as error:
        there = error.errno == errno.ENOENT and Path(path).parent.is_dir() and not Path(path).is_symlink()
        if not there and error.errno in (errno.ENOENT, errno.EISDIR, errno.ENOTDIR):
            raise StartFailed(f"the decision log {path} cannot be opened: {error.strerror}") from None
