"""Credentials of roles: assumed once, cached while valid, shared by all calls. Implements the port `CredentialSource`.

Rule: credentials that expire within `MARGIN`, or that were obtained with another base key than the current one, are not used. A role
has at most one call to STS running, and none during the pause after a failure.

Theory: single flight. The call runs in a nursery of this object, not in the task of the first asker, so others lose nothing if
that is cancelled. A refresh is a flight that nobody waits for. An end is measured by two clocks: the wall's
sees a machine that slept, the scheduler's one that was set back.
"""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

from trio_gate.errors import CredentialsUnavailable, GateError, SessionOver, fault_text
from trio_gate.ports import SessionRequest
from trio_gate.shell.credentials.sts import BaseKeyRefused, RoleRefused, ask_again, assume_role
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime

    from trio_gate.ports import AssumeRole, Clock, RoleRequest
    from trio_gate.sessions.session import VirtualSession
    from trio_gate.shell.credentials.base_keys import BaseKeys
    from trio_gate.shell.credentials.sts import Send
    from trio_gate.signing.sigv4 import Credentials

MAX_ROLES = 4096
"""Roles that are cached, the least recently used dropped first: some 20 MiB where each has a policy of its own."""

DEADLINE = 15.0
"""Seconds for the base key and STS, including the second try."""

MARGIN = 60.0
"""Seconds before their expiry in which credentials are not used: a request may take that long to arrive."""

REFRESH = 600.0
"""Seconds before their expiry at which they are refreshed; short-lived ones at half their lifetime."""

FIRST_PAUSE_SECONDS = 1.0
"""Pause after a role's first failure; it doubles with each further one."""

LONGEST_PAUSE_SECONDS = 30.0
"""Longest pause."""

log = logging.getLogger(__name__)


@value_class
class _Session:
    """A role's credentials, given at `since`; they end at `ends` by trio's clock, to be refreshed `lead` seconds before.

    `signer` is the base key's id, empty if none was needed; `first` the request for the account's role from which the way to them began.
    """

    credentials: Credentials
    signer: str
    first: AssumeRole
    expires: datetime
    since: float
    ends: float
    lead: float

    def left(self, now: datetime) -> float:
        return min((self.expires - now).total_seconds(), self.ends - trio.current_time())


@dataclass(slots=True, eq=False)
class _Flight:
    """One call to STS; when `done`, either `session` or `fault` is set."""

    done: trio.Event = field(default_factory=trio.Event)
    session: _Session | None = None
    fault: CredentialsUnavailable | SessionOver = field(default_factory=lambda: CredentialsUnavailable("the gateway is stopping"))


@dataclass(slots=True, eq=False)
class _Role:
    """The state of a role. After a failure, `fault`, STS is not called until `quiet_until`."""

    session: _Session | None = None
    flight: _Flight | None = None
    fault: CredentialsUnavailable | SessionOver | None = None
    pause: float = 0.0
    quiet_until: float = -math.inf

    @property
    def quiet(self) -> bool:
        return self.flight is not None or trio.current_time() < self.quiet_until


