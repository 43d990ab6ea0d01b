"""The lexers that code is colored by: Pygments' own, and two of Python and JavaScript that know words, strings, comments and numbers only.

Rule for these: no pattern reads a character twice: once it has begun it matches, whether what it begins is ended or not. Those of Pygments
look ahead for the end of a text in three quotes or a comment, again at each beginning: the square of a text that ends none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from pygments.lexer import RegexLexer
from pygments.lexers.data import JsonLexer, YamlLexer
from pygments.lexers.shell import BashLexer
from pygments.lexers.sql import SqlLexer
from pygments.token import Comment, Keyword, Literal, Name, Number, String, Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from re import Match
    from typing import Any

    from pygments.lexer import Lexer

_WORD = r"[^\W\d]\w*"
_NUMBER = r"\d[\w.]*"
_SINGLE, _DOUBLE = r"'(?:[^'\\\n]|\\[^\n])*'?", r'"(?:[^"\\\n]|\\[^\n])*"?'


class _Words(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """A lexer that colors the words of `keywords` and `builtins`."""

    keywords: ClassVar[frozenset[str]] = frozenset()
    builtins: ClassVar[frozenset[str]] = frozenset()

    def word(self, found: Match[str], _context: object = None) -> Iterator[tuple[int, Any, str]]:
        """The token of a word."""
        word = found[0]
        kind = Keyword if word in self.keywords else Name.Builtin if word in self.builtins else Name
        yield found.start(), kind, word


class PythonWords(_Words):
    """Python, without what is inside of f-strings."""

    keywords = frozenset(
        [
            "False",
            "None",
            "True",
            "and",
            "as",
            "assert",
            "async",
            "await",
            "break",
            "case",
            "class",
            "continue",
            "def",
            "del",
            "elif",
            "else",
            "except",
            "finally",
            "for",
            "from",
            "global",
            "if",
            "import",
            "in",
            "is",
            "lambda",
            "match",
            "nonlocal",
            "not",
            "or",
            "pass",
            "raise",
            "return",
            "try",
            "while",
            "with",
            "yield",
        ]
    )
    builtins = frozenset(
        [
            "eval",
            "exec",
            "compile",
            "open",
            "print",
            "getattr",
            "setattr",
            "globals",
            "input",
            "subprocess",
            "os",
            "sys",
            "__import__",
        ]
    )
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"#[^\n]*", Comment),
            (r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*(?:""")?', String),
            (r"'''(?:[^'\\]|\\[\s\S]|'(?!''))*(?:''')?", String),
            (_DOUBLE, String),
            (_SINGLE, String),
            (_NUMBER, Number),
            (_WORD, _Words.word),
            (r"[^\w\"'#]+", Text),
        ]
    }


class JavaScriptWords(_Words):
    """JavaScript and TypeScript, without what is inside of template strings, and without patterns."""

    keywords = frozenset(
        [
            "as",
            "async",
            "await",
            "break",
            "case",
            "catch",
            "class",
            "const",
            "continue",
            "debugger",
            "default",
            "delete",
            "do",
            "else",
            "export",
            "extends",
            "false",
            "finally",
            "for",
            "from",
            "function",
            "if",
            "import",
            "in",
            "instanceof",
            "interface",
            "let",
            "new",
            "null",
            "of",
            "return",
            "static",
            "super",
            "switch",
            "this",
            "throw",
            "true",
            "try",
            "type",
            "typeof",
            "undefined",
            "var",
            "void",
            "while",
            "with",
            "yield",
        ]
    )
    builtins = frozenset(
        ["eval", "Function", "fetch", "require", "process", "child_process", "module", "exports", "console", "globalThis"]
    )
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"//[^\n]*", Comment),
            (r"/\*(?:[^*]|\*(?!/))*(?:\*/)?", Comment),
            (r"`(?:[^`\\]|\\[\s\S])*`?", String),
            (_DOUBLE, String),
            (_SINGLE, String),
            (_NUMBER, Number),
            (_WORD, _Words.word),
            (r"[^\w\"'`/]+", Text),
        ]
    }


LEXERS = {
    "json": JsonLexer,
    "yaml": YamlLexer,
    "shell": BashLexer,
    "sql": SqlLexer,
    "python": PythonWords,
    "javascript": JavaScriptWords,
}
"""By the names of their languages."""

LETTERS = (
    (Comment, "c"),
    (Name.Tag, "t"),
    (Name.Variable, "v"),
    (Name.Builtin, "b"),
    (Keyword, "k"),
    (String.Interpol, "v"),
    (String, "s"),
    (Number, "n"),
    (Literal.Scalar, "s"),
)
"""Kinds of tokens and their letters; the first that holds a token counts."""


def lettered(text: str, name: str) -> Iterator[tuple[int, str, int]]:
    """The letter of each token that has one, between where the token begins and how long it is."""
    for at, kind, found in _lexer(name).get_tokens_unprocessed(text):
        if letter := _letter(kind):
            yield at, letter, len(found)


@lru_cache
def _letter(kind: object) -> str:
    return next((letter for held, letter in LETTERS if kind in held), "")


@lru_cache
def _lexer(name: str) -> Lexer:
    return LEXERS[name]()
