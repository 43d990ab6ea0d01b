"""File descriptors: the process gets enough for the configured connections, or the gateway does not start.

Rule: the limits on connections are reached before descriptors run out, so STS, AWS, people and the record always have some.
"""

from __future__ import annotations

import resource

FOR_EACH = 3
"""Descriptors of an agent's connection: its socket, one to AWS, a file that holds its body."""

RESERVE = 128
"""Descriptors for databases and their readers, listeners, STS, name resolution, and models and certificates being loaded."""


def provide(connections: int, others: int) -> str | None:
    """Raise the soft limit, if it is too low, for `connections` of agents and `others`.

    Returns:
        None; or why that is not possible, in one line for the operator.
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
