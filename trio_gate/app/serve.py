"""The gateway as a process: its folder, its services, its listeners, and the signals that stop or reload it.

Theory: services (see `wiring`) outlive connections, so they are opened first. A stop goes the other way: it ends accepting, then
connections, then services.
"""

from __future__ import annotations

import logging
import os
import signal
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from trio_gate.app import gauges
from trio_gate.app.changes import Changes
from trio_gate.app.listener_blocks import page_address
from trio_gate.app.listeners import KINDS, Opener, open_authorities, reserved
from trio_gate.app.reload import ActiveConfig, reload_on_signal
from trio_gate.app.running import Running
from trio_gate.app.self_check import SelfCheck
from trio_gate.app.state_dir import StartFailed, own_state_dir
from trio_gate.app.warm_up import warm_up
from trio_gate.app.wiring import open_services
from trio_gate.audit.acts import gateway_row
from trio_gate.errors import GateError
from trio_gate.shell import core_dumps, loop_lag
from trio_gate.shell.certificates.authority import domains_of, uncovered
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.exchange.hosts import Hosts
from trio_gate.shell.exchange.large_calls import tune_interpreter
from trio_gate.shell.net import accept, descriptors
from trio_gate.shell.systemd import sockets
from trio_gate.shell.systemd.notify import notify, watchdog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from trio_gate.config.model import Config
    from trio_gate.shell.approval.hub import ApprovalHub
    from trio_gate.shell.certificates.authority import CertificateAuthority
    from trio_gate.shell.systemd.sockets import Passed

log = logging.getLogger(__name__)


async def serve(config: Config, read: Callable[[], Config]) -> int:
    """Run the gateway until SIGTERM or SIGINT; return how many calls were cut off then. Raises StartFailed or GateError when it cannot start.

    Args:
        config: the configuration to start with.
        read: reads the configuration again at SIGHUP; it may block. It raises StartFailed if there are errors.
    """
    passed = _passed()
    core_dumps.forbid()
    _provide(config)
    tune_interpreter()
    state, clock, shutdown = Path(config.gateway.state_dir), SystemClock(), accept.Shutdown(config.gateway.drain_timeout)
    with _unwrapped(), _received(signal.SIGHUP) as hangups, own_state_dir(state):
        hosts = Hosts(state)
        page = page_address(config.gateway.admin)
        authorities = open_authorities(state, config, hosts.packaged, clock.now(), more=hosts.table)
        async with (
            _stopped_by_signal(shutdown) as stop_by,
            open_services(config, hosts, ours=authorities.issued, page=page) as (services, hub, parts),
            trio.open_nursery() as watchers,
        ):
            present = ActiveConfig(config, hub)
            stop_by(hub)
            watchers.start_soon(_complete_hosts, hosts, authorities.interception, config)
            running = Running(services=services, hub=hub, present=present, shutdown=shutdown, started=clock.now())
            _measure(running, watchers)
            opener = Opener(config, authorities, running)
            opened, server = await opener.open_all(config, passed), accept.Server(opener.listeners, shutdown)
            changes = Changes(running, parts, opener, server, opened, partial(_uncovered, hosts, authorities.interception))
            watchers.start_soon(reload_on_signal, hangups, present, read, hub, changes.prepared)
            hub.acts.note(gateway_row("started", config, present().number, clock.now()))
            log.info("trio-gate: ready")
            notify("READY=1")
            watchers.start_soon(SelfCheck(server.accepting, services.audit, running.status, watchdog()).run)
            watchers.start_soon(warm_up, config, services.upstreams)
            await server.run()
            watchers.cancel_scope.cancel()
            hub.acts.note(gateway_row("stopped", present().config, present().number, clock.now()))
        _tell_stopped(shutdown.cut_off, shutdown.grace)
    return shutdown.cut_off


def _tell_stopped(cut_off: int, after: float) -> None:
    if cut_off:
        log.error("trio-gate: stopped; calls that were cut off after %g seconds, and may have been executed: %d", after, cut_off)
    else:
        log.info("trio-gate: stopped")


@contextmanager
def _unwrapped() -> Iterator[None]:
    """Raise StartFailed and GateError without the exception groups of nurseries around them."""
    try:
        yield
    except BaseExceptionGroup as group:
        fault = _only(group)
        if isinstance(fault, (StartFailed, GateError)):
            raise fault from None
        raise


def _only(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The single exception inside nested groups; the innermost group if there are several."""
    fault: BaseException = group
    while isinstance(fault, BaseExceptionGroup) and len(fault.exceptions) == 1:
        fault = fault.exceptions[0]
    return fault


def _passed() -> Passed:
    """The sockets that the service manager passed. Raises StartFailed."""
    try:
        return sockets.passed(os.environ, os.getpid(), KINDS)
    except ValueError as fault:
        raise StartFailed(str(fault)) from None


def _provide(config: Config) -> None:
    """Get file descriptors for all connections that the configuration allows. Raises StartFailed."""
    why_not = descriptors.provide(config.gateway.max_connections, reserved(config))
    if why_not is not None:
        raise StartFailed(why_not)


def _measure(running: Running, watchers: trio.Nursery) -> None:
    """Have the process say how it is when metrics are read."""
    of = running.services
    of.counts.watch(partial(gauges.of_process, of, running.hub, running.present, running.unready, running.started))
    of.counts.watch(partial(gauges.of_wrong_tokens, of.wrong_tokens))
    watchers.start_soon(loop_lag.measure, of.counts.lag.add)


async def _complete_hosts(hosts: Hosts, ca: CertificateAuthority, config: Config) -> None:
    """Take in the hosts of the installed botocore, and warn of those that no agent can reach."""
    await hosts.complete_table()
    why_not = _uncovered(hosts, ca, config)
    if why_not is not None:
        log.warning("trio-gate: %s", why_not)


def _uncovered(hosts: Hosts, ca: CertificateAuthority, config: Config) -> str | None:
    return uncovered(ca, Path(config.gateway.state_dir), domains_of(config, hosts.table))


@contextmanager
def _received(*numbers: signal.Signals) -> Iterator[AsyncIterator[int]]:
    """The signals that come while the block runs. Those that nobody took by its end do nothing: they came too late."""
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in numbers]
    try:
        with trio.open_signal_receiver(*numbers) as received:
            yield received
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@asynccontextmanager
async def _stopped_by_signal(shutdown: accept.Shutdown) -> AsyncIterator[Callable[[ApprovalHub], None]]:
    """What has signals stop the gateway and its hub from when it is called until the block is left: a second one changes nothing."""
    async with trio.open_nursery() as nursery:
        yield lambda hub: nursery.start_soon(_stop_on_signal, shutdown, hub)
        nursery.cancel_scope.cancel()


async def _stop_on_signal(shutdown: accept.Shutdown, hub: ApprovalHub) -> None:
    with _received(signal.SIGTERM, signal.SIGINT) as received:
        async for number in received:
            log.info("trio-gate: %s, stopping", signal.Signals(number).name)
            if not shutdown.requested:
                notify("STOPPING=1")
                shutdown.request()
                hub.stop_waiting()
