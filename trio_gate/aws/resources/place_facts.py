"""What the names at a place say about the texts there, found once instead of in every call: mainly, which texts name no resource.

Rule: only closed lists of members (which page, describe, tag, filter, deduplicate or select) certainly name nothing; any other text may
name something. If the other members of a call name nothing, it has no resources only if all of its texts are on these lists. If they name
something, the list of resources is complete unless a member whose name suggests an id, a name or a location was not understood.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.aws.iam.queries import QUERIES
from trio_gate.aws.idempotency import TOKENS, TOKENS_OF
from trio_gate.aws.model.place import PlaceFacts
from trio_gate.aws.resources.curated import reads
from trio_gate.aws.resources.curated_ecs import IN_CLUSTER
from trio_gate.aws.resources.inside import ANYWHERE, INSIDE
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from trio_gate.aws.model.place import Place

BATCHES = frozenset(
    ("BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "DeleteObjects", "ExecuteTransaction", "PutEvents")
)
"""Operations whose batches are no lists of names."""

_READ = {"s3": frozenset(("Bucket", "CopySource", "Delete", "Key")), "ecs": frozenset(IN_CLUSTER)}
"""Members whose ARNs the curated readers convert to another form."""

NAMES_KEPT = 4096
"""Size of the caches by member name; the calls of a day have fewer names."""

LONG_NAME = 128
"""Characters of a name that are searched; no pattern here needs more."""

_SAYS_NOTHING = re.compile(
    "(?:next|starting|page|nextpage|exclusivestart|pagination|continuation)?(?:token|marker)"
    "|(?:next|page|start)(?:ing)?(?:marker|token|key)"
    "|exclusivestart[a-z]{0,60}|max(?:results|records|items|keys)?|(?:page)?size|limit|startafter|delimiter|encodingtype"
    "|description|comments?|tagkeys|contentmd5|contenttype|acceptlanguage|ifmatch|ifnonematch|etag|userdata"
)
"""Names, folded, of members that page, describe or compare."""

_LOOKS = re.compile(
    "filter[a-z]{0,40}by|groupbys?|sortby|sort|orderby|order|dimensions?|metrics?|metricname|granularity|timeperiod|timerange|engine"
    "|start(?:ing)?(?:time|date)?|end(?:ing)?(?:time|date)?|namespace|service|locale|metricdataqueries|namecontains|include"
    "|ownerids|owners|restorablebyuserids|executableusers|zonenames|zoneids|availabilityzone(?:id)?s?"
    "|[a-z]{0,60}(?:prefix|filters?|filterlist|types?|versions?|codes?|status|statuses|states?|category|categories|marker|family"
    "|regions?|regionnames?|statistics?|languages?|currency)"
)
"""Names, folded, of members that select from a list: in calls that only read, they name nothing."""

_THINGS = frozenset((("quicksight", "Namespace"),))
"""Members, by service, that are called like one that selects, and name something that the service keeps."""

_NAMES = (
    *("id", "ids", "identifier", "identifiers", "arn", "arns", "name", "names", "uri", "uris", "url", "urls", "key", "keys"),
    *("bucket", "buckets", "role", "location", "locations", "target", "targets", "resource", "resources", "cluster", "group"),
    *("groups", "subnets", "account", "accounts"),
)
"""Endings, folded, of names of members for a resource's id, name or location."""


KEY_OF_AWS = "alias/aws/"
"""Prefix of the aliases of AWS's own keys in each account, which nobody created."""

MAX_NAMES = 1024
"""Characters of the names on the path to a text. No model's path is longer, so a longer one is inside a document without a model."""

_FOR_ACCOUNTS = re.compile(
    r"account|owner|principal|organi[sz]ation|grant(?:ee|s)|user_?ids?\Z|shared?_?with|attributevalue|location\Z"
)
"""Parts of the names, folded, of members for an account, a principal or a location."""

_DIGITS = re.compile(r"\^?\(?(?:[\\]d|\[0-9\]|\[[\\]d\])(?:\{12\}|\{12,12\})\)?\$?")
"""A model's pattern of account ids."""

_LONG = 256
"""Characters of a name that are searched."""

_BUCKET_ENDS = ("bucket", "bucketname")
_KEY_MEMBER = re.compile(r"kms(?:master)?key(?:id(?:entifier)?)?\Z")


