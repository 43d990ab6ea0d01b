"""Core dumps: the process leaves none, because its memory holds keys.

Theory: a limit of 0 stops dumps to files, and the "dumpable" flag those to a program, which the kernel gives them whatever the limit is
(core(5), prctl(2) PR_SET_DUMPABLE). Without the flag no other process of the same user can read the memory either.
"""

from __future__ import annotations

import ctypes
import logging
import resource

_PR_SET_DUMPABLE = 4

log = logging.getLogger(__name__)


def forbid() -> None:
    """Leave no core dump from now on. Where the system does not allow that, it is logged."""
    try:
        if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):  # a unit may have set it, and forbid to set limits
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        refused = ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (AttributeError, OSError, ValueError):  # no Linux, or a limit of its service
        refused = True
    if refused:
        log.warning("trio-gate: a core dump that is piped to a program would hold keys: this system cannot forbid it")
