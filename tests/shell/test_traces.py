"""Traces of a running gateway, as a collector gets them; and a collector that is not there."""

from __future__ import annotations

import json
import threading

import pytest
from botocore.exceptions import ClientError

from tests.kit.gateway import running
from tests.kit.standins.collector import attributes, collecting

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collector():
    with collecting() as made:
        yield made


def traced(client, flags):
    """The client, as one whose requests are parts of a trace."""

    def add(request, **_: object) -> None:
        request.headers["traceparent"] = f"00-{TRACE}-{SPAN}-{flags}"

    client.meta.events.register("before-send", add)
    return client


def test_a_request_and_its_parts_are_below_the_agents_span(embedded_aws, tmp_path, collector):
    with running(tmp_path, embedded_aws, knobs=f'traces = "{collector.url}"') as gateway:
        traced(gateway.client("sts"), "01").get_caller_identity()
        with pytest.raises(ClientError):
            gateway.client("secretsmanager").get_secret_value(SecretId="a-secret-name")
        traced(gateway.client("sts"), "00").get_caller_identity()
    whole, denied = (
        next(span for span in collector.spans if span.name == name) for name in ("GetCallerIdentity", "GetSecretValue")
    )
    [upstream] = [span for span in collector.spans if span.name == "upstream"]
    assert len(collector.spans) == 3
    assert (whole.trace_id.hex(), whole.parent_span_id.hex()) == (TRACE, SPAN)
    assert (upstream.trace_id, upstream.parent_span_id) == (whole.trace_id, whole.span_id)
    assert whole.start_time_unix_nano <= upstream.start_time_unix_nano < upstream.end_time_unix_nano <= whole.end_time_unix_nano
    found = attributes(whole)
    assert found.pop("trio_gate.request_id") in {row["id"] for row in gateway.records()}
    assert found == {
        "rpc.system": "aws-api",
        "rpc.service": "sts",
        "rpc.method": "GetCallerIdentity",
        "cloud.account.id": "222222222222",
        "http.response.status_code": 200,
        "trio_gate.agent": "ci",
        "trio_gate.outcome": "allow",
        "trio_gate.end": "answered",
    }
    assert (denied.parent_span_id, attributes(denied)["trio_gate.outcome"], denied.status.code) == (b"", "deny", 2)
    assert "a-secret-name" not in str(collector.spans)


def test_the_wait_for_people_is_a_part(embedded_aws, tmp_path, collector):
    with running(tmp_path, embedded_aws, knobs=f'traces = "{collector.url}"') as gateway:
        asking = gateway.client("sqs", "prod")
        agent = threading.Thread(target=asking.create_queue, kwargs={"QueueName": "q"})
        agent.start()
        while not (lines := gateway.gate(*gateway.approver("--json", verb="pending")).stdout.splitlines()):
            pass
        question = json.loads(lines[0])["prompt"]["id"]
        assert gateway.gate(*gateway.approver(question, "--yes")).returncode == 0
        agent.join()
    [whole] = [span for span in collector.spans if span.name == "CreateQueue"]
    assert {span.name for span in collector.spans if span.parent_span_id == whole.span_id} == {"approval", "upstream"}


def test_a_collector_that_is_not_there_costs_a_line(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, knobs='traces = "http://127.0.0.1:1"') as gateway:
        for _ in range(3):
            gateway.client("sts").get_caller_identity()
    assert (
        gateway.log.count("traces")
        == gateway.log.count("traces are not taken at http://127.0.0.1:1: they are dropped, and calls go on")
        <= 1
    )
    assert gateway.process.returncode == 0
    assert "Traceback" not in gateway.log
