"""What `trio-gate doctor` asks STS: whose the base keys are, how far away and of what time it is, and for each role.

Theory: STS answers AccessDenied for what the trust policy lacks and for what the base key's own policy lacks. Which of the
three actions is missing shows when the role is asked for without tags and source identity.
"""

from __future__ import annotations

from dataclasses import replace
from email.utils import parsedate_to_datetime
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from trio_gate.app.wiring import STS_ANSWER, closed_at_the_end, upstream_pool
from trio_gate.cli.diagnosis.finding import fail, note, ok
from trio_gate.cli.judging.hosts_of_one_run import HostsOfOneRun
from trio_gate.cli.setup.policies import principal_of, trusts
from trio_gate.config.model import NOTHING_SAID
from trio_gate.errors import CredentialsUnavailable
from trio_gate.exchange.roles import GATEWAY, role_of
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.credentials.base_keys import BaseKeys
from trio_gate.shell.credentials.sts import RoleRefused, assume_role, caller, sts_host
from trio_gate.shell.upstream.pool import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.cli.diagnosis.finding import Finding
    from trio_gate.config.model import Config
    from trio_gate.ports import AssumeRole
    from trio_gate.signing.sigv4 import Credentials
    from trio_gate.wire.head import RequestHead, ResponseHead

MOST_ROLES = 200
"""Roles that are asked for."""

DEADLINE = 30.0
"""Seconds for all of it."""

AT_ONCE = 8
"""Requests to STS at once, which it throttles."""

STRAY, WRONG = 30.0, 300.0
"""Seconds by which the clock may differ from STS's, and by which AWS refuses signatures."""


class Asking:
    """STS as a configuration reaches it. `apart` is how far this machine's clock is ahead of the last answer's."""

    def __init__(self, config: Config, table: HostTable) -> None:
        self.pool = upstream_pool(config, lambda _: False)
        self._table = table
        self._clock = SystemClock()
        self._limiter = trio.CapacityLimiter(AT_ONCE)
        self._keys = BaseKeys(config.credentials)
        self.apart: timedelta | None = None
        self.seconds: float | None = None

    async def caller(self, name: str, partition: str, region: str) -> str:
        """Whose a base key is. Raises CredentialsUnavailable."""
        host = sts_host(self._table, partition, region)
        return await caller(await self._keys.get(name), name, send=self._send, host=host, region=region, now=self._clock.now())

    async def role(self, request: AssumeRole) -> Credentials:
        """The credentials of a role, and those of the role before it first. Raises CredentialsUnavailable."""
        signer = await (self._keys.get(request.base) if request.through is None else self.role(request.through))
        host = sts_host(self._table, request.partition, request.region)
        return await assume_role(request, signer, send=self._send, host=host, now=self._clock.now())

    async def _send(self, host: str, head: RequestHead, body: bytes) -> tuple[ResponseHead, bytes]:
        async with self._limiter:
            begun = trio.current_time()
            answer, content = await fetch(self.pool, host, head, body, most=STS_ANSWER)
            self.seconds = trio.current_time() - begun
        dates = [value.decode("latin-1") for name, value in answer.headers if name == b"date"]
        if dates:
            try:
                self.apart = self._clock.now() - parsedate_to_datetime(dates[0])
            except (ValueError, TypeError):  # no date, or one without a zone
                self.apart = None
        return answer, content


async def findings(config: Config) -> list[Finding]:
    """All that STS says of a configuration. Raises CertificatesUnavailable where its roots cannot be used."""
    table = await trio.to_thread.run_sync(lambda: HostsOfOneRun(Path(config.gateway.state_dir)).table)
    asking = Asking(config, table)
    callers: dict[str, Finding | str] = {}
    found: dict[AssumeRole, Finding] = {}
    wanted = roles_of(config, table)
    asked = wanted[:MOST_ROLES]
    async with closed_at_the_end(asking.pool):
        with trio.move_on_after(DEADLINE):
            async with trio.open_nursery() as nursery:
                for name, request in {one.root.base: one.root for one in asked}.items():
                    nursery.start_soon(_base_key, asking, name, request, callers)
            async with trio.open_nursery() as nursery:
                for request in asked:
                    nursery.start_soon(_role, asking, request, callers, found)
    keys = [ok(_key(name), said) if isinstance(said, str) else said for name, said in callers.items()]
    late = f"STS did not answer within {DEADLINE:g} seconds"
    roles = [found.get(request) or fail(_what(config, request), late) for request in asked]
    return [
        *keys,
        *_clock(asking),
        *(replace(one, what=_what(config, request)) for request, one in zip(asked, roles, strict=True)),
        *_more(wanted),
    ]


