"""Why an agent says that it makes a call, for the people who are asked.

Rule: it is a claim. It is never proven, judged or bound by an approval, and its field is not sent to AWS; a user agent is, whole.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from trio_gate.wire.head import RequestHead

FIELD = "x-trio-gate-reason"
"""The header field for it, for programs that can set one."""

MAX_CHARACTERS = 500
"""What people are shown of it at most: a sentence or two."""

_SUFFIX = re.compile(r"(?:^|\s)trio-gate-reason/(\S{1,2000})")
"""The word of a User-Agent field for it, percent-encoded, for SDKs, which let programs add to that field."""


def agent_reason(head: RequestHead) -> str | None:
    """The reason that a request states; None without one."""
    said = head.one(FIELD)
    if said is None:
        found = _SUFFIX.search(head.one("user-agent") or "")
        said = unquote(found[1], errors="replace") if found else ""
    said = said.strip()
    return f"{said[:MAX_CHARACTERS]}…" if len(said) > MAX_CHARACTERS else said or None
