"""File descriptors: as many as the configuration promises connections for, or the gateway does not start.

Rule: the limits on connections are the only ones that are met in operation. Who fills them all leaves enough for STS, AWS, people
and the record.
"""

from __future__ import annotations

import resource

FOR_EACH = 3
"""Of an agent's connection: its own, one to AWS, a file that holds its body."""

RESERVE = 128
"""Databases and their readers, listeners, STS, names being resolved, models and certificates being loaded."""


def provide(connections: int, others: int) -> str | None:
    """Raise the soft limit, where it is too low, to what so many connections of agents and so many others may need.

    Returns why that cannot be, None once it is.
    """
    wanted = FOR_EACH * connections + others + RESERVE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return None
    if hard != resource.RLIM_INFINITY and hard < wanted:
        most = (hard - others - RESERVE) // FOR_EACH
        or_else = f", or set max_connections to {most} at most" if most > 0 else ""
        raise_it = "raise its hard limit (ulimit -Hn, or LimitNOFILE= of a systemd unit)"
        return f"max_connections = {connections} needs {wanted} file descriptors, and this process may have {hard}: {raise_it}{or_else}"
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        return f"max_connections = {connections} needs {wanted} file descriptors, and they cannot be had: {error}"
    return None
