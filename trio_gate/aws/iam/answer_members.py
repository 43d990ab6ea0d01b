"""Which members of an answer may hold a credential, a secret, or what people leave secrets in.

Rule: a member may, unless its type or its name says what it holds. Numbers, times, yes or no and values that the model lists are no
secrets; an ARN is none, and neither is what a thing is called, unless the name also has a word for what gives access. Bytes,
documents, streams and whatever the model calls sensitive always may. The review of operations looks at answers by the same measure.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORD = re.compile("[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|[0-9]+")

_CALLED = frozenset(["id", "ids", "name", "names", "region", "regions", "status", "type", "types", "version", "versions"])
"""Last words of names of members that say what a thing is called, where and of which kind it is."""

_GIVES_ACCESS = frozenset(
    [
        "access",
        "authorization",
        "code",
        "credential",
        "credentials",
        "invitation",
        "key",
        "keys",
        "login",
        "password",
        "passwords",
        "secret",
        "secrets",
        "session",
        "sessions",
        "token",
        "tokens",
    ]
)
"""Words in a name that make it uncertain: the id of an API key may be the key."""

_PAGE = ("next", "token")
_TEXTS = frozenset(("string", "blob"))


@cache
def words(name: str) -> tuple[str, ...]:
    """The words of a camel-case name, in lower case."""
    return tuple(fold(word) for word in _WORD.findall(name))


def may_hold_secrets(name: str, shape: str, shapes: Mapping[str, Any]) -> bool:
    """Whether a member of an answer may, or anything below it.

    Args:
        name: the member's.
        shape: the name of its shape.
        shapes: those of botocore's service-2 JSON.
    """
    todo, seen = [(name, shape)], set[tuple[str, str]]()
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        seen.add(here)
        called, one = here[0], shapes[here[1]]
        if one.get("sensitive") or one.get("document") or one.get("eventstream"):
            return True
        if one["type"] in _TEXTS and not _is_harmless(called, one):
            return True
        todo.extend((called, one[part]["shape"]) for part in ("member", "key", "value") if part in one)
        todo.extend((member, ref["shape"]) for member, ref in one.get("members", {}).items())
    return False


def _is_harmless(name: str, text: Mapping[str, Any]) -> bool:
    """Whether a text is none of these, by the values that it can have or by its name."""
    said = words(name)
    if text["type"] == "blob" or not said:
        return False
    if "enum" in text or said == _PAGE or said[-1] in {"arn", "arns"}:
        return True
    return said[-1] in _CALLED and said not in {("id",), ("ids",)} and not _GIVES_ACCESS.intersection(said)
