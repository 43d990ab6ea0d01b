"""Phase one of the reader: finds blocks, labels, and where each attribute's expression begins and ends.

Rule: this file knows no block or attribute by name and reads no value. It has to find the end of an expression without
knowing its language, because a rule's condition is CEL and everything else a plain value. Outside brackets, strings, comments
and heredocs an expression ends:

- at the end of the line or the `}` that closes its block, or
- before `name =` (not `==`) after white space: neither CEL nor a value has an assignment, so attributes on one line need no
  separator.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.config.source import Flaw
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from trio_gate.config.source import Report

MAX_DEPTH = 8
"""How deep blocks may be nested. No configuration needs more than 2."""

NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
STRING = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
HEREDOC = re.compile(rf"<<(-?)({NAME})[ \t]*\r?\n")

_NAME = re.compile(NAME)
_BLANK = re.compile(r"[ \t\r]+")
_SPACE = re.compile(r"[ \t\r\n]+")
_LABEL = re.compile(r'"([^"\\\n]*)"')
_ASSIGNED = re.compile(rf"{NAME}[ \t]*=(?!=)")
_HEADER = re.compile(rf'^({NAME})(?:[ \t]+(?:"[^"\n]*"|{NAME}))*[ \t]*\{{', re.MULTILINE)
# CEL's own strings: r"…" takes no escapes, three quotes span lines, single quotes are quotes.
_CEL_STRING = re.compile(
    r"""
    (?:[bB]?[rR]|[rR][bB]) (?: \"{3}(?s:.*?)\"{3} | '{3}(?s:.*?)'{3} | "(?!"")[^"\n]*" | '(?!'')[^'\n]*' )
    | \"{3}(?s:[^\\]|\\.)*?\"{3} | '{3}(?s:[^\\]|\\.)*?'{3}
    | "(?!"")(?:[^"\\\n]|\\[^\n])*" | '(?!'')(?:[^'\\\n]|\\[^\n])*'
    """,
    re.VERBOSE,
)
_QUOTES = re.compile(r"""(?:[bB]?[rR]|[rR][bB])?["']""")
_PAIRS = {"(": ")", "[": "]", "{": "}"}


@value_class
class Attribute:
    """`name = expression`: where the name stands, where the expression starts and ends, and the comments inside it."""

    name: str
    at: int
    start: int
    end: int
    comments: tuple[tuple[int, int], ...]


@value_class
class Label:
    """A block's label without quotes, and the offset where it stands."""

    text: str
    at: int


