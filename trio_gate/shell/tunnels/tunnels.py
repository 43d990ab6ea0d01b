"""Tunnels of one proxy listener: who may open one and where to, the connection, its record, and what ends it.

Rule: only a configured host that is none of AWS's and not the gateway itself is reached, at an address that was resolved once and
checked, and at the port of https only by TLS that names it. The intent is on disk before anything is dialled. Where it is not known
whose a tunnel is, it counts as anybody's who is stopped, and all such tunnels together may fill neither the seats nor the record.
"""

from __future__ import annotations

import logging
import math
from contextlib import suppress
from dataclasses import replace
from time import perf_counter_ns
from typing import TYPE_CHECKING

import trio

from trio_gate.audit.record import Intent, Outcome
from trio_gate.aws.hosts.outside import is_outside
from trio_gate.config.host_pattern import matches
from trio_gate.config.passthrough.model import HTTPS
from trio_gate.errors import AuditUnavailable, GateError, Overloaded, Unauthenticated, Unproven
from trio_gate.exchange.proving import proofs, proxy_tokens
from trio_gate.shell.exchange.recorder import request_id
from trio_gate.shell.exchange.request_lines import log_request, request_log
from trio_gate.shell.net.rate_limit import Pace
from trio_gate.shell.net.transport import SocketTransport
from trio_gate.shell.tunnels.hello import read_hello
from trio_gate.shell.tunnels.relay import Relay
from trio_gate.shell.upstream.dial import reach
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.audit.record import End
    from trio_gate.aws.ingress import Ingress
    from trio_gate.config.model import Address, Agent
    from trio_gate.config.passthrough.model import Passthrough
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.shell.exchange.shared_services import SharedServices
    from trio_gate.shell.net.connection_limits import Seat
    from trio_gate.shell.net.rate_limit import Allowance
    from trio_gate.shell.net.transport import Transport

CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"

QUIET = 1.0
"""Seconds of silence after which a tunnel ends when the gateway stops: a pause may be in the middle of an answer."""

UNKNOWN, ALL_UNKNOWN = Pace(most=300, rate=0.5), Pace(most=1000, rate=1)
"""Paces of tunnels of unknown agents, each of which has a row in the record: for one source, and for all.

Not knobs: an agent that needs more is given what proves it.
"""

RECORD_TIMEOUT = 10
"""Seconds that writing an outcome may take, even while the connection is being cancelled."""

log = logging.getLogger(__name__)


@value_class
class Surroundings:
    """What tunnels need of the gateway.

    Attributes:
        snapshot: returns the current configuration.
        passthrough: returns what the listener tunnels, None for nothing.
        stopping: returns whether the gateway stops.
        check: raises GateError while an agent's calls are stopped; None stands for an unknown one.
        forbidden: whether an IP address and port is one of the gateway's own listeners.
        proof_needed: whether only proven agents get a tunnel.
        pace: of tunnels of unknown agents, shared by all listeners.
    """

    services: SharedServices
    snapshot: Callable[[], Snapshot]
    passthrough: Callable[[], Passthrough | None]
    stopping: Callable[[], bool]
    check: Callable[[str | None], None]
    forbidden: Callable[[str, int], bool]
    proof_needed: bool
    pace: Allowance


@value_class
class _Tunnel:
    """A tunnel that may be opened: whose it is, where it leads, and what proved that."""

    agent: Agent | None
    to: Address
    ingress: Ingress
    seat: Seat


