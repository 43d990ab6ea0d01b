"""The issuers of agents' tokens: their keys, fetched once and kept for a while. Implements the port `Issuers`.

Rule: keys come over https, from the address that the issuer's own document names (OpenID Connect Discovery), and from no token. An issuer
has at most one fetch under way, and none during the pause after one, whatever tokens name: an unknown key is looked for once a pause.

Theory: single flight, in a nursery of this object, so that nobody who waits loses anything if the first one leaves. Keys that are old are
used while newer ones are fetched; keys that are too old are not.
"""

from __future__ import annotations

import json
import logging
import math
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.errors import IssuerUnavailable, Malformed, UpstreamError, fault_text
from trio_gate.signing.identity_token import check_claims, check_key, prove_by_file, read_token
from trio_gate.signing.issuer_keys import key_for, read_keys
from trio_gate.wire.parse import parse_request_head

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from trio_gate.config.model import OidcProof
    from trio_gate.ports import Clock
    from trio_gate.signing.identity_token import IdentityToken
    from trio_gate.signing.issuer_keys import IssuerKey
    from trio_gate.wire.head import RequestHead, ResponseHead

    Send = Callable[[str, RequestHead, bytes], Awaitable[tuple[ResponseHead, bytes]]]
    """Sends a request to a host and reads its whole answer, of limited size. Raises UpstreamError."""

DEADLINE = 10.0
"""Seconds for both requests of a fetch."""

FRESH = 600.0
"""Seconds after which keys are fetched again, beside the request that notices."""

STALE = 3600.0
"""Seconds after which keys are not used any more: an issuer may have withdrawn one meanwhile."""

PAUSE = 30.0
"""Seconds after a fetch in which an issuer is not asked again, whether it answered or not."""

WELL_KNOWN = "/.well-known/openid-configuration"

_URL = re.compile(r"https://([a-z0-9.-]{1,253})(?::443)?(/[^#\s]*)?", re.IGNORECASE)

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Issuer:
    """What is known of an issuer. Times are by trio's clock; `flight` is set once the fetch that is under way is over."""

    keys: tuple[IssuerKey, ...] = ()
    fetched: float = -math.inf
    quiet_until: float = -math.inf
    fault: str | None = None
    flight: trio.Event | None = field(default=None)

    @property
    def age(self) -> float:
        return trio.current_time() - self.fetched


class IssuerKeys:
    """The port `Issuers`. Made by `open_issuers`."""

    def __init__(self, nursery: trio.Nursery, *, send: Send, clock: Clock) -> None:
        self._nursery = nursery
        self._send = send
        self._clock = clock
        self._issuers: dict[str, _Issuer] = {}

    async def prove(self, token: str, asked: OidcProof) -> None:
        """Return if a token is what an agent must show. Raises Unproven, IssuerUnavailable."""
        now = self._clock.now()
        if asked.keys is not None:
            prove_by_file(token, asked, now)
            return
        read = read_token(token)
        check_claims(read, asked, now)
        check_key(read, await self._fetched(asked.issuer, read), asked)

    async def _fetched(self, name: str, token: IdentityToken) -> IssuerKey | None:
        """The key that a token can be signed with; None where the issuer has none. Raises IssuerUnavailable."""
        issuer = self._issuers.setdefault(name, _Issuer())  # each is configured, so they are few
        found = key_for(issuer.keys, token.kid, token.algorithm) if issuer.age < STALE else None
        if found is None or issuer.age >= FRESH:
            if issuer.flight is None and trio.current_time() >= issuer.quiet_until:
                issuer.flight = trio.Event()
                self._nursery.start_soon(self._fetch, name, issuer, issuer.flight)
            if found is None and issuer.flight is not None:
                await issuer.flight.wait()
                found = key_for(issuer.keys, token.kid, token.algorithm) if issuer.age < STALE else None
        if found is None and issuer.fault is not None:
            raise IssuerUnavailable(issuer.fault)
        return found

    async def _fetch(self, name: str, issuer: _Issuer, flight: trio.Event) -> None:
        fault: str | None = f"{name} did not give its keys within {DEADLINE:g} seconds"
        try:
            with trio.move_on_after(DEADLINE):
                issuer.keys = await self._keys(name)
                issuer.fetched, fault = trio.current_time(), None
        except (UpstreamError, ValueError) as error:
            fault = f"the keys of {name} cannot be fetched: {error}"
        except Exception as error:  # a bug must not end the gateway
            fault = f"the keys of {name} cannot be fetched: {fault_text(error)}"
        finally:
            issuer.flight = None
            flight.set()
        issuer.fault, issuer.quiet_until = fault, trio.current_time() + PAUSE
        if fault:
            log.warning("%s", fault)

    async def _keys(self, name: str) -> tuple[IssuerKey, ...]:
        """Fetch the keys of an issuer. Raises UpstreamError, or ValueError for an answer that cannot be used."""
        document = _object(await self._get(name.removesuffix("/") + WELL_KNOWN))
        if document.get("issuer") != name:
            raise ValueError(f"{WELL_KNOWN} is of another issuer")
        return read_keys(await self._get(str(document.get("jwks_uri"))))

    async def _get(self, url: str) -> str:
        match = _URL.fullmatch(url)
        if match is None:
            raise ValueError("its jwks_uri is not an https URL with port 443")
        host, target = match[1].lower(), match[2] or "/"
        lines = f"GET {target} HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\naccept-encoding: identity\r\n\r\n"
        try:
            head = parse_request_head(lines.encode("ascii"))
        except (Malformed, UnicodeEncodeError):
            raise ValueError("its jwks_uri is not a URL as they are written") from None
        answer, content = await self._send(host, head, b"")
        if answer.status != 200:
            raise ValueError(f"{host} answers with status {answer.status}")
        return content.decode()


@asynccontextmanager
async def open_issuers(*, send: Send, clock: Clock) -> AsyncIterator[IssuerKeys]:
    """Verify tokens until the block is left, which cancels fetches. `send` is the way to issuers, `clock` wall time."""
    async with trio.open_nursery() as nursery:
        yield IssuerKeys(nursery, send=send, clock=clock)
        nursery.cancel_scope.cancel()


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except RecursionError:
        found = None
    if type(found) is not dict:
        raise ValueError(f"{WELL_KNOWN} is not a JSON object")
    return found
