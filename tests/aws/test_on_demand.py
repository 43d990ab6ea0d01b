"""Mappings whose values are made when they are read: as a dict of all of them, but each is made once and late."""

from __future__ import annotations

import pytest

from trio_gate.aws.on_demand import OnDemand

RAW = {"a": 1, "b": 2}


def test_it_reads_as_a_dict_of_what_is_made():
    found = OnDemand(RAW, lambda key, value: f"{key}{value}")
    assert dict(found) == {"a": "a1", "b": "b2"}
    assert (len(found), list(found), "a" in found, "c" in found) == (2, ["a", "b"], True, False)
    assert (found.get("b"), found.get("c", "-")) == ("b2", "-")
    with pytest.raises(KeyError):
        _ = found["c"]


def test_each_value_is_made_once_and_only_when_it_is_read():
    made = []
    found = OnDemand(RAW, lambda key, _: made.append(key) or object())
    assert "b" in found
    assert made == []
    assert found["b"] is found["b"] is found.get("b")
    assert made == ["b"]


def test_whoever_makes_a_value_meanwhile_it_stays_one():
    def make(key, _):
        if not within:
            within.append(None)
            within.append(found[key])  # as another thread would
        return object()

    within = []
    found = OnDemand(RAW, make)
    assert found["a"] is within[1] is found["a"]
