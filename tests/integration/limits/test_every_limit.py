"""Each limit that an agent's request can meet: its status, in the form of the service, Retry-After, a line of the log, and its count."""

from __future__ import annotations

import json
import random
import time
from contextlib import ExitStack, contextmanager
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, DEPLOY
from tests.integration.limits.test_limits_of_an_agent import limited
from tests.integration.sessions.test_proxy_tokens_of_agents import CI, greet, login
from tests.kit.approvals.approver import Person
from tests.kit.gateway import AGENT, START, reload, running
from tests.kit.wire.raw import DYNAMODB, S3, STS, Raw, parted, request, tunnel
from trio_gate.metrics.limits import LIMITS
from trio_gate.shell.worker_threads import MAX_WAITING

METRICS = 'metrics { bind = "127.0.0.1:0" }\n  '
ASK = 'rule "ask" { action = "approve"  approvers = [human.oncall] }\n'
ALLOW = 'rule "all" { action = "allow" }\n'
JSON = {"X_Amz_Target": "DynamoDB_20120810.PutItem", "Content_Type": "application/x-amz-json-1.0"}
STATUS = {one.name: one.status for one in LIMITS}


def item(table: str, size: int) -> bytes:
    return json.dumps({"TableName": table, "Item": {"id": {"S": "x" * size}}}).encode()


def calls(gate, size: int):
    """A call of each protocol, with `size` bytes of parameters, and how its client reads what is said."""
    big = "x" * size
    yield gate.client("dynamodb").put_item, {"TableName": "t", "Item": {"id": {"S": big}}}
    yield gate.client("sns").publish, {"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNTS['staging']}:t", "Message": big}
    yield gate.client("ec2").create_tags, {"Resources": ["i-0123456789abcdef0"], "Tags": [{"Key": "a", "Value": big}]}
    yield gate.client("s3").put_bucket_policy, {"Bucket": "bucket", "Policy": big}
    yield (
        gate.client("route53").change_tags_for_resource,
        {"ResourceType": "healthcheck", "ResourceId": "a", "AddTags": [{"Key": big}]},
    )
    yield gate.client("lambda").update_function_code, {"FunctionName": "f", "ZipFile": big.encode()}


def metric(gate, name: str, limit: str) -> float:
    with urlopen(f"http://{gate.doors['metrics']}/metrics", timeout=START) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f'trio_gate_{name}{{limit="{limit}"}}'))


@contextmanager
def gateway(folder, knobs="", *, agent="", rules=ASK, aws=None):
    with running(folder, aws, knobs=METRICS + knobs, agent=limited(agent) if agent else AGENT, rules=rules) as gate:
        yield gate
    assert "Traceback" not in gate.log


@contextmanager
def waits(gate, size: int = 8):
    """A call that waits for people, with a body of its size."""
    with tunnel(gate, gate.ca_file, DYNAMODB) as raw:
        raw.send(request("dynamodb", DYNAMODB, body=item("waits", size), **JSON))
        Person(gate).until(lambda prompt: prompt["params"]["TableName"] == "waits")
        yield


@contextmanager
def full(gate, size: int):
    """A record that has all the bytes that it may have; `size` is of no interest."""
    words = [bytes(random.Random(number).choices(b"abcdefghij klmnopqrst", k=900)).decode() for number in range(16)]
    asked = json.dumps({"TableName": "fills", "Item": {f"k{number}": {"S": word} for number, word in enumerate(words)}}).encode()
    with tunnel(gate, gate.ca_file, DYNAMODB) as raw:
        deadline = time.monotonic() + START
        while "which is its limit (record_limit)" not in gate.log:
            raw.send(request("dynamodb", DYNAMODB, body=asked, **JSON)).answer()
            assert time.monotonic() < deadline
    yield


@contextmanager
def nothing(gate, size: int):
    yield