class RoleCredentials:
    """The port `CredentialSource`. Made by `open_role_credentials`.

    Attributes:
        calls: how many times credentials were asked for, by whether they were given.
    """

    def __init__(
        self, nursery: trio.Nursery, base: BaseKeys, *, send: Send, host: Callable[[str, str], str], clock: Clock
    ) -> None:
        self._nursery = nursery
        self._base = base
        self._send = send
        self._of_place = host
        self._clock = clock
        self._roles: OrderedDict[RoleRequest, _Role] = OrderedDict()
        self.calls = {"ok": 0, "failed": 0}

    async def credentials(self, request: RoleRequest) -> Credentials:
        """Credentials that are valid for at least `MARGIN` seconds.

        Raises CredentialsUnavailable, or SessionOver for those of a virtual session that AWS does not give again.
        """
        role = self._role(request)
        session, left = role.session, self._left(role, request)
        if session is not None and left > MARGIN:
            if left < session.lead and not role.quiet:
                self._launch(role, request)
            return session.credentials
        if role.flight is None and role.quiet and role.fault is not None:
            raise _again(request, role.fault)
        flight = role.flight or self._launch(role, request)
        await flight.done.wait()
        if flight.session is None:
            raise _again(request, flight.fault)
        return flight.session.credentials

    def host(self, request: AssumeRole) -> str:
        """The STS endpoint of a request."""
        return self._of_place(request.partition, request.region)

    def keep(self, request: RoleRequest, credentials: Credentials) -> None:
        """Keep what AWS has just answered for a session."""
        signer = self._first_signer(request)
        if signer is not None:
            self._role(request).session = self._session(request, credentials, signer)

    @property
    def kept(self) -> list[tuple[float, float]]:
        """Of each role with credentials, their age and the seconds until they expire."""
        now = trio.current_time()
        return [(now - session.since, session.ends - now) for role in self._roles.values() if (session := role.session)]

    def forget(self, request: RoleRequest, refused: Credentials | None = None) -> None:
        """Drop a role's credentials because AWS refused them, unless they are others than `refused` by now."""
        role = self._roles.get(request)
        if role is not None and role.session is not None and refused in (None, role.session.credentials):
            role.session = None

    def forget_sessions(self, ended: Sequence[VirtualSession]) -> set[str]:
        """Drop the credentials of virtual sessions that have ended; return the secret keys that were among them."""
        keys = {session.key_id for session in ended}
        over = [one for one in self._roles if isinstance(one, SessionRequest) and one.key_id in keys]
        found = [self._roles.pop(request).session for request in over]
        return {session.credentials.secret_access_key for session in found if session is not None}

    def keep_only(self, outlives: Callable[[RoleRequest], bool]) -> None:
        """After a reload, drop credentials that do not outlive it; those that STS refused are asked for again at once.

        A call to STS that runs for what is dropped answers nobody but those who wait for it already. So does one for a virtual session,
        whose way there may have changed.
        """
        self._roles = OrderedDict(
            (request, role) for request, role in self._roles.items() if outlives(request) and not _may_differ(request, role)
        )
        for role in self._roles.values():
            role.fault, role.pause, role.quiet_until = None, 0.0, -math.inf

    def _role(self, request: RoleRequest) -> _Role:
        role = self._roles.get(request)
        if role is not None:
            self._roles.move_to_end(request)
            return role
        role = self._roles[request] = _Role()
        if len(self._roles) > MAX_ROLES:
            oldest = next(key for key, one in self._roles.items() if one.flight is None or one is role)
            if oldest != request:
                del self._roles[oldest]
        return role

    def _left(self, role: _Role, request: RoleRequest) -> float:
        """Seconds for which a role's session can be used; 0 without one, or where another base key or role has obtained it."""
        session = role.session
        if session is None or self._first_signer(request) != session.signer:
            return 0.0
        if isinstance(request, SessionRequest) and session.signer and request.first != session.first:
            return 0.0
        return session.left(self._clock.now())

    def _launch(self, role: _Role, request: RoleRequest) -> _Flight:
        role.flight = flight = _Flight()
        self._nursery.start_soon(self._fly, role, request, flight)
        return flight

    async def _fly(self, role: _Role, request: RoleRequest, flight: _Flight) -> None:
        try:
            flight.session = role.session = await self._assume(request)
            role.pause, role.quiet_until = 0.0, -math.inf
            self.calls["ok"] += 1
        except Exception as error:  # a bug must not end the gateway
            fault = _as_fault(request, error)
            flight.fault = role.fault = fault
            self.calls["failed"] += 1
            role.pause = min(max(2 * role.pause, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            role.quiet_until = trio.current_time() + role.pause
            log.warning("no new credentials, next try in %g s at the earliest: %s", role.pause, fault.detail)
        finally:
            role.flight = None
            flight.done.set()

    async def _assume(self, request: RoleRequest) -> _Session:
        if isinstance(request, SessionRequest) and request.sent.once:
            raise RoleRefused(f"{request.role_arn} was assumed with a web identity token, which is not kept")
        with trio.move_on_after(DEADLINE):
            signer = await self._signer(request)
            try:
                return await self._call(request, signer)
            except BaseKeyRefused as fault:
                refused = fault
            self._forget_signer(request, signer)
            fresh = await self._signer(request)
            if fresh == signer:
                raise refused
            return await self._call(request, fresh)
        raise CredentialsUnavailable(f"STS did not assume {request.role_arn} within {DEADLINE:g} seconds: try again later")

    async def _signer(self, request: RoleRequest) -> Credentials:
        """What signs a request: another session's credentials or, where the way begins, the base key."""
        before = request.signer
        return await (self._base.get(request.root.base) if before is None else self.credentials(before))

    def _forget_signer(self, request: RoleRequest, refused: Credentials) -> None:
        if request.signer is None:
            self._base.forget(request.root.base)
        else:
            self.forget(request.signer, refused)

    async def _call(self, request: RoleRequest, signer: Credentials) -> _Session:
        now = self._clock.now()
        if isinstance(request, SessionRequest):
            given = await ask_again(request, signer, send=self._send, now=now)
        else:
            given = await assume_role(request, signer, send=self._send, host=self.host(request), now=now)
        base = signer if request.signer is None else await self._base.get(request.root.base)
        return self._session(request, given, base.access_key_id)

    def _first_signer(self, request: RoleRequest) -> str | None:
        """The id of the base key that credentials come from by now, empty for those that none was needed for; None without a key."""
        if isinstance(request, SessionRequest) and request.sent.once:
            return ""
        base = self._base.current(request.root.base)
        return base.access_key_id if base else None

    def _session(self, request: RoleRequest, given: Credentials, signer: str) -> _Session:
        """What is kept of AWS's answer. That of a virtual session is not refreshed ahead: it ends when the agent was told."""
        now = self._clock.now()
        expires = given.expires or now
        life = (expires - now).total_seconds()
        if life <= MARGIN:
            raise CredentialsUnavailable(f"AWS's credentials for {request.role_arn} end at once: check the gateway's clock")
        return _Session(
            credentials=given,
            signer=signer,
            first=request.first,
            expires=expires,
            since=trio.current_time(),
            ends=trio.current_time() + life,
            lead=0.0 if isinstance(request, SessionRequest) else min(REFRESH, MARGIN + (life - MARGIN) / 2),
        )


@asynccontextmanager
async def open_role_credentials(
    base: BaseKeys, *, send: Send, host: Callable[[str, str], str], clock: Clock
) -> AsyncIterator[RoleCredentials]:
    """Provide credentials until the block is left, which cancels running calls to STS.

    Args:
        base: the keys that sign.
        send: the way to AWS.
        host: the STS endpoint of a partition and a region.
        clock: wall time.
    """
    async with trio.open_nursery() as nursery:
        yield RoleCredentials(nursery, base, send=send, host=host, clock=clock)
        nursery.cancel_scope.cancel()


def _may_differ(request: RoleRequest, role: _Role) -> bool:
    """Whether a call to STS runs of which the request does not say all."""
    return isinstance(request, SessionRequest) and role.flight is not None


def _as_fault(request: RoleRequest, error: Exception) -> CredentialsUnavailable | SessionOver:
    if isinstance(error, (CredentialsUnavailable, SessionOver)):  # a session's signer may be a session that is over
        return error
    return CredentialsUnavailable(f"{request.role_arn} was not assumed: {fault_text(error)}")


def _again(request: RoleRequest, fault: CredentialsUnavailable | SessionOver) -> GateError:
    if isinstance(fault, SessionOver) or (isinstance(request, SessionRequest) and type(fault) is RoleRefused):
        return SessionOver("was lost, and AWS did not give it again")
    # Every asker gets an exception of its own: one that many tasks raise gathers all their tracebacks.
    return type(fault)(fault.detail, status=fault.status)
