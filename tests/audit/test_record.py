from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.kit.records import CALL, intent, outcome
from trio_gate.audit.record import call_json, describe, intent_row, outcome_row, plain_read, stamp, whole_row
from trio_gate.aws.call import UNKNOWN


@pytest.mark.parametrize(
    ("fields", "plain"),
    [
        ({}, True),
        ({"access": "list"}, True),
        ({"cross_account": UNKNOWN}, True),
        ({"cross_account": True}, False),
        ({"access": "write"}, False),
        ({"access": "permissions"}, False),
        ({"access": "tagging"}, False),
        ({"reads_secret": True}, False),
        ({"vends_credentials": True}, False),
        ({"iam_action": None}, False),
        ({"iam_actions": UNKNOWN}, False),
    ],
)
def test_only_a_classified_read_of_its_own_account_may_go_before_its_record(fields, plain):
    assert plain_read(replace(CALL, **fields)) is plain


def test_rows_are_one_line_of_canonical_ascii():
    hostile = 'x\n{"forged": 1}\r\x1b[2J\u202e\u2028\ud800'
    row = whole_row(intent(path=hostile, rule=hostile, approvers=(("alice", "human", hostile),)), outcome(reason=hostile))
    assert row.isascii()
    assert not any(byte < 0x20 or byte == 0x7F for byte in row)
    read = json.loads(row)
    assert read["path"] == read["decision"]["rule"] == read["outcome"]["reason"] == read["approvers"][0]["reason"] == hostile
    assert row == json.dumps(read, sort_keys=True, separators=(",", ":")).encode()


def test_an_intent_and_its_outcome_carry_the_same_id():
    before, after = json.loads(intent_row(intent("r-7"))), json.loads(outcome_row(outcome("r-7")))
    assert (before["kind"], after["kind"], before["id"], after["id"]) == ("intent", "outcome", "r-7", "r-7")
    assert before["schema"] == after["schema"] == 1
    assert before["params"] == {"Bucket": "b"}
    assert before["decision"] == {"outcome": "allow", "rule": "reads ok", "reason": None}
    assert after["outcome"]["aws_request_id"] == "A1"


@pytest.mark.parametrize(("end", "kind"), [("refused", "refusal"), ("answered", "call"), ("aborted", "call"), ("failed", "call")])
def test_both_in_one_row_is_a_refusal_or_a_call(end, kind):
    row = json.loads(whole_row(intent(), outcome(end=end)))
    assert (row["kind"], row["outcome"]["end"], row["service"]) == (kind, end, "s3")


def test_a_request_without_a_name_is_kept_too():
    bare = intent(service=None, operation=None, account=None, params=None, resources=None, path=None, outcome="deny")
    row = json.loads(intent_row(bare))
    assert [row[name] for name in ("service", "action", "account", "params", "resources", "path")] == [None] * 6


def test_long_lists_and_paths_are_cut_and_say_so():
    said = describe(replace(CALL, resources=tuple(f"arn:{n}" for n in range(1000))), None, line=False)
    row = json.loads(intent_row(intent(resources=said.resources, path="/" + "a" * 9000)))
    assert row["resources"][:2] == ["arn:0", "arn:1"]
    assert len(row["resources"]) == 101
    assert row["resources"][-1]["$more"]["count"] == 900
    whole = json.dumps([f"arn:{n}" for n in range(1000)]).encode()
    assert row["resources"][-1]["$more"]["sha256"] == hashlib.sha256(whole).hexdigest()
    assert row["path"].endswith("… (9001 characters)")


def test_a_name_as_long_as_a_body_is_cut_in_rows_and_lines():
    long = "arn:" + "a" * 1_000_000
    said = describe(replace(CALL, resource=long, resources=(long, "arn:b")), None, line=True)
    cut = f"{long[:2048]}… (1000004 characters)"
    assert said.resources == (cut, "arn:b")
    line = json.loads(said.line)
    assert (line["resource"], line["resources"]) == (cut, [cut, "arn:b"])


def test_times_are_utc_whatever_they_came_in():
    east = datetime(2026, 1, 15, 14, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(east) == "2026-01-15T12:00:00.000005Z" == stamp(east.astimezone(UTC))


def test_a_call_as_json_says_what_is_unknown_and_keeps_bytes():
    call = replace(
        CALL,
        params={"Body": UNKNOWN, "Blob": b"\x00\xff", "Inner": {"List": [b"a", UNKNOWN, 1.5, float("nan"), None, True]}},
        resource=UNKNOWN,
        resources=UNKNOWN,
        iam_actions=UNKNOWN,
        cross_account=UNKNOWN,
    )
    shown = call_json(call)
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    unknown = {"$unknown": True}
    assert shown["params"] == {
        "Body": unknown,
        "Blob": {"$b64": "AP8="},
        "Inner": {"List": [{"$b64": "YQ=="}, unknown, 1.5, {"$number": "nan"}, None, True]},
    }
    assert [shown[name] for name in ("resource", "resources", "iam_actions", "cross_account")] == [unknown] * 4
    assert (shown["action"], shown["resource_accounts"]) == ("GetObject", [])
