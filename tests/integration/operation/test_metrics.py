"""A running gateway, seen by Prometheus and by whoever asks whether it is well."""

from __future__ import annotations

import http.client
import json
import ssl
import threading

import pytest
from botocore.exceptions import ClientError
from prometheus_client.parser import text_string_to_metric_families

from tests.kit.gateway import TOKEN, running, sha256
from trio_gate.metrics.limits import LIMITS
from trio_gate.metrics.table import METRICS, PROCESS

BOT = "tg_prometheus-0123456789abcdef0123456789"
EXTRA = f'person "prometheus" {{\n  token_sha256 = "{sha256(BOT)}"\n  kind = "bot"\n  may_monitor = true\n}}\n'
KNOBS = 'metrics { bind = "127.0.0.1:0" }\n  max_connections_per_agent = 7\n  held_limit = "4KiB"\n'


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("seen"), embedded_aws, knobs=KNOBS, extra=EXTRA) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


def ask(gateway, door, target, **fields):
    """Status and text of an answer; the fields' underscores are hyphens."""
    host, _, port = gateway.doors[door].rpartition(":")
    if door == "admin":
        trust = ssl.create_default_context(cafile=str(gateway.folder / "state" / "ca" / "own.pem"))
        connection = http.client.HTTPSConnection(host, int(port), timeout=30, context=trust)
    else:
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.request("GET", target, headers={name.replace("_", "-"): value for name, value in fields.items()})
    found = connection.getresponse()
    text = found.read().decode()
    connection.close()
    return found.status, text


def samples(gateway):
    """What the metrics listener says: by name, and by the labels of each sample."""
    status, text = ask(gateway, "metrics", "/metrics")
    assert status == 200
    found = {}
    for family in text_string_to_metric_families(text):
        found.setdefault(family.name, {})
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def of(found, name, **labels):
    """The sum of a metric's samples that have these labels."""
    wanted = set(labels.items())
    return sum(value for key, value in found[f"trio_gate_{name}"].items() if wanted <= set(key))


def counted(gateway, ends):
    """What the metrics listener says once so many requests have ended: a request ends a moment after its answer."""
    while of(found := samples(gateway), "ends_total") < ends:
        pass
    return found


def test_every_metric_is_there(gate):
    gate.client("sts").get_caller_identity()
    found = samples(gate)
    assert [one.full for one in METRICS if one.full.removesuffix("_total") not in found] == []
    assert [name for name in PROCESS if name not in found] == []


def test_calls_are_counted_by_what_was_decided(gate):
    before = samples(gate)
    gate.client("sts").get_caller_identity()
    with pytest.raises(ClientError):
        gate.client("secretsmanager").get_secret_value(SecretId="x")
    with pytest.raises(ClientError):
        gate.client("sts", secret="wrong-wrong-wrong-wrong").get_caller_identity()
    after = counted(gate, of(before, "ends_total") + 3)

    def more(name, **labels):
        return (
            of(after, name, **labels) - of(before, name, **labels) if f"trio_gate_{name}" in before else of(after, name, **labels)
        )

    assert more("requests_total", service="sts", access="read", outcome="allow", agent="ci", account="222222222222") == 1
    assert more("requests_total", service="secretsmanager", outcome="deny", agent="ci") == 1
    assert more("requests_total", service="", outcome="refused", agent="", account="") == 1
    assert (more("ends_total", end="answered", status="2xx"), more("ends_total", end="refused", status="4xx")) == (1, 2)
    assert (more("own_seconds_count"), more("aws_seconds_count", service="sts")) == (3, 1)
    assert of(after, "sts_calls_total", result="ok") == 1
    assert of(after, "role_credentials_oldest_seconds") >= 0
    assert of(after, "upstream_dials_total", result="ok") >= 1
    assert of(after, "record_rows_total") > of(before, "record_rows_total")


