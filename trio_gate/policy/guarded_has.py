"""has() of a member of something unset is false: `has(a.b.c)` is run as `has(a.b) && has(a.b.c)`.

Rule: CEL calls it an error, and a rule that denies where a nested member is there would then deny every call without it. What is
unknown stays undecided: each step of the chain is tested, and so looked at.

Theory: the tree is rewritten as the library serialized it (see `checked_ast`), so nothing in the text is searched for. An operand may
stand in it twice, under its own ids; the nodes that are new have ids beyond all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.facet.schema import ROOTS
from trio_gate.policy.checked_ast import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_ANY_VALUE = 2
_CHECKED_REFERENCES, _CHECKED_TYPES, _CHECKED_EXPR = 2, 3, 4
_ID, _CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _LOOP = range(2, 10)
_CONST_STRING = 6
_OPERAND, _NAME, _ONLY_TESTS = 1, 2, 3
_FUNCTION, _ARGUMENT = 2, 3
_ENTRIES = 2
_BELOW = {_SELECT: (1,), _CALL: (1, 3), _LIST: (1,), _LOOP: (2, 4, 5, 6, 7)}
"""Fields that are expressions, by the kind of an expression."""

_ENTRY_BELOW = (3, 4)
_BOOL = b"\x18\x01"
_AND = b"\x1a\x0blogical_and"

_Fields = list[tuple[int, int | bytes]]


def guarded(serialized: bytes, *, unknown: frozenset[str] = frozenset()) -> bytes | None:
    """A serialized expression with every has() guarded, None where none needs it.

    Args:
        serialized: the expression.
        unknown: facets of which has() is to be an error, as reading them is.
    """
    outer = list(wire(serialized))
    checked = list(wire(_bytes(_first(outer, _ANY_VALUE))))
    rewriting = _Rewriting(
        unknown, 1 + max(_int(_first(list(wire(_bytes(entry))), 1) or 0) for entry in _all(checked, _CHECKED_TYPES))
    )
    root = rewriting.node(_bytes(_first(checked, _CHECKED_EXPR)))
    if not rewriting.made and not unknown:
        return None
    checked = [(number, root if number == _CHECKED_EXPR else value) for number, value in checked]
    for new, reference in rewriting.made:
        checked.append((_CHECKED_TYPES, _encoded([(1, new), (2, _BOOL)])))
        if reference:
            checked.append((_CHECKED_REFERENCES, _encoded([(1, new), (2, reference)])))
    return _encoded([(number, _encoded(checked) if number == _ANY_VALUE else value) for number, value in outer])


class _Rewriting:
    """Expressions, rewritten; `made` are the ids of the new ones, each with its reference."""

    def __init__(self, unknown: frozenset[str], first_id: int) -> None:
        self._unknown = unknown
        self._next = first_id
        self.made: list[tuple[int, bytes]] = []

    def node(self, data: bytes) -> bytes:
        fields = list(wire(data))
        rewritten: _Fields = [(number, self._body(number, value) if number != _ID else value) for number, value in fields]
        found = _selected(rewritten)
        if found is None or not _first(found, _ONLY_TESTS):
            return _encoded(rewritten)
        if f"{_root(_bytes(_first(found, _OPERAND)))}.{_bytes(_first(found, _NAME)).decode()}" in self._unknown:
            read = [(number, value) for number, value in found if number != _ONLY_TESTS]
            return _encoded([(number, _encoded(read) if number == _SELECT else value) for number, value in rewritten])
        return self._conjunction([*self._guards(_bytes(_first(found, _OPERAND))), _encoded(rewritten)])

    def _body(self, kind: int, value: int | bytes) -> int | bytes:
        if kind == _STRUCT:
            return _mapped(_bytes(value), (_ENTRIES,), lambda entry: _mapped(entry, _ENTRY_BELOW, self.node))
        return _mapped(_bytes(value), _BELOW[kind], self.node) if kind in _BELOW else value

    def _guards(self, operand: bytes) -> list[bytes]:
        """has() of each step of a chain, the outermost first; a facet itself is never guarded."""
        fields = list(wire(operand))
        step = _step(fields)
        if step is None or _root(step[0]):
            return []
        above, name = step
        new = self._new()
        test = _encoded([(_ID, new), (_SELECT, _encoded([(_OPERAND, above), (_NAME, name), (_ONLY_TESTS, 1)]))])
        return [*self._guards(above), test]

    def _conjunction(self, tests: list[bytes]) -> bytes:
        """All of them, as flat as can be: the library reads a message only so deep."""
        if len(tests) == 1:
            return tests[0]
        halves = (self._conjunction(part) for part in (tests[: len(tests) // 2], tests[len(tests) // 2 :]))
        call: _Fields = [(_FUNCTION, b"_&&_"), *((_ARGUMENT, half) for half in halves)]
        return _encoded([(_ID, self._new(_AND)), (_CALL, _encoded(call))])

    def _new(self, reference: bytes = b"") -> int:
        self.made.append((self._next, reference))
        self._next += 1
        return self._next - 1


def _step(fields: _Fields) -> tuple[bytes, bytes] | None:
    """What a selection, or an index by a constant text, is of, and the name; None for anything else."""
    if (found := _selected(fields)) is not None:
        return _bytes(_first(found, _OPERAND)), _bytes(_first(found, _NAME))
    call = list(wire(_bytes(_first(fields, _CALL))))
    if _first(call, _FUNCTION) != b"_[_]":
        return None
    above, index = (_bytes(value) for value in _all(call, _ARGUMENT))
    constant = list(wire(_bytes(_first(list(wire(index)), _CONST))))
    return (above, _bytes(constant[0][1])) if constant and constant[0][0] == _CONST_STRING else None


def _root(operand: bytes) -> str | None:
    """The root that an expression is, by its name."""
    ident = list(wire(_bytes(_first(list(wire(operand)), _IDENT))))
    name = _bytes(ident[0][1]).decode().partition(".")[0] if ident else None
    return name if name in ROOTS else None


def _selected(fields: _Fields) -> _Fields | None:
    body = _first(fields, _SELECT)
    return list(wire(body)) if isinstance(body, bytes) else None


def _mapped(data: bytes, numbers: tuple[int, ...], change: Callable[[bytes], bytes]) -> bytes:
    return _encoded((number, change(_bytes(value)) if number in numbers else value) for number, value in wire(data))


def _first(fields: _Fields, number: int) -> int | bytes | None:
    return next(_all(fields, number), None)


def _all(fields: _Fields, number: int) -> Iterator[int | bytes]:
    return (value for one, value in fields if one == number)


def _bytes(value: int | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""


def _int(value: int | bytes | None) -> int:
    return value if isinstance(value, int) else 0


def _encoded(fields: Iterable[tuple[int, int | bytes]]) -> bytes:
    out = bytearray()
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        else:
            out += _varint(number << 3 | 2) + _varint(len(value)) + value
    return bytes(out)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
