"""A place in an operation's input, and what is known of the texts there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.aws.call import Unknown
    from trio_gate.aws.model.shape import Member, Shape


@value_class
class PlaceFacts:
    """What holds for every text at a place.

    Attributes:
        query: it is in a query language, in which it may name anything.
        by_curated: the readers of curated services read it.
        read_or_searched: what it names is read there, or only searched for.
        names_nothing: it names nothing.
        selects: it names nothing in a call that only reads.
        like_resource: its member's name suggests an id, a name or a location.
        for_account: it is for an account or a principal.
        of_attribute: it is the value of an attribute whose name is another text.
        for_key: its member is for a KMS key.
        for_bucket: its member is for a bucket.
        quiet: nothing below it has to be looked at.
    """

    query: bool
    by_curated: bool
    read_or_searched: bool
    names_nothing: bool
    selects: bool
    like_resource: bool
    for_account: bool
    of_attribute: bool
    for_key: bool
    for_bucket: bool
    quiet: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Place:
    """A place in an operation's input. It never changes once it has its facts.

    Attributes:
        service: botocore's name.
        operation: botocore's name.
        names: the members on the path, without keys of maps.
        shape: of the value there, None if the model does not say.
        use: the model's innermost member on the path, None if the model does not know it.
        stored: whether it is what the caller stores or sends.
        facts: what is known of the texts there; only of places that the model has, which are the same objects in every call.
    """

    service: str
    operation: str
    names: tuple[str, ...]
    shape: Shape | None
    use: Member | None = None
    stored: bool = False
    facts: PlaceFacts | None = None


Leaf = tuple[Place, "str | None", "str | Unknown"]
"""The place of a text, its key if it is in a map, and the text, which may be UNKNOWN."""
