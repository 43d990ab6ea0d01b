"""What a reload changes besides the snapshot: listeners, limits, base keys, connections to AWS and the log.

Rule: whatever may fail is done first, and undone if something else fails; what is left are assignments, done at once. So a reload applies
as a whole or not at all.
"""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from operator import eq
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from trio_gate.app.listener_blocks import blocks, kind_of, page_address
from trio_gate.app.listeners import closed_on_failure, reserved, same_sockets
from trio_gate.app.sinks import other_sinks
from trio_gate.app.state_dir import StartFailed
from trio_gate.app.warm_up import warm_up
from trio_gate.app.wiring import dialling, root_files, trusted
from trio_gate.exchange.roles import outliving
from trio_gate.shell import log_setup
from trio_gate.shell.approval.hub_config import limits_of
from trio_gate.shell.certificates.leaves import file_context
from trio_gate.shell.net import descriptors
from trio_gate.shell.worker_threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from ssl import SSLContext

    from trio_gate.app.listener_blocks import Block
    from trio_gate.app.listeners import OpenBlock, Opener
    from trio_gate.app.running import Running
    from trio_gate.app.wiring import Parts
    from trio_gate.config.model import Config
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.shell.approval.hub_config import Limits
    from trio_gate.shell.net.accept import Server

log = logging.getLogger(__name__)


class Changes:
    """Changes a running gateway as its configuration says.

    Args:
        running, parts: what it consists of.
        opener: makes its listeners.
        server: accepts at them.
        opened: those that are open, with their blocks.
        uncovered: what agents cannot reach by a configuration, in one line; None if they can reach all.
    """

    def __init__(
        self,
        running: Running,
        parts: Parts,
        opener: Opener,
        server: Server,
        opened: list[OpenBlock],
        uncovered: Callable[[Config], str | None],
    ) -> None:
        self._uncovered = uncovered
        self._running = running
        self._parts = parts
        self._opener = opener
        self._server = server
        self._opened = opened
        self._roots = _contents(running.present().config)
        self._in_thread = partial(in_thread, limiter=trio.CapacityLimiter(1), abandon_on_cancel=True)  # a file may never answer

    async def prepared(self, before: Snapshot, after: Snapshot) -> Sequence[Callable[[], None]]:
        """Do of a change what may fail; return the steps that do the rest. Raises StartFailed, GateError, OSError."""
        old, new = before.config, after.config
        self._check(old, new)
        await self._in_thread(_check_files, new)
        await warm_up(new, self._parts.upstreams)
        dial = await self._dialling(old, new)
        unreached = self._uncovered(new) if new.endpoints != old.endpoints else None
        made: list[OpenBlock] = []
        with closed_on_failure(made):
            async with AsyncExitStack() as undo:
                opened = await self._listening(new, made)
                use_sinks = await other_sinks(old.gateway, new.gateway, self._running.services.sinks, undo)
                if self._running.shutdown.requested:
                    raise StartFailed("the gateway is stopping")
                lines = log_setup.handler(new.gateway.log) if new.gateway.log.form != old.gateway.log.form else None
                undo.pop_all()

        def log_so() -> None:
            log_setup.use(lines, new.gateway.log)
            if unreached is not None:
                log.warning("trio-gate: %s", unreached)

        return (
            dial,
            *use_sinks,
            partial(self._limit, new, limits_of(new)),
            partial(self._parts.base.change, new.credentials),
            partial(self._parts.roles.keep_only, outliving(old, new, self._parts.roles.host)),
            partial(self._parts.names.change, new.endpoints),
            log_so,
            partial(self._swap, opened),
        )

    async def _dialling(self, old: Config, new: Config) -> Callable[[], None]:
        """The step that has AWS dialled by another configuration. Raises CertificatesUnavailable, OSError, Overloaded."""
        roots = await self._in_thread(_contents, new)
        other_roots = old.gateway.ca_file != new.gateway.ca_file or any(
            self._roots.get(file, text) != text for file, text in roots.items()
        )
        redial = other_roots or (old.upstreams, _dialled(old)) != (new.upstreams, _dialled(new))
        dialled = dialling(new, await self._in_thread(_trusted, new)) if redial else None

        def dial() -> None:
            self._roots = roots
            if dialled is not None:
                self._parts.upstreams.change(**dialled, other_roots=other_roots)

        return dial

    def _check(self, old: Config, new: Config) -> None:
        """Raise StartFailed for what takes a restart, or more descriptors than there are."""
        if new.gateway.state_dir != old.gateway.state_dir:  # the record, sessions and keys of this process are there
            raise StartFailed("a change of gateway.state_dir takes a restart")
        unsigned = self._opener.unsigned(new)
        if unsigned is not None:  # all who trust the CA would have to be given another
            raise StartFailed(
                f"a change of {unsigned} takes a restart: the CA of the gateway's own listeners may not sign for it"
            )
        why_not = descriptors.provide(new.gateway.max_connections, reserved(new))
        if why_not is not None:
            raise StartFailed(why_not)

    async def _listening(self, new: Config, made: list[OpenBlock]) -> list[OpenBlock]:
        """The listeners that a configuration wants: those that are open, and others, which are opened and added to `made`. Raises StartFailed."""
        left = list(self._opened)
        stay = [_found(left, partial(eq, block)) for block in blocks(new)]
        there = [one for one in stay if one is not None]
        return [same or await self._open(block, new, left, there, made) for block, same in zip(blocks(new), stay, strict=True)]

    async def _open(
        self, block: Block, new: Config, left: list[OpenBlock], stay: Sequence[OpenBlock], made: list[OpenBlock]
    ) -> OpenBlock:
        """Open a block's listeners, over the sockets of one of those `left` if it is in its place. Raises StartFailed."""
        before = _found(left, partial(_in_place, block))
        sockets = same_sockets(block, before[1]) if before else await self._opener.listen(block, [*stay, *made])
        waits = before[1][0].waits if before and kind_of(before[0]) == kind_of(block) else None
        made.append((block, self._opener.over(block, new, sockets, waits)))
        return made[-1]

    def _swap(self, opened: list[OpenBlock]) -> None:
        """Accept at these listeners, and no more at others."""
        before, after = ({id(one) for _, several in both for one in several} for both in (self._opened, opened))
        gone = [one for _, several in self._opened for one in several if id(one) not in after]
        new = [one for _, several in opened for one in several if id(one) not in before]
        for one in gone:
            log.info("no longer listening %s %s", one.kind, one.address)
        for one in new:
            log.info("listening %s %s", one.kind, one.address)
        self._opened = opened
        self._server.change(gone, new)

    def _limit(self, new: Config, limits: Limits) -> None:
        gateway, services = new.gateway, self._running.services
        self._opener.seats.resize(gateway.max_connections, gateway.max_connections_per_agent)
        services.bodies.held.resize(gateway.held_total)
        services.bodies.spooled.resize(gateway.spool_limit)
        services.sessions.table.resize(gateway.max_sessions, gateway.max_sessions_per_agent)
        if services.sinks.decisions is not None:
            services.sinks.decisions.limit = gateway.decision_log_limit
        self._parts.audit.limit = gateway.record_limit
        self._running.shutdown.grace = gateway.drain_timeout
        hub = self._running.hub
        hub.page = hub.notifier.page = page_address(gateway.admin)
        hub.limits = limits
        hub.grants.ttl, hub.ledger.cooldown = timedelta(seconds=limits.grant_ttl), timedelta(seconds=limits.deny_cooldown)


