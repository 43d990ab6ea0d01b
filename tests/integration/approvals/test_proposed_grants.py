"""A grant by the proposed condition, where the account of a resource cannot be known: S3 and EC2."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.kit.approvals.approver import Person
from tests.kit.gateway import running
from trio_gate.approval.channel.frames import Preview
from trio_gate.approval.terms import Terms

TOKEN = "tg_carol-0123456789abcdef0123456789abcdef"
PEOPLE = f"""
person "carol" {{
  token_sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
  may_grant    = true
}}
approver "human" "carol" {{ people = [person.carol] }}
"""
RULES = """\
rule "roles" {
  match     = aws.service == "sts"
  action    = "approve"
  approvers = [human.carol]
}
rule "asked" {
  match     = aws.access != "read"
  action    = "approve"
  approvers = [human.carol]
}
"""


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, extra=PEOPLE, knobs='deny_cooldown = "0s"') as made:
        yield made


@pytest.fixture(scope="module")
def agents():
    with ThreadPoolExecutor(4) as pool:
        yield pool


def granted(carol, uses=5):
    prompt = carol.until(lambda _: True)
    carol.answer(grant=Terms(uses=uses, minutes=10, predicate=prompt["suggestion"]))
    return prompt


def test_objects_of_one_folder(gate, agents):
    carol, s3 = Person(gate, TOKEN), gate.client("s3", "prod")
    first = agents.submit(s3.put_object, Bucket="prod-data", Key="tmp/1/a", Body=b"a")
    prompt = granted(carol)
    assert '&& aws.resources.all(arn, arn.startsWith("arn:aws:s3:::prod-data/tmp/1/")) &&' in prompt["suggestion"]
    assert prompt["cross_account"] is None
    first.result()
    s3.put_object(Bucket="prod-data", Key="tmp/1/b", Body=b"other contents")
    for key, call in (("tmp/2/a", s3.put_object), ("tmp/1/a", s3.delete_object)):
        asked = agents.submit(call, Bucket="prod-data", Key=key)
        carol.answer("deny", "not this one", ready=lambda prompt, key=key: prompt["params"]["Key"] == key)
        with pytest.raises(ClientError, match="not this one"):
            asked.result()


def test_a_call_that_waits_goes_with_the_grant_that_was_previewed_for_it(gate, agents):
    carol, s3 = Person(gate, TOKEN), gate.client("s3", "prod")
    calls = [agents.submit(s3.delete_object, Bucket="prod-data", Key=key) for key in ("new/1", "new/2", "old/1")]
    for key in ("new/1", "new/2", "old/1"):
        carol.until(lambda prompt, key=key: prompt["params"]["Key"] == key)
    prompts = {prompt["params"]["Key"]: prompt for prompt in carol.state().prompts.values()}
    meant = prompts["new/1"]
    found = carol.say(Preview(ref="1", id=meant["id"], predicate=meant["suggestion"]))
    assert found.words.startswith("DeleteObject of s3, only on what begins with arn:aws:s3:::prod-data/new/")
    assert found.waiting == (prompts["new/2"]["id"],)
    carol.answer(ready=lambda prompt: prompt["id"] == meant["id"], grant=Terms(uses=5, minutes=10, predicate=meant["suggestion"]))
    for call in calls[:2]:
        assert call.result()["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert list(carol.state().prompts) == [prompts["old/1"]["id"]]
    carol.answer()
    calls[2].result()
    of = {
        row["resources"][0]: row for row in gate.records() if row["action"] == "DeleteObject" and row["outcome"]["status"] == 204
    }
    assert of["arn:aws:s3:::prod-data/new/1"]["grant"] is None
    assert of["arn:aws:s3:::prod-data/new/2"]["approvers"][0]["reason"] == f"grant {of['arn:aws:s3:::prod-data/new/2']['grant']}"


def test_machines_of_one_size(gate, agents):
    carol, ec2 = Person(gate, TOKEN), gate.client("ec2", "prod")

    def run(kind, most):
        return agents.submit(ec2.run_instances, ImageId="ami-12c6146b", InstanceType=kind, MinCount=1, MaxCount=most)

    first = run("t3.micro", 2)
    granted(carol)
    first.result()
    run("t3.micro", 1).result()
    asked = run("p5.48xlarge", 1)
    carol.answer("deny", "too large", ready=lambda prompt: prompt["params"]["InstanceType"] == "p5.48xlarge")
    with pytest.raises(ClientError, match="too large"):
        asked.result()


def test_what_returns_credentials_is_asked_each_time(gate, agents):
    carol = Person(gate, TOKEN)
    asked = agents.submit(
        gate.client("sts", "prod").assume_role, RoleArn="arn:aws:iam::111111111111:role/deploy", RoleSessionName="tests"
    )
    prompt = carol.until(lambda _: True)
    assert (prompt["grantable"], prompt["suggestion"]) == (False, None)
    carol.answer()
    asked.result()