def roles_of(config: Config, table: HostTable) -> list[AssumeRole]:
    """Each role that a call may need, and those that are assumed first, each way of asking for one once."""
    wanted: dict[AssumeRole, None] = {}
    for endpoint in config.endpoints:
        partition = table.partition_of(endpoint.region) or "aws"
        rules = [
            rule.assume
            for rule in config.rules
            if rule.action != "deny" and endpoint.name in (rule.endpoints or (endpoint.name,))
        ]
        for account, agent, rule in product(endpoint.accounts, config.agents or (None,), dict.fromkeys((NOTHING_SAID, *rules))):
            if agent is None or account in (agent.accounts or (account,)):
                made = role_of(endpoint, partition=partition, account=account, agent=agent, rule=rule)
                wanted |= dict.fromkeys(_plain(one) for one in ([made.through] if made.through else []) + [made])
    return [*wanted]


def _plain(request: AssumeRole) -> AssumeRole:
    """The request as any agent would make it."""
    identity = None if request.source_identity is None else GATEWAY
    through = _plain(request.through) if request.through else None
    return replace(request, session_name=f"{GATEWAY}-doctor", source_identity=identity, through=through)


async def _base_key(asking: Asking, name: str, request: AssumeRole, callers: dict[str, Finding | str]) -> None:
    callers[name] = fail(_key(name), f"STS did not answer within {DEADLINE:g} seconds")
    try:
        callers[name] = await asking.caller(name, request.partition, request.region)
    except CredentialsUnavailable as fault:
        callers[name] = fail(_key(name), str(fault.detail))


async def _role(asking: Asking, request: AssumeRole, callers: dict[str, Finding | str], found: dict[AssumeRole, Finding]) -> None:
    signer = callers.get(request.root.base)
    if not isinstance(signer, str):
        found[request] = note("", "it was not asked for, as its base key does not work")
        return
    try:
        if request.through is not None:
            signer = request.through.role_arn
            await asking.role(request.through)
    except CredentialsUnavailable:
        found[request] = note("", f"it was not asked for, as {signer} cannot be assumed")
        return
    try:
        await asking.role(request)
        found[request] = ok("", "it can be assumed")
    except RoleRefused as fault:
        found[request] = fail("", await _lacks(asking, request, principal_of(signer) or signer, str(fault.detail)))
    except CredentialsUnavailable as fault:
        found[request] = fail("", str(fault.detail))


async def _lacks(asking: Asking, request: AssumeRole, signer: str, said: str) -> str:
    """What to add so that a role can be assumed."""
    if "AccessDenied" not in said:
        return said
    plainer = {
        "sts:SetSourceIdentity": replace(request, source_identity=None),
        "sts:TagSession": replace(request, tags=()),
        "sts:TagSession and sts:SetSourceIdentity": replace(request, tags=(), source_identity=None),
    }
    for action, without in plainer.items():
        if without != request and await _works(asking, without):
            return f"add {action} to its trust policy for {signer}, and to what that may do on {request.role_arn}"
    more = "; or its external id is another" if request.external_id else ""
    return (
        f"AWS denies it: its trust policy needs {trusts(signer)}, and {signer} must be allowed this on {request.role_arn}{more}"
    )


async def _works(asking: Asking, request: AssumeRole) -> bool:
    try:
        await asking.role(request)
    except CredentialsUnavailable:
        return False
    return True


def _key(name: str) -> str:
    return f"base key {name}"


def _what(config: Config, request: AssumeRole) -> str:
    labels = {number: label for endpoint in config.endpoints for number, label in endpoint.accounts.items()}
    how = [word for word, asked in (("tags", request.tags), ("source identity", request.source_identity)) if asked]
    with_these = f" with {' and '.join(how)}" if how else ""
    return f"role {request.role_arn.rpartition('/')[2]} in {labels.get(request.account) or request.account}{with_these}"


def _clock(asking: Asking) -> Iterator[Finding]:
    if asking.seconds is not None:
        yield ok("time to STS", f"{asking.seconds * 1000:.0f} ms for the last answer")
    if asking.apart is None:
        return
    apart = abs(asking.apart.total_seconds())
    said = f"it is {apart:.0f} s {'ahead of' if asking.apart.total_seconds() > 0 else 'behind'} that of STS"
    if apart >= WRONG:
        yield fail("clock", f"{said}: AWS refuses signatures from {WRONG:.0f} s on: set the clock")
    else:
        yield note("clock", f"{said}: synchronize it") if apart >= STRAY else ok("clock", said)


def _more(wanted: Sequence[AssumeRole]) -> Iterator[Finding]:
    if len(wanted) > MOST_ROLES:
        yield note("roles", f"{len(wanted) - MOST_ROLES} more were not asked for")
