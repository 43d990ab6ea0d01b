"""What `closures` does with values: CEL's operators and functions, as far as they are simple.

Rule: each says what the library says of the same values, or UNKNOWN. Values are compared by their exact classes, because Python's
`True == 1` is false in CEL; an int beside a double is left to the library, which compares them as doubles. So are long and nested
lists and maps: they take Python many times as long, and a loop may do that in every turn.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

from trio_gate.facet.values import UNKNOWN
from trio_gate.policy.closure_patterns import pattern_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from trio_gate.facet.values import Plain, Unknown
    from trio_gate.policy.checked_ast import Node

_NOT_TEXT = frozenset((bool, int, float, list, dict, type(None)))
"""The classes of all values that are no text. UNSET, UNKNOWN and times belong to neither."""

FEW = 32
"""Items of a list, or members of a map, that are compared one by one."""

_CLASSES = _NOT_TEXT | {str}
_NUMBERS = {int, float}
_TEXT = {str}
_ORDERED = _NUMBERS | _TEXT


def constant(node: Node) -> Plain | Unknown:
    """The value of an expression that is written out; UNKNOWN for any other, and for constants that are left to the library."""
    if node.kind == "text":
        return node.name
    if node.kind == "const":
        known = node.name != "other" and not (isinstance(node.value, float) and not math.isfinite(node.value))
        return node.value if known else UNKNOWN
    if node.kind == "list":
        items = [constant(part) for part in node.parts]
        return UNKNOWN if UNKNOWN in items else [item for item in items if item is not UNKNOWN]
    return {} if node.kind == "map" and not node.parts else UNKNOWN


def same(one: Any, other: Any, *, within: bool = False) -> bool | Unknown:
    """Whether two values are equal; `within` says that they are parts of values."""
    kind, its_kind = one.__class__, other.__class__
    if kind is not its_kind:
        return UNKNOWN if not _CLASSES.issuperset((kind, its_kind)) or _NUMBERS.issuperset((kind, its_kind)) else False
    if kind is not list and kind is not dict:
        return bool(one == other) if kind in _CLASSES else UNKNOWN
    if len(one) != len(other):
        return False
    if not one:
        return True
    if within or len(one) > FEW:
        return UNKNOWN
    if kind is list:
        return _all(same(mine, its, within=True) for mine, its in zip(one, other, strict=True))
    return one.keys() == other.keys() and _all(same(value, other[key], within=True) for key, value in one.items())


def differ(one: Any, other: Any) -> bool | Unknown:
    """Whether two values are not equal."""
    equal = same(one, other)
    return equal if equal is UNKNOWN else not equal


def _all(answers: Iterable[bool | Unknown]) -> bool | Unknown:
    whole: bool | Unknown = True
    for answer in answers:
        if answer is False:
            return False
        if answer is not True:
            whole = UNKNOWN
    return whole


def among(value: Any, container: Any) -> bool | Unknown:
    """Whether a list contains a value, or a map a key."""
    if value.__class__ is str and (container.__class__ is list or container.__class__ is dict):
        return value in container
    if container.__class__ is not list or value.__class__ not in _NOT_TEXT or len(container) > FEW:
        return UNKNOWN
    return negated(_all(negated(same(value, item, within=True)) for item in container))


def negated(value: Any) -> bool | Unknown:
    """The opposite of a bool."""
    return False if value is True else True if value is False else UNKNOWN


def size(value: Any) -> int | Unknown:
    """The characters of a text, the items of a list, the members of a map."""
    return len(value) if isinstance(value, (str, list, dict)) else UNKNOWN


def item(value: Any, index: Any) -> Any:
    """An item of a list, or a member of a map."""
    if value.__class__ is dict and index.__class__ is str:
        return value.get(index, UNKNOWN)
    return value[index] if value.__class__ is list and index.__class__ is int and 0 <= index < len(value) else UNKNOWN


def lower(text: Any) -> str | Unknown:
    """A text with small letters for those of ASCII, which is all that bytes have."""
    return text.encode().lower().decode() if text.__class__ is str else UNKNOWN


def upper(text: Any) -> str | Unknown:
    """A text with capitals for the letters of ASCII."""
    return text.encode().upper().decode() if text.__class__ is str else UNKNOWN


def _of_texts(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool | Unknown]:
    return lambda one, other: test(one, other) if one.__class__ is str is other.__class__ else UNKNOWN


def _of_ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | Unknown]:
    return lambda one, other: test(one, other) if one.__class__ is other.__class__ and one.__class__ in _ORDERED else UNKNOWN


UNARY: Mapping[str, Callable[[Any], Any]] = {"!_": negated, "size": size, "lowerAscii": lower, "upperAscii": upper}
"""Functions of one value, by CEL's names."""

_OF_TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": operator.contains,
}

BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "_==_": same,
    "_!=_": differ,
    "@in": among,
    "_[_]": item,
    "_<_": _of_ordered(operator.lt),
    "_<=_": _of_ordered(operator.le),
    "_>_": _of_ordered(operator.gt),
    "_>=_": _of_ordered(operator.ge),
    **{name: _of_texts(test) for name, test in _OF_TEXTS.items()},
}
"""Functions of two values, by CEL's names."""


def with_constant(name: str, value: Plain) -> Callable[[Any], Any] | None:
    """A function of two values of which the second is known; None where that is left to the library."""
    if name == "matches":
        return pattern_test(value) if isinstance(value, str) else None
    if name == "@in" and isinstance(value, list) and _TEXT.issuperset(map(type, value)):
        return _one_of(frozenset(map(str, value)), yes=True)
    if name in {"_==_", "_!=_"} and isinstance(value, str):
        return _one_of(frozenset((value,)), yes=name == "_==_")
    if name in _OF_TEXTS and isinstance(value, str):
        test = _OF_TEXTS[name]
        return lambda one: test(one, value) if one.__class__ is str else UNKNOWN
    function = BINARY.get(name)
    return (lambda one: function(one, value)) if function else None


def _one_of(texts: frozenset[str], *, yes: bool) -> Callable[[Any], bool | Unknown]:
    """A test for whether a value is one of these texts, that answers `yes` if it is."""
    no = not yes

    def test(value: Any) -> bool | Unknown:
        if value.__class__ is str:
            return yes if value in texts else no
        return no if value.__class__ in _NOT_TEXT else UNKNOWN

    return test
