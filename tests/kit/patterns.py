"""Every regular expression of the package, with the methods it is used by, and texts that are hard for one.

A pattern is found where an import leaves it: in a module, in a class, in a container or a closure of either; one that is written
where it is used is found in the source.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from re import _constants as code  # type: ignore[attr-defined]  # what `re` itself compiles from has no stub
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import TYPE_CHECKING, Any

import trio_gate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(trio_gate.__file__).parent
METHODS = frozenset({"match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split"})
STRINGS_OWN = frozenset({"split"})
"""Of these, what a string has too."""

MANY = 100
"""Repetitions from which on a repeat is taken for one without an end."""

MAX_LETTERS = 14
"""Letters of a pattern that texts are made of."""

Tree = Any
"""What `re` parses a pattern to: pairs of an operation and its argument."""


@dataclass(slots=True)
class Found:
    """A pattern, where it was found, and by which methods it is used."""

    pattern: re.Pattern[Any]
    where: str
    uses: set[str] = field(default_factory=set)


def run(pattern: re.Pattern[Any], method: str) -> Callable[[Any], object]:
    """What the package does with a text, by one method, to its end."""
    if method in {"sub", "subn"}:
        return lambda text: pattern.sub(text[:0], text)
    if method == "finditer":
        return pattern.findall
    found: Callable[[Any], object] = getattr(pattern, method)
    return found


def sources() -> dict[str, ast.Module]:
    """The modules of the package by name, as syntax; but the one that runs it."""
    names = [one.name for one in pkgutil.walk_packages([str(ROOT)], "trio_gate.") if not one.name.endswith("__main__")]
    files = {name: Path(importlib.import_module(name).__file__ or "") for name in names}
    return {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in files.items()}


@cache
def patterns() -> tuple[Found, ...]:
    """All patterns that the package has once it is imported, and those written in a call of `re`."""
    trees = sources()
    found: dict[int, Found] = {}
    for name, tree in trees.items():
        named, others = _uses(tree)
        for key, value in vars(importlib.import_module(name)).items():
            for pattern in _inside(value, set()):
                one = found.setdefault(id(pattern), Found(pattern, f"{name}.{key}"))
                one.uses |= named.get(key, set() if pattern is value else others)
    for one in found.values():
        one.uses |= set() if one.uses else {"fullmatch"}  # what `matching` does for those who only name a form
    written = (Found(re.compile(text), where, {method}) for where, method, text in calls(trees) if text is not None)
    return (*found.values(), *written)


def calls(trees: dict[str, ast.Module]) -> Iterator[tuple[str, str, str | bytes | None]]:
    """The calls of `re` in functions: where, which, and the pattern if it is written there."""
    for name, tree in trees.items():
        for function in (
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        ):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _of(node.func) == "re" and isinstance(node.func, ast.Attribute):
                    text = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
                    if node.func.attr in METHODS | {"compile"}:
                        yield f"{name}.{getattr(function, 'name', '')}", node.func.attr, text


def _of(node: ast.expr) -> str:
    """The name of what a method is taken from."""
    return node.value.id if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) else ""


def _uses(tree: ast.Module) -> tuple[dict[str, set[str]], set[str]]:
    """The methods that a module takes of a name in capitals, by that name; and of anything else."""
    named: dict[str, set[str]] = {}
    others: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in METHODS and (owner := _of(node)) != "re":
            if owner.isupper():
                named.setdefault(owner, set()).add(node.attr)
            elif node.attr not in STRINGS_OWN:
                others.add(node.attr)
    return named, others


def _inside(value: object, seen: set[int]) -> Iterator[re.Pattern[Any]]:
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield value
    for part in _parts(value):
        yield from _inside(part, seen)


def _parts(value: object) -> list[object]:
    match value:
        case dict():
            return [*value.keys(), *value.values()]
        case list() | tuple() | set() | frozenset():
            return list(value)
        case type() if value.__module__.startswith("trio_gate"):
            return list(vars(value).values())
        case _ if inspect.isfunction(value) and value.__module__.startswith("trio_gate"):
            cells = [cell.cell_contents for cell in value.__closure__ or ()]
            return [*cells, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        case _ if type(value).__module__.startswith("trio_gate"):
            names = getattr(type(value), "__slots__", None) or getattr(value, "__dict__", {})
            return [getattr(value, name, None) for name in names]
        case _:
            return []


def hostile(pattern: re.Pattern[Any], size: int) -> list[Any]:
    """Texts of about `size` characters that a pattern may have to try in many ways: always as many, in the same order."""
    flags = pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    texts = list(_texts(parser.parse(pattern.pattern, flags), size))
    return [text.encode("latin-1", "replace") for text in texts] if isinstance(pattern.pattern, bytes) else texts


def _texts(tree: Tree, size: int) -> Iterator[str]:
    """Runs of each letter, two in turn, each repeat of the pattern made long behind what it takes before, the whole again and again."""
    letters = list(dict.fromkeys([*_letters(tree), *" \t\nA0/"]))[:MAX_LETTERS]
    whole = _least(tree) or "a"
    units = [*letters, *(one + other for one, other in product(letters[:5], repeat=2) if one != other), whole, whole[:-1] or "a"]
    for unit in units:
        yield unit * (size // len(unit))
    for before, repeated in dict.fromkeys(_stretches(tree, "")):
        for unit in dict.fromkeys([repeated or "a", *letters]):
            run = unit * (size // len(unit))
            yield from (before + run, before + run + "\x01", before + run + "!")
        yield before * (size // max(1, len(before)))


def _letters(tree: Tree) -> Iterator[str]:
    """The literals, and one letter of each range and class."""
    for operation, argument in tree:
        match operation:
            case code.LITERAL | code.NOT_LITERAL:
                yield chr(argument)
            case code.RANGE:
                yield chr(argument[0])
            case code.CATEGORY:
                yield _OF_CATEGORY.get(argument, "a")
            case code.IN:
                yield from _letters(argument)
            case _:
                for inner in _inner(argument):
                    yield from _letters(inner)


_OF_CATEGORY = {code.CATEGORY_SPACE: " ", code.CATEGORY_DIGIT: "0"}


def _inner(argument: Any) -> list[Tree]:
    """The patterns in the argument of an operation."""
    if isinstance(argument, parser.SubPattern):
        return [argument]
    return [tree for one in argument for tree in _inner(one)] if isinstance(argument, (tuple, list)) else []


def _stretches(tree: Tree, before: str) -> Iterator[tuple[str, str]]:
    """For each repeat without an end: a short text before it, and what it repeats."""
    for operation, argument in tree:
        if operation in (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT) and argument[1] >= MANY:
            yield before, _least(argument[2])
        for inner in _inner(argument):
            yield from _stretches(inner, before)
        before += _least([(operation, argument)])


def _least(tree: Tree) -> str:
    """A short text that a pattern takes, or nearly."""
    return "".join(_least_of(operation, argument) for operation, argument in tree)


def _least_of(operation: Any, argument: Any) -> str:
    match operation:
        case code.LITERAL:
            return chr(argument)
        case code.NOT_LITERAL | code.ANY:
            return "a"
        case code.IN:
            return "a" if argument[0][0] is code.NEGATE else next(_letters(argument), "a")
        case code.MAX_REPEAT | code.MIN_REPEAT | code.POSSESSIVE_REPEAT:
            return _least(argument[2]) * min(argument[0], MANY)
        case code.BRANCH:
            return _least(argument[1][0])
        case code.SUBPATTERN | code.ATOMIC_GROUP:
            return "".join(map(_least, _inner(argument)))
        case _:
            return ""


REPEATS = {code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT}
CATEGORIES = {"SPACE": r"\s", "NOT_SPACE": r"\S", "WORD": r"\w", "NOT_WORD": r"\W", "DIGIT": r"\d", "NOT_DIGIT": r"\D"}


def _in_a_set(items: Tree, letter: str) -> bool:
    """Whether a set of characters, as `re` parses it, has a letter."""
    found = False
    for kind, what in items:
        if kind is code.LITERAL:
            found |= ord(letter) == what
        elif kind is code.RANGE:
            found |= what[0] <= ord(letter) <= what[1]
        elif kind is code.CATEGORY:
            found |= re.fullmatch(CATEGORIES[str(what).removeprefix("CATEGORY_")], letter) is not None
    return found != any(kind is code.NEGATE for kind, _ in items)


def needs_more(pattern: re.Pattern[str], letters: str) -> bool:
    """Whether whatever a pattern matches has a character beside these letters."""
    return _tree_needs_more(parser.parse(pattern.pattern, pattern.flags), letters)


def _tree_needs_more(tree: Tree, letters: str) -> bool:
    return any(_needs_more(kind, what, letters) for kind, what in tree)


def _needs_more(kind: Any, what: Any, letters: str) -> bool:
    if kind is code.LITERAL:
        return chr(what) not in letters
    if kind is code.IN:
        return not any(_in_a_set(what, letter) for letter in letters)
    if kind is code.BRANCH:
        return all(_tree_needs_more(one, letters) for one in what[1])
    if kind is code.SUBPATTERN:
        return _tree_needs_more(what[3], letters)
    if kind in REPEATS:
        return what[0] > 0 and _tree_needs_more(what[2], letters)
    return kind is code.ASSERT and _tree_needs_more(what[1], letters)
