"""The colors of code: which language a text is in, how its words are colored, and which of them people should look at.

Rule: colors are hints. A text without any is none the safer, and nothing is left out for them: they say only how long each run of
characters of a line is. What is long, or has long lines, has no colors: some patterns of Pygments take the square of a line. That of a
here-document takes the square of the whole text, so it meets none: the lines of one are colored as the shell's. Those of its lexers of
Python and JavaScript do as well, so `code_lexers` has others. So the time of a text is bounded: it grows as the text does, and
MAX_COLORED of the worst take about a second of a worker thread.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from trio_gate.text.visible import Json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trio_gate.content.code import What

MAX_COLORED = 64 * 1024
"""Characters of a text that is colored."""

MAX_LINE = 400
"""Characters of a line in a text that is colored."""

Colors = list[Json]
"""For each line the lengths of its runs, each followed by its color: a letter of `code_lexers.LETTERS` or nothing, and `!` if it is to be looked at."""

_YAML = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,80}:(?: |$)")
_PYTHON = re.compile(
    r"from [A-Za-z0-9_.]{1,80} import |import [A-Za-z_]|(?:async )?def [A-Za-z_]|class [A-Za-z_]|@[A-Za-z_]|\"\"\"|'''"
)
_JAVASCRIPT = re.compile(
    r"import (?:[{*\"']|[A-Za-z_$]{1,80} from )|export (?:default|const|function|async|class|[{*])|(?:const|let|var) [^=]{1,80} = "
    r"|async function |[\"']use strict[\"']|//|/\*"
)
_SHELLS = ("sh", "bash", "zsh", "dash", "ksh")
_ENDINGS = {
    **dict.fromkeys(("py", "pyi"), "python"),
    **dict.fromkeys(("js", "mjs", "cjs", "jsx", "ts", "mts", "tsx"), "javascript"),
    **dict.fromkeys(("sh", "bash"), "shell"),
    **dict.fromkeys(("yaml", "yml"), "yaml"),
    "json": "json",
    "sql": "sql",
}
"""The languages of files, by how their names end."""
_AS: dict[What | None, str] = {"statement": "sql", "script": "shell", "command": "shell"}
"""The language of what does not say its own."""

_MAY_BE_ANY = (None, "script", "archive")
"""What may be in any language."""

_ESCAPE = re.compile(r"\\u\{[0-9a-f]{1,6}\}")

_HERE = "<<"

_OPEN = r'"\*"|"[A-Za-z0-9-]{1,40}:\*"|0\.0\.0\.0/0|::/0|AdministratorAccess|PassRole|NotAction|NotPrincipal|NotResource'
_SHELL = (
    r"\bsudo\b|\brm\s{1,9}-[A-Za-z]{1,9}|\|\s{0,9}(?:sudo\s{1,9})?(?:ba|z|da)?sh\b|\bcurl\b|\bwget\b|\beval\b|/dev/tcp/|\bmkfs\b"
)
_SQL = r"\b(?:drop|truncate|delete|grant|revoke|alter|unload)\b"

_LOOK = {
    "policy": re.compile(_OPEN),
    "template": re.compile(_OPEN),
    "document": re.compile(f"{_OPEN}|{_SHELL}"),
    "definition": re.compile(_OPEN),
    "script": re.compile(_SHELL),
    "command": re.compile(_SHELL),
    "statement": re.compile(_SQL, re.ASCII | re.IGNORECASE),
}
"""What people should look at in each kind of code."""


def language(text: str, what: What | None = None, file: str = "") -> str | None:
    """The language of a text, by the end of its `file`'s name or its own beginning: a name of `code_lexers.LEXERS`; None if none of them is likely."""
    if file and (named := _ENDINGS.get(file.rpartition(".")[2].lower())):
        return named
    lines = (line for line in text[:2000].split("\n") if line.strip() and not line.startswith(("#", "---")))
    first = next(lines, "")
    if text.startswith("#!"):
        return _interpreted(text[:200].partition("\n")[0].replace("/", " ").split(" ")[-1])
    if first.lstrip().startswith(("{", "[")):
        return "json"
    if what in _MAY_BE_ANY:
        if _JAVASCRIPT.match(first):
            return "javascript"
        if _PYTHON.match(first):
            return "python"
    return "yaml" if _YAML.match(first) and what != "statement" else _AS.get(what)


def _interpreted(program: str) -> str | None:
    """The language of what a program runs."""
    if program in _SHELLS:
        return "shell"
    return "python" if program.startswith("python") else "javascript" if program == "node" else None


def colored(lines: Sequence[str], name: str | None, what: What | None) -> Colors:
    """The colors of lines that were made safe to show; empty where they are not colored. `name` is their language."""
    if sum(map(len, lines)) + len(lines) > MAX_COLORED or any(len(line) > MAX_LINE for line in lines):
        return []
    look = _LOOK.get(what) if what is not None else None
    if name is None and look is None:
        return []
    text = "\n".join([*lines, ""])  # a comment of the shell ends with a line feed
    letters = [""] * len(text)
    if name is not None:
        plain = _ESCAPE.sub(lambda escape: " " * len(escape[0]), text)
        plain = plain.replace(_HERE, " " * len(_HERE)) if name == "shell" else plain
        from trio_gate.content.code_lexers import lettered  # noqa: PLC0415 - loads Pygments, which only approvers need

        for at, letter, length in lettered(plain, name):
            letters[at : at + length] = [letter] * length
    if look is not None:
        for match in look.finditer(text):
            letters[match.start() : match.end()] = [f"{letter}!" for letter in letters[match.start() : match.end()]]
    return list(_runs(lines, letters))


def _runs(lines: Sequence[str], letters: list[str]) -> Iterator[Json]:
    at = 0
    for line in lines:
        here = letters[at : at + len(line)]
        yield [part for letter, run in groupby(here) for part in (len(list(run)), letter)]
        at += len(line) + 1