def _found(left: list[OpenBlock], fits: Callable[[Block], bool]) -> OpenBlock | None:
    """The first whose block fits, which is then left no more."""
    found = next((one for one in left if fits(one[0])), None)
    if found is not None:
        left.remove(found)
    return found


def _in_place(block: Block, other: Block) -> bool:
    """Whether a block takes the sockets of another. With port 0 that is the one of its kind: who passed them, or connects, knows their port."""
    return other.bind == block.bind and (block.bind.port != 0 or kind_of(other) == kind_of(block))


def _dialled(config: Config) -> tuple[object, ...]:
    """What of the `gateway` block connections to AWS depend on."""
    gateway = config.gateway
    binds = [block.bind for block in blocks(config)]
    return (
        gateway.ca_file,
        gateway.connect_timeout,
        gateway.idle_timeout,
        gateway.answer_timeout,
        gateway.max_connections,
        binds,
    )


def _contents(config: Config) -> Mapping[str, bytes]:
    """The files of roots as they are now. A file that is not there is found by `trusted`."""
    return {file: Path(file).read_bytes() for file in root_files(config) if Path(file).is_file()}


def _check_files(config: Config) -> None:
    """Read the certificates of listeners, for those of listeners that stay are read again as they are needed. Raises CertificatesUnavailable."""
    for block in blocks(config):
        if block.certificate and block.key:
            file_context(block.certificate, block.key)


def _trusted(config: Config) -> Callable[[str | None], SSLContext]:
    """As `trusted`, with the default roots read, too. Raises CertificatesUnavailable."""
    tls = trusted(config)
    tls(None)
    return tls
