"""Turns a call, its agent and its time into facets.

Theory: a path is a tuple of names from the root, such as ("aws", "params", "Bucket"). Every path is set, unset or unknown. A map
with an unknown part is set, so its other parts can be read; read as a whole it is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.facet.values import UNKNOWN, UNSET, Unknown, Unset, keys_fit, plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trio_gate.aws.call import Call, Value
    from trio_gate.facet.values import Plain

Path = tuple[str, ...]


class Facets:
    """The facets of one call. Only paths that are asked for are computed, each once."""

    def __init__(self, roots: Mapping[str, Value], *, time: datetime) -> None:
        self.time = time
        self._found: dict[Path, Value | Unset] = {(): dict(roots), **{(name,): facets for name, facets in roots.items()}}
        self._read: dict[Path, Plain | Unset | Unknown] = {}

    def look(self, path: Path) -> Value | Unset:
        """The value at a path, not converted for CEL. Parts of a map that is set may still be unknown."""
        if path not in self._found:
            self._found[path] = self._find(path)
        return self._found[path]

    def read(self, path: Path) -> Plain | Unset | Unknown:
        """The whole value at a path in the form that CEL takes, or UNSET or UNKNOWN."""
        if path not in self._read:
            value = self.look(path)
            self._read[path] = value if isinstance(value, Unset) else plain(value)
        return self._read[path]

    def _find(self, path: Path) -> Value | Unset:
        above = self.look(path[:-1])
        if isinstance(above, (Unknown, Unset)):
            return above
        value = above.get(path[-1]) if isinstance(above, dict) else None
        if value is None:
            return UNSET
        return UNKNOWN if isinstance(value, dict) and not keys_fit(value) else value


def facets_of(call: Call, *, account_name: str | None, agent: str | None, agent_address: str, time: datetime) -> Facets:
    """Make the facets of a call. An argument that is None becomes an unset facet.

    Args:
        call: the identified call.
        account_name: the label of its account.
        agent: the name of the `agent` block whose key signed it.
        agent_address: the agent's IP address, as text.
        time: when the decision is made, with a time zone.
    """
    aws: dict[str, Value] = {
        "service": call.service,
        "action": call.operation,
        "iam_action": call.iam_action,
        "iam_actions": _list(call.iam_actions),
        "access": call.access,
        "reads_secret": call.reads_secret,
        "vends_credentials": call.vends_credentials,
        "may_expose_secrets": call.may_expose_secrets,
        "runs_code": call.runs_code,
        "spends": call.spends,
        "account": call.account,
        "account_name": account_name,
        "region": call.region,
        "partition": call.partition,
        "resource": call.resource,
        "resources": _list(call.resources),
        "resource_accounts": _list(call.resource_accounts),
        "cross_account": call.cross_account,
        "shares_with": _list(call.shares_with),
        "makes_public": call.makes_public,
        "policies": _list(call.policies),
        "params": dict(call.params),
        "host": call.host,
        "method": call.method,
        "path": call.path,
        "protocol": call.protocol,
    }
    return Facets({"aws": aws, "agent": {"name": agent, "address": agent_address}}, time=time)


def _list(values: tuple[Value, ...] | tuple[str, ...] | Unknown) -> Value:
    return values if isinstance(values, Unknown) else list(values)