def test_what_waits_and_what_was_decided_is_seen(gate):
    agent = threading.Thread(
        target=quietly, args=(gate.client("sqs", "prod", read_timeout=30).create_queue,), kwargs={"QueueName": "q"}
    )
    agent.start()
    frame = json.loads(next(iter(waiting(gate))))
    found = samples(gate)
    assert (of(found, "waiting"), of(found, "limit_used", limit="max_pending_per_agent")) == (1, 1)
    assert gate.gate(*gate.approver(frame["prompt"]["id"], "--reason", "no", verb="deny")).returncode == 0
    agent.join()
    found = samples(gate)
    assert (of(found, "waiting"), of(found, "decision_seconds_count", status="denied")) == (0, 1)


def quietly(call, **given):
    with pytest.raises(ClientError):
        call(**given)


def waiting(gateway):
    """The lines of what waits, once something does."""
    while not (lines := gateway.gate(*gateway.approver("--json", verb="pending")).stdout.splitlines()):
        pass
    return lines


def test_limits_show_what_is_allowed_and_used(gate):
    found = samples(gate)
    assert of(found, "limit", limit="max_connections_per_agent") == 7
    shown = {dict(key)["limit"] for key in found["trio_gate_limit"]}
    assert shown == {one.name for one in LIMITS if one.used}
    assert {dict(key)["limit"] for key in found["trio_gate_limit_used"]} == shown
    for one in LIMITS:
        if one.most:
            assert of(found, "limit", limit=one.name) == one.most


def test_what_a_limit_refuses_is_counted(gate):
    with pytest.raises(ClientError) as refused:
        gate.client("dynamodb").put_item(TableName="t", Item={"id": {"S": "x" * 5000}})
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert of(samples(gate), "limit_refused_total", limit="held_limit") == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer tg_nobody-0123456789abcdef0123456789"}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 403),
        ({"Authorization": f"Bearer {BOT}"}, 200),
        ({"Authorization": f"Bearer {BOT}", "Host": "evil.example"}, 421),
    ],
)
def test_at_the_admin_listener_metrics_take_a_token_with_the_right(gate, fields, status):
    answered, text = ask(gate, "admin", "/metrics", **fields)
    assert answered == status
    assert ("trio_gate_info" in text) == (status == 200)


@pytest.mark.parametrize(
    ("target", "fields", "status"),
    [("/metrics", {"Host": "evil.example"}, 421), ("/", {}, 404), ("/v1/session", {}, 404), ("/v1/status", {}, 404)],
)
def test_the_metrics_listener_has_nothing_else(gate, target, fields, status):
    assert ask(gate, "metrics", target, **fields)[0] == status


@pytest.mark.parametrize("door", ["admin", "metrics"])
@pytest.mark.parametrize("fields", [{}, {"Host": "10.1.2.3:9443"}, {"Origin": "https://evil.example"}])
def test_health_takes_no_token_and_no_name(gate, door, fields):
    assert ask(gate, door, "/healthz", **fields) == (200, "ok\n")
    assert ask(gate, door, "/readyz", **fields) == (200, "ready\n")


def test_off_loopback_metrics_take_tls_and_a_token(tmp_path):
    knobs = 'metrics { bind = "0.0.0.0:0" tls = true names = ["gate.example"] }'
    with running(tmp_path, None, knobs=knobs, extra=EXTRA) as gateway:
        port = int(gateway.doors["metrics"].rpartition(":")[2])
        trust = ssl.create_default_context(cafile=str(tmp_path / "state" / "ca" / "own.pem"))

        def status(target, **fields):
            connection = http.client.HTTPSConnection("localhost", port, timeout=30, context=trust)
            connection.request("GET", target, headers=fields)
            return connection.getresponse().status

        assert status("/readyz") == 200
        assert status("/metrics") == 401
        assert status("/metrics", Authorization=f"Bearer {BOT}") == 200
        assert status("/metrics", Authorization=f"Bearer {BOT}", Host="gate.example") == 200
