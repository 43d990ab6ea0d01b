"""Texts that name no resource, by proof: the closed kinds of members that only page, describe, tag, filter, repeat or choose a word.

Rule: what is not among them may name something. A call whose other members name nothing has no resources only if all of its
texts are of these kinds; a call that names something is complete unless a member that is called like an id, a name or a place
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
"""Names of members whose kind is kept: more than the calls of a day have."""

LONG_NAME = 128
"""Characters of a name that are looked at: more than a pattern here goes through."""

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
"""Names, folded, of members that say which of what is listed: of calls that read, they name nothing."""

_NAMES = (
    *("id", "ids", "identifier", "identifiers", "arn", "arns", "name", "names", "uri", "uris", "url", "urls", "key", "keys"),
    *("bucket", "buckets", "role", "location", "locations", "target", "targets", "resource", "resources", "cluster", "group"),
    *("groups", "subnets", "account", "accounts"),
)
"""How, folded, a member ends that is for a resource's id, name or place."""


KEY_OF_AWS = "alias/aws/"
"""How the aliases of keys begin that AWS keeps in each account: they name nothing that anybody made."""


def says_nothing(service: str, leaf: Leaf, *, reads: bool) -> bool:
    """Whether a text is of a closed kind of those that name nothing; `reads` for calls that only read."""
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
    """Whether a member is called like an id, a name or a place of something."""
    if not leaf.names or is_account(leaf.value) or str(leaf.value).startswith(KEY_OF_AWS):
        return False
    name = leaf.names[-1]
    return _for_a_thing(name[-LONG_NAME:]) and name not in ANYWHERE and name not in INSIDE.get(service, ())
