"""What the first requests need and the start does not: read and imported after the gateway is ready, in a thread beside them.

A request that needs it earlier does it for itself, and reports what is wrong with it, too.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

from trio_gate.errors import GateError, Overloaded
from trio_gate.shell.worker_threads import in_thread

if TYPE_CHECKING:
    from trio_gate.config.model import Config
    from trio_gate.shell.upstream.pool import UpstreamPool

OF_ADMIN = ("h11",)
"""What the admin listener needs."""

OF_PEOPLE = ("trio_gate.shell.admin.channel", "trio_gate.content.code_lexers")
"""What the channel of people needs, and what shows them a call."""

LATE = ("_strptime", "cryptography.hazmat.backends.openssl.backend")
"""What libraries import at their first use: to read a time, to sign a certificate."""

log = logging.getLogger(__name__)


async def warm_up(config: Config, upstreams: UpstreamPool) -> None:
    """Return when it is done."""
    try:
        await in_thread(_warm_up, config, upstreams)
    except (Overloaded, OSError, ImportError) as fault:  # such as no descriptor: what fails here is tried again when it is needed
        log.warning("trio-gate: it begins slowly: %s", fault)


def _warm_up(config: Config, upstreams: UpstreamPool) -> None:
    try:
        upstreams.read_roots()
    except GateError as fault:
        log.warning("trio-gate: no call can be sent: %s", fault)
    import_late(config)


def import_late(config: Config) -> None:
    """Import what libraries would import at their first use, and what only some configurations need."""
    late = [*LATE]
    if any(credential.access_key_id is None for credential in config.credentials):
        late.append("trio_gate.shell.credentials.providers")
    if config.gateway.admin is not None:
        late += OF_ADMIN
        if config.people:
            late += OF_PEOPLE
    for name in late:
        import_module(name)
