r"""Phase two of the reader: parses an expression that is a plain value.

    value     = string | heredoc | number | true | false | list | map | reference | call
    list      = "[" { value "," } "]"            a trailing comma and comments are allowed
    map       = "{" { key ("=" | ":") value } "}"  separated by commas or line breaks
    reference = name { "." name }
    call      = env("NAME") | file("PATH") | systemd_credential("NAME")

Strings know `\n \r \t \" \\ \uXXXX \UXXXXXXXX`. Templates (`${…}`, `%{…}`) are refused; `$${` and `%%{` stand for `${` and `%{`.
A heredoc does not include its last line break, and `<<-` removes the indentation that all its lines share. The result of
`file` loses its last line break.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from trio_gate.config.hcl import HEREDOC, NAME, STRING, comment_end, heredoc_end
from trio_gate.config.source import Flaw
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_DEPTH = 16
"""How deep lists and maps may be nested. No attribute needs more than 1."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(?![A-Za-z0-9_.])")
_KEY = re.compile(NAME)
_REFERENCE = re.compile(rf"{NAME}(?:\.{NAME})*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CREDENTIAL = re.compile(r"(?!\.)[A-Za-z0-9_.@:-]{1,255}")
_SPACE = re.compile(r"[ \t\r\n]+")
_PIECE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})|\\(.)|([$%])\4\{|([$%]\{)|.", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


@value_class
class Text:
    """A string and, for each of its characters, the offset in the file where it stands."""

    text: str
    offsets: Sequence[int]


@value_class
class Reference:
    """A dotted name, such as `aws_account.base`."""

    path: str


Data = str | int | float | bool | Reference | tuple["Value", ...] | dict[str, "Value"]


@value_class
class Value:
    """The value of an expression, and the offsets in the file where that starts and ends."""

    data: Data
    at: int
    end: int


@value_class
class Lookups:
    """Where `env` and `file` look. Relative paths start at `base_dir`; `read_file` may raise OSError or ValueError."""

    env: Callable[[str], str | None]
    read_file: Callable[[str], str]
    base_dir: str

    def path(self, path: str) -> str:
        """A path from the configuration as an absolute path."""
        return posixpath.normpath(posixpath.join(self.base_dir, path))

    def contents(self, path: str, at: int) -> str:
        """The text of a file that the configuration names at an offset. Raises Flaw."""
        whole = self.path(path)
        try:
            return self.read_file(whole)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not a text file"
            raise Flaw(at, f"cannot read the file: {reason}".lower(), f"it was looked for at {whole}") from None


def parse(text: str, start: int, end: int, lookups: Lookups) -> Value:
    """Parse the value between two offsets of a text. Raises Flaw."""
    parser = _Parser(text, start, lookups)
    value = parser.value(0)
    char = parser.skip()
    if parser.pos < end or value.end > end:
        raise Flaw(parser.pos, f"unexpected `{char}` after the value", "only a rule's condition may be an expression")
    return value


def parse_text(text: str, start: int, end: int) -> Text:
    """Parse the string literal or heredoc between two offsets, keeping each character's offset. Raises Flaw."""
    if match := HEREDOC.match(text, start):
        return _heredoc(text, match, heredoc_end(text, match)[0])
    return _unescape(text, range(start + 1, end - 1), escapes=True)


class _Parser:
    def __init__(self, text: str, pos: int, lookups: Lookups) -> None:
        self.text = text
        self.pos = pos
        self.lookups = lookups

    def skip(self) -> str:
        while True:
            if match := _SPACE.match(self.text, self.pos):
                self.pos = match.end()
            elif (end := comment_end(self.text, self.pos)) is not None:
                self.pos = end
            else:
                return self.text[self.pos : self.pos + 1]

    def value(self, depth: int) -> Value:
        char, at = self.skip(), self.pos
        if depth > MAX_DEPTH:
            raise Flaw(at, f"values are nested more than {MAX_DEPTH} deep")
        if char == "[":
            data: Data = self.list(depth)
        elif char == "{":
            data = self.map(depth)
        else:
            data = self.simple(char)
        return Value(data=data, at=at, end=self.pos)

    def simple(self, char: str) -> Data:
        if char == '"':
            return self.string()
        if match := HEREDOC.match(self.text, self.pos):
            last, self.pos = heredoc_end(self.text, match)
            return _heredoc(self.text, match, last).text
        if match := _NUMBER.match(self.text, self.pos):
            if len(match[0]) > 18:
                raise Flaw(self.pos, "number is too long")
            self.pos = match.end()
            return float(match[0]) if match[1] else int(match[0])
        if match := _REFERENCE.match(self.text, self.pos):
            return self.word(match)
        if char == "'":
            raise Flaw(self.pos, "expected a value, found `'`", 'strings take double quotes: "…"')
        raise Flaw(self.pos, f"expected a value, found `{char}`" if char else "expected a value")

    def string(self) -> str:
        match = STRING.match(self.text, self.pos)
        if match is None:
            raise Flaw(self.pos, "string is never closed")
        at, self.pos = self.pos, match.end()
        return _unescape(self.text, range(at + 1, self.pos - 1), escapes=True).text

    def word(self, match: re.Match[str]) -> Data:
        at, word = self.pos, match[0]
        self.pos = match.end()
        if self.text.startswith("(", self.pos):
            return self.call(word, at)
        if word == "null":
            raise Flaw(at, "null is not a value here", "leave the attribute out")
        return word == "true" if word in ("true", "false") else Reference(path=word)

    def call(self, function: str, at: int) -> str:
        if function not in ("env", "file", "systemd_credential"):
            raise Flaw(at, f"unknown function `{function}`", 'there are env("NAME"), file("PATH") and systemd_credential("NAME")')
        self.pos += 1
        char, begin = self.skip(), self.pos
        argument = self.string() if char == '"' else ""
        if not argument or self.skip() != ")":
            raise Flaw(begin, f"`{function}` takes one string that is not empty")
        self.pos += 1
        if function == "env":
            return self.variable(argument, begin)
        path = argument if function == "file" else self.credential(argument, begin)
        return self.lookups.contents(path, begin).removesuffix("\n").removesuffix("\r")

    def variable(self, name: str, at: int) -> str:
        if not _VARIABLE.fullmatch(name):
            raise Flaw(at, f"`{name}` is not a valid name of an environment variable")
        value = self.lookups.env(name)
        if value is None:
            raise Flaw(at, f"environment variable {name} is not set")
        return value

    def credential(self, name: str, at: int) -> str:
        """The path of a credential of the systemd unit (systemd.exec(5), LoadCredential=)."""
        if not _CREDENTIAL.fullmatch(name):
            raise Flaw(at, f"`{name}` is not a valid name of a systemd credential")
        folder, hint = self.lookups.env("CREDENTIALS_DIRECTORY"), f"the unit needs LoadCredential={name}:PATH; or use env or file"
        if not folder:
            raise Flaw(at, "there are no systemd credentials", hint)
        if not posixpath.isabs(folder):
            raise Flaw(at, "CREDENTIALS_DIRECTORY is not an absolute path", hint)
        return f"{folder}/{name}"

    def list(self, depth: int) -> tuple[Value, ...]:
        self.pos += 1
        items: list[Value] = []
        while self.skip() != "]":
            items.append(self.value(depth + 1))
            char = self.skip()
            if char == ",":
                self.pos += 1
            elif char != "]":
                raise Flaw(self.pos, f"expected `,` or `]`, found `{char}`")
        self.pos += 1
        return tuple(items)

    def map(self, depth: int) -> dict[str, Value]:
        self.pos += 1
        items: dict[str, Value] = {}
        while (char := self.skip()) != "}":
            at = self.pos
            key = self.string() if char == '"' else self.key()
            if key in items:
                raise Flaw(at, f"key `{key}` is given twice")
            if self.skip() not in ("=", ":"):
                raise Flaw(self.pos, f"expected `=` after the key `{key}`")
            self.pos += 1
            items[key] = self.value(depth + 1)
            end = self.pos
            char = self.skip()
            if char == ",":
                self.pos += 1
            elif char != "}" and "\n" not in self.text[end : self.pos]:
                raise Flaw(self.pos, f"expected `,` or `}}`, found `{char}`")
        self.pos += 1
        return items

    def key(self) -> str:
        match = _KEY.match(self.text, self.pos)
        if match is None:
            raise Flaw(self.pos, "expected a key")
        self.pos = match.end()
        return match[0]


def _unescape(text: str, places: Sequence[int], *, escapes: bool) -> Text:
    """The characters of `text` at `places`, with escapes and doubled template marks resolved. Raises Flaw."""
    raw = "".join(text[at] for at in places)
    chars: list[str] = []
    offsets: list[int] = []
    pos = 0
    while pos < len(raw):
        match = _PIECE.match(raw, pos) if escapes or raw[pos] != "\\" else None
        piece = _piece(match, places[pos]) if match else raw[pos]
        chars.append(piece)
        offsets += [places[pos]] * len(piece)
        pos = match.end() if match else pos + 1
    return Text(text="".join(chars), offsets=offsets)


def _piece(match: re.Match[str], at: int) -> str:
    short, long, escape, doubled, template = match.groups()
    if template is not None:
        raise Flaw(at, "templates are not supported", f"write `{template[0]}{template}` for the characters `{template}`")
    if doubled is not None:
        return f"{doubled}{{"
    if escape is not None and escape not in _ESCAPES:
        hint = "write `\\\\` for a backslash; a condition may also be written without quotes, as plain CEL"
        raise Flaw(at, f"unknown escape `\\{escape}`", hint)
    if escape is not None:
        return _ESCAPES[escape]
    if short is None and long is None:
        return match[0]
    code = int(short or long, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise Flaw(at, "this escape names no character")
    return chr(code)


def _heredoc(text: str, start: re.Match[str], end: int) -> Text:
    places = [at for at in range(start.end(), end) if text[at] != "\r"]
    if places:
        places.pop()  # the line break before the closing word
    if start[1]:
        places = _dedent(text, places)
    return _unescape(text, places, escapes=False)


def _dedent(text: str, places: list[int]) -> list[int]:
    lines: list[list[int]] = [[]]
    for at in places:
        lines[-1].append(at)
        if text[at] == "\n":
            lines.append([])
    indents = [_indent(text, line) for line in lines if any(text[at] not in " \t\n" for at in line)]
    cut = min(indents, default=0)
    return [at for line in lines for at in line[min(cut, _indent(text, line)) :]]


def _indent(text: str, line: list[int]) -> int:
    return next((index for index, at in enumerate(line) if text[at] not in " \t"), len(line))
