"""Turns a call, its agent and its time into facets.

Theory: a path is a tuple of names from the root, such as ("aws", "params", "Bucket"). Every path is set, unset or unknown. A map
with an unknown part is set, so its other parts can be read; read as a whole it is unknown.

Facets are a dict that fills itself: most rules look at few of them, and again and again at the same ones.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from trio_gate.facet.values import UNKNOWN, UNSET, Plain, Unknown, Unset, keys_fit, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from trio_gate.aws.call import Call, Value

Path = tuple[str, ...]

_LISTS = ("iam_actions", "resources", "resource_accounts", "shares_with", "policies")


def _list_of(name: str) -> Callable[[Call], Value]:
    def value(call: Call) -> Value:
        found: tuple[Value, ...] | Unknown = getattr(call, name)
        return found if found is UNKNOWN else list(found)

    return value


_OF_CALL: dict[Path, Callable[[Call], Value]] = {
    ("aws", "action"): attrgetter("operation"),
    ("aws", "presigned"): lambda call: call.presigned is not None,
    ("aws", "params"): lambda call: call.params if isinstance(call.params, dict) else dict(call.params),
    **{("aws", name): _list_of(name) for name in _LISTS},
    **{
        ("aws", name): attrgetter(name)
        for name in (
            *(
                "service",
                "iam_action",
                "access",
                "reads_secret",
                "vends_credentials",
                "may_expose_secrets",
                "runs_code",
                "spends",
            ),
            *(
                "account",
                "region",
                "partition",
                "resource",
                "cross_account",
                "makes_public",
                "host",
                "method",
                "path",
                "protocol",
            ),
        )
    },
}
"""The facets that are facts of a call itself; `facets_of` knows the others."""

_SESSION_ROLE, _SESSION_CHAIN = ("aws", "session_role"), ("aws", "session_chain")
_LEVEL = ("aws", "level")
_ACCOUNT_NAME, _AGENT_NAME, _AGENT_ADDRESS = ("aws", "account_name"), ("agent", "name"), ("agent", "address")
_ORGANIZATION_NAME = ("aws", "organization_name")


class Session(Protocol):
    """What rules read of a virtual session: its role, and the roles on the way to it."""

    @property
    def role(self) -> str | None:
        """The ARN of its role; None where it has none of its own."""

    @property
    def chain(self) -> tuple[str, ...]:
        """The ARNs of the roles on the way to it, its own last."""


class Facets(dict[Path, Plain | Unset | Unknown]):
    """The facets of one call: by path, the whole value in the form that CEL takes, or UNSET or UNKNOWN.

    Only paths that are asked for are computed, each once; `get` and `in` know only what was asked for before.
    """

    __slots__ = ("_call", "_found", "_level", "time")

    def __init__(
        self, given: Mapping[Path, Value], call: Call | None = None, *, time: datetime, level: Callable[[], Value] | None = None
    ) -> None:
        """Facets with these values, where None is unset; all others are facts of the call, or unset without one.

        `level` finds out the level, if a rule asks for it.
        """
        super().__init__()
        self.time = time
        self._level = level
        self._call = call
        self._found: dict[Path, Value | Unset] = {**given}

    def __missing__(self, path: Path) -> Plain | Unset | Unknown:
        """Convert the whole value at a path."""
        value = self.look(path)
        found = self[path] = value if value is UNSET or value is UNKNOWN else plain(value)
        return found

    def look(self, path: Path) -> Value | Unset:
        """The value at a path, not converted for CEL. Parts of a map that is set may still be unknown."""
        value = self._found.get(path)
        if value is None:
            value = self._found[path] = self._find(path)
        return value

    def _find(self, path: Path) -> Value | Unset:
        if len(path) > 2:
            above = self.look(path[:-1])
            if above is UNKNOWN or above is UNSET:
                return above
            value = above.get(path[-1]) if isinstance(above, dict) else None
        elif path == _LEVEL and self._level is not None:
            value = self._level()
        else:
            of_call = _OF_CALL.get(path)
            value = of_call(self._call) if of_call and self._call else None
        if value is None:
            return UNSET
        return UNKNOWN if isinstance(value, dict) and not keys_fit(value) else value


def facets_of(
    call: Call,
    *,
    account_name: str | None,
    agent: str | None,
    agent_address: str,
    time: datetime,
    session: Session | None = None,
    organization_name: str | Unknown | None = None,
    level: Callable[[], Value] | None = None,
) -> Facets:
    """Make the facets of a call. An argument that is None becomes an unset facet.

    Args:
        call: the identified call.
        account_name: the label of its account.
        agent: the name of the `agent` block whose key signed it.
        agent_address: the agent's IP address, as text.
        time: when the decision is made, with a time zone.
        session: the virtual session that the agent uses; None for its own key.
        organization_name: what its organization calls the account.
        level: finds out the level of the call; None leaves it unset.
    """
    given: dict[Path, Value] = {_ACCOUNT_NAME: account_name, _AGENT_NAME: agent, _AGENT_ADDRESS: agent_address}
    given[_ORGANIZATION_NAME] = organization_name
    given[_SESSION_ROLE] = session.role if session else None
    given[_SESSION_CHAIN] = [*session.chain] if session else []
    return Facets(given, call, time=time, level=level)
