"""A condition for a grant of calls like one that waits: the same operation, on the same resources or beside them.

Rule: it is a proposal, which a person reads and may change. It holds for the call that it was made from and for none that is a danger,
or that another role makes. It quotes nothing that could be a secret, and nothing that CEL could read otherwise than it was written.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from trio_gate.aws.call import Unknown
from trio_gate.text.secret_detection import looks_secret
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Call
    from trio_gate.effect.reasons import Level

MAX_RESOURCES = 20
"""ARNs that a condition lists; where there are more, none is proposed."""

_PLAIN = re.compile(r"[ !#-\[\]-~]{1,512}")
"""Text that means itself in quotation marks."""


@value_class
class _Machines:
    """The parameters of an operation that makes machines: their size, and how many; None where it makes one."""

    size: str
    count: str | None


_MAKES: Mapping[str, _Machines] = {
    "ec2.RunInstances": _Machines(size="InstanceType", count="MaxCount"),
    "elasticache.CreateCacheCluster": _Machines(size="CacheNodeType", count="NumCacheNodes"),
    "rds.CreateDBInstance": _Machines(size="DBInstanceClass", count=None),
    "redshift.CreateCluster": _Machines(size="NodeType", count="NumberOfNodes"),
}
"""Operations whose resources do not exist yet, so that a condition is on what they make."""


def suggestion(call: Call, level: Level, session_role: str | None = None) -> str | None:
    """CEL that is true of a call and of others like it; None where what it acts on cannot be said, and for what needs eyes each time.

    Args:
        call: the call.
        level: how serious it is.
        session_role: the ARN of the role whose virtual session makes it; None for the agent's own key.
    """
    if level == "danger" or call.access == "permissions" or call.policies != () or not _quotable(session_role or "-"):
        return None
    machines = _MAKES.get(f"{call.service}.{call.operation}")
    on = _where(call) if machines is None else _sized(call, machines)
    if on is None:
        return None
    by = "!has(aws.session_role)" if session_role is None else f'has(aws.session_role) && aws.session_role == "{session_role}"'
    parts = (f'aws.service == "{call.service}"', f'aws.action == "{call.operation}"', on, by, 'aws.level != "danger"')
    return " && ".join(parts)


def _sized(call: Call, machines: _Machines) -> str | None:
    """No larger machines than those of a call, and no more of them."""
    size, count = call.params.get(machines.size), call.params.get(machines.count or "")
    if not isinstance(size, str) or not _quotable(size):
        return None
    alike = f'aws.params.{machines.size} == "{size}"'
    if machines.count is None:
        return alike
    return f"{alike} && aws.params.{machines.count} <= {count}" if type(count) is int else None


def _where(call: Call) -> str | None:
    """The resources of a call: objects of S3 by the folder that all lie in, others by their ARNs."""
    resources = call.resources
    if isinstance(resources, Unknown) or not 0 < len(resources) <= MAX_RESOURCES or not all(map(_quotable, resources)):
        return None
    if all(arn.startswith("arn:") and arn.split(":")[2] == "s3" and "/" in arn for arn in resources):
        folders = zip(*(arn.split("/")[:-1] for arn in resources), strict=False)
        shared = [parts[0] for parts in takewhile(lambda parts: len({*parts}) == 1, folders)]
        if not shared:
            return None
        if len(shared) > 1:
            folder = "/".join(shared)
            return f'aws.resources.all(arn, arn.startsWith("{folder}/"))'
    listed = ", ".join(f'"{arn}"' for arn in resources)
    return f"aws.resources == [{listed}]"


def _quotable(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and not looks_secret(text)
