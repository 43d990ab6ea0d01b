"""Which members of an answer may hold a credential, a secret, or what people leave secrets in.

Rule: a member may, unless its type or its name says what it holds. Times, yes or no and values that the model lists are no secrets, nor
are numbers, unless the name says that they are codes to enter. An ARN is none, and neither is what a thing is called, unless the name
also has a word for what gives access. The name of a map says nothing of its values. Bytes, documents, streams and whatever the model
calls sensitive always may.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WORD = re.compile("[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|[0-9]+")

_CALLED = frozenset(["id", "ids", "name", "names", "region", "regions", "status", "type", "types", "version", "versions"])
"""Last words of names of members that say what a thing is called, where and of which kind it is."""

_GIVES_ACCESS = frozenset(
    [
        "access",
        "activation",
        "apikey",
        "auth",
        "authorization",
        "authtoken",
        "bearer",
        "code",
        "cookie",
        "credential",
        "external",
        "grant",
        "invitation",
        "invite",
        "jwt",
        "key",
        "login",
        "oauth",
        "otp",
        "passcode",
        "passphrase",
        "password",
        "pin",
        "presigned",
        "secret",
        "session",
        "token",
        "url",
    ]
)
"""Words in a name, of one or of many, that make it uncertain: the id of an API key may be the key."""

_ENTERED = frozenset(["otp", "passcode", "pin"])
"""Words for numbers that give access."""

_CODE = "code"
_OTHER_CODES = frozenset(["country", "error", "exit", "http", "postal", "response", "status", "zip"])
"""Words that say, of a number that is a code, that nobody enters it."""

_ARN = frozenset(["arn", "arns"])
_PAGE = ("next", "token")
_NUMBERS = frozenset(("integer", "long", "float", "double"))

Mark = Literal["", "?", "!"]
"""What a member may hold: no secret by its type or name, one for all that these say, or anything."""

MARKS: tuple[Mark, ...] = ("", "?", "!")
"""The marks, the worst last."""


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
    return any(_mark(*one, shapes) for one in _parts(name, shape, shapes, members=True))


def mark(name: str, shape: str, shapes: Mapping[str, Any]) -> Mark:
    """What a member of an answer may hold itself, whatever is in the structures below it. Arguments as of `may_hold_secrets`."""
    return max((_mark(*one, shapes) for one in _parts(name, shape, shapes, members=False)), key=MARKS.index)


def _parts(name: str, shape: str, shapes: Mapping[str, Any], *, members: bool) -> Iterator[tuple[str, str, bool]]:
    """A member and what is below it: the name, the shape's, and whether it is in a map. `members` says whether structures are entered."""
    todo, seen = [(name, shape, False)], set[tuple[str, str, bool]]()
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        seen.add(here)
        yield here
        called, kind, in_map = here
        one = shapes[kind]
        todo.extend((called, one[part]["shape"], in_map or part == "value") for part in ("member", "key", "value") if part in one)
        if members:
            todo.extend((member, ref["shape"], False) for member, ref in one.get("members", {}).items())


def _mark(called: str, kind: str, in_map: bool, shapes: Mapping[str, Any]) -> Mark:
    one = shapes[kind]
    if one["type"] == "blob" or one.get("sensitive") or one.get("document") or one.get("eventstream"):
        return "!"
    if one["type"] == "string" and not _is_harmless(kind if in_map else called, one, in_map=in_map):
        return "?"
    return "?" if one["type"] in _NUMBERS and _is_entered(_singular(called)) else ""


def _is_harmless(name: str, text: Mapping[str, Any], *, in_map: bool) -> bool:
    """Whether a text is none of these, by the values that it can have or by its name; by its shape's name among the values of a map."""
    said = words(name)
    if "enum" in text or (said and said[-1] in _ARN):
        return True
    if in_map or not said or said in {("id",), ("ids",)}:
        return False
    return said == _PAGE or (said[-1] in _CALLED and not _GIVES_ACCESS & _singular(name))


def _is_entered(said: frozenset[str]) -> bool:
    """Whether a number with these words in its name is one that somebody enters to get access."""
    return not said.isdisjoint(_ENTERED) or (_CODE in said and said.isdisjoint(_OTHER_CODES))


def _singular(name: str) -> frozenset[str]:
    """The words of a name, also without the ending of a plural."""
    said = words(name)
    return frozenset((*said, *(word.removesuffix("s") for word in said)))
