"""Metrics as text, in the form that Prometheus reads, by its own library: with those of the process, and without a server or a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST as KIND

from trio_gate.metrics.histogram import Distribution
from trio_gate.metrics.table import METRICS, PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.metrics_core import Metric as Family

    from trio_gate.metrics.counts import Collected
    from trio_gate.metrics.table import Metric

__all__ = ["KIND", "exposition"]


def exposition(collected: Collected) -> bytes:
    """The text of all metrics."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Families(collected))
    return generate_latest(registry)


class _Families:
    """The metrics of the table, as the library wants to be given them."""

    def __init__(self, collected: Collected) -> None:
        self._collected = collected

    def describe(self) -> list[Family]:
        """Nothing: their names are ours and cannot clash."""
        return []

    def collect(self) -> Iterator[Family]:
        """Every metric of the table, also those of which nothing was counted yet."""
        for metric in METRICS:
            yield _family(metric, self._collected.get(metric.name, {}))


def _family(metric: Metric, values: Mapping[tuple[str, ...], float | Distribution]) -> Family:
    name, labels = PREFIX + metric.name, metric.labels
    if metric.kind == "histogram":
        spread = HistogramMetricFamily(name, metric.text, labels=labels)
        for of, value in values.items():
            if isinstance(value, Distribution):
                spread.add_metric(of, buckets=_buckets(value), sum_value=value.total)
        return spread
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(name, metric.text, labels=labels)
    for of, value in values.items():
        if not isinstance(value, Distribution):
            family.add_metric(of, value)
    return family


def _buckets(value: Distribution) -> list[tuple[str, float]]:
    """Bounds and how many values were up to each, as the library writes them."""
    found: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*map(str, value.bounds), "+Inf"), value.counts, strict=True):
        total += count
        found.append((bound, total))
    return found
