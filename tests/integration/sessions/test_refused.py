"""What is not a session's own call is refused before AWS hears of it, and no byte of AWS's credentials is seen outside the gateway."""

import re
import sqlite3
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from ssl import create_default_context

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.kit.approvals.approver import Person
from tests.kit.gateway import AGENT, running
from tests.kit.standins.issuing import EXPRESS_BUCKET, express_route, issuing

OTHER_SECRET = "other-secret-0123456789"
AGENTS = AGENT + f'agent "other" {{\n  key_suffix = "OT01"\n  secret = "{OTHER_SECRET}"\n}}\n'
RULES = """\
rule "asked" { match = aws.action == "AssumeRole" && aws.resource.endsWith("/asked")  action = "approve"  approvers = [human.oncall] }
rule "never" { match = has(aws.params.Key) && aws.params.Key == "secret"  action = "deny" }
rule "all"   { action = "allow" }
"""
OVER = "ExpiredToken"


@dataclass
class World:
    """A gateway before a stand-in, and all that a client of it was sent."""

    gate: object
    aws: object
    got: list

    def client(self, given=None, service="sts", **more):
        """A client with a session's keys, or the agent's own, that keeps what it gets."""
        keys = given or {}
        made = (
            boto3.client(
                service,
                region_name=REGION,
                aws_access_key_id=keys["AccessKeyId"],
                aws_secret_access_key=keys["SecretAccessKey"],
                aws_session_token=keys.get("SessionToken"),
                verify=self.gate.ca_file,
                config=Config(proxies={"https": f"http://{self.gate.doors['proxy']}"}, retries={"total_max_attempts": 1}, **more),
            )
            if given
            else self.gate.client(service, **more)
        )
        made.meta.events.register("before-parse", lambda response_dict, **_: self.got.append(repr(response_dict)))
        return made

    def assume(self, role="deploy", given=None, account="staging", **more):
        asked = f"arn:aws:iam::{ACCOUNTS.get(account, account)}:role/{role}"
        return self.client(given).assume_role(RoleArn=asked, RoleSessionName="tests", **more)["Credentials"]

    def silent(self, call, match):
        """The call is refused, and AWS heard nothing."""
        before = len(self.aws.calls), len(self.aws.refused)
        with pytest.raises(ClientError, match=match):
            call()
        assert (len(self.aws.calls), len(self.aws.refused)) == before


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with issuing(tmp_path_factory.mktemp("aws")) as aws:
        options = {"rules": RULES, "agent": AGENTS, "first": express_route(aws.aws)}
        with running(tmp_path_factory.mktemp("gate"), aws.aws, **options) as gate:
            made = World(gate=gate, aws=aws, got=[])
            made.client().get_caller_identity()  # the gateway's own role is assumed
            yield made


def who(world, given):
    return world.client(given).get_caller_identity()


