"""What an agent is told when its call is not answered by AWS: in a word for programs, and in a sentence that says what to do next."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.kit.approvals.approver import Person
from tests.kit.approvals.scripted_agent import TOKEN, people
from tests.kit.gateway import running
from tests.kit.standins.scripted import scripted
from trio_gate.approval.channel.frames import Lift, Stop

PEOPLE = people(brief=1)
RULES = """\
rule "reads" {
  match  = aws.access in ["read", "list"]
  action = "allow"
}
rule "never" {
  match  = aws.service == "iam"
  action = "deny"
  reason = "use the team's roles"
}
rule "brief" {
  match     = aws.service == "sqs"
  action    = "approve"
  approvers = [human.brief]
}
rule "slow" {
  action    = "approve"
  approvers = [human.slow]
}
"""


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gate")
    with running(folder, embedded_aws, rules=RULES, extra=PEOPLE) as made:
        yield made


@pytest.fixture(scope="module")
def agents():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def refused(call, **params):
    """The fields of the gateway's own, and the sentence, of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    response = caught.value.response
    fields = response["ResponseMetadata"]["HTTPHeaders"]
    own = {
        name: value for name, value in fields.items() if name in ("x-trio-gate-outcome", "x-trio-gate-approval", "retry-after")
    }
    return own, response["Error"].get("Message", ""), response["ResponseMetadata"]["HTTPStatusCode"]


def last(gate, action):
    return next(row for row in reversed(gate.records()) if row["action"] == action)


def test_a_rule_says_no(gate):
    own, said, _ = refused(gate.client("iam").create_user, UserName="new")
    assert own == {"x-trio-gate-outcome": "denied"}
    assert re.match(r"not executed: denied by rule \"never\": use the team's roles", said)
    assert last(gate, "CreateUser")["decision"]["outcome"] == "deny"


def test_people_have_not_answered_yet_and_then_say_yes(gate):
    sns = gate.client("sns")
    own, said, _ = refused(sns.create_topic, Name="waits")
    waiting = Person(gate, TOKEN).until(lambda prompt: prompt["params"]["Name"] == "waits")
    assert own == {"x-trio-gate-outcome": "pending", "x-trio-gate-approval": waiting["id"], "retry-after": "60"}
    pattern = (
        rf"not executed: rule \"slow\" asks for approval: approval {waiting['id']} is pending, open until \d{{4}}-\d\d-\d\d \d\d:\d\d UTC: run the"
        rf" same command again in 60 s, or ask your user to approve it at https://127\.0\.0\.1:\d+/#{waiting['id']}; do not change the call"
    )
    assert re.match(pattern, said)
    assert last(gate, "CreateTopic")["decision"]["outcome"] == "pending"
    Person(gate, TOKEN).answer(ready=lambda prompt: prompt["id"] == waiting["id"])
    assert sns.create_topic(Name="waits")["TopicArn"]


def test_people_say_no(gate, agents):
    asked = agents.submit(refused, gate.client("sns").create_topic, Name="denied")
    Person(gate, TOKEN).answer("deny", "use SQS instead", ready=lambda prompt: prompt["params"].get("Name") == "denied")
    own, said, _ = asked.result()
    assert own == {"x-trio-gate-outcome": "denied"}
    assert "denied by a person: use SQS instead: do not run it again (request " in said
    again, said, _ = refused(gate.client("sns").create_topic, Name="denied")
    assert again == own
    assert "denied by a person a moment ago: use SQS instead: do not run it again" in said


def test_people_do_not_answer_in_time(gate):
    own, said, _ = refused(gate.client("sqs").create_queue, QueueName="late")
    assert own == {"x-trio-gate-outcome": "expired"}
    assert "nobody answered in time, which is not a denial: run the same command again" in said
    assert last(gate, "CreateQueue")["decision"]["outcome"] == "expired"


def test_a_person_has_stopped_the_agent(gate):
    carol = Person(gate, TOKEN)
    carol.say(Stop(agent="ci", reason="look at the logs first"))
    try:
        own, said, _ = refused(gate.client("s3").list_buckets)
        assert own == {"x-trio-gate-outcome": "stopped"}
        assert re.match("not executed: this agent's calls are stopped by a person until that is lifted: look at the logs", said)
        own, _, status = refused(gate.client("s3").head_bucket, Bucket="staging-data")
        assert (own, status) == ({"x-trio-gate-outcome": "stopped"}, 403)
    finally:
        carol.say(Lift(agent="ci"))
    assert gate.records()[-1]["decision"]["outcome"] == "stopped"


def test_it_is_not_the_agents_account(gate):
    own, said, _ = refused(gate.client("s3", "333333333333").list_buckets)
    assert own == {"x-trio-gate-outcome": "refused"}
    assert said.startswith("not executed: ")


def test_it_is_the_operators_to_mend(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, rules=RULES, extra=PEOPLE, role="no-such-role") as gate:
        own, said, status = refused(gate.client("s3").list_buckets)
        assert (own, status) == ({"x-trio-gate-outcome": "unavailable"}, 403)
        assert said.startswith(
            "not executed: the gateway cannot reach this account just now, which is not the fault of this call"
        )
        assert "no-such-role" not in said


def test_what_may_have_been_executed_is_said_to_be_so(embedded_aws, tmp_path):
    def hangs_up(peer):
        peer.head()
        peer.tls.close()

    with scripted(tmp_path, "dynamodb.us-east-1.amazonaws.com") as server:
        server.script = hangs_up
        with running(
            tmp_path, embedded_aws, rules=RULES, extra=PEOPLE, first=server.route("dynamodb.us-east-1.amazonaws.com")
        ) as gate:
            own, said, _ = refused(gate.client("dynamodb").list_tables)
    assert own == {"x-trio-gate-outcome": "unavailable"}
    assert said.startswith("may have been executed: ")
