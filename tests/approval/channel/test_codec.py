"""Frames: strict reading, and agreement with the published schema."""

import json
from dataclasses import replace
from datetime import timedelta

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.approval.test_param_tree import NAMES, TREES
from tests.kit.approvals.frames import SCHEMA, conforms
from tests.kit.approvals.questions import NOW, ONCALL, asked, call, question
from tests.kit.sessions import session
from trio_gate.approval.channel.codec import (
    MAX_CLIENT_FRAME,
    MAX_SERVER_FRAME,
    as_json,
    decode_client,
    decode_server,
    encode,
    granted,
    pending,
    resolved,
    timestamp,
    updated,
)
from trio_gate.approval.channel.frames import (
    Accepted,
    Activity,
    AgentShown,
    Decide,
    Detail,
    EndSession,
    Found,
    GrantEnded,
    Hello,
    Lift,
    Lifted,
    Link,
    MakeLink,
    Observe,
    Open,
    Pending,
    Preview,
    Previewed,
    Rejected,
    Revoke,
    Search,
    SessionList,
    Sessions,
    ShowAgent,
    Stop,
    Stopped,
    Token,
)
from trio_gate.approval.decided import CallOutcome, DecidedTable
from trio_gate.approval.grant import grant_of, standing
from trio_gate.approval.question import Group
from trio_gate.approval.state import Prompt, decide, detach, expire, withdraw
from trio_gate.approval.terms import Terms
from trio_gate.aws.call import UNKNOWN
from trio_gate.config.model import Rule
from trio_gate.errors import Malformed
from trio_gate.sessions.persistence import shown

DIGEST = "a" * 64
DECIDE = {"type": "decide", "id": "q1", "digest": DIGEST, "verdict": "approve", "reason": "fine"}


def voted(prompt: Prompt, verdict: str, grant: Terms | None = None) -> Prompt:
    digest = prompt.question.digest
    after = decide(prompt, person="alice", digest=digest, verdict=verdict, reason="because", now=NOW, grant=grant)
    assert isinstance(after, Prompt)
    return after


