"""What a waiting call would change, read from AWS for a person who may: with boto3, an embedded AWS and a real channel."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.kit.approvals.approver import Person
from tests.kit.gateway import running
from trio_gate.approval.channel.frames import Compare, Compared, Rejected

CAROL, DAVE = "tg_carol-0123456789abcdef0123456789abcdef", "tg_dave-00123456789abcdef0123456789abcdef"
PEOPLE = f"""
person "carol" {{
  token_sha256 = "{hashlib.sha256(CAROL.encode()).hexdigest()}"
  may_compare  = true
}}
person "dave" {{ token_sha256 = "{hashlib.sha256(DAVE.encode()).hexdigest()}" }}
approver "human" "both" {{ people = [person.carol, person.dave] }}
agent "asker" {{
  key_suffix = "CI02"
  secret     = "an-agents-secret-0123456789"
}}
"""
RULES = """\
rule "asked" {
  match     = agent.name == "asker"
  action    = "approve"
  approvers = [human.both]
}
rule "rest" { action = "allow" }
"""


def policy(*actions):
    statement = {"Effect": "Allow", "Action": [*actions], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, extra=PEOPLE, knobs='deny_cooldown = "0s"') as made:
        made.client("s3", "prod").create_bucket(Bucket="compared-data")
        made.client("iam", "prod").create_role(RoleName="compared", AssumeRolePolicyDocument=policy("sts:AssumeRole"))
        yield made


@pytest.fixture(scope="module")
def agents():
    with ThreadPoolExecutor(4) as pool:
        yield pool


def asking(gate, service):
    """A client whose calls are asked about."""
    return gate.client(service, "prod", suffix="CI02", secret="an-agents-secret-0123456789")


def compared(gate, agents, call, **params):
    """What a person who may compare is told of a call, before it is denied."""
    waiting = agents.submit(call, **params)
    carol = Person(gate, CAROL)
    prompt = carol.until(lambda prompt: not prompt["detached"])
    answer = carol.say(Compare(ref="c", id=prompt["id"]))
    carol.answer("deny", ready=lambda one: one["id"] == prompt["id"])
    assert waiting.exception() is not None
    return prompt, answer


def test_a_policy_is_compared_by_its_lines(gate, agents):
    iam = gate.client("iam", "prod")
    iam.put_role_policy(RoleName="compared", PolicyName="p", PolicyDocument=policy("s3:GetObject", "s3:ListBucket"))
    given = {"RoleName": "compared", "PolicyName": "p"}
    prompt, answer = compared(
        gate, agents, asking(gate, "iam").put_role_policy, **given, PolicyDocument=policy("s3:*", "s3:ListBucket")
    )
    assert prompt["compared_by"] == ["carol"]
    assert isinstance(answer, Compared), answer
    assert answer.reads == ("iam.GetRolePolicy",)
    lines = answer.text.splitlines()
    assert lines[0] == "PolicyDocument:"
    changed = [line for line in lines if line.startswith(("+", "-"))]
    assert changed == ['-         "s3:GetObject",', '+         "s3:*",']
    row = next(row for row in gate.rows() if row["kind"] == "compare")
    found = row["id"], row["approvers"][0]["person"], row["act"]
    assert found == (prompt["id"], "carol", {"read": "iam.GetRolePolicy"})


def told(gate, agents, call, **params):
    """The lines of a comparison that went well."""
    _, answer = compared(gate, agents, call, **params)
    assert isinstance(answer, Compared), answer
    return answer.text.splitlines()


def test_objects_are_compared_by_their_text(gate, agents):
    s3, asker = gate.client("s3", "prod"), asking(gate, "s3")
    s3.put_object(Bucket="compared-data", Key="a/list+1.txt", Body=b"one\ntwo\nthree\n")
    new = b"one\n2\nthree\n"
    assert told(gate, agents, asker.put_object, Bucket="compared-data", Key="a/list+1.txt", Body=new) == [
        *("Body:", "  one", "- two", "+ 2", "  three", "  "),
    ]
    gone = told(gate, agents, asker.delete_object, Bucket="compared-data", Key="a/list+1.txt")
    assert gone == ["Body:", "- one", "- two", "- three", "- "]
    assert told(gate, agents, asker.put_object, Bucket="compared-data", Key="new", Body=b"x") == ["Body:", "+ x"]


def test_a_large_object_is_not_read(gate, agents):
    asker = asking(gate, "s3")
    gate.client("s3", "prod").put_object(Bucket="compared-data", Key="large", Body=b"x" * (2 << 20))
    _, answer = compared(gate, agents, asker.delete_object, Bucket="compared-data", Key="large")
    assert isinstance(answer, Rejected)
    assert answer.message == "it cannot be compared: s3.us-east-1.amazonaws.com answers with more than 1048576 bytes"


def test_a_bucket_policy_and_its_end(gate, agents):
    s3, asker = gate.client("s3", "prod"), asking(gate, "s3")
    assert told(gate, agents, asker.delete_bucket_policy, Bucket="compared-data") == ["there is no difference"]
    s3.put_bucket_policy(Bucket="compared-data", Policy=policy("s3:GetObject"))
    lines = told(gate, agents, asker.delete_bucket_policy, Bucket="compared-data")
    assert lines[0] == "Policy:"
    assert all(line.startswith("- ") for line in lines[1:])


def test_items_and_tables(gate, agents):
    dynamodb, asker = gate.client("dynamodb", "prod"), asking(gate, "dynamodb")
    keys = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
    dynamodb.create_table(
        TableName="compared", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST", **keys
    )
    dynamodb.put_item(TableName="compared", Item={"id": {"S": "1"}, "size": {"N": "3"}})
    lines = told(gate, agents, asker.put_item, TableName="compared", Item={"id": {"S": "1"}, "size": {"N": "4"}})
    assert [line for line in lines if line[0] in "+-"] == ['-     "N": "3"', '+     "N": "4"']
    lines = told(gate, agents, asker.delete_item, TableName="compared", Key={"id": {"S": "1"}})
    assert '-   "id": {' in lines
    lines = told(gate, agents, asker.update_table, TableName="compared", DeletionProtectionEnabled=True)
    assert lines == ["DeletionProtectionEnabled:", "- false", "+ true"]


def test_a_security_group(gate, agents):
    ec2, asker = gate.client("ec2", "prod"), asking(gate, "ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="compared", Description="d", VpcId=vpc)["GroupId"]

    def to(port, source):
        return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source}]}]

    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=to(443, "10.0.0.0/8"))
    lines = told(gate, agents, asker.authorize_security_group_ingress, GroupId=group, IpPermissions=to(22, "0.0.0.0/0"))
    assert lines == ["ingress:", "+ tcp 22 from 0.0.0.0/0", "  tcp 443 from 10.0.0.0/8"]
    lines = told(gate, agents, asker.revoke_security_group_ingress, GroupId=group, IpPermissions=to(443, "10.0.0.0/8"))
    assert lines == ["ingress:", "- tcp 443 from 10.0.0.0/8"]


def test_managed_policies(gate, agents):
    iam, asker = gate.client("iam", "prod"), asking(gate, "iam")
    arn = iam.create_policy(PolicyName="compared", PolicyDocument=policy("s3:GetObject"))["Policy"]["Arn"]
    new = {"PolicyArn": arn, "PolicyDocument": policy("s3:*")}
    lines = told(gate, agents, asker.create_policy_version, **new, SetAsDefault=True)
    assert [line.strip(" +-,") for line in lines if line[0] in "+-"] == ['"s3:GetObject"', '"s3:*"']
    _, answer = compared(gate, agents, asker.create_policy_version, **new, SetAsDefault=False)
    assert "does not become the default one" in answer.message
    lines = told(gate, agents, asker.attach_role_policy, RoleName="compared", PolicyArn=arn)
    assert lines == ["policies:", f"+ {arn}"]


def test_queues_and_topics(gate, agents):
    sqs, sns = gate.client("sqs", "prod"), gate.client("sns", "prod")
    url = sqs.create_queue(QueueName="compared", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    lines = told(gate, agents, asking(gate, "sqs").set_queue_attributes, QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    assert [line for line in lines if line[0] in "+-"] == ['-   "VisibilityTimeout": "30"', '+   "VisibilityTimeout": "60"']
    topic = sns.create_topic(Name="compared")["TopicArn"]
    asked = asking(gate, "sns").set_topic_attributes
    lines = told(gate, agents, asked, TopicArn=topic, AttributeName="DisplayName", AttributeValue="x")
    assert lines == ["DisplayName:", "- ", "+ x"]


def test_what_differs_in_a_secret_is_masked(gate, agents):
    s3, asker = gate.client("s3", "prod"), asking(gate, "s3")
    key = "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n"
    s3.put_object(Bucket="compared-data", Key="key", Body=key.format("A" * 64).encode())
    lines = told(gate, agents, asker.put_object, Bucket="compared-data", Key="key", Body=key.format("B" * 64).encode())
    assert lines == ["Body:", "- (masked, before)", "+ (masked, after)"]


def test_only_who_may_compare(gate, agents):
    waiting = agents.submit(asking(gate, "s3").delete_bucket_policy, Bucket="compared-data")
    dave = Person(gate, DAVE)
    prompt = dave.until(lambda _: True)
    answer = dave.say(Compare(ref="d", id=prompt["id"]))
    assert (answer.code, "may_compare" in answer.message) == ("not_allowed", True)
    dave.answer("deny")
    assert waiting.exception() is not None


def test_what_cannot_be_compared_says_so(gate, agents):
    waiting = agents.submit(asking(gate, "sqs").purge_queue, QueueUrl="https://sqs.us-east-1.amazonaws.com/111111111111/compared")
    carol = Person(gate, CAROL)
    prompt = carol.until(lambda _: True)
    assert prompt["compared_by"] == []
    answer = carol.say(Compare(ref="c", id=prompt["id"]))
    assert answer.message == "it cannot be compared: sqs.PurgeQueue cannot be compared with what is there now"
    assert carol.say(Compare(ref="c", id="qnothing")).code == "gone"
    carol.answer("deny")
    assert waiting.exception() is not None
