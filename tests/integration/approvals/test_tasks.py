"""An agent asks once for a whole task: boto3 and `trio-gate task`, a person, and what goes through afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.kit.approvals.approver import Person
from tests.kit.approvals.own_view import AGENTS, OTHERS, ROOT, get, view
from tests.kit.gateway import SECRET, running
from trio_gate.approval.channel.frames import Accepted, Preview, Revoke

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RULES = """\
rule "objects" {
  match     = aws.service == "s3"
  action    = "approve"
  approvers = [human.slow]
}
rule "topics" {
  match     = aws.service == "sns" && aws.access == "write"
  action    = "approve"
  approvers = [human.slow]
}
"""
HEADERS = "HTTPHeaders"


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, agent=AGENTS) as gate:
        yield gate


@pytest.fixture
def root(gate):
    return Person(gate, ROOT)


CI = {"suffix": "CI01", "secret": SECRET}


def asks(
    gate, *needs: str, uses: int = 30, dangers: Sequence[str] = (), agent: Mapping[str, str] = CI, extend: str = ""
) -> subprocess.Popen:
    """`trio-gate task`, as an agent runs it."""
    key_id = f"AKIA{ACCOUNTS['staging']}{agent['suffix']}"
    keys = {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": agent["secret"], "AWS_REGION": REGION}
    words = [sys.executable, "-m", "trio_gate", "task", "move the reports", "--uses", str(uses), "--minutes", "10"]
    for option, line in (*(("--need", need) for need in needs), *(("--danger", danger) for danger in dangers)):
        words += [option, line]
    given = {**os.environ, **keys, "AWS_ENDPOINT_URL": f"http://{gate.doors['endpoint']}"}
    words += ["--extend", extend] if extend else []
    return subprocess.Popen(words, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(asking: subprocess.Popen) -> tuple[int, str]:
    """Its exit status, and what it said."""
    out, err = asking.communicate(timeout=60)
    return asking.returncode, out + err


def granted(gate, root, *needs: str, confirmed: tuple[int, ...] | None = None, **more) -> str:
    """A task that the agent has and a person approved; its id."""
    asking = asks(gate, *needs, **more)
    prompt = root.answer(ready=lambda prompt: prompt["task"] is not None, confirmed=confirmed)
    status, said = ended(asking)
    if status:  # the answer came after the second that people are given: the agent asks again, as it is told
        assert "run the same command again" in said
        status, said = ended(asks(gate, *needs, **more))
    assert (status, said.splitlines()[1:]) == (0, [])
    assert said.startswith(f"task t{prompt['id'][1:]} lets up to {more.get('uses', 30)} calls through until ")
    return f"t{prompt['id'][1:]}"


def pending(call, **params) -> str:
    with pytest.raises(ClientError) as refused:
        call(**params)
    fields = refused.value.response["ResponseMetadata"][HEADERS]
    assert fields["x-trio-gate-outcome"] == "pending"
    assert "before many calls like it, ask once for a task (trio-gate task)" in str(refused.value)
    return fields["x-trio-gate-approval"]


def test_thirty_operations_are_one_decision_and_everything_else_is_asked_about(gate, root):
    s3, sns = gate.client("s3"), gate.client("sns")
    task = granted(gate, root, 's3:PutObject where aws.params.Bucket == "staging-data"', "sns:CreateTopic", uses=30)
    for number in range(29):
        s3.put_object(Bucket="staging-data", Key=f"report-{number}", Body=b"x")
    sns.create_topic(Name="reports")
    rows = [row for row in gate.records() if row.get("grant") == task]
    assert [row["action"] for row in rows if row["kind"] == "call" or row["kind"] == "intent"].count("PutObject") == 29
    pending(s3.put_object, Bucket="staging-data", Key="one-more", Body=b"x")
    assert view(gate)["granted"] == []


def test_people_see_what_it_would_have_covered_of_the_last_day(gate, root):
    s3 = gate.client("s3")
    for key in ("seen/a", "seen/b", "other"):
        pending(s3.put_object, Bucket="staging-data", Key=key, Body=b"x")
    asking = asks(gate, 's3:PutObject where aws.params.Key.startsWith("seen/")')
    prompt = root.until(lambda prompt: prompt["task"] is not None)
    found = root.say(Preview(id=prompt["id"], ref="p"))
    assert (found.covered, found.undecided) == (2, 0)
    root.answer("deny", ready=lambda prompt: prompt["task"] is not None)
    ended(asking)


def test_a_call_outside_of_a_task_asks(gate, root):
    s3 = gate.client("s3")
    task = granted(gate, root, 's3:PutObject where aws.params.Key.startsWith("in/")')
    s3.put_object(Bucket="staging-data", Key="in/a", Body=b"x")
    pending(s3.put_object, Bucket="staging-data", Key="out/a", Body=b"x")
    pending(s3.delete_object, Bucket="staging-data", Key="in/a")
    (told,) = [one for one in view(gate)["granted"] if one["id"] == task]
    assert (told["covers"], told["left"]) == ("the calls of a task that you asked for", 29)


def test_a_person_revokes_a_task_and_the_next_call_asks(gate, root):
    task = granted(gate, root, 's3:PutObject where aws.params.Key == "revoked"')
    gate.client("s3").put_object(Bucket="staging-data", Key="revoked", Body=b"x")
    assert isinstance(root.say(Revoke(id=task, ref="r")), Accepted)
    pending(gate.client("s3").put_object, Bucket="staging-data", Key="revoked", Body=b"x")


def test_dangers_go_through_by_the_lines_that_were_confirmed(gate, root):
    s3 = gate.client("s3")
    many = {"Objects": [{"Key": f"tmp/{number}"} for number in range(28)]}
    with pytest.raises(ClientError, match=r"ask once for a task \(trio-gate task --danger\)"):
        s3.delete_objects(Bucket="staging-data", Delete=many)
    granted(gate, root, dangers=['s3:DeleteObjects where aws.params.Bucket == "staging-data"'], confirmed=(1,))
    s3.delete_objects(Bucket="staging-data", Delete=many)
    (vote,) = [row["act"] for row in gate.rows() if row["kind"] == "vote" and row["act"].get("confirmed")]
    assert vote["confirmed"] == [1]


def test_a_task_for_two_accounts_is_one_decision_and_counted_together(gate, root):
    key, there = 'aws.params.Key == "two"', f"s3:PutObject in {ACCOUNTS['prod']}"
    status, said = ended(asks(gate, there))
    assert (status, f"account {ACCOUNTS['prod']} is not one that you may use" in said) == (1, True)
    granted(gate, root, f"s3:PutObject where {key}", f"{there} where {key}", uses=2, agent=OTHERS)
    for account in ("staging", "prod"):
        gate.client("s3", account=account, **OTHERS).put_object(Bucket=f"{account}-data", Key="two", Body=b"x")
    pending(gate.client("s3", **OTHERS).put_object, Bucket="staging-data", Key="two", Body=b"x")


def test_a_task_is_extended_by_a_new_question_that_says_what_is_left(gate, root):
    need = 's3:PutObject where aws.params.Key == "more"'
    first = granted(gate, root, need, uses=1)
    asking = asks(gate, need, uses=1, extend=first)
    prompt = root.answer(ready=lambda prompt: prompt["task"] is not None)
    assert any(f"it adds to task {first}, of which 1 of 1 uses are left" in risk["text"] for risk in prompt["risks"])
    ended(asking)
    for _ in range(2):
        gate.client("s3").put_object(Bucket="staging-data", Key="more", Body=b"x")
    pending(gate.client("s3").put_object, Bucket="staging-data", Key="more", Body=b"x")


def test_an_agent_ends_its_own_task_and_no_other_agent_does(gate, root):
    task = granted(gate, root, 's3:PutObject where aws.params.Key == "ended"')
    path = f"/-/agent/tasks/{task}"
    assert get(gate, path, method="DELETE", **OTHERS)[0] == 404
    gate.client("s3").put_object(Bucket="staging-data", Key="ended", Body=b"x")
    status, _, said = get(gate, path, method="DELETE")
    assert (status, json.loads(said)) == (200, {"task": task, "ended": True})
    assert get(gate, path, method="DELETE")[0] == 404
    pending(gate.client("s3").put_object, Bucket="staging-data", Key="ended", Body=b"x")


def test_a_denied_task_lets_nothing_through(gate, root):
    asking = asks(gate, 's3:PutObject where aws.params.Key == "denied"')
    root.answer("deny", "use the archive", ready=lambda prompt: prompt["task"] is not None)
    status, said = ended(asking)
    assert (status, "not executed" in said) == (1, True)
    if "pending" not in said:
        assert "denied by a person: use the archive" in said
    pending(gate.client("s3").put_object, Bucket="staging-data", Key="denied", Body=b"x")


def test_what_is_no_task_is_said_and_asks_nobody(gate):
    body = (
        b'{"purpose": "p", "needs": [{"service": "s3", "actions": ["PutObject"], "match": "aws.parms"}], "uses": 1, "minutes": 1}'
    )
    status, fields, said = get(gate, "/-/agent/tasks", method="POST", data=body)
    assert (status, fields["x-trio-gate-outcome"]) == (400, "invalid")
    assert "line 1 of `needs`: `match`, at character" in said
    nobody = b'{"purpose": "p", "needs": [{"service": "ec2", "actions": ["RunInstances"]}], "uses": 1, "minutes": 1}'
    assert "no rule asks about these calls" in get(gate, "/-/agent/tasks", method="POST", data=nobody)[2]


@pytest.mark.parametrize(
    "more", [{"secret": None}, {"secret": "wrong-secret-0123456789"}, {"service": "s3"}, {"origin": "https://evil.example"}]
)
def test_nobody_else_asks_for_a_task(gate, root, more):
    before = len(root.state().prompts)
    body = b'{"purpose": "p", "needs": [{"service": "s3", "actions": ["PutObject"]}], "uses": 1, "minutes": 1}'
    assert get(gate, "/-/agent/tasks", method="POST", data=body, **more)[0] in (400, 403, 404)
    assert len(root.state().prompts) == before


def test_racing_calls_use_a_task_as_often_as_it_says(gate, root):
    task = granted(gate, root, 's3:PutObject where aws.params.Key.startsWith("race/")', uses=10)
    outcomes = []

    def put(number: int) -> None:
        try:
            gate.client("s3").put_object(Bucket="staging-data", Key=f"race/{number}", Body=b"x")
            outcomes.append(True)
        except ClientError:
            outcomes.append(False)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(True) == 10, task
