"""What the services say of themselves: each metric that they tell of is one of the table, and moves with what it measures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import trio
import trio.lowlevel
import trio.testing

from tests.kit.approvals.asking import asked
from tests.kit.approvals.questions import question
from tests.kit.configs import MAIN, load
from trio_gate.app import gauges
from trio_gate.app.wiring import open_services
from trio_gate.errors import Overloaded
from trio_gate.metrics.table import METRICS
from trio_gate.shell.admin.connection_limits import UNPROVEN, AdminConnections
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.exchange.hosts import Hosts
from trio_gate.shell.net.connection_limits import Seats
from trio_gate.shell.net.rate_limit import Allowance
from trio_gate.shell.tunnels.tunnels import ALL_UNKNOWN, UNKNOWN
from trio_gate.shell.wrong_tokens import MOST_AT_ONCE, WrongTokens

LITERAL = 'credential "aws_account" "base" {\n  access_key_id = "AKIABASE"\n  secret_access_key = "base"\n}\n'


async def test_a_question_that_waits_is_seen(tmp_path):
    config = load(f'gateway {{\n  state_dir = "{tmp_path}"\n}}\n{LITERAL}{MAIN}')
    async with (
        open_services(config, Hosts(tmp_path), ours=lambda _: False, page="") as (services, hub, _),
        trio.open_nursery() as nursery,
    ):
        before = services.counts.collect()
        now = SystemClock().now()
        waits = replace(question("q1"), asked_at=now, expires_at=now + timedelta(minutes=5))
        nursery.start_soon(hub.ask, asked(waits))
        await trio.testing.wait_all_tasks_blocked()
        after = services.counts.collect()
        nursery.cancel_scope.cancel()
    assert after.keys() <= {one.name for one in METRICS}
    assert (before["waiting"][()], after["waiting"][()]) == (0, 1)
    assert before["waiting_oldest_seconds"][()] == 0
    assert after["limit_used"]["max_pending",] == 1
    assert after["limit"]["max_pending",] == config.gateway.max_pending
    assert after["state_free_bytes"][()] > 0
    assert after["record_rows"][()] == 0


async def test_seats_are_seen():  # noqa: ASYNC124 - seats read the clock of a run
    seats = Seats(5, 3)
    with seats.seat("127.0.0.1") as one, seats.seat("127.0.0.1"):
        one.count_for("ci", 2)
        pace = Allowance(UNKNOWN, ALL_UNKNOWN)
        pace.take("127.0.0.1")
        found = {(name, labels): value for name, labels, value in gauges.of_agents_seats(seats, pace)}
    assert found["connections", ("agents",)] == 2
    assert (found["limit_used", ("max_connections_per_agent",)], found["limit", ("max_connections_per_agent",)]) == (1, 2)
    assert (found["limit_used", ("unknown_tunnels",)], found["limit", ("unknown_tunnels",)]) == (0, 1)
    assert (found["limit_used", ("unknown_tunnels_pace",)], found["limit", ("unknown_tunnels_pace",)]) == (1, UNKNOWN.most)
    assert found["limit_refused", ("max_connections",)] == 0


async def test_wrong_tokens_are_seen(autojump_clock):
    wrong = WrongTokens()
    async with trio.open_nursery() as nursery:
        for _ in range(MOST_AT_ONCE):
            nursery.start_soon(wrong.slow_down, "192.0.2.1")
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(Overloaded):
            await wrong.slow_down("192.0.2.1")
        found = {(name, labels): value for name, labels, value in gauges.of_wrong_tokens(wrong)}
    assert found["limit_used", ("wrong_tokens",)] == found["limit", ("wrong_tokens",)] == MOST_AT_ONCE
    assert found["limit_refused", ("wrong_tokens",)] == 1


async def test_connections_that_make_room_are_counted():
    connections = AdminConnections()
    async with trio.open_nursery() as nursery:

        async def hold() -> None:
            with connections.admit("127.0.0.1"):
                await trio.sleep_forever()

        for _ in range(UNPROVEN + 1):
            nursery.start_soon(hold)
        await trio.testing.wait_all_tasks_blocked()
        found = {(name, labels): value for name, labels, value in gauges.of_admin("admin", connections)}
        nursery.cancel_scope.cancel()
    assert found["connections", ("admin",)] == UNPROVEN
    assert found["limit_refused", ("admin_unproven",)] == 1
