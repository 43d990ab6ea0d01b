r"""The name of a role's session. CloudTrail and `aws:userid` show it as the actor, so it names gateway and agent.

Rule: two agents never share a name. A name that does not fit AWS's alphabet or length is cleaned, shortened and ended with
`=` and a hash of the original. A name that fits holds neither `=` nor `@`, so it can never look like one of those.

Theory: RoleSessionName is `[\w+=,.@-]{2,64}` (docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html), where `\w` is ASCII.
"""

from __future__ import annotations

import hashlib
import re

MAX_LENGTH = 64
"""The most characters that STS accepts in a RoleSessionName."""

_HASH_LENGTH = 16
"""Characters of the hash at the end of a name that was shortened."""

_PLAIN = re.compile(r"[A-Za-z0-9_+,.-]+")
_OTHER = re.compile(r"[^A-Za-z0-9_+,.@-]")


def session_name(gateway: str, agent: str | None) -> str:
    """`gateway@agent`, or `gateway` where `agent` is None, in AWS's form. Different arguments give different names."""
    parts = (gateway,) if agent is None else (gateway, agent)
    name = "@".join(parts)
    if 2 <= len(name) <= MAX_LENGTH and all(_PLAIN.fullmatch(part) for part in parts):
        return name
    digest = hashlib.sha256(ascii(parts).encode()).hexdigest()[:_HASH_LENGTH]
    return f"{_OTHER.sub('-', name)[: MAX_LENGTH - _HASH_LENGTH - 1]}={digest}"