WRONG = {
    "wrong secret": lambda one, _: {**one, "SecretAccessKey": one["SecretAccessKey"][::-1]},
    "secret of another session": lambda one, two: {**one, "SecretAccessKey": two["SecretAccessKey"]},
    "secret of an agent": lambda one, _: {**one, "SecretAccessKey": OTHER_SECRET},
    "token of another session": lambda one, two: {**one, "SessionToken": two["SessionToken"]},
    "no token": lambda one, _: {**one, "SessionToken": None},
    "a token that is nobody's": lambda one, _: {**one, "SessionToken": "x" * 43},
    "id of another session": lambda one, two: {**one, "AccessKeyId": two["AccessKeyId"]},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_keys_that_do_not_belong_together(world, change):
    one, two = world.assume(), world.assume()
    assert who(world, one)
    world.silent(lambda: who(world, change(one, two)), "has this access key id with this secret|needs its session token")


def test_an_id_that_was_never_given(world):
    given = world.assume()
    world.silent(lambda: who(world, {**given, "AccessKeyId": f"{given['AccessKeyId'][:-4]}ZZZZ"}), OVER)


def test_another_account_in_the_id(world):
    given = world.assume()
    world.silent(
        lambda: who(world, {**given, "AccessKeyId": given["AccessKeyId"].replace(ACCOUNTS["staging"], ACCOUNTS["prod"])}), OVER
    )


def test_a_tampered_body(world):
    sts = world.client(world.assume())

    def tamper(request, **_):
        request.body = request.body.replace("deeper", "danger")

    sts.meta.events.register("before-send.sts.AssumeRole", tamper)
    role = f"arn:aws:iam::{ACCOUNTS['staging']}:role/deeper"
    world.silent(lambda: sts.assume_role(RoleArn=role, RoleSessionName="tests"), "has this access key id with this secret")


@pytest.mark.parametrize("account", ["333333333333", "aws"])
def test_a_role_in_an_account_that_is_not_configured(world, account):
    world.silent(lambda: world.assume(account=account), "none that this agent may use|not the ARN of a role")


def test_a_session_that_is_over(world, tmp_path):
    """Nobody can wait for one: while the gateway is down, its end on the disk becomes an earlier one."""
    options = {"rules": RULES, "agent": AGENTS}
    with running(tmp_path, world.aws.aws, **options) as gate:
        given = World(gate=gate, aws=world.aws, got=world.got).assume()
    with closing(sqlite3.connect(tmp_path / "state" / "sessions.db")) as kept:
        kept.execute("UPDATE sessions SET value = json_set(value, '$.expires', '2026-01-01T00:00:00+00:00')")
        kept.commit()
    with running(tmp_path, world.aws.aws, **options) as gate:
        now = World(gate=gate, aws=world.aws, got=world.got)
        now.client().get_caller_identity()
        now.silent(lambda: who(now, given), f"{OVER}.*has expired")


def test_a_session_that_is_over_when_it_comes(world):
    world.aws.lives["late"] = -1
    with pytest.raises(ClientError, match=r"AccessDenied.*executed, and its answer is withheld"):
        world.assume("late")


def test_a_session_of_another_gateway(world, tmp_path):
    given = world.assume()
    with running(tmp_path, world.aws.aws, rules=RULES, agent=AGENTS) as gate:
        other = World(gate=gate, aws=world.aws, got=world.got)
        other.client().get_caller_identity()
        other.silent(lambda: who(other, given), OVER)
    assert who(world, given)


def test_the_record_names_the_agent_that_made_it_whoever_signs(world):
    """Keys that an agent handed on are still its own: with them nobody is somebody else."""
    given = world.assume()
    who(world, given)
    own = world.gate.client("sts", suffix="OT01", secret=OTHER_SECRET).get_caller_identity()
    assert own["Arn"].endswith("/trio-gate@other")
    by_session, by_key = world.gate.records()[-2:]
    assert (by_session["agent"], by_session["session"]["key_id"]) == ("ci", given["AccessKeyId"])
    assert (by_key["agent"], "session" in by_key) == ("other", False)


def get(world, url):
    """Status of an answer to a URL that a client was given."""
    proxy = urllib.request.ProxyHandler({"https": f"http://{world.gate.doors['proxy']}"})
    trust = urllib.request.HTTPSHandler(context=create_default_context(cafile=world.gate.ca_file))
    try:
        with urllib.request.build_opener(proxy, trust).open(url) as answer:
            text, status = answer.read(), answer.status
    except urllib.error.HTTPError as answer:
        text, status = answer.read(), answer.code
    world.got.append(repr(text))
    return status


PRESIGNED = {
    "another object": lambda url: url.replace("report", "others"),
    "longer": lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"),
    "another token": lambda url: re.sub("X-Amz-Security-Token=[^&]+", f"X-Amz-Security-Token={'x' * 43}", url),
    "no token": lambda url: re.sub("&X-Amz-Security-Token=[^&]+", "", url),
    "two tokens": lambda url: f"{url}&X-Amz-S3session-Token=x",
    "a parameter more": lambda url: f"{url}&versionId=1",
    "another signature": lambda url: re.sub("X-Amz-Signature=.{8}", "X-Amz-Signature=00000000", url),
    "another account": lambda url: url.replace(f"TGVS{ACCOUNTS['staging']}", f"TGVS{ACCOUNTS['prod']}"),
}


def test_a_presigned_url(world):
    s3 = world.client(world.assume(), "s3", signature_version="s3v4")
    s3.put_object(Bucket="bucket", Key="report", Body=b"the report")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "report"}, ExpiresIn=60)
    assert get(world, url) == 200
    before = len(world.aws.calls), len(world.aws.refused)
    for name, change in PRESIGNED.items():
        assert change(url) != url, name
        assert get(world, change(url)) in (400, 403), name
    denied = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "secret"}, ExpiresIn=60)
    assert get(world, denied) == 403
    assert (len(world.aws.calls), len(world.aws.refused)) == before


def test_no_credential_of_aws_is_seen_outside(world):
    """In nothing that a client got, no line, row, prompt or page, and in no file that the gateway wrote."""
    person = Person(world.gate)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(world.assume, "asked")
        shown = person.answer()
        given = asked.result()
    chained = world.assume("deeper", given)
    s3 = world.client(chained, "s3")
    s3.put_object(Bucket=EXPRESS_BUCKET, Key="one", Body=b"one")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="bucket", Key="nothing")
    world.client(given).get_session_token()
    listed = world.gate.gate("log", str(world.gate.config), "-n", "1000").stdout
    told = [*world.got, repr(shown), repr(person.state()), listed, repr(world.gate.rows()), world.gate.log]
    files = [path.read_bytes() for path in world.gate.folder.rglob("*") if path.is_file()]
    assert len(files) > 8
    assert given["SecretAccessKey"].encode() in b"".join(files), "the look would find a secret: that of a placeholder is kept"
    assert any(given["SecretAccessKey"] in text for text in told)
    issued = [one for one in world.aws.canaries if one != world.aws.aws.base_access_key_id]
    assert len(issued) > 12
    assert [one for one in world.aws.canaries for text in told if one in text] == []
    assert [one for one in world.aws.canaries for data in files if one.encode() in data] == []