MET = {
    "max_connections_per_agent": ("max_connections_per_agent = 1", {}, waits, 8, "too many connections"),
    "max_in_flight": ("", {"agent": "max_in_flight = 1"}, waits, 8, "1 requests under way"),
    "rate": ("", {"agent": "rate = 1", "rules": 'rule "no" { action = "deny" }\n'}, nothing, 8, "may begin 1 requests a second"),
    "max_pending": ("max_pending = 1", {}, waits, 8, "too many calls wait for approval"),
    "max_pending_per_agent": ("max_pending_per_agent = 1", {}, waits, 8, "1 calls waiting for approval"),
    "held_limit": ('held_limit = "1KiB"', {}, nothing, 2000, "too large to be read"),
    "held_total": ('held_limit = "64KiB"\n  held_total = "64KiB"', {}, waits, 63_000, "the gateway holds"),
    "spool_limit": ('spool_limit = "1KiB"', {}, nothing, 1_100_000, "the gateway keeps too much already"),
    "record_limit": ('record_limit = "1MiB"', {"rules": ALLOW}, full, 8, "could not be recorded"),
}
"""By limit: what sets it, more of the gateway, what brings it about, for which size of bodies, and what is said of it."""

OTHERS = {
    "max_sessions": "below: of roles alone",
    "max_sessions_per_agent": "below: of roles alone",
    "head_timeout": "below: no client is so slow",
    "body_rate": "below: no client is so slow",
    "work_per_agent": "below: takes many connections",
    "wrong_tokens": "below: of proxies",
    "unknown_tunnels": "tests/integration/limits/test_tunnels.py: of proxies",
    "unknown_tunnels_pace": "tests/integration/limits/test_tunnels.py: of proxies",
}


def test_all_are_tried():
    assert MET.keys() | OTHERS.keys() == {name for name, status in STATUS.items() if status is not None}


@pytest.mark.parametrize("limit", MET)
def test_each_is_said_in_the_services_form_and_counted(tmp_path, embedded_aws, limit):
    knob, more, brings, size, said = MET[limit]
    with gateway(tmp_path, knob, aws=embedded_aws, **more) as gate, brings(gate, size):
        asked = 0
        if brings is waits:
            used, most = metric(gate, "limit_used", limit), metric(gate, "limit", limit)
            assert used == most == 1 or (limit == "held_total" and size < used <= most)
        for call, given in calls(gate, size if brings is nothing else 3000):
            asked += 1
            answer = refusal(call, given, said)
            status, fields = answer["ResponseMetadata"]["HTTPStatusCode"], answer["ResponseMetadata"]["HTTPHeaders"]
            service = call.__self__.meta.service_model
            assert status == (400 if service.service_name == "s3" and limit == "held_limit" else STATUS[limit])
            assert ("retry-after" in fields) == (limit != "held_limit")
            assert answer["Error"]["Code"] not in {"", str(status)}, "the form is not that of the service"
        assert metric(gate, "limit_refused_total", limit) == asked
        detail = {"held_limit": "(`held_limit`)", "max_connections_per_agent": "connections with calls on their way"}.get(
            limit, said
        )
        assert len(refusals(gate, detail)) == asked, gate.log


def refusals(gate, said):
    """The lines of the log about refusals that say this."""
    return [line for line in gate.log.splitlines() if (" refused " in line or " turned away: " in line) and said in line]


def refusal(call, given, said):
    """What a client reads once this is said; a call that is not refused for it is made again."""
    deadline = time.monotonic() + START
    while True:
        with pytest.raises(ClientError) as caught:
            call(**given)
        if said in caught.value.response["Error"]["Message"]:
            return caught.value.response
        assert time.monotonic() < deadline, caught.value


ROLES = 'rule "roles" { match = aws.action == "AssumeRole"  action = "allow" }\n'


@pytest.mark.parametrize(
    ("limit", "said"),
    [("max_sessions", "no room for another session"), ("max_sessions_per_agent", "1 sessions of this agent are in use")],
)
def test_so_many_sessions_are_begun(tmp_path, embedded_aws, limit, said):
    with gateway(tmp_path, f"{limit} = 1", aws=embedded_aws, rules=ROLES) as gate:
        role = {"RoleArn": f"arn:aws:iam::{ACCOUNTS['staging']}:role/{DEPLOY}", "RoleSessionName": "tests"}
        gate.client("sts").assume_role(**role)
        assert (metric(gate, "limit_used", limit), metric(gate, "limit", limit)) == (1, 1)
        answer = refusal(gate.client("sts").assume_role, role, said)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == STATUS[limit]
        assert ("retry-after" in answer["ResponseMetadata"]["HTTPHeaders"]) == (STATUS[limit] == 503)
        assert metric(gate, "limit_refused_total", limit) == 1
        assert len(refusals(gate, said)) == 1
        reload(gate, f"{limit} = 1", f"{limit} = 2", ": reloaded, generation")
        gate.client("sts").assume_role(**role)


