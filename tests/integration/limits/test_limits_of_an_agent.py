"""What an agent's block says of where it may call from, and of how much it may do at once; other agents are served meanwhile."""

from __future__ import annotations

import pytest

from tests.integration.limits.test_one_agent_keeps_no_other_waiting import ASK, OTHER, OTHERS, item
from tests.kit.approvals.approver import Person
from tests.kit.gateway import AGENT, SECRET, reload, running
from tests.kit.wire.raw import DYNAMODB, request, tunnel

OTHER_KEY = {"key_id": "AKIA222222222222CI02", "secret": OTHERS}
RULES = 'rule "no lists" { match = aws.action == "ListTables"  action = "deny" }\n' + ASK
LIST = {"X_Amz_Target": "DynamoDB_20120810.ListTables", "Content_Type": "application/x-amz-json-1.0"}
LOCAL = 'networks = ["127.0.0.1"]'


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    with running(tmp_path_factory.mktemp("limits"), None, rules=RULES, agent=limited(LOCAL), extra=OTHER) as gateway:
        yield gateway


@pytest.fixture
def limits(gate):
    """A function that gives agent ci other limits."""
    now = [LOCAL]

    def change(more):
        reload(gate, limited(now[0]), limited(more), ": reloaded, generation")
        now[0] = more

    yield change
    change(LOCAL)


def limited(more):
    return AGENT.replace(f'secret = "{SECRET}"', f'secret = "{SECRET}"\n  {more}')


def said(gate, source="", **given):
    with tunnel(gate, gate.ca_file, DYNAMODB, source=source) as raw:
        answer = raw.send(item(64, **given)).answer()
    return answer.status, answer.body.decode()


def test_it_calls_from_its_networks_alone(gate):
    status, text = said(gate, "127.0.0.2")
    assert (status, "may not call from this address" in text) == (403, True)
    assert "rule" in said(gate, "127.0.0.2", **OTHER_KEY)[1]
    (row,) = [row for row in gate.records() if row["agent_address"] == "127.0.0.2" and row["agent"] == "ci"]
    assert "agent ci may not call from 127.0.0.2" in str(row)


@pytest.mark.parametrize(
    ("limit", "refusal", "status"),
    [
        ("max_pending = 1", "1 calls waiting for approval", 403),  # first: those of the others wait on after their agent has left
        ("max_in_flight = 1", "1 requests under way", 403),
        ("max_connections = 1", "too many connections", 403),
    ],
)
def test_it_does_so_much_at_once(gate, limits, limit, refusal, status):
    limits(limit)
    with tunnel(gate, gate.ca_file, DYNAMODB) as waits:
        waits.send(item(512 + len(limit)))
        Person(gate).until(lambda prompt: prompt["params"]["TableName"] == f"t{512 + len(limit)}")
        code, text = said(gate)
        assert (code, refusal in text) == (status, True)
        assert "nothing" in said(gate, **OTHER_KEY)[1]


def test_it_begins_so_many_requests_a_second(gate, limits):
    limits("rate = 1")
    with tunnel(gate, gate.ca_file, DYNAMODB) as raw:
        answers = [raw.send(request("dynamodb", DYNAMODB, body=b"{}", **LIST)).answer() for _ in range(30)]
    late = ["1 requests a second" in answer.body.decode() for answer in answers]
    assert (late[0], any(late)) == (False, True)
    assert {answer.status for answer in answers} == {403}
    assert {answer.fields["retry-after"] for answer, too_many in zip(answers, late, strict=True) if too_many} == {"1"}
