"""The sentence of a call that no template tells: the operation's name in words, its object, and how much of it.

Theory: an operation's name is a verb and a noun, and nearly all calls name their object: by the resources that were found, or by a member
whose name ends like a name.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING

from trio_gate.effect.filling import as_text, named
from trio_gate.effect.names import own_name
from trio_gate.effect.sentence import Names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Call, Value
MAX_LOOKED_AT = 200
"""How many parameters are looked at for a name."""

MAX_RESOURCES = 1000
"""How many resources are counted."""

MAX_OBJECTS = 2
"""How many things that a call names stand in its sentence; the others stand beside it, as nobody can say which one it acts on."""

_PATTERN = ("*", "/")
"""How ARNs of many resources end."""

_WORD = re.compile(r"[A-Z]+[0-9]*(?=[A-Z][a-z]|$)|[A-Z]?[a-z0-9]+|[A-Z]+")
_NAMES = re.compile(r"(?:[Nn]ames?|[Ii]ds?|ID|IDs|[Aa]rns?|ARNs?|[Ii]dentifiers?|[Uu]rls?|URLs?|[Uu]ris?)\Z")
_NAMES_IN_PART = re.compile(
    r"(?:[Pp]ath|[Kk]ey|[Pp]refix|[Aa]lias|[Bb]ucket|[Tt]able|[Ss]tream|[Qq]ueue|[Tt]opic|[Rr]ole|[Uu]ser|[Gg]roup"
    r"|[Rr]esource|[Dd]omain|[Hh]ost|[Aa]ddress|[Ee]mail)\Z"
)
_NO_NAME = re.compile(r"(?:[Tt]oken|(?:[Cc]lient|[Cc]reator)RequestId|CallerReference)\Z")
_QUANTITY = frozenset(
    {
        "Count",
        "DesiredCapacity",
        "DesiredCount",
        "InstanceCount",
        "MaxCount",
        "NodeCount",
        "NumberOfNodes",
        "Quantity",
        "ShardCount",
        "count",
        "desiredCount",
        "instanceCount",
        "numberOfNodes",
    }
)


def words(operation: str) -> str:
    """An operation's name in words: "delete objects"."""
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in _WORD.findall(operation))


def general(call: Call, masked: Mapping[str, Value]) -> list[str | Names]:
    """The parts of the sentence of any call."""
    said = words(call.operation)
    parts: list[str | Names] = [said[:1].upper() + said[1:]]
    for what in _objects(call, masked):
        parts += [": " if len(parts) == 1 else ", ", what]
    counted = [(words(name), value) for name, value in masked.items() if name in _QUANTITY and type(value) is int]
    parts.extend(f", {name} {value}" for name, value in counted[:1])
    return parts


def _objects(call: Call, masked: Mapping[str, Value]) -> list[str | Names]:
    """What the call acts on: its resources and, if they are not known or a pattern, what it names."""
    main = [call.resource] if isinstance(call.resource, str) else []
    arns = [*main, *call.resources[:MAX_RESOURCES]] if isinstance(call.resources, tuple) else main
    names = dict.fromkeys(own_name(arn, call.account, call.region) for arn in arns if not arn.endswith(_PATTERN))
    if names and isinstance(call.resources, tuple):
        return [named([*names], "resource")]
    found = sorted(_named(call, masked), key=itemgetter(0))
    best = [what for rank, what in found if rank < _OTHER] or [what for _, what in found]
    every = [named([*names], "name")] if names else []
    for what in best:
        if what not in every:
            every.append(what)
    rest = [name for what in every[MAX_OBJECTS:] if isinstance(what, Names) for name in what.names]
    return every[:MAX_OBJECTS] + ([Names(names=rest, beside=True)] if rest else [])


_OTHER = 4
"""The rank of a member whose name does not say that it names something."""


def _rank(member: str, texts: list[str]) -> int:
    """How likely a member says what the call acts on, 0 first. A list of several comes later: a call's own name is one."""
    kind = 0 if _NAMES.search(member) else 1 if _NAMES_IN_PART.search(member) else 2
    return 2 * kind + (len(texts) > 1)


def _named(call: Call, masked: Mapping[str, Value]) -> Iterator[tuple[int, str | Names]]:
    """Members that may name something, with their rank; the outer ones first."""
    level: list[tuple[str, Value]] = list(masked.items())
    looked_at = 0
    while level and looked_at < MAX_LOOKED_AT:
        below: list[tuple[str, Value]] = []
        for name, value in level[: MAX_LOOKED_AT - looked_at]:
            looked_at += 1
            if isinstance(value, dict) and not any(key.startswith("$") for key in value):
                below.extend(value.items())
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                below.extend((key, item) for one in value[:MAX_LOOKED_AT] if isinstance(one, dict) for key, item in one.items())
            elif isinstance(value, str | list) and value and not _NO_NAME.search(name):
                texts = [
                    as_text(one, call) for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one
                ]
                if texts:
                    yield _rank(name, texts), named(list(dict.fromkeys(texts)), "name")
        level = below
