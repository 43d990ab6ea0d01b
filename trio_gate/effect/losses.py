"""How much a call that destroys something takes away.

Rule: it is small if what goes is a single record among many of its kind (an object, an item, a message), or at most SMALL of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.aws.param_paths import at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Call, Value

SMALL = 10
"""The most records that one call may delete as a small loss; a person can look at that many."""

MIN_DAYS = 30
"""Days that logs must be kept at least for a shorter retention to be a small loss: what happened last month can be looked up."""

MAX_DEPTH = 6
"""Levels of parameters that are searched for the longest list."""

_VERB = re.compile(r"(?:Batch)?(?:Delete|Remove|Release|Disassociate|Write|Transact)(?:Write)?")
_RECORDS = frozenset(
    {
        "Attributes",
        "Bucket",  # an empty one: S3 deletes no other
        "Contact",
        "CustomVocabularyItem",
        "Event",
        "Geofence",
        "Item",
        "Items",
        "Key",
        "LibraryItem",
        "MemoryRecord",
        "MemoryRecords",
        "Message",
        "MessageBatch",
        "Object",
        "ObjectAnnotation",
        "Objects",
        "OpsItem",
        "Parameter",
        "Parameters",
        "QueuedMessages",
        "Record",
        "RegistryRecord",
        "RelatedItem",
        "Tags",
        "TagsForDomain",
        "ThingShadow",
        "UserAttributes",
        "Vectors",
    }
)
"""Nouns of operations whose objects are records."""


def is_small(call: Call) -> bool:
    """Whether what a destroying call takes away is small."""
    days = at(call.params, "retentionInDays")
    if call.operation == "PutRetentionPolicy" and type(days) is int:
        return days >= MIN_DAYS
    verb = _VERB.match(call.operation)
    return verb is not None and call.operation[verb.end() :] in _RECORDS and quantity(call.params) <= SMALL


def quantity(params: Mapping[str, Value]) -> int:
    """The length of the longest list among the parameters; 1 without a list."""
    return max(1, _longest(params if isinstance(params, dict) else dict(params), 0))


def _longest(value: Value, depth: int) -> int:
    if depth > MAX_DEPTH:
        return 0
    if isinstance(value, list):
        return max(len(value), max((_longest(one, depth + 1) for one in value[: SMALL + 1]), default=0))
    if isinstance(value, dict):
        return max((_longest(one, depth + 1) for one in value.values()), default=0)
    return 0
