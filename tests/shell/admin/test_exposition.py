"""The text of the metrics, as Prometheus' own parser reads it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from trio_gate.metrics.histogram import Histogram
from trio_gate.metrics.table import METRICS
from trio_gate.shell.admin.exposition import exposition


def read(collected):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(exposition(collected).decode())
        for sample in family.samples
    }


def test_values_are_under_their_labels():
    found = read({"requests": {("s3", "read", "allow", 'a"b\n', "1"): 2.0}, "waiting": {(): 3}, "ready": {(): True}})
    labels = {"service": "s3", "access": "read", "outcome": "allow", "agent": 'a"b\n', "account": "1"}
    assert found["trio_gate_requests_total", *sorted(labels.items())] == 2
    assert (found["trio_gate_waiting",], found["trio_gate_ready",]) == (3, 1)


def test_buckets_of_a_histogram_add_up():
    made = Histogram((0.5, 1.0))
    for value in (0.1, 0.7, 0.7, 9.0):
        made.add(value)
    found = read({"loop_lag_seconds": {(): made.now()}})
    assert [found["trio_gate_loop_lag_seconds_bucket", ("le", bound)] for bound in ("0.5", "1.0", "+Inf")] == [1, 3, 4]
    assert (found["trio_gate_loop_lag_seconds_count",], found["trio_gate_loop_lag_seconds_sum",]) == (4, 10.5)


def test_every_metric_is_declared_before_anything_was_counted():
    text = exposition({}).decode()
    assert [one.full for one in METRICS if f"# TYPE {one.full} {one.kind}" not in text] == []
