"""What `trio-gate check` says of operations and parameters in conditions that the services which they name do not have.

Rule: as in `check_words`, these are remarks. Only conditions that say of which service a call must be are looked at.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from trio_gate.cli.judging.check_forms import meant
from trio_gate.cli.judging.check_words import all_actions
from trio_gate.exchange.presign import CLUSTER_FIELD
from trio_gate.policy.cel import names_of
from trio_gate.shell.models.installed_operations import first_missing, inputs, services

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from trio_gate.config.model import Config
    from trio_gate.policy.literals import Named

    Missing = Callable[[str, str, tuple[str, ...]], tuple[int, frozenset[str]] | None]
    """As `first_missing`."""


def name_lines(config: Config) -> Iterator[str]:
    """The lines, without line ends."""
    installed, inputs_of, actions = frozenset(services()), cache(_inputs), cache(lambda: all_actions(config))
    missing = cache(first_missing)
    for rule in config.rules:
        found = names_of(rule.condition or "")
        if found is None:
            continue
        if found.never is not None:
            yield f'warning: rule "{rule.name}" ({rule.where}) matches no call: its parts want different values of {found.never}'
        elif found.services and (found.actions or found.params) and found.services <= installed:
            known = {one: inputs_of(one) for one in sorted(found.services)}
            for fault in (*_faults(found, known, actions()), *_below(found, known, missing)):
                yield f'warning: rule "{rule.name}" ({rule.where}): {fault}'


def _inputs(service: str) -> Mapping[str, frozenset[str]]:
    """As `inputs`, with what the gateway itself adds: the cluster for which a token is signed."""
    found = inputs(service)
    return {**found, "GetCallerIdentity": found["GetCallerIdentity"] | {CLUSTER_FIELD}} if service == "sts" else found


def _below(found: Named, known: Mapping[str, Mapping[str, frozenset[str]]], missing: Missing) -> Iterator[str]:
    """What none of the named operations has inside a parameter that they have."""
    for path in found.below:
        of = [
            (service, name)
            for service, operations in known.items()
            for name, members in operations.items()
            if path[0] in members and name in (found.actions or ())
        ]
        lacking = [missing(service, name, path) for service, name in of]
        if lacking and all(lacking) and lacking[0] is not None:
            place, there = lacking[0]
            whose = " or ".join(dict.fromkeys(action for _, action in of))
            has = f"{whose} has no `{path[place]}` in aws.params.{'.'.join(path[:place])}"
            yield ": ".join(filter(None, (has, meant(path[place], sorted(there)))))


def _faults(found: Named, known: Mapping[str, Mapping[str, frozenset[str]]], actions: Collection[str]) -> Iterator[str]:
    where = " or ".join(known)
    there = {name: members for operations in known.values() for name, members in operations.items()}
    for action in sorted(found.actions or ()):
        if action in actions and action not in there:
            yield f"no operation of {where} is `{action}`"
    of = [there[one] for one in found.actions if one in there] if found.actions else list(there.values())
    params = sorted(frozenset().union(*of))
    whose = " or ".join(one for one in sorted(found.actions or ()) if one in there)
    for param in found.params:
        if of and param not in params:
            has = f"{whose} has no parameter" if whose else f"no operation of {where} has a parameter"
            yield ": ".join(filter(None, (f"{has} `{param}`", meant(param, params))))
