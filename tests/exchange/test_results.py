"""Whom a request is charged to, and which models it needs."""

from __future__ import annotations

import json

import pytest

from tests.exchange.own_requests.kit import AGENT, AT, DATABASE, GATEWAY, KEYS, OBJECT, SNAPSHOT, TABLE, head, proven
from tests.kit.configs import MAIN, load
from trio_gate.exchange import steps
from trio_gate.exchange.own_requests.paths import stands_for
from trio_gate.exchange.results import Signer
from trio_gate.exchange.snapshot import compile_snapshot


def test_work_is_charged_to_the_agent_and_without_agents_to_the_address():
    snapshot = compile_snapshot(1, load(GATEWAY + MAIN + AGENT))
    signer = Signer(agent="ci", secret=KEYS.secret_access_key)
    claimed = steps.claim(head(), AT, "192.0.2.1")
    assert steps.admit(claimed, snapshot, signer, None).asker == "ci"
    assert steps.admit(claimed, SNAPSHOT, Signer(agent=None), None).asker == "192.0.2.1"


@pytest.mark.parametrize(
    ("path", "body", "services"),
    [
        ("/-/agent/presign", OBJECT, ["s3"]),
        ("/-/agent/rds-token", json.dumps({"host": DATABASE, "port": 5432, "user": "me"}).encode(), []),
    ],
)
def test_no_model_is_needed_for_a_call_that_no_service_has(path, body, services):
    assert stands_for(proven(head(path, body)), body, SNAPSHOT, TABLE).routed.services == services
