from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.records import intent, outcome, read
from trio_gate.audit.record import Intent, Many, Outcome, stamp
from trio_gate.audit.redact import encode
from trio_gate.audit.rows import act_row, intent_row, many_row, outcome_row, whole_row
from trio_gate.effect.reasons import LEVELS


def test_rows_are_one_line_of_canonical_ascii():
    hostile = 'x\n{"forged": 1}\r\x1b[2J\u202e\u2028\ud800'
    row = whole_row(intent(path=hostile, rule=hostile, approvers=(("alice", "human", hostile),)), outcome(reason=hostile)).text
    assert row.isascii()
    assert not any(byte < 0x20 or byte == 0x7F for byte in row)
    found = json.loads(row)
    assert found["path"] == found["decision"]["rule"] == found["outcome"]["reason"] == found["approvers"][0]["reason"] == hostile
    assert row == json.dumps(found, sort_keys=True, separators=(",", ":")).encode()


def test_an_intent_and_its_outcome_carry_the_same_id():
    before, after = read(intent_row(intent("r-7"))), read(outcome_row(outcome("r-7")))
    assert (before["kind"], after["kind"], before["id"], after["id"]) == ("intent", "outcome", "r-7", "r-7")
    assert before["schema"] == after["schema"] == 1
    assert before["params"] == {"Bucket": "b"}
    assert before["decision"] == {"outcome": "allow", "rule": "reads ok", "reason": None}
    assert after["outcome"]["aws_request_id"] == "A1"


def test_what_was_signed_and_not_sent_says_for_how_long():
    row = intent_row(intent(presigned=60))
    assert read(row)["presigned"] == 60
    assert row.text == json.dumps(read(row), sort_keys=True, separators=(",", ":")).encode()
    assert "presigned" not in read(intent_row(intent()))


@pytest.mark.parametrize(
    ("proofs", "word"), [((), "none"), (("client_certificate", "proxy_token"), "client_certificate+proxy_token")]
)
def test_a_tunnel_says_what_proved_its_agent(proofs, word):
    tunnel = intent(proofs=proofs)
    row = intent_row(tunnel)
    assert (read(row)["proofs"], tunnel.proof) == (list(proofs), word)
    assert row.text == json.dumps(read(row), sort_keys=True, separators=(",", ":")).encode()
    assert ("proofs" in read(intent_row(intent())), intent().proof) == (False, None)


@pytest.mark.parametrize(("end", "kind"), [("refused", "refusal"), ("answered", "call"), ("aborted", "call"), ("failed", "call")])
def test_both_in_one_row_is_a_refusal_or_a_call(end, kind):
    row = read(whole_row(intent(), outcome(end=end)))
    assert (row["kind"], row["outcome"]["end"], row["service"]) == (kind, end, "s3")


def test_a_request_without_a_name_is_kept_too():
    bare = intent(service=None, operation=None, account=None, params=None, resources=None, path=None, outcome="deny")
    row = read(intent_row(bare))
    assert [row[name] for name in ("service", "action", "account", "params", "resources", "path")] == [None] * 6


TEXTS = st.none() | st.text()
TIMES = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))]))
PARAMS = st.dictionaries(st.text(), st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=5))
INTENTS = st.builds(
    Intent,
    time=TIMES,
    **dict.fromkeys(("id", "agent_address", "outcome"), st.text()),
    **dict.fromkeys(("agent", "access_key_suffix", "account", "account_name", "partition", "region", "service"), TEXTS),
    level=st.none() | st.sampled_from(LEVELS),
    **dict.fromkeys(
        ("operation", "iam_action", "access", "host", "method", "path", "rule", "reason", "digest", "grant", "sentence"), TEXTS
    ),
    resources=st.none() | st.lists(st.text()).map(encode),
    params=st.none() | PARAMS.map(encode),
    approvers=st.lists(st.tuples(st.text(), st.text(), st.text())).map(tuple),
    generation=st.integers(min_value=0),
)
OUTCOMES = st.builds(
    Outcome,
    id=st.text(),
    time=TIMES,
    status=st.none() | st.integers(100, 599),
    upstream_status=st.none() | st.integers(100, 599),
    **dict.fromkeys(("error_code", "aws_request_id", "reason"), TEXTS),
    bytes_in=st.integers(min_value=0),
    bytes_out=st.integers(min_value=0),
    nanoseconds=st.dictionaries(st.from_regex("[a-z_]+", fullmatch=True), st.integers(0, 10**15)),
    end=st.sampled_from(["answered", "refused", "aborted", "failed"]),
)


def in_json(intent):
    names = ["agent", "agent_address", "access_key_suffix", "account", "account_name", "partition", "region", "service"]
    names += ["iam_action", "access", "host", "method", "path", "digest", "generation", "grant", "id"]
    does = {name: value for name in ("sentence", "level") if (value := getattr(intent, name)) is not None}
    return {
        **does,
        **{name: getattr(intent, name) for name in names},
        "schema": 1,
        "time": stamp(intent.time),
        "action": intent.operation,
        "decision": {"outcome": intent.outcome, "rule": intent.rule, "reason": intent.reason},
        "approvers": [{"person": person, "kind": kind, "reason": reason} for person, kind, reason in intent.approvers],
        "params": intent.params and json.loads(intent.params),
        "resources": intent.resources and json.loads(intent.resources),
    }


def over_in_json(outcome):
    names = ["status", "upstream_status", "error_code", "aws_request_id", "bytes_in", "bytes_out", "end", "reason"]
    seconds = {name: int(took / 1000) / 10**6 for name, took in outcome.nanoseconds.items()}
    return {**{name: getattr(outcome, name) for name in names}, "time": stamp(outcome.time), "seconds": seconds}


@given(INTENTS, OUTCOMES)
def test_each_row_is_the_canonical_json_of_what_it_says(intent, outcome):
    said, over = in_json(intent), {"outcome": over_in_json(outcome)}
    many = Many(id=intent.id, address="192.0.2.1", codes={"b\x00": 2, "a": 1}, first=intent.time, last=outcome.time)
    counted = {"codes": many.codes, "first": stamp(many.first), "last": stamp(many.last)}
    refused = Intent(id=intent.id, time=many.last, agent_address=many.address, outcome="refused", reason=many.text)
    ended = {"outcome": over_in_json(Outcome(id=intent.id, time=many.last, status=None, end="refused", reason=many.text))}
    act = {"act": {"z": 1, "ä": [None, {"y": True, "x": "\x00"}]}}
    acted = in_json(replace(intent, outcome="vote", reason="so", approvers=(("ann", "human", "so"),)))
    kind = "refusal" if outcome.end == "refused" else "call"
    rows = {
        intent_row(intent): said | {"kind": "intent"},
        outcome_row(outcome): over | {"kind": "outcome", "id": outcome.id, "schema": 1},
        whole_row(intent, outcome): said | over | {"kind": kind},
        many_row(many): in_json(refused) | ended | {"kind": "refusals", "counted": counted},
        act_row("vote", intent, outcome, act["act"], "so", [("ann", "human")]): acted | over | act | {"kind": "vote"},
    }
    for row, plainly in rows.items():
        assert row.text == json.dumps(plainly, sort_keys=True, separators=(",", ":")).encode()
        assert (row.kind, row.id) == (plainly["kind"], plainly["id"])
