"""Reads what a DynamoDB PartiQL statement does, and to which table or index, token by token.

Rule: a statement is one of four verbs, one source that is a name (of a table, or of a table and its index), and the clauses that
the language allows after it. Anything else (a comment, Ion in backticks, an alias, a join, a nested statement, a character that
begins no token) makes the whole statement unknown. Source: DynamoDB developer guide, "PartiQL - a SQL-compatible query
language", and PartiQL's own grammar: a quote inside a name or a literal is doubled, and nothing else escapes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.aws.call import Value

_TOKEN = re.compile(
    r"""[ \t\r\n]++
    | (?P<word> [A-Za-z_] [A-Za-z0-9_]*+ )
    | (?P<number> [0-9]++ (?: \. [0-9]*+ )?+ (?: [eE] [+-]?+ [0-9]++ )?+ (?! [A-Za-z0-9_] ) )
    | " (?P<name> (?: [^"] | "" )*+ ) "
    | ' (?P<text> (?: [^'] | '' )*+ ) '
    | (?P<symbol> (?! -- | /\* ) [()\[\]{},.?*+/%=<>!:|-] )""",
    re.VERBOSE,
)
MAX_STATEMENT = 64 * 1024
"""Characters of a statement that is read; DynamoDB accepts 8,192."""

_ESCAPE = re.compile(r"""\\["']""")
_TABLE = re.compile(r"(?:arn:[a-z-]{1,32}:dynamodb:[a-z0-9-]{1,32}:[0-9]{12}:table/)?[A-Za-z0-9_.-]{1,255}")

_HEADS = {
    "PartiQLInsert": (("INSERT", "INTO"), {"VALUE"}),
    "PartiQLUpdate": (("UPDATE",), {"SET", "REMOVE", "WHERE"}),
    "PartiQLDelete": (("DELETE", "FROM"), {"WHERE", "RETURNING"}),
}
"""The words with which each writing verb begins, and those that may follow its source."""

_BEHIND_SELECT = {"WHERE", "ORDER"}
_ELSEWHERE = frozenset(
    (
        *("SELECT", "FROM", "INSERT", "INTO", "UPDATE", "DELETE", "UPSERT", "REPLACE", "MERGE", "EXISTS"),
        *("JOIN", "UNION", "INTERSECT", "EXCEPT", "WITH", "LET", "PIVOT", "UNPIVOT", "AS", "AT"),
    )
)
"""Words that begin a statement, introduce a source or give it an alias. They may occur only where the statement's own do; as
names they must be quoted."""

_CLOSES = {")": "(", "]": "[", "}": "{"}


@value_class
class Statement:
    """A statement that was read. `verb` is the name of its IAM action; `index` is None for the table itself."""

    verb: str
    table: str
    index: str | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    """One token. Of a word, `text` is in upper case, to compare with keywords, and `name` as written."""

    kind: str
    text: str
    name: str = ""


def statement_actions(operation: str, params: Mapping[str, Value]) -> tuple[str, ...]:
    """The IAM actions of all statements of a call, writes first; empty if one of them cannot be read."""
    verbs = {statement.verb for statement in read_statements(operation, params) or ()}
    return tuple(verb for verb in (*_HEADS, "PartiQLSelect") if verb in verbs)


def read_statements(operation: str, params: Mapping[str, Value]) -> list[Statement] | None:
    """All statements of a call; None if there is none or one of them cannot be read."""
    found = [read(statement) for statement in _statements(operation, params)]
    known = [statement for statement in found if statement is not None]
    return known if known and len(known) == len(found) else None


def _statements(operation: str, params: Mapping[str, Value]) -> list[Value]:
    if operation == "ExecuteStatement":
        return [params.get("Statement")]
    entries = params.get("Statements" if operation == "BatchExecuteStatement" else "TransactStatements")
    return [entry.get("Statement") if isinstance(entry, dict) else None for entry in entries] if isinstance(entries, list) else []


def read(statement: Value) -> Statement | None:
    """Read one statement; None if it is not understood as a whole."""
    # It is not documented whether DynamoDB's own reader treats a backslash before a quote as an escape.
    if not isinstance(statement, str) or len(statement) > MAX_STATEMENT or _ESCAPE.search(statement):
        return None
    tokens = _tokens(statement)
    if not tokens:
        return None
    words = [token.text if token.kind == "word" else "" for token in tokens]
    for verb, (head, behind) in _HEADS.items():
        if tuple(words[: len(head)]) == head:
            return _source(verb, tokens[len(head) :], behind)
    if words[0] == "EXISTS" and len(tokens) > 2 and _is_symbol(tokens[1], "(") and _is_symbol(tokens[-1], ")"):
        tokens, words = tokens[2:-1], words[2:-1]
    if words[:1] != ["SELECT"] or "FROM" not in words or not _harmless(tokens[1 : words.index("FROM")]):
        return None
    return _source("PartiQLSelect", tokens[words.index("FROM") + 1 :], _BEHIND_SELECT)


def _tokens(text: str) -> list[_Token] | None:
    """All tokens of a text; None if some of it is not a token."""
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return None
        at = found.end()
        if found.lastgroup is not None:
            word = found[found.lastgroup]
            name = word.replace('""', '"') if found.lastgroup == "name" else word
            tokens.append(_Token(found.lastgroup, word.upper() if found.lastgroup == "word" else word, name))
    return tokens


def _source(verb: str, tokens: Sequence[_Token], behind: set[str]) -> Statement | None:
    """The statement whose source begins `tokens`; None if what follows is not plain clauses or names another source."""
    parts = 3 if verb == "PartiQLSelect" and len(tokens) > 1 and _is_symbol(tokens[1], ".") else 1
    names, rest = tokens[:parts:2], tokens[parts:]
    if len(names) != (parts + 1) // 2 or not all(map(_is_name, names)) or not _harmless(rest):
        return None
    if rest and not (rest[0].kind == "word" and rest[0].text in behind):
        return None
    return Statement(verb=verb, table=names[0].name, index=names[1].name if len(names) > 1 else None)


def _is_symbol(token: _Token, symbol: str) -> bool:
    return token.kind == "symbol" and token.text == symbol


def _is_name(token: _Token) -> bool:
    """Whether a token can be the name of a table or index, or a table's ARN."""
    return token.kind in {"word", "name"} and _TABLE.fullmatch(token.name) is not None and token.text not in _ELSEWHERE


def _harmless(tokens: Sequence[_Token]) -> bool:
    """Whether tokens hold no word that begins a statement or source, and all brackets match."""
    open_ = []
    for token in tokens:
        if token.kind == "word" and token.text in _ELSEWHERE:
            return False
        if token.kind == "symbol" and token.text in "([{":
            open_.append(token.text)
        elif token.kind == "symbol" and token.text in _CLOSES and (not open_ or open_.pop() != _CLOSES[token.text]):
            return False
    return not open_
