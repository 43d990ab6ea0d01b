"""Rewords the CEL library's messages for the author of a condition."""

from __future__ import annotations

import re

from trio_gate.errors import did_you_mean
from trio_gate.facet.schema import FACETS
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
        _fault(_offset(source, int(line), int(column)), message)
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


def _fault(offset: int, message: str) -> Fault:
    if found := _UNDECLARED.fullmatch(message):
        return Fault(offset=offset, message=f"there is no `{found[1]}`", hint=did_you_mean(found[1], FACETS))
    if found := _OVERLOAD.fullmatch(message):
        operator, types = found[1].strip("_@").replace("_", " "), found[2].replace("google.protobuf.", "").lower()
        return Fault(offset=offset, message=f"`{operator}` does not fit ({types})")
    if found := _UNEXPECTED.fullmatch(message):
        return Fault(offset=offset, message="the condition ends too early" if found[1] == "<EOF>" else f"unexpected `{found[1]}`")
    if found := _TOKEN.fullmatch(message):
        hint = "did you mean `==`?" if found[1].startswith("=") else None
        return Fault(offset=offset, message=f"unexpected `{found[1].strip()}`", hint=hint)
    bare = message.removeprefix("Syntax error: ")
    return Fault(offset=offset, message=bare[:1].lower() + bare[1:])
