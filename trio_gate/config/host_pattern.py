"""Host patterns: labels of letters, digits and hyphens, where `*` stands for one or more whole labels.

So `*.amazonaws.com` matches `s3.us-east-1.amazonaws.com`, but neither `amazonaws.com` nor `api.aws`.
"""

from __future__ import annotations

import re

_LABEL = r"(?:\*|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)"
_PATTERN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def well_formed(pattern: str) -> bool:
    """Whether `pattern` is a host pattern, in lower case."""
    return len(pattern) <= 253 and _PATTERN.fullmatch(pattern) is not None


def matches(pattern: str, host: str) -> bool:
    """Whether `pattern` matches `host`, a name without a port. Only ASCII letters match case-insensitively."""
    if not (pattern.isascii() and host.isascii()):
        return False
    labels = host.lower().split(".")
    if not all(labels):
        return False
    reached = {0}  # how many labels of the host the pattern so far can match
    for wanted in pattern.lower().split("."):
        if wanted == "*":
            reached = set(range(min(reached) + 1, len(labels) + 1)) if reached else reached
        else:
            reached = {count + 1 for count in reached if count < len(labels) and labels[count] == wanted}
    return len(labels) in reached
