"""Processes large texts in pieces: no other thread runs during a call into C, which may take a second for a whole body."""

from __future__ import annotations

import binascii
import codecs
import heapq
from traceback import walk_tb
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import TypeAlias

    Tree: TypeAlias = "dict[str, Any] | list[Any] | Branch"

PIECE = 64 * 1024
"""Characters or bytes of one piece; divisible by four, as base64 needs it."""

RUN = 4096
"""How many names are sorted, or items released, in one call."""

FEW = 64
"""Parameters of a form whose tree needs not be taken apart to be released."""


def pieces_of(text: str) -> Iterator[str]:
    """Yield a text in pieces of PIECE characters, in order."""
    return (text[at : at + PIECE] for at in range(0, len(text), PIECE))


def from_utf8(data: bytes) -> str:
    """Decode UTF-8. Raises UnicodeDecodeError."""
    if len(data) <= PIECE:
        return data.decode("utf-8")
    decoder = codecs.getincrementaldecoder("utf-8")()
    parts = [decoder.decode(data[at : at + PIECE]) for at in range(0, len(data), PIECE)]
    return "".join([*parts, decoder.decode(b"", final=True)])


def from_base64(text: str) -> bytes:
    """Decode base64 with its padding. Raises ValueError."""
    if 0 <= text.find("=") < len(text) - 2:
        message = "base64 that goes on after its end"
        raise ValueError(message)
    return b"".join(binascii.a2b_base64(piece, strict_mode=True) for piece in pieces_of(text))


def without_blanks(text: str) -> str:
    """Remove all white space from a text."""
    return "".join("".join(piece.split()) for piece in pieces_of(text))


def escaped_pieces(data: bytes) -> Iterable[bytes]:
    """Bytes in pieces, in order, without splitting a `%XX`."""
    return (data,) if len(data) <= PIECE else _escaped_pieces(data)


def _escaped_pieces(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = at + PIECE
        cut = data.find(b"%", end - 2, end)
        end = end if cut < 0 else cut
        yield data[at:end]
        at = end


def unescaped(data: bytes) -> bytes:
    """Undo the escapes of a form's text: `+` is a space, `%41` an `A`."""
    return b"".join([unquote_to_bytes(piece.replace(b"+", b" ")) for piece in escaped_pieces(data)])


def in_order(members: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """A map's members, sorted by name."""
    names = list(members)
    runs = [sorted(names[at : at + RUN]) for at in range(0, len(names), RUN)]
    return ((name, members[name]) for name in (runs[0] if len(runs) == 1 else heapq.merge(*runs)))


class Branch:
    """A node of a tree that is neither dict nor list; the nodes below it are in `children`."""

    __slots__ = ()

    children: list[Any]


_TREES = (dict, list, Branch)

MADE = ("values", "tree")
"""Names of the variables in which readers of bodies and parameters hold what they build, so that `let_go` finds it."""


def take_apart(root: Any, alone: Callable[[Tree], bool] = lambda _: True) -> None:
    """Empty a tree that is no longer needed, a little at a time; below the root only nodes that nothing else holds (`alone`)."""
    todo: list[Tree] = []
    _empty(root, todo)
    while todo:
        one = todo.pop()
        if alone(one):
            _empty(one, todo)


def release(tree: Any, content: bytes) -> None:
    """Let go of a tree that was read from this content. A small one needs not be taken apart."""
    if len(content) > PIECE:
        take_apart(tree)


def let_go(fault: BaseException) -> None:
    """Take apart what readers had built when they raised `fault`, whose traceback keeps it alive."""
    for frame, _ in walk_tb(fault.__traceback__):
        for name in MADE:
            take_apart(frame.f_locals.get(name))


def _empty(tree: Any, todo: list[Tree]) -> None:
    """Empty one level, and add the nodes below it to `todo`."""
    if isinstance(tree, dict):
        while tree:
            value = tree.popitem()[1]
            if isinstance(value, _TREES):
                todo.append(value)
    elif isinstance(tree, list):
        while tree:
            items = tree[-RUN:]
            del tree[-RUN:]
            todo.extend(item for item in items if isinstance(item, _TREES))
    elif isinstance(tree, Branch):
        _empty(tree.children, todo)
