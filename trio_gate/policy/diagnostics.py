"""Rewords the CEL library's messages for the author of a condition."""

from __future__ import annotations

import re

from trio_gate.policy.hints import operator_hint, type_hint, word_hint
from trio_gate.values import value_class

_FOUND = re.compile(r"^(?:[A-Z_]+: )?ERROR: <input>:(-?\d+):(-?\d+): (.*)$", re.MULTILINE)
_UNDECLARED = re.compile(r"undeclared reference to '(.*)' \(in container ''\)")
_OVERLOAD = re.compile(r"found no matching overload for '([^']*+)' applied to '\((.*)\)'")
_UNEXPECTED = re.compile(r"Syntax error: (?:extraneous|mismatched) input '(.*)' expecting .*")
_TOKEN = re.compile(r"Syntax error: token recognition error at: '(.*)'")
_TRAILER = re.compile(r" \[[A-Z_]+\]$")


@value_class
class Fault:
    """One thing that is wrong, at an offset (characters) in the condition; a fault that is not `fatal` is only a remark."""

    offset: int
    message: str
    hint: str | None = None
    fatal: bool = True


def compile_faults(report: str, source: str) -> list[Fault]:
    """The faults in the compiler's report; of syntax errors only the first, as the others follow from it."""
    if "recursion" in report:
        return [Fault(offset=0, message="it is nested deeper than 32 levels", hint="use a list and `in`, or several rules")]
    found = [
        _fault(_offset(source, int(line), int(column)), message, source)
        for line, column, message in _FOUND.findall(_TRAILER.sub("", report))
        if "*error*" not in message
    ]
    if not found:
        return [Fault(offset=0, message=_TRAILER.sub("", report).partition(": ")[2] or "it is not CEL")]
    return found[:1] if "Syntax error" in report else found


def _offset(source: str, line: int, column: int) -> int:
    """The offset of a position. The library counts both from 1, and gives -1 for an unknown position."""
    before = source.split("\n")[: max(0, line - 1)]
    return sum(len(text) + 1 for text in before) + max(0, column - 1)


def _fault(offset: int, message: str, source: str) -> Fault:
    if found := _UNDECLARED.fullmatch(message):
        hint = word_hint(found[1], called=source[offset : offset + 1] == "(")
        return Fault(offset=offset, message=f"there is no `{found[1]}`", hint=hint)
    if found := _OVERLOAD.fullmatch(message):
        operator, types = found[1].strip("_@").replace("_", " "), found[2].replace("google.protobuf.", "").lower()
        return Fault(offset=offset, message=f"`{operator}` does not fit ({types})", hint=type_hint(operator, types))
    if found := _UNEXPECTED.fullmatch(message) or _TOKEN.fullmatch(message):
        text = found[1].strip()
        if text == "<EOF>":
            return Fault(offset=offset, message="the condition ends too early")
        return Fault(offset=offset, message=f"unexpected `{text}`", hint=operator_hint(text, source[:offset]))
    bare = message.removeprefix("Syntax error: ")
    return Fault(offset=offset, message=bare[:1].lower() + bare[1:])
