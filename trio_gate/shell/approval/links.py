"""Sign-in links: codes with which a person signs in to the page once on another device, such as a phone.

Rule: a code is 256 random bits, of which only a hash is kept, in memory. It is worth nothing without its person's present token: when
that is replaced or the person is removed, the link and what came of it end. The record has each link, and its use, before they count.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import trio

from trio_gate.audit.acts import link_row
from trio_gate.values import value_class

if TYPE_CHECKING:
    from datetime import datetime

    from trio_gate.config.model import Person
    from trio_gate.ports import Clock
    from trio_gate.shell.audit.acts import Acts

CODE_BYTES = 32
"""Random bytes of a code: 256 bits cannot be guessed."""

LIFE_SECONDS = 600
"""How long a link may be used: time to find the phone."""


@value_class
class _Link:
    """A link that was not used yet: who made it, the hash of its code, and until when it may be used, on trio's clock in seconds."""

    person: Person
    code_sha256: str
    until: float


class SignInLinks:
    """The links that were not used yet. A person has one at most: a further one ends it."""

    def __init__(self, clock: Clock, acts: Acts) -> None:
        self._clock = clock
        self._acts = acts
        self._links: dict[str, _Link] = {}

    async def make(self, person: Person) -> tuple[str, datetime]:
        """A new code, and when it ends. Raises AuditUnavailable."""
        now, code = self._clock.now(), secrets.token_urlsafe(CODE_BYTES)
        until = trio.current_time() + LIFE_SECONDS
        await self._acts.write(link_row("link", person.name, person.kind, now=now))
        self._links[person.name] = _Link(person=person, code_sha256=_hash(code), until=until)
        return code, now + timedelta(seconds=LIFE_SECONDS)

    def spend(self, code: str) -> Person | None:
        """The person whose link has this code, which is used up by that; None if there is none.

        The caller has to check that the person is still there with the same token, and to call `used`.
        """
        offered, found = _hash(code), None
        for link in self._links.values():
            if hmac.compare_digest(link.code_sha256, offered):
                found = link
        if found is None:
            return None
        del self._links[found.person.name]
        return found.person if trio.current_time() < found.until else None

    async def used(self, person: Person, address: str) -> None:
        """Record that a person's link was used from the address of a device, before that counts. Raises AuditUnavailable."""
        await self._acts.write(link_row("linked", person.name, person.kind, now=self._clock.now(), address=address))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
