"""What the author of a condition may have meant: hints for names, operators and types that do not fit."""

from __future__ import annotations

import re

from trio_gate.errors import did_you_mean
from trio_gate.facet.schema import FACETS, ROOTS

_FUNCTIONS = {
    "startswith": "startsWith",
    "starts_with": "startsWith",
    "endswith": "endsWith",
    "ends_with": "endsWith",
    "lower": "lowerAscii",
    "tolower": "lowerAscii",
    "upper": "upperAscii",
    "toupper": "upperAscii",
    "len": "size",
    "length": "size",
    "any": "exists",
    "regex": "matches",
    "match": "matches",
    "includes": "contains",
}
"""Names in other languages, in lower case, of functions and macros that CEL has."""

_OPERATORS = {"and": "&&", "or": "||", "&": "&&", "|": "||", "not": "!", "=": "==", "is": "=="}
_NOT = re.compile(r"\bnot\s+\Z")
_WORD = re.compile(r"[A-Za-z][\w-]*")


def name_hint(name: str) -> str | None:
    """What a facet's name may be that does not exist, such as `aws.agent` or `params.Bucket`."""
    first, _, rest = name.partition(".")
    second = rest.partition(".")[0]
    if first in ROOTS and second in ROOTS:
        return f"did you mean `{next(one for one in FACETS if one.startswith(f'{second}.'))}`?"
    part = second if first in ROOTS else first
    same = [one for one in FACETS if one.partition(".")[2] == part]
    return f"did you mean `{same[0]}`?" if same else did_you_mean(name, FACETS)


def word_hint(name: str, *, called: bool) -> str | None:
    """What an undeclared name may stand for: a facet, a function if it is `called`, or a text without quotes."""
    if called:
        function = _FUNCTIONS.get(name.lower())
        return f"did you mean `{function}`?" if function else None
    return name_hint(name) or (f'a text has quotes: "{name}"' if _WORD.fullmatch(name) else None)


def operator_hint(word: str, before: str) -> str | None:
    """What a word or sign may have been meant for that does not belong where it is, after the text `before`."""
    operator = "!" if _NOT.search(before) else _OPERATORS.get(word.lower())
    return f"did you mean `{operator}`?" if operator else None


def type_hint(operator: str, types: str) -> str | None:
    """What may be written where an operator does not fit types, given as in `bool, string`."""
    if operator == "in" and types.endswith((", string", ", dyn")):
        return 'a list has brackets: in ["…", "…"]'
    if operator in ("contains", "startsWith", "endsWith", "matches") and types.startswith("list("):
        return '"…" in the list, or its exists(one, one.' + operator + '("…"))'
    if operator in ("==", "!=", "in") and types in ("string, int", "int, string", "int, list(string)"):
        return "a text has quotes, and so has an account's number"
    return "write it by itself, or with `!` before it" if operator in ("==", "!=") and types == "bool, string" else None
