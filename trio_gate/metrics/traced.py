"""A request as a trace shows it: when its parts began and ended, below the span that its agent named.

Rule: what is known here is bounded: names of AWS, of the configuration and of our own, and ids. Never parameters, resources, reasons or secrets.
Theory: the parts are made of the stages' durations once the request is over, so a request pays nothing for it before. A stage that ran
twice, as when a session had expired, is shown once, with both times.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?")
"""The field `traceparent` (W3C Trace Context section 3.2); versions after 00 may add to it."""

REQUEST, APPROVAL, UPSTREAM = "request", "approval", "upstream"
_STAGES = {APPROVAL: ("approval_needed", ("approved",)), UPSTREAM: ("signed", ("aws", "answered"))}
"""The stage after which a part begins, and those that it is made of, which follow each other; "end" where it broke off before them."""


@value_class
class Parent:
    """The agent's span: the ids, and whether the agent keeps it."""

    trace: int
    span: int
    sampled: bool


@value_class
class Part:
    """A span: its name, and when it began and ended, in nanoseconds since 1970."""

    name: str
    begin: int
    end: int


@value_class
class TracedRequest:
    """A request that is over. `ended` is in nanoseconds since 1970; `nanoseconds` are the stages in their order."""

    parent: Parent | None
    ended: int
    nanoseconds: Mapping[str, int]
    error: bool
    attributes: Mapping[str, str | int]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The request, and then what of it waited for people and for AWS."""
        begin = self.ended - sum(self.nanoseconds.values())
        found = [Part(name=REQUEST, begin=begin, end=self.ended)]
        begun, took = self._begun(begin), self.nanoseconds
        for name, (before, stages) in _STAGES.items():
            if before in took:
                last = [stage for stage in stages if stage in took] or ["end"]
                found.append(Part(name=name, begin=begun[last[0]], end=begun[last[-1]] + took[last[-1]]))
        return tuple(found)

    def _begun(self, begin: int) -> dict[str, int]:
        begun: dict[str, int] = {}
        for stage, took in self.nanoseconds.items():
            begun[stage] = begin
            begin += took
        return begun


def parent_of(field: str | None) -> Parent | None:
    """The agent's span; None where its field `traceparent` is absent, or not one."""
    found = _PARENT.fullmatch(field) if field and len(field) <= MOST_CHARACTERS else None
    if found is None or found[1] == "ff" or (found[1] == "00" and found[5]):
        return None
    trace, span = int(found[2], 16), int(found[3], 16)
    return Parent(trace=trace, span=span, sampled=bool(int(found[4], 16) & 1)) if trace and span else None


MOST_CHARACTERS = 256
"""Of a `traceparent` that is read; that of version 00 has 55."""
