"""Texts that certainly name no resource: closed lists of members that only page, describe, tag, filter, deduplicate or select.

Rule: any other text may name something. If the other members of a call name nothing, it has no resources only if all of its texts are
on these lists. If they name something, the list of resources is complete unless a member whose name suggests an id, a name or a location
was not understood.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.idempotency import TOKENS, TOKENS_OF
from trio_gate.aws.resources.arns import is_account
from trio_gate.aws.resources.inside import ANYWHERE, INSIDE
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from trio_gate.aws.resources.leaves import Leaf

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

_NAMES = (
    *("id", "ids", "identifier", "identifiers", "arn", "arns", "name", "names", "uri", "uris", "url", "urls", "key", "keys"),
    *("bucket", "buckets", "role", "location", "locations", "target", "targets", "resource", "resources", "cluster", "group"),
    *("groups", "subnets", "account", "accounts"),
)
"""Endings, folded, of names of members for a resource's id, name or location."""


KEY_OF_AWS = "alias/aws/"
"""Prefix of the aliases of AWS's own keys in each account, which nobody created."""


def says_nothing(service: str, leaf: Leaf, *, reads: bool) -> bool:
    """Whether a text certainly names nothing. `reads` is whether the call only reads."""
    if not leaf.names or leaf.value == "":
        return leaf.value == ""
    name = leaf.names[-1]
    if name in TOKENS or (leaf.use is not None and leaf.use.idempotency_token and name in TOKENS_OF.get(service, ())):
        return True
    if leaf.shape is not None and (leaf.shape.enum or leaf.shape.type == "timestamp"):
        return True
    if leaf.value is UNKNOWN:
        return False
    return leaf.stored or _pages(name[:LONG_NAME]) or (reads and any(_chooses(above[:LONG_NAME]) for above in leaf.names))


@lru_cache(NAMES_KEPT)
def _pages(name: str) -> bool:
    return _SAYS_NOTHING.fullmatch(fold(name)) is not None


@lru_cache(NAMES_KEPT)
def _chooses(name: str) -> bool:
    return _LOOKS.fullmatch(fold(name)) is not None


@lru_cache(NAMES_KEPT)
def _for_a_thing(name: str) -> bool:
    return fold(name).endswith(_NAMES)


def named_like_one(service: str, leaf: Leaf) -> bool:
    """Whether a member's name suggests an id, a name or a location."""
    if not leaf.names or is_account(leaf.value) or str(leaf.value).startswith(KEY_OF_AWS):
        return False
    name = leaf.names[-1]
    return _for_a_thing(name[-LONG_NAME:]) and name not in ANYWHERE and name not in INSIDE.get(service, ())