RULE = Rule(
    name="the rest",
    condition=None,
    action="approve",
    approvers=("human.oncall",),
    endpoints=(),
    reason=None,
    vends=False,
    where="gateway.hcl:1",
)
HELLO = Hello(
    person="alice",
    kind="human",
    may_grant=True,
    may_observe=False,
    may_stop=False,
    now=timestamp(NOW),
    max_minutes=480,
    max_uses=100,
    agents=(),
    stops=(),
    notices=(),
    pending=0,
    grants=0,
)
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
TERMS = Terms(uses=5, minutes=30, predicate='aws.params.Bucket == "b"')
GRANT = grant_of(
    PROMPT.question, TERMS, grant_id="g1", by=["alice"], now=NOW, life=timedelta(minutes=10), standing=standing(RULE, [ONCALL])
)
STOP = {"agent": None, "by": "alice", "reason": "", "at": timestamp(NOW)}
RECORD = {
    "id": "r1",
    "seq": 7,
    "time": "2026-03-04T05:06:07.000000Z",
    "agent": None,
    "agent_address": "127.0.0.1",
    "account": None,
    "account_name": None,
    "service": "s3",
    "action": "PutObject",
    "approvers": [],
    "outcome": None,
    "region": None,
    "decision": {"outcome": "allow", "rule": "r", "reason": None},
}
ENDED = {"end": "answered", "status": 200, "seconds": {"aws": 0.1}, "reason": None}
DECIDED = DecidedTable()
SERVER_FRAMES = [
    HELLO,
    replace(HELLO, kind="bot", agents=("ci",), stops=(STOP, {**STOP, "agent": "ci"}), grants=1),
    pending(PROMPT),
    pending(ODD),
    pending(voted(TWO, "approve")),
    pending(detach(TWO)),
    updated(voted(TWO, "approve")),
    updated(detach(voted(TWO, "approve", TERMS))),
    resolved(voted(PROMPT, "approve")),
    resolved(voted(PROMPT, "approve"), "g1"),
    resolved(voted(PROMPT, "deny")),
    resolved(expire(PROMPT)),
    resolved(withdraw(PROMPT)),
    DECIDED.ended(expire(PROMPT), at=NOW, grant=None),
    DECIDED.ended(voted(PROMPT, "approve"), at=NOW, grant="g1"),
    DECIDED.became("q1", CallOutcome(at=NOW, end="answered", status=404, error_code="NoSuchEntity", seconds=0.5))[0],
    DECIDED.became("q1", CallOutcome(at=NOW, end="not_sent", why="the agent left"))[0],
    Detail(
        ref="r",
        id="q1",
        part="p1",
        offset=0,
        text="x",
        next=None,
        length=1,
        size=1,
        sha256=DIGEST,
        how=("base64", "gzip", "json"),
    ),
    Detail(
        ref="r",
        id="q1",
        part="p1",
        offset=0,
        text="x",
        next=None,
        length=1,
        size=1,
        sha256=DIGEST,
        how=("zip",),
        files=[{"part": "p1f0", "name": "a", "size": 1, "said": ""}, {"part": None, "name": "b", "size": 2, "said": "binary"}],
    ),
    granted(GRANT),
    granted(replace(GRANT, predicate=None, kind="once")),
    GrantEnded(id="g1", why="revoked", by="alice"),
    GrantEnded(id="g1", why="used", by=None),
    Stopped(stop=STOP),
    Lifted(agent=None, by="alice"),
    Activity(call={**RECORD, "outcome": ENDED, "seq": None}, missed=0),
    Found(ref="", calls=[RECORD], next=7),
    Found(ref="", calls=[], next=None),
    SessionList(ref="s", sessions=[]),
    AgentShown(ref="a", agent="ci", view={"agent": "ci"}, text="# What"),
    AgentShown(ref="a", agent=None, view={}, text=""),
    Previewed(
        ref="v",
        id="q1",
        words="all operations of s3",
        covered=2,
        undecided=1,
        calls=9,
        since="2026-03-04T05:06:07.000Z",
        complete=True,
        waiting=("q2",),
    ),
    Link(ref="p", code="x" * 43, page="https://gate.example:9443/", expires_at="2026-03-04T05:16:07.000Z"),
    SessionList(ref="s", sessions=[shown(session()), shown(session(2, agent=None, role=None, chain=()))]),
    Accepted(ref="", id="q1", status="approved"),
    Accepted(ref="x", id=None, status="done"),
    Rejected(ref="", id="q1", code="digest", message="look again"),
    Rejected(ref="", id=None, code="malformed", message="not JSON"),
]
AT = "2026-03-04T05:06:07.000Z"
CLIENT_FRAMES = [
    Token(token="tg_" + "x" * 43),
    Decide(id="q1", digest=DIGEST, verdict="approve"),
    Decide(id="q1", digest=DIGEST, verdict="deny", reason="größer \u202e", ref="7"),
    Decide(id="q1", digest=DIGEST, verdict="approve", grant=TERMS),
    Decide(id="q1", digest=DIGEST, verdict="approve", grant=Terms(uses=1, minutes=1)),
    Open(id="q1", part="p1"),
    Open(id="q1", part="request", offset=65536, ref="a"),
    Open(id="q1", part="p1f12", shows=True),
    Revoke(id="g1"),
    Stop(agent=None),
    Stop(agent="ci", reason="look at this"),
    Lift(agent="ci"),
    Sessions(ref="s"),
    ShowAgent(ref="a", agent="ci"),
    ShowAgent(agent=None),
    EndSession(id="TGVS111111111111SABC"),
    MakeLink(ref="p"),
    Preview(ref="v", id="q1"),
    Preview(ref="v", id="q1", predicate="true"),
    Observe(on=True),
    Search(filters={}),
    Search(filters={"agent": "ci", "end": "refused"}, before=9, limit=200),
    Search(filters={"text": "a b", "resource": "r", "approver": "p", "reason": "w", "since": AT, "until": AT}),
]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("frame", SERVER_FRAMES, ids=lambda frame: frame.type)
def test_gateway_frames_conform_and_read_back(frame):
    assert conforms("server", encode(frame))
    assert as_json(decode_server(encode(frame))) == as_json(frame)


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
    "reference with a space": {**DECIDE, "ref": "a b"},
    "grant without uses": {**DECIDE, "grant": {"minutes": 5}},
    "grant of no use": {**DECIDE, "grant": {"minutes": 5, "uses": 0}},
    "grant of half a minute": {**DECIDE, "grant": {"minutes": 0.5, "uses": 1}},
    "grant of more": {**DECIDE, "grant": {"minutes": 5, "uses": 1, "rule": "x"}},
    "long predicate": {**DECIDE, "grant": {"minutes": 5, "uses": 1, "predicate": "x" * 4001}},
    "detail of nothing": {"type": "detail", "id": "q1"},
    "detail before the start": {"type": "detail", "id": "q1", "part": "p1", "offset": -1},
    "stop of a number": {"type": "stop", "agent": 1},
    "stop of nobody": {"type": "stop"},
    "sessions of somebody": {"type": "sessions", "agent": "ci"},
    "end of no session": {"type": "end_session"},
    "observe perhaps": {"type": "observe", "on": 1},
    "search by password": {"type": "search", "filters": {"password": "x"}},
    "search since yesterday": {"type": "search", "filters": {"since": "2026-03-04"}},
    "search for everything": {"type": "search", "filters": {}, "limit": 1000},
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
        {"type": "hello", **as_json(HELLO), "protocol": "trio-gate.approvals.v2"},
        {"type": "hello", **as_json(HELLO), "pending": True},
        {"type": "pending", "prompt": {"id": "q1"}},
        {"type": "pending", "prompt": {"id": "q1", "digest": "short"}},
        {"type": "pending", "prompt": []},
        {"type": "rejected", "ref": "", "id": "q1", "code": "other", "message": ""},
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