def facts_of(place: Place) -> PlaceFacts:
    """What holds for the texts at a place: known already where the model has it, found out where a caller made it up."""
    return place.facts or found_of(place)


def found_of(place: Place) -> PlaceFacts:
    """The same, found out."""
    top, last = place.names[0], place.names[-1]
    return PlaceFacts(
        query=last in QUERIES.get(place.service, ()),
        by_curated=reads(place),
        read_or_searched="Filters" in place.names or top in _READ.get(place.service, ()),
        names_nothing=_says_nothing(place),
        selects=_only_chooses(place),
        like_resource=_like_resource(place),
        for_account=_for_account(place),
        of_attribute=_of_attribute(place),
        for_key=called_key(last) or (place.service == "ssm" and place.names == ("KeyId",)),
        for_bucket=called_bucket(last),
        quiet=_is_quiet(place),
    )


@lru_cache(NAMES_KEPT)
def _key_at(end: str) -> bool:
    return _KEY_MEMBER.search(fold(end)) is not None


@lru_cache(NAMES_KEPT)
def _bucket_at(end: str) -> bool:
    return fold(end).endswith(_BUCKET_ENDS)


def called_key(name: str) -> bool:
    """Whether a member or a key of a map is for a KMS key, by its name."""
    return _key_at(name[-20:])


def called_bucket(name: str) -> bool:
    """Whether it is for a bucket."""
    return _bucket_at(name[-10:])


def _is_quiet(place: Place) -> bool:
    """Whether nothing below a place has to be looked at: it is stored, no reader reads it, and no query can be in it.

    Readers of EC2's ids look everywhere. The operations of a batch are judged without looking at what their batches hold.
    """
    if not place.stored or place.service == "ec2" or (reads(place) and place.operation not in BATCHES):
        return False
    queries = QUERIES.get(place.service)
    return queries is None or not _may_hold(place, queries)


def _may_hold(place: Place, names: frozenset[str]) -> bool:
    """Whether a member with one of these names may be at a place or below it."""
    if place.names[-1] in names or place.shape is None:
        return True
    seen, todo = {place.shape}, [place.shape]
    while todo:
        shape = todo.pop()
        below = {member.shape for member in shape.members.values()} - seen
        if shape.document or not names.isdisjoint(shape.members):
            return True
        seen |= below
        todo += below
    return False


def _says_nothing(place: Place) -> bool:
    """Whether the texts at a place certainly name nothing."""
    name, use, shape = place.names[-1], place.use, place.shape
    if name in TOKENS or (use is not None and use.idempotency_token and name in TOKENS_OF.get(place.service, ())):
        return True
    if shape is not None and (shape.enum or shape.type == "timestamp"):
        return True
    return place.stored or _pages(name[:LONG_NAME])


def _only_chooses(place: Place) -> bool:
    """Whether they name nothing in a call that only reads."""
    return any(_chooses(above[:LONG_NAME]) and (place.service, above) not in _THINGS for above in place.names)


@lru_cache(NAMES_KEPT)
def _pages(name: str) -> bool:
    return _SAYS_NOTHING.fullmatch(fold(name)) is not None


@lru_cache(NAMES_KEPT)
def _chooses(name: str) -> bool:
    return _LOOKS.fullmatch(fold(name)) is not None


@lru_cache(NAMES_KEPT)
def _for_a_thing(name: str) -> bool:
    return fold(name).endswith(_NAMES)


def _like_resource(place: Place) -> bool:
    """Whether their member's name suggests an id, a name or a location."""
    name = place.names[-1]
    return _for_a_thing(name[-LONG_NAME:]) and name not in ANYWHERE and name not in INSIDE.get(place.service, ())


def _of_attribute(place: Place) -> bool:
    """Whether they are the value of an attribute whose name is another text."""
    return fold(place.names[-1][:_LONG]) == "value" and any("attribute" in fold(name[:_LONG]) for name in place.names[:-1])


def _for_account(place: Place) -> bool:
    """Whether they are for an account or a principal."""
    if place.shape is not None and place.shape.enum:
        return False
    pattern = place.shape.pattern if place.shape else None
    joined = ".".join(place.names)
    called = len(joined) > MAX_NAMES or _FOR_ACCOUNTS.search(fold(joined)) is not None
    return called or bool(pattern and _DIGITS.fullmatch(pattern))
