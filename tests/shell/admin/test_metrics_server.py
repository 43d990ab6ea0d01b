"""The metrics listener: what it shows, to whom, and that it shows it while the gateway stops."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest
import trio
from trio.testing import memory_stream_pair

from tests.kit.approvals.admin_gate import ALICE, NAMES, PEOPLE, TOKENS, handle, head
from tests.kit.approvals.questions import FixedClock
from trio_gate.shell.admin.authentication import SignIn
from trio_gate.shell.admin.metrics_server import MetricsServer
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.net.plain_response import answer

MONITOR = {"alice": replace(PEOPLE["alice"], may_monitor=True), "bob": PEOPLE["bob"]}
BOB = {"Authorization": f"Bearer {TOKENS['bob']}"}


async def shown() -> bytes:
    await trio.lowlevel.checkpoint()
    return answer(200, "numbers")


async def status(
    *, tokens: bool, target: str = "/metrics", method: str = "GET", unready: str | None = None, **fields: str
) -> int:
    sign_in = SignIn(MONITOR, ApprovalHub(FixedClock()).links) if tokens else None
    made = MetricsServer({"/metrics": shown}, NAMES, sign_in, idle=nullcontext, unready=lambda: unready)
    ours, theirs = memory_stream_pair()
    await ours.send_all(head(target, method, **fields))
    await handle(made, theirs)
    return int(bytes(await ours.receive_some()).split()[1])


@pytest.mark.parametrize(
    ("tokens", "fields", "expected"),
    [(False, {}, 200), (True, {}, 401), (True, BOB, 403), (True, ALICE, 200), (False, {"Host": "evil.example"}, 421)],
)
async def test_who_may_read(tokens, fields, expected):
    assert await status(tokens=tokens, **fields) == expected


@pytest.mark.parametrize(("target", "method"), [("/", "GET"), ("/metrics", "POST"), ("/v1/approvals", "GET")])
async def test_there_is_nothing_else(target, method):
    assert await status(tokens=False, target=target, method=method) == 404


@pytest.mark.parametrize(("unready", "expected"), [(None, 200), ("the gateway is stopping", 503)])
async def test_readiness_needs_no_token(unready, expected):
    assert await status(tokens=True, target="/readyz", unready=unready) == expected
