"""A rule's condition: CEL source cut out of the file, with a map from its offsets back to the file's.

The condition is not parsed here: the caller of `load` passes in a check that returns `ConditionFault`s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trio_gate.config import expressions
from trio_gate.config.hcl import HEREDOC, STRING
from trio_gate.config.source import Flaw
from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.config.hcl import Attribute
    from trio_gate.config.source import Report


@value_class
class ConditionFault:
    """One thing that is wrong in a condition. `offset` counts in its text; a fault that is not `fatal` becomes a note."""

    offset: int
    message: str
    hint: str | None = None
    fatal: bool = True


Check = Callable[[str], Sequence[ConditionFault]]


def cut(text: str, attribute: Attribute) -> tuple[str, Sequence[int]]:
    """The CEL source of an attribute and, for each of its characters, the offset in the file.

    A single string literal or heredoc stands for its contents; anything else is CEL as written, with comments blanked out.
    Raises Flaw.
    """
    string = STRING.fullmatch(text, attribute.start, attribute.end)
    if string or HEREDOC.match(text, attribute.start):
        quoted = expressions.parse_text(text, attribute.start, attribute.end)
        return quoted.text, quoted.offsets
    raw = text[attribute.start : attribute.end]
    for start, end in attribute.comments:
        blank = "".join(char if char == "\n" else " " for char in text[start:end])
        raw = raw[: start - attribute.start] + blank + raw[end - attribute.start :]
    raw = raw.rstrip()
    return raw, range(attribute.start, attribute.start + len(raw))


def read(report: Report, attribute: Attribute, check: Check) -> str | None:
    """The condition of an attribute, None if it is faulty. What `check` finds is reported at its place in the file."""
    try:
        condition, offsets = cut(report.source.text, attribute)
        if not condition.strip():
            raise Flaw(
                attribute.start, "the condition is empty", f"leave `{attribute.name}` out for a rule that matches every call"
            )
    except Flaw as flaw:
        report.flaw(flaw)
        return None
    end = offsets[-1] + 1
    sound = True
    for fault in check(condition):
        at = offsets[max(0, fault.offset)] if fault.offset < len(offsets) else end
        if fault.fatal:
            sound = False
            report.add(at, fault.message, fault.hint)
        else:
            report.note(fault.message if fault.hint is None else f"{fault.message}; {fault.hint}", at)
    return condition if sound else None
