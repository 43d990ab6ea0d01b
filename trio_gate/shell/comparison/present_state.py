"""Compares a waiting call with what is there now, and says what would be different.

Rule: only the reads of `comparison` are made, each recorded before it is sent, with the credentials that would sign the call, in its account
and region. What AWS answers is masked, shown once and kept nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from trio_gate.comparison.difference import difference
from trio_gate.comparison.plans import plan
from trio_gate.comparison.reads import READS, IncomparableError, Read

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_gate.comparison.reads import Answer, Plan, Sides
    from trio_gate.exchange.results import Identified
    from trio_gate.ports import RoleRequest
    from trio_gate.shell.comparison.reader import Reader, Run

    Body = Callable[[], Awaitable[bytes | None]]
    Recorded = Callable[[str], Awaitable[None]]

DEADLINE = 8.0
"""Seconds that a comparison may take, AWS's answers included: the page waits for ten."""


class PresentState:
    """Compares one waiting call with what is there now.

    Args:
        identified: the call.
        role: whose credentials would sign it.
        reader: reads from AWS.
        body: reads the content of the call's body; None where it is too large, or not kept.
        run: runs a function in a worker thread.
    """

    def __init__(self, identified: Identified, role: RoleRequest, reader: Reader, body: Body, run: Run) -> None:
        self._identified: Identified | None = identified
        self._role = role
        self._reader = reader
        self._body = body
        self._run = run

    def leave(self) -> None:
        """Drop the call: its agent has left, and it is large."""
        self._identified = None

    async def compare(self, recorded: Recorded) -> str:
        """What would change, as text that is safe to show. `recorded` is awaited before each read, with its name, such as "iam.GetRole".

        Raises:
            IncomparableError: there is nothing to compare; the text says why.
            GateError: the record, the role or AWS is at fault.
        """
        identified = self._identified
        if identified is None:
            raise IncomparableError("its agent has left, and the call is too large to be kept")
        try:
            with trio.fail_after(DEADLINE):
                sides = await self._sides(identified, recorded)
                text: str = await self._run(lambda: difference(sides, identified.shape))
        except trio.TooSlowError:
            raise IncomparableError(f"it took more than {DEADLINE:g} s") from None
        return text

    async def _sides(self, identified: Identified, recorded: Recorded) -> Sides:
        call = identified.call
        steps = plan(call, await self._body())
        asked = _next(steps, None)
        while isinstance(asked, Read):
            name = f"{asked.service}.{asked.operation}"
            if name not in READS:
                raise IncomparableError(f"{name} is not among the calls that a comparison may make")
            await recorded(name)
            asked = _next(steps, await self._reader.read(asked, self._role, call.region, self._run))
        return asked


def _next(steps: Plan, answer: Answer) -> Read | Sides:
    """The next read, or both sides."""
    try:
        return steps.send(answer)
    except StopIteration as done:
        sides: Sides = done.value
        return sides
    except (KeyError, TypeError, AttributeError):
        raise IncomparableError("AWS's answer is not what was expected") from None