CBOR, EC2 = "monitoring.us-east-1.amazonaws.com", "ec2.us-east-1.amazonaws.com"
FORMS = {
    S3: b"<Error><Code>",
    DYNAMODB: b'{"__type": "',
    STS: b"<ErrorResponse",
    EC2: b"<Response><Errors>",
    CBOR: b"f__type",
}
SLOW = {
    "head_timeout": ('head_timeout = "1s"', lambda head, _: head[:-2], "the request head did not arrive in time"),
    "body_rate": ('idle_timeout = "1s"', lambda head, body: head + body[:1], "the body came too slowly"),
}


@pytest.mark.parametrize("limit", SLOW)
def test_what_comes_too_slowly_is_cut_off_and_counted_while_others_are_answered(tmp_path, limit):
    knob, part, said = SLOW[limit]
    with gateway(tmp_path, knob, rules='rule "no" { action = "deny" }\n') as gate, ExitStack() as stack:
        slow = {host: stack.enter_context(tunnel(gate, gate.ca_file, host)) for host in FORMS}
        for host, raw in slow.items():
            fields = {"Smithy_Protocol": "rpc-v2-cbor"} if host == CBOR else {}
            raw.send(part(*parted(request(host.partition(".")[0], host, body=b"{}", **fields))))
        for call, given in calls(gate, 8):
            refusal(call, given, "denied by rule")
        for host, raw in slow.items():
            answer = raw.answer()
            assert (answer.status, said.encode() in answer.body, FORMS[host] in answer.body) == (408, True, True), answer
        assert metric(gate, "limit_refused_total", limit) == len(FORMS)
        assert len(refusals(gate, said)) == len(FORMS)


def test_handshakes_and_connects_that_stop_half_way_are_cut_off_and_counted(tmp_path):
    with gateway(tmp_path, 'head_timeout = "1s"') as gate, ExitStack() as stack:
        half = [
            stack.enter_context(Raw(gate.doors["tls"])).send(b"\x16\x03\x01\x02\x00\x01"),
            stack.enter_context(Raw(gate.doors["proxy"])).send(b"CONNECT sts.us-east-1.amazonaws.com:443 HTTP/1.1\r\n"),
        ]
        assert [b"did not arrive in time" in raw.rest() for raw in half] == [False, True]
        assert metric(gate, "limit_refused_total", "head_timeout") == len(half)
        assert len(refusals(gate, "did not arrive in time")) + len(refusals(gate, "was not over in 1 seconds")) == len(half)


def test_an_agent_has_so_much_work_that_waits(tmp_path):
    many = MAX_WAITING + 8
    costly = b'{"TableName":[' + b"0," * 3_900_000 + b"0]}"
    large = item("t", 17_000)
    knob = f"max_connections = {2 * many}\n  max_connections_per_agent = {many}\n  "
    with gateway(tmp_path, knob, rules='rule "no" { action = "deny" }\n') as gate, ExitStack() as stack:
        host = gate.doors["endpoint"]
        opened = [stack.enter_context(Raw(host)) for _ in range(many)]
        first, later = (request("dynamodb", host, body=body, **JSON) for body in (costly, large))
        for number, raw in enumerate(opened):
            raw.send(first if number < 4 else later)
        answers = [raw.answer() for raw in opened]
        full = [answer for answer in answers if b"too much of this agent's work waits" in answer.body]
        assert full
        assert {(answer.status, answer.fields["retry-after"], b"__type" in answer.body) for answer in full} == {(403, "1", True)}
        assert (
            metric(gate, "limit_refused_total", "work_per_agent")
            == len(full)
            == len(refusals(gate, "too much of this agent's work"))
        )


def test_a_source_has_so_many_wrong_tokens_answered_late(tmp_path):
    with running(tmp_path, None, agent=CI, rules=ASK, knobs=METRICS) as gate, ExitStack() as stack:
        guesses = [stack.enter_context(greet(gate, login("ci", f"guess-number-{number:04}"))) for number in range(12)]
        heads = [raw.head() for raw in guesses]
        late = [fields for status, fields in heads if status == 429]
        assert {status for status, _ in heads} == {407, 429}
        assert {fields["retry-after"] for fields in late} == {"1"}
        assert metric(gate, "limit_refused_total", "wrong_tokens") == len(late)
        assert len(refusals(gate, "too many wrong tokens")) == len(late)
