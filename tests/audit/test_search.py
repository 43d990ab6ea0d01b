"""Rows are found by parts of what people read of them, and by times."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.kit.records import NOW, intent, outcome
from trio_gate.audit.rows import intent_row, whole_row
from trio_gate.audit.search import PARTS, fits

INTENT = intent(
    service="dynamodb",
    operation="DeleteItem",
    sentence='Delete an item of "Orders"',
    level="caution",
    resources='["arn:aws:dynamodb:us-east-1:111111111111:table/Orders","arn:aws:s3:::other"]',
    reason="Writes need a person",
    approvers=(("alice", "human", "fine, once"), ("bob", "human", "")),
)
CALL = json.loads(
    whole_row(INTENT, outcome(end="failed", status=404, error_code="NoSuchTable", reason="it is gone")).text,
)

FOUND = [
    ("text", "dynamo"),
    ("text", "dynamodb:deleteitem"),
    ("text", "orders caution 111111111111"),
    ("text", "prod ci us-east-1 reads"),
    ("text", "alice nosuchtable 404"),
    ("text", "once gone person table/orders"),
    ("text", "r-1"),
    ("resource", "TABLE/ord"),
    ("resource", "s3:::other"),
    ("approver", "ali"),
    ("approver", "bob"),
    ("reason", "a PERSON"),
    ("reason", "once"),
    ("reason", "gone"),
    ("since", "2026-01-15T12:00:00.000Z"),
    ("until", "2026-01-15T12:00:00.001Z"),
]
MISSED = [
    ("text", "orders absent"),
    ("text", "null"),
    ("text", "127.0.0.1"),
    ("resource", "item"),
    ("approver", "carol"),
    ("approver", "human"),
    ("reason", "orders"),
    ("since", "2026-01-15T12:00:00.001Z"),
    ("until", "2026-01-15T12:00:00.000Z"),
]


@pytest.mark.parametrize(("name", "wanted"), FOUND)
def test_a_row_is_found_by_a_part(name, wanted):
    assert fits(CALL, {name: wanted})


@pytest.mark.parametrize(("name", "wanted"), MISSED)
def test_another_part_finds_nothing(name, wanted):
    assert not fits(CALL, {name: wanted})


def test_all_filters_must_fit():
    assert fits(CALL, {})
    assert fits(CALL, {"text": "orders", "approver": "bob"})
    assert not fits(CALL, {"text": "orders", "approver": "carol"})
    assert {name for name, _ in FOUND} == {name for name, _ in MISSED} == PARTS.keys()


def test_a_row_that_has_little_fits_what_it_has():
    bare = replace(
        INTENT, agent=None, account=None, service=None, operation=None, resources=None, rule=None, reason=None, approvers=()
    )
    row = {"outcome": None, **json.loads(intent_row(replace(bare, time=NOW + timedelta(days=1))).text)}
    assert fits(row, {"text": "orders", "since": "2026-01-16T00:00:00.000Z"})
    assert not any(fits(row, {name: "a"}) for name in ("resource", "approver", "reason"))
    cut = {**row, "resources": ["arn:aws:s3:::b", {"$more": {"items": 3}}]}
    assert fits(cut, {"resource": "s3:::b"})
