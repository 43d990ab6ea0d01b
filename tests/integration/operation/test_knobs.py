"""Knobs of the configuration, from the file to what they change."""

from __future__ import annotations

import json

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair, wait_all_tasks_blocked

from tests.kit.gateway import AGENT, running
from tests.kit.wire.raw import DYNAMODB, parted, request, tunnel
from tests.kit.wire.streams import seat
from tests.kit.wire.transports import StreamTransport
from trio_gate.app.wiring import open_services
from trio_gate.aws.ingress import Ingress
from trio_gate.config.load import load
from trio_gate.exchange.snapshot import check_condition, compile_snapshot
from trio_gate.shell.exchange.hosts import Hosts
from trio_gate.shell.listen.listeners import AgentListenerContext
from trio_gate.shell.net.accept import Shutdown

DENY = 'rule "nothing" { action = "deny" }\n'
GATEWAY = 'gateway {{\n  state_dir = "."\n  listener "proxy" {{ bind = "127.0.0.1:0" }}\n  {knob}\n}}\n'
WAY = Ingress(kind="proxy", sni=DYNAMODB, connect=DYNAMODB)
JSON = {"X_Amz_Target": "DynamoDB_20120810.PutItem", "Content_Type": "application/x-amz-json-1.0"}


@pytest.mark.parametrize(("knob", "status"), [("", b"408"), ('body_rate = "1B"', b"403")])
async def test_a_slow_body_is_waited_for_by_its_rate(tmp_path, mock_clock: MockClock, knob, status):
    """Its signature is wrong, which is seen only once it has come whole."""
    files = {"env": {}.get, "read_file": str}
    text = GATEWAY.format(knob=knob) + AGENT
    config = load(text, "g.hcl", base_dir=str(tmp_path), check_condition=check_condition, **files)
    made, (ours, theirs) = compile_snapshot(1, config), memory_stream_pair()
    head, body = parted(request("dynamodb", DYNAMODB, body=b"x" * 26, secret="WRONG-WRONG-WRONG-WRONG", **JSON))
    async with (
        open_services(config, Hosts(tmp_path), ours=lambda _: False, page="") as (services, *_),
        trio.open_nursery() as nursery,
    ):
        inside = AgentListenerContext(services=services, snapshot=lambda: made, shutdown=Shutdown())
        nursery.start_soon(inside.converse, StreamTransport(theirs), WAY, seat(None))
        for sent in (head, body[:25], body[25:]):
            await ours.send_all(sent)
            await wait_all_tasks_blocked()
            mock_clock.jump(25)
            await wait_all_tasks_blocked()
        assert (await ours.receive_some()).split()[1] == status
        nursery.cancel_scope.cancel()


def test_the_decision_log_is_rotated_within_its_limit(tmp_path):
    body = json.dumps({"TableName": "t", "Item": {"id": {"S": "x" * 500}}}).encode()
    denied = request("dynamodb", DYNAMODB, body=body, **JSON)
    with (
        running(tmp_path, None, rules=DENY, knobs='decision_log_limit = "8KiB"') as gateway,
        tunnel(gateway, gateway.ca_file, DYNAMODB) as raw,
    ):
        assert {raw.send(denied).answer().status for _ in range(20)} == {403}
    sizes = [(tmp_path / name).stat().st_size for name in ("decisions.jsonl", "decisions.jsonl.1")]
    assert 0 < sum(sizes) <= 8 << 10
