"""Histograms count values by their size, and have a bounded number of labels."""

from __future__ import annotations

import pytest

from trio_gate.metrics.histogram import OTHER, Distribution, Histogram, Histograms


@pytest.mark.parametrize(
    ("value", "counts"), [(0.0, (1, 0, 0)), (1.0, (1, 0, 0)), (1.1, (0, 1, 0)), (2.0, (0, 1, 0)), (3.0, (0, 0, 1))]
)
def test_a_bound_is_the_highest_value_that_counts_below_it(value, counts):
    made = Histogram((1.0, 2.0))
    made.add(value)
    assert made.now() == Distribution(bounds=(1.0, 2.0), counts=counts, total=value)


def test_what_was_read_does_not_change():
    made = Histogram((1.0,))
    before = made.now()
    made.add(1.0)
    assert (before.counts, made.now().counts) == ((0, 0), (1, 0))


def test_labels_beyond_the_most_share_one():
    made = Histograms((1.0,), 2)
    for label in ("a", "b", "c", "d", "a"):
        made.add(label, 2.0)
    assert {key: sum(found.counts) for key, found in made.now().items()} == {("a",): 2, ("b",): 1, (OTHER,): 2}