@value_class
class Block:
    """`kind "label" { … }`. A `broken` one has only a header, because its contents could not be read."""

    kind: str
    at: int
    labels: tuple[Label, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    blocks: tuple[Block, ...] = ()
    broken: bool = False


class _Unclosed(Flaw):
    """Something is not closed before the end of the file, so reading cannot go on."""


def read(report: Report, *, top: Collection[str], sensitive: Callable[[str], bool]) -> Block:
    """Read the report's source into a root block; what cannot be read is reported, and reading goes on at the next block.

    Args:
        report: holds the source and collects the faults.
        top: kinds of top-level blocks; a line inside a block that begins with one means that the block was not closed.
        sensitive: says whether the value of an attribute of this name must not be shown in messages.
    """
    return _Reader(report, top, sensitive).root()


class _Reader:
    def __init__(self, report: Report, top: Collection[str], sensitive: Callable[[str], bool]) -> None:
        self.report = report
        self.text = report.source.text
        self.pos = 1 if self.text.startswith("\ufeff") else 0
        self.top = top
        self.sensitive = sensitive
        self.open: Block | None = None  # the header of the top-level block being read
        self.hiding: int | None = None  # where the value of a sensitive attribute starts, while it is being read

    def root(self) -> Block:
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        while True:
            try:
                if self.skip() == "":
                    break
                self.item(attributes, blocks, 0)
            except Flaw as flaw:
                self.report.flaw(flaw)
                if self.open is not None:
                    blocks.append(self.open)
                    self.open = None
                self.recover(flaw)
        return Block(kind="", at=0, attributes=tuple(attributes), blocks=tuple(blocks))

    def recover(self, flaw: Flaw) -> None:
        """Report a flaw and go on at the next line that begins a top-level block."""
        self.pos = len(self.text)
        if not isinstance(flaw, _Unclosed):
            starts = (match.start() for match in _HEADER.finditer(self.text, flaw.at + 1) if match[1] in self.top)
            self.pos = next(starts, self.pos)
        if self.hiding is not None:
            self.report.hide(self.hiding, self.pos)
            self.hiding = None

    def item(self, attributes: list[Attribute], blocks: list[Block], depth: int) -> None:
        """Read one attribute or block, and the new line that must follow a block."""
        at, match = self.pos, _NAME.match(self.text, self.pos)
        if match is None:
            raise self.unexpected()
        self.pos = match.end()
        char = self.skip(lines=False)
        if char == "=" and not self.text.startswith("==", self.pos):
            attribute = self.attribute(match[0], at)
            if attribute is not None:
                attributes.append(attribute)
            return
        blocks.append(self.block(match[0], at, depth))
        char = self.skip(lines=False)
        if char not in ("", "\n", "}"):
            raise Flaw(self.pos, f"expected a new line after the block, found `{char}`")

    def unexpected(self) -> Flaw:
        char = self.text[self.pos]
        if char in _PAIRS.values():
            return Flaw(self.pos, f"`{char}` closes nothing")
        hint = "an expression continues on the next line only inside brackets ( )" if char in "|&?:+-*/<>.!=" else None
        return Flaw(self.pos, f"expected a block or an attribute, found `{char}`", hint)

    def block(self, kind: str, at: int, depth: int) -> Block:
        labels: list[Label] = []
        while (char := self.skip(lines=False)) != "{":
            match = _LABEL.match(self.text, self.pos) or _NAME.match(self.text, self.pos)
            if match is None:
                found = f", found `{char}`" if char.strip() else ""
                raise Flaw(self.pos if found else at, f"expected `=` or `{{` after `{kind}`{found}")
            labels.append(Label(text=match[match.lastindex or 0], at=self.pos))
            self.pos = match.end()
        if depth == 0:
            self.open = Block(kind=kind, at=at, labels=tuple(labels), broken=True)
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        self.body(attributes, blocks, depth + 1)
        if depth == 0:
            self.open = None
        return Block(kind=kind, at=at, labels=tuple(labels), attributes=tuple(attributes), blocks=tuple(blocks))

    def body(self, attributes: list[Attribute], blocks: list[Block], depth: int) -> None:
        opened = self.pos
        if depth > MAX_DEPTH:
            raise Flaw(opened, f"blocks are nested more than {MAX_DEPTH} deep")
        self.pos += 1
        while (char := self.skip()) != "}":
            if char == "":
                raise Flaw(opened, "`{` is never closed")
            header = _HEADER.match(self.text, self.pos)
            if header and header[1] in self.top:
                line = self.report.source.line(self.pos)
                raise Flaw(opened, "`{` is never closed", f"line {line} begins a new `{header[1]}` block")
            self.item(attributes, blocks, depth)
        self.pos += 1

    def attribute(self, name: str, at: int) -> Attribute | None:
        self.pos += 1
        self.skip(lines=False)
        start = self.pos
        hidden = self.sensitive(name)
        self.hiding = start if hidden else None
        end, comments = self.expression()
        self.hiding = None
        if hidden:
            self.report.hide(start, end)
        if end == start:
            hint = "CEL compares with `==`" if _ASSIGNED.match(self.text, self.pos) else None
            self.report.add(at, f"`{name}` has no value", hint)
            return None
        return Attribute(name=name, at=at, start=start, end=end, comments=tuple(span for span in comments if span[1] < end))

    def expression(self) -> tuple[int, list[tuple[int, int]]]:
        """Move past the expression that starts here; returns the end of its last token and its comments as (start, end)."""
        start = end = self.pos
        comments, stack = list[tuple[int, int]](), list[int]()
        blank = False  # whether white space or a comment came just before
        while self.pos < len(self.text):
            at, char, spaced = self.pos, self.text[self.pos], blank
            blank = False
            if match := _BLANK.match(self.text, at):
                self.pos, blank = match.end(), True
            elif not stack and (char in "\n}" or (_ASSIGNED.match(self.text, at) and (spaced or at == start))):
                break
            elif char == "\n":
                self.pos, blank = at + 1, True
            elif self.comment():
                comments.append((at, self.pos))
                blank = True
            else:
                end = self.pos = self.token(stack)
        if stack:
            raise Flaw(stack[-1], f"`{self.text[stack[-1]]}` is never closed")
        return end, comments

    def token(self, stack: list[int]) -> int:
        """The end of the bracket, string, heredoc, word or character that starts here; `stack` holds the open brackets."""
        char = self.text[self.pos]
        if char in _PAIRS:
            stack.append(self.pos)
        elif char in _PAIRS.values():
            self.close(stack)
        elif _QUOTES.match(self.text, self.pos):
            match = _CEL_STRING.match(self.text, self.pos)
            if match is None:
                raise Flaw(self.pos, "string is never closed")
            return match.end()
        elif match := HEREDOC.match(self.text, self.pos):
            return heredoc_end(self.text, match)[1]
        elif match := _NAME.match(self.text, self.pos):
            return match.end()
        return self.pos + 1

    def close(self, stack: list[int]) -> None:
        char = self.text[self.pos]
        if not stack:
            raise Flaw(self.pos, f"`{char}` closes nothing")
        opened = stack.pop()
        if char != _PAIRS[self.text[opened]]:
            line, column = self.report.source.locate(opened)
            place = f"`{self.text[opened]}` was opened at line {line}, column {column}"
            raise Flaw(self.pos, f"found `{char}` where `{_PAIRS[self.text[opened]]}` was expected", place)

    def skip(self, *, lines: bool = True) -> str:
        """Skip white space and comments; returns the character that follows, "" at the end."""
        space = _SPACE if lines else _BLANK
        while True:
            if match := space.match(self.text, self.pos):
                self.pos = match.end()
            elif not self.comment():
                return self.text[self.pos : self.pos + 1]

    def comment(self) -> bool:
        end = comment_end(self.text, self.pos)
        if end is None:
            return False
        self.pos = end
        return True


def comment_end(text: str, at: int) -> int | None:
    """The end of the comment that starts at `at`, None if none starts there. Raises Flaw."""
    if text.startswith("/*", at):
        end = text.find("*/", at + 2)
        if end < 0:
            raise _Unclosed(at, "comment is never closed")
        return end + 2
    if text.startswith(("#", "//"), at):
        end = text.find("\n", at)
        return end if end >= 0 else len(text)
    return None


def heredoc_end(text: str, start: re.Match[str]) -> tuple[int, int]:
    """For the heredoc that `start` opens: the ends of its lines and of its closing word. Raises Flaw."""
    closing = re.compile(rf"^[ \t]*{start[2]}(?=[ \t\r]*$)", re.MULTILINE).search(text, start.end())
    if closing is None:
        raise Flaw(start.start(), f"heredoc <<{start[2]} is never closed", f"`{start[2]}` must be alone on a line")
    return closing.start(), closing.end()
