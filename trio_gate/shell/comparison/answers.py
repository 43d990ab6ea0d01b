"""Comparing a waiting call with what is there now, for a person who may: one at a time for each, each read recorded under their name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from trio_gate.approval.channel.codec import timestamp
from trio_gate.approval.channel.frames import Compared
from trio_gate.approval.state import GONE, Refused
from trio_gate.audit.acts import compare_row
from trio_gate.comparison.reads import IncomparableError
from trio_gate.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Protocol

    from trio_gate.approval.channel.frames import Compare
    from trio_gate.approval.state import Prompt
    from trio_gate.audit.rows import Row
    from trio_gate.config.model import Person
    from trio_gate.ports import Asked, Clock

    class Waiting(Protocol):
        """A call that waits; `asked` is None where its agent has not come back since the last start."""

        prompt: Prompt
        asked: Asked | None


log = logging.getLogger(__name__)

MAY_NOT = "you may not compare: `may_compare` in your person block allows it"


class Comparisons:
    """Answers people's `compare` frames.

    Args:
        entry: the call of a prompt's id that a person may see; None for none.
        write: returns once a row is on disk; raises AuditUnavailable.
        clock: wall time.
    """

    def __init__(
        self, entry: Callable[[str, str], Waiting | None], write: Callable[[Row], Awaitable[None]], clock: Clock
    ) -> None:
        self._entry = entry
        self._write = write
        self._clock = clock
        self._busy: set[str] = set()

    async def answer(self, person: Person, frame: Compare) -> Compared | Refused:
        """Compare the call of a prompt, and say what would change."""
        if not person.may_compare:
            return Refused(code="not_allowed", message=MAY_NOT)
        if person.name in self._busy:
            return Refused(code="unavailable", message="a comparison of yours is already running: wait for its result")
        self._busy.add(person.name)
        try:
            return await self._compared(person, frame)
        finally:
            self._busy.discard(person.name)

    async def _compared(self, person: Person, frame: Compare) -> Compared | Refused:
        entry, reads = self._entry(frame.id, person.name), list[str]()
        if entry is None:
            return GONE
        if entry.asked is None or entry.asked.compare is None:
            return Refused(code="not_kept", message="the call is not here any more: its agent has to run it again")
        question = entry.prompt.question

        async def recorded(read: str) -> None:
            await self._write(compare_row(question, person.name, person.kind, read, self._clock.now()))
            reads.append(read)

        at = timestamp(self._clock.now())
        try:
            text = await entry.asked.compare(recorded)
        except IncomparableError as why:
            return Refused(code="unavailable", message=f"it cannot be compared: {why}")
        except GateError as fault:
            log.warning("comparing %s for %s: %s", question.id, person.name, fault.detail)
            return Refused(code="unavailable", message=f"it cannot be compared: {fault.reason}")
        if self._entry(frame.id, person.name) is not entry:
            return GONE
        return Compared(ref=frame.ref, id=frame.id, at=at, text=text, reads=tuple(reads))
