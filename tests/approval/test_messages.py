"""Frames: strict reading, and agreement with the published schema."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import trio_gate.approval
from tests.approval.kit import NOW, asked, call, question
from tests.approval.test_shown import NAMES, TREES
from trio_gate.approval.messages import (
    MAX_CLIENT_FRAME,
    MAX_SERVER_FRAME,
    Accepted,
    Decide,
    Hello,
    Pending,
    Rejected,
    Token,
    decode_client,
    decode_server,
    encode,
    pending,
    resolved,
    updated,
)
from trio_gate.approval.request import Group
from trio_gate.approval.state import Prompt, decide, expire, withdraw
from trio_gate.aws.call import UNKNOWN
from trio_gate.errors import Malformed

SCHEMA = json.loads((Path(trio_gate.approval.__file__).parent / "channel.schema.json").read_text())
DIGEST = "a" * 64
DECIDE = {"type": "decide", "id": "q1", "digest": DIGEST, "verdict": "approve", "reason": "fine"}


def conforms(side: str, text: str) -> bool:
    schema = {"$schema": SCHEMA["$schema"], "$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{side}"}
    return jsonschema.Draft202012Validator(schema).is_valid(json.loads(text))


def voted(prompt: Prompt, verdict: str) -> Prompt:
    after = decide(prompt, person="alice", digest=prompt.question.digest, verdict=verdict, reason="because", now=NOW)
    assert isinstance(after, Prompt)
    return after


PROMPT = Prompt(question=question())
TWO = Prompt(question=question("q2", Group(id="human.two", people=("alice", "bob"), quorum=2, timeout=60.0)))
ODD = Prompt(
    question=asked(
        call(
            {
                "Body": UNKNOWN,
                "Blob": b"\0",
                "Password": "x",
                "Big": 2**60,
                "Text": "y" * 9000,
                "": "",
                "$more": 1,
                "L": list(range(600)),
            },
            resources=UNKNOWN,
            cross_account=UNKNOWN,
            iam_actions=UNKNOWN,
            iam_action=None,
        ),
        account_name=None,
    )
)
SERVER_FRAMES = [
    Hello(person="alice", pending=0),
    pending(PROMPT),
    pending(ODD),
    pending(voted(TWO, "approve")),
    updated(voted(TWO, "approve")),
    resolved(voted(PROMPT, "approve")),
    resolved(voted(PROMPT, "deny")),
    resolved(expire(PROMPT)),
    resolved(withdraw(PROMPT)),
    Accepted(id="q1", status="approved"),
    Rejected(id="q1", code="digest", message="look again"),
    Rejected(id=None, code="malformed", message="not JSON"),
]
CLIENT_FRAMES = [
    Token(token="tg_" + "x" * 43),
    Decide(id="q1", digest=DIGEST, verdict="approve"),
    Decide(id="q1", digest=DIGEST, verdict="deny", reason="größer \u202e"),
]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("frame", SERVER_FRAMES, ids=lambda frame: frame.type)
def test_gateway_frames_conform_and_read_back(frame):
    assert conforms("server", encode(frame))
    assert decode_server(encode(frame)) == frame


@pytest.mark.parametrize("frame", CLIENT_FRAMES, ids=lambda frame: frame.type)
def test_client_frames_conform_and_read_back(frame):
    assert conforms("client", encode(frame))
    assert decode_client(encode(frame)) == frame


def test_a_reason_may_be_left_out():
    assert decode_client(json.dumps({name: DECIDE[name] for name in ("type", "id", "digest", "verdict")})).reason == ""


WRONG = {
    "no type": {"id": "q1"},
    "unknown type": {**DECIDE, "type": "grant"},
    "type of another kind": {**DECIDE, "type": ["decide"]},
    "gateway's type": {"type": "accepted", "id": "q1", "status": "approved"},
    "unknown member": {**DECIDE, "force": True},
    "missing member": {"type": "decide", "id": "q1", "digest": DIGEST},
    "other verdict": {**DECIDE, "verdict": "maybe"},
    "upper-case digest": {**DECIDE, "digest": "A" * 64},
    "number for text": {**DECIDE, "id": 1},
    "null for text": {**DECIDE, "reason": None},
    "id with a space": {**DECIDE, "id": "q 1"},
    "long reason": {**DECIDE, "reason": "x" * 1001},
    "empty token": {"type": "hello", "token": ""},
    "token with a space": {"type": "hello", "token": "a b"},
    "list": [DECIDE],
    "text": "decide",
}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG.keys())
def test_the_reader_and_the_schema_refuse_the_same(value):
    text = json.dumps(value)
    assert not conforms("client", text)
    with pytest.raises(Malformed):
        decode_client(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"type":"decide","type":"hello","token":"x"}',
        '{"type":"hello","token":"x"} {}',
        '{"type":NaN}',
        json.dumps({**DECIDE, "digest": DIGEST + "\n"}),
        "[" * 60_000,
        '{"a":' * 10_000,
        '{"type":"hello","token":"' + "x" * MAX_CLIENT_FRAME + '"}',
        '{"n":' + "9" * 5000 + "}",
    ],
    ids=lambda text: text[:20],
)
def test_what_is_not_one_json_object_is_refused(text):
    with pytest.raises(Malformed):
        decode_client(text)
    with pytest.raises(Malformed):
        decode_server(text)


@pytest.mark.parametrize(
    "value",
    [
        {"type": "hello", "protocol": "trio-gate.approvals.v2", "person": "a", "pending": 0},
        {"type": "hello", "protocol": "trio-gate.approvals.v1", "person": "a", "pending": True},
        {"type": "pending", "prompt": {"id": "q1"}},
        {"type": "pending", "prompt": {"id": "q1", "digest": "short"}},
        {"type": "pending", "prompt": []},
        {"type": "rejected", "id": "q1", "code": "other", "message": ""},
        {"type": "activity"},
    ],
)
def test_a_client_refuses_what_the_gateway_does_not_send(value):
    with pytest.raises(Malformed):
        decode_server(json.dumps(value))


@given(st.text())
def test_any_text_is_a_frame_or_malformed(text):
    for decode in (decode_client, decode_server):
        try:
            decode(text)
        except Malformed:
            continue


@given(st.dictionaries(NAMES, TREES, max_size=5))
def test_any_call_has_a_frame_that_conforms(params):
    text = encode(pending(Prompt(question=asked(call(params)))))
    assert conforms("server", text)
    assert isinstance(decode_server(text), Pending)


def test_the_largest_prompt_fits_its_cap():
    line, name = "\U000e0041" * 10_000, "\U0001f600" * 20_000
    made = call({name + str(number): [name] * 500 for number in range(500)}, path=line, host=line, resources=(line,) * 200)
    text = encode(pending(Prompt(question=replace(asked(made), rule="x"))))
    assert len(text) < MAX_SERVER_FRAME