class Tunnels:
    """The tunnels of one listener."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def leads_to(self, host: str, port: int) -> bool:
        """Whether a host, in lower case, and port are reached through a tunnel."""
        passed = self._around.passthrough()
        if passed is None or not passed.holds(host, port) or not is_outside(host, self._around.services.table):
            return False
        gateway = self._around.snapshot().config.gateway
        own = {name for block in gateway.listeners for name in (block.bind.host, *block.names)}
        return host not in own and (gateway.admin is None or host not in (gateway.admin.bind.host, *gateway.admin.names))

    async def run(self, agent: Transport, to: Address, arrived: bytes, ingress: Ingress, seat: Seat) -> None:
        """Open a tunnel, answer the CONNECT, and relay to the end. The caller closes the agent's connection.

        Raises GateError if it was refused before the CONNECT was answered.
        """
        tunnel, intent = await self._admitted(to, ingress, seat)
        counts = self._around.services.counts.tunnels
        began, relay, fault, answered = perf_counter_ns(), None, None, False
        try:
            host = await self._reached(tunnel)
            try:
                self._check_stops(tunnel)  # it took a while
                within = self._around.snapshot().config.gateway.head_timeout
                await agent.send_all(CONNECTED, within)
                answered = True
                if to.port == HTTPS:
                    arrived = await read_hello(agent, to.host, within=within, arrived=arrived)
                relay = Relay(agent, host, lambda silent, old: self._must_end(tunnel, silent, old), counts)
                counts.begin(intent.proof or "none")
                await relay.run(arrived)
            finally:
                counts.open -= relay is not None
                host.close()
        except GateError as refused:
            fault = refused
            if not answered:
                raise
            if refused.limit is not None:
                self._around.services.counts.refuse(refused.limit)
        finally:
            counts.asked["failed"] += relay is None
            with trio.move_on_after(RECORD_TIMEOUT, shield=True):
                await self._ended(intent, perf_counter_ns() - began, relay, fault)

    async def _admitted(self, to: Address, ingress: Ingress, seat: Seat) -> tuple[_Tunnel, Intent]:
        """A tunnel that may be opened, and its intent, which is on disk. Raises GateError."""
        counts = self._around.services.counts
        try:
            proven = await self._verified(ingress, seat)
            tunnel = _Tunnel(agent=self._whose(proven, seat.address), to=to, ingress=proven, seat=seat)
            self._check_stops(tunnel)
            self._take_seat(tunnel)
            intent = self._intent(request_id(), tunnel)
            await self._around.services.audit.intend(intent)
        except GateError:
            counts.tunnels.asked["refused"] += 1
            raise
        return tunnel, intent

    def _take_seat(self, tunnel: _Tunnel) -> None:
        """Count a tunnel among its agent's connections, or among those of the unknown. Raises TooMuchAtOnce, Overloaded."""
        agent, seat = tunnel.agent, tunnel.seat
        if agent is not None:
            seat.count_for(agent.name, agent.limits.max_connections)
        elif not self._around.snapshot().agents:
            seat.count_for(seat.source)
        elif self._around.pace.take(seat.address):
            seat.begin_unknown()
        else:
            raise Overloaded(
                "too many tunnels were asked for without proof: give the agent a token or certificate, or try again later",
                limit="unknown_tunnels_pace",
                retry_after=math.ceil(1 / UNKNOWN.rate),
            )
        seat.begin()  # it has as long as a running request has when the gateway stops

    async def _verified(self, ingress: Ingress, seat: Seat) -> Ingress:
        """An ingress with what its OIDC tokens prove, if they are exactly one agent's. Raises Overloaded, IssuerUnavailable.

        Tokens that prove no agent are answered late; those of one that must show more here are not.
        """
        services, proven = self._around.services, []
        for agent in self._around.snapshot().agents.values() if ingress.tokens else ():
            if agent.oidc:
                with suppress(Unproven):
                    for token in ingress.tokens:
                        await services.issuers.prove(token, agent.oidc)
                    proven.append((agent, replace(ingress, identity=agent.oidc)))
        if ingress.tokens and not proven:
            await services.wrong_tokens.slow_down(seat.source)
        now = services.clock.now()
        found = [verified for agent, verified in proven if proofs.fits(agent, verified, seat.address, now)]
        return found[0] if len(found) == 1 else ingress

    def _whose(self, ingress: Ingress, address: str) -> Agent | None:
        """The agent that a connection proves; None for an unknown one of this machine. Raises Unauthenticated."""
        agents = self._around.snapshot().agents.values()
        if ingress.proves:
            return proofs.of_connection(agents, ingress, address, self._around.services.clock.now())
        if self._around.proof_needed or proxy_tokens.needed(agents):
            reason = "a tunnel needs proof of the agent: put NAME:TOKEN@ before the proxy's host, or show it a client certificate"
            raise Unauthenticated(reason, status=407)
        return None

    def _check_shown(self, tunnel: _Tunnel) -> None:
        """Check what an agent has shown against its block as it is now, if it has one. Raises Unproven."""
        agent = self._around.snapshot().named(tunnel.agent.name if tunnel.agent else None)
        if agent is not None:
            proofs.check_shown(agent, tunnel.ingress, tunnel.seat.address, self._around.services.clock.now())

    def _check_stops(self, tunnel: _Tunnel) -> None:
        self._around.check(tunnel.agent.name if tunnel.agent else None)

    async def _reached(self, tunnel: _Tunnel) -> SocketTransport:
        config, to = self._around.snapshot().config, tunnel.to
        route = next((one for one in config.upstreams if matches(one.hosts, to.host)), None)
        where = await reach(
            to.host,
            route.address if route else to,
            anywhere=route is not None,
            connect_timeout=config.gateway.connect_timeout,
            forbidden=self._around.forbidden,
            resolve=self._around.services.lookups.of(tunnel.agent.name if tunnel.agent else None),
        )
        return SocketTransport(where)

    def _must_end(self, tunnel: _Tunnel, silent: float, old: float) -> str | None:
        """Why a tunnel must end now, in words for the record; None if it may go on."""
        passed = self._around.passthrough()
        if passed is None or not self.leads_to(tunnel.to.host, tunnel.to.port):
            return "the configuration no longer lets it pass"
        refuse = self._around.services.counts.refuse
        if silent >= passed.idle:
            refuse("passthrough_idle")
            return f"nothing came for {passed.idle:g} seconds (passthrough_idle)"
        if old >= passed.longest:
            refuse("passthrough_time")
            return f"it was open for {passed.longest:g} seconds (passthrough_time)"
        if self._around.stopping() and silent >= QUIET:
            return "the gateway stopped"
        try:
            self._check_shown(tunnel)
            if self._whose(tunnel.ingress, tunnel.seat.address) != tunnel.agent:
                return "its agent's block has changed"
            self._check_stops(tunnel)
        except GateError as fault:
            return fault.detail
        return None

    def _intent(self, id_: str, tunnel: _Tunnel) -> Intent:
        return Intent(
            id=id_,
            time=self._around.services.clock.now(),
            agent=tunnel.agent.name if tunnel.agent else None,
            agent_address=tunnel.seat.address,
            host=str(tunnel.to),
            method="CONNECT",
            outcome="tunnel",
            generation=self._around.snapshot().number,
            proofs=proofs.kinds(tunnel.ingress),
            sentence=f"Tunnel to {tunnel.to}",
            level="fact",
        )

    async def _ended(self, intent: Intent, took: int, relay: Relay | None, fault: GateError | None) -> None:
        """Write the outcome, and show it. Never raises."""
        end: End = "answered" if relay and relay.why is None else "aborted" if relay else "failed"
        why = relay.why if relay else fault.detail if fault else "it was cut off while the host was dialled"
        outcome = Outcome(
            id=intent.id,
            time=self._around.services.clock.now(),
            status=200 if relay else fault.status if fault else None,
            bytes_in=relay.bytes_in if relay else 0,
            bytes_out=relay.bytes_out if relay else 0,
            nanoseconds={"tunnel": took},
            end=end,
            reason=why,
        )
        if request_log.isEnabledFor(logging.INFO):
            log_request(intent, outcome)
        self._around.services.approvals.publish(lambda: (intent, outcome))
        try:
            await self._around.services.audit.conclude(outcome)
        except AuditUnavailable as error:
            log.error("outcome of %s not recorded: %s", intent.id, error.reason)  # noqa: TRY400 - the fault is the disk's
