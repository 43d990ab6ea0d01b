"""A condition for a grant of calls like one that waits: the same operation, on the same resources or beside them.

Rule: it is a proposal, which a person reads and may change. It holds for the call that it was made from, quotes nothing that could be a
secret, and nothing that CEL could read otherwise than it was written.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from trio_gate.aws.call import Unknown
from trio_gate.text.secret_detection import looks_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.aws.call import Call

MAX_RESOURCES = 20
"""ARNs that a condition lists; where there are more, none is proposed."""

_PLAIN = re.compile(r"[ !#-\[\]-~]{1,512}")
"""Text that means itself in quotation marks."""

_SIZES = ("InstanceType", "DBInstanceClass", "CacheNodeType", "NodeType")
_COUNTS = ("MaxCount", "NumCacheNodes", "NumberOfNodes", "desiredCount")


def suggestion(call: Call, session_role: str | None = None) -> str | None:
    """CEL that is true of a call and of others like it; None where what it acts on cannot be said.

    `session_role` is the ARN of the role whose virtual session makes the call.
    """
    on = [*_sizes(call)] or _where(call)
    if not on:
        return None
    if session_role is not None:
        on += [f'has(aws.session_role) && aws.session_role == "{session_role}"']
    return " && ".join([f'aws.service == "{call.service}"', f'aws.action == "{call.operation}"', *on])


def _sizes(call: Call) -> Iterator[str]:
    """For calls that make machines: no larger and no more of them than this one."""
    for name in _SIZES:
        value = call.params.get(name)
        if isinstance(value, str) and _PLAIN.fullmatch(value):
            yield f'aws.params.{name} == "{value}"'
            break
    else:
        return
    for name in _COUNTS:
        count = call.params.get(name)
        if isinstance(count, int) and not isinstance(count, bool):
            yield f"aws.params.{name} <= {count}"


def _where(call: Call) -> list[str]:
    """The resources of a call: objects of S3 by the folder that all lie in, others by their ARNs."""
    resources = call.resources
    if isinstance(resources, Unknown) or not 0 < len(resources) <= MAX_RESOURCES:
        return []
    if not all(_PLAIN.fullmatch(arn) and not looks_secret(arn) for arn in resources):
        return []
    if all(arn.startswith("arn:") and arn.split(":")[2] == "s3" and "/" in arn for arn in resources):
        folders = zip(*(arn.split("/")[:-1] for arn in resources), strict=False)
        shared = [parts[0] for parts in takewhile(lambda parts: len({*parts}) == 1, folders)]
        folder = "/".join(shared)
        return [f'aws.resources.all(arn, arn.startsWith("{folder}/"))'] if shared else []
    listed = ", ".join(f'"{arn}"' for arn in resources)
    return [f"aws.resources == [{listed}]"]
