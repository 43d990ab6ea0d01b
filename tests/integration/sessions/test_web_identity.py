"""AssumeRoleWithWebIdentity, which is not signed: served for the agent that the connection proves, and for nobody else."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlencode

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, DEEPER, DEPLOY, REGION, WEB_IDENTITY, WEB_IDENTITY_EXPIRED
from tests.integration.sessions.test_assume_role import by
from tests.kit.approvals.approver import Person
from tests.kit.gateway import AGENT, SECRET, reload, running, sha256
from tests.kit.wire.identity_tokens import AUDIENCE, ISSUER, SUBJECT, jwks, token
from tests.kit.wire.raw import STS, reached, request
from trio_gate.shell.sessions import store as sessions_on_disk

TOKEN, OTHERS = "ci_token-0123456789", "cd_token-0123456789"
RULES = """\
rule "asked" { match = has(aws.params.RoleSessionName) && aws.params.RoleSessionName == "asked"  action = "approve"  approvers = [human.oncall] }
rule "narrow" { match = has(aws.params.RoleSessionName) && aws.params.RoleSessionName == "narrow"  action = "allow"  narrow = true }
rule "roles" { match = aws.action in ["AssumeRoleWithWebIdentity", "AssumeRole"] && aws.account_name == "staging"  action = "allow" }
rule "work"  { match = has(aws.session_role)  action = "allow" }
"""


CI = AGENT.replace("}\n", f'  proxy_token_sha256 = "{sha256(TOKEN)}"\n}}\n')
CD = f'agent "cd" {{\n  key_suffix = "CD01"\n  secret = "cd-{SECRET}"\n  proxy_token_sha256 = "{sha256(OTHERS)}"\n  accounts = ["111111111111"]\n}}\n'


@pytest.fixture(scope="module")
def gate(tmp_path_factory, embedded_aws):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, agent=CI + CD) as gate:
        yield gate


def arn(account="staging", role=DEPLOY):
    return f"arn:aws:iam::{ACCOUNTS[account]}:role/{role}"


def sts(gate, user):
    config = Config(
        proxies={"https": f"http://{user}@{gate.doors['proxy']}"}, signature_version=UNSIGNED, retries={"total_max_attempts": 1}
    )
    return boto3.client("sts", region_name=REGION, verify=gate.ca_file, config=config)


def assume(gate, user=f"ci:{TOKEN}", account="staging", shown=WEB_IDENTITY, role=DEPLOY, **more):
    asked = {"RoleArn": arn(account, role), "RoleSessionName": "tests", "WebIdentityToken": shown, **more}
    return sts(gate, user).assume_role_with_web_identity(**asked)


def with_session(gate, given, service="sts", user=f"ci:{TOKEN}"):
    return by(gate, given, service, user=f"{user}@")


def test_a_role_is_assumed_and_used_by_the_agent_that_the_connection_proves(gate):
    made = assume(gate)
    assert made["Credentials"]["AccessKeyId"].startswith("TGVS222222222222")
    assert made["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::222222222222:assumed-role/{DEPLOY}/tests"
    assert with_session(gate, made).get_caller_identity()["Arn"] == made["AssumedRoleUser"]["Arn"]
    further = with_session(gate, made).assume_role(RoleArn=arn(role=DEEPER), RoleSessionName="tests")
    assert with_session(gate, further).get_caller_identity()["Arn"] == f"arn:aws:sts::222222222222:assumed-role/{DEEPER}/tests"
    asked = next(row for row in gate.records() if row["action"] == "AssumeRoleWithWebIdentity")
    assert (asked["agent"], asked["account"], asked["account_name"]) == ("ci", "222222222222", "staging")
    with closing(sqlite3.connect(gate.folder / "state" / sessions_on_disk.FILE)) as disk:
        stored = [row for (row,) in disk.execute("SELECT value FROM sessions")]
    assert [json.loads(row)["sent"]["body"] for row in stored if "once" in row] == [""]
    kept = gate.log + json.dumps(gate.rows()) + (gate.folder / "decisions.jsonl").read_text()
    files = b"".join(path.read_bytes() for path in (gate.folder / "state").glob("*.db*"))
    assert WEB_IDENTITY not in kept
    assert WEB_IDENTITY.encode() not in files


def test_people_are_asked_without_being_shown_the_token(gate):
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(assume, gate, RoleSessionName="asked")
        prompt = Person(gate).answer()
        made = asked.result()
    assert with_session(gate, made).get_caller_identity()["Arn"].endswith(f"{DEPLOY}/asked")
    assert (prompt["agent"], prompt["account"], prompt["operation"]) == ("ci", "222222222222", "AssumeRoleWithWebIdentity")
    files = b"".join(path.read_bytes() for path in (gate.folder / "state").glob("*.db*"))
    assert WEB_IDENTITY not in json.dumps(prompt)
    assert WEB_IDENTITY.encode() not in files


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"user": f"cd:{OTHERS}"}, "may not use account 222222222222"),
        ({"account": "prod"}, "no rule allows"),
        ({"RoleSessionName": "narrow"}, "this call comes unsigned"),
        ({"shown": "nonsense"}, "InvalidIdentityToken"),
        ({"shown": WEB_IDENTITY_EXPIRED}, "ExpiredTokenException"),
    ],
)
def test_what_is_refused_here_or_by_aws(gate, change, reason):
    with pytest.raises(ClientError, match=reason):
        assume(gate, **change)


def test_the_session_is_its_agents_alone_and_lasts_until_a_restart(tmp_path, embedded_aws):
    with running(tmp_path, embedded_aws, rules=RULES, agent=CI + CD) as gate:
        made = assume(gate)
        with pytest.raises(ClientError, match="another agent's than the key"):
            with_session(gate, made, user=f"cd:{OTHERS}").get_caller_identity()
        assert with_session(gate, made).get_caller_identity()["Account"] == ACCOUNTS["staging"]
    with running(tmp_path, embedded_aws, rules=RULES, agent=CI + CD) as gate:
        with pytest.raises(ClientError, match="ExpiredToken"):
            with_session(gate, made).get_caller_identity()
        again = assume(gate)
        assert with_session(gate, again).get_caller_identity()["Account"] == ACCOUNTS["staging"]
        reload(gate, sha256(TOKEN), sha256("another_token-0123456789"), ": reloaded, generation")
        with pytest.raises(ClientError, match="ExpiredToken"):
            with_session(gate, again, user="ci:another_token-0123456789").get_caller_identity()


def unsigned(body, host=STS, method="POST", **fields):
    lines = [
        f"{method} / HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", body]).encode()


FORM = {
    "Action": "AssumeRoleWithWebIdentity",
    "Version": "2011-06-15",
    "RoleArn": arn(),
    "RoleSessionName": "tests",
    "WebIdentityToken": WEB_IDENTITY,
}
LOGIN = b64encode(f"ci:{TOKEN}".encode()).decode()


def send(gate, raw, login=LOGIN, way="proxy", host=STS):
    with reached(gate, way, host, login and f"Basic {login}") as connection:
        answer = connection.send(raw).answer()
        return answer.status, answer.text


NOT_SIGNED = "the request is not signed"
DYNAMO = "dynamodb.us-east-1.amazonaws.com"


def test_it_passes_as_it_was_sent(gate):
    assert send(gate, unsigned(urlencode(FORM)))[0] == 200


@pytest.mark.parametrize(
    ("raw", "more"),
    [
        (unsigned(urlencode({**FORM, "Action": "GetCallerIdentity"})), {}),
        (unsigned(urlencode({**FORM, "Action": "AssumeRole"})), {}),
        (unsigned(urlencode({**FORM, "Action": "AssumeRoleWithSAML"})), {}),
        (unsigned(urlencode({**FORM, "RoleArn": "deploy"})), {}),
        (unsigned("&".join([urlencode(FORM), "Action=GetCallerIdentity"])), {}),
        (unsigned(urlencode(FORM), method="GET"), {}),
        (unsigned("{}", DYNAMO, X_Amz_Target="DynamoDB_20120810.ListTables"), {"host": DYNAMO}),
        (unsigned(urlencode(FORM), DYNAMO), {"host": DYNAMO}),
        (unsigned(urlencode(FORM), "127.0.0.1"), {"way": "endpoint"}),
        (unsigned(urlencode(FORM)), {"way": "tls"}),
    ],
)
def test_nothing_else_comes_unsigned(gate, raw, more):
    before = len(gate.records())
    status, text = send(gate, raw, **more)
    assert (status, NOT_SIGNED in text) == (403, True)
    assert [row["outcome"]["upstream_status"] for row in gate.records()[before:]] == [None]


def test_the_name_in_the_body_is_the_name_that_is_judged(gate):
    """The operation is also in the query: it is refused, whichever of the two another reader would take."""
    raw = unsigned(urlencode(FORM)).replace(b"POST / ", b"POST /?Action=GetCallerIdentity&Version=2011-06-15 ")
    assert send(gate, raw)[0] in (400, 403)


def test_a_signed_one_is_refused_with_what_to_do(gate):
    raw = request(body=urlencode(FORM).encode(), content_type="application/x-www-form-urlencoded")
    status, text = send(gate, raw)
    assert (status, "is served unsigned alone" in text) == (403, True)


def test_a_connection_that_proves_two_agents_or_none_is_refused(tmp_path, embedded_aws):
    (tmp_path / "jwks").write_text(jwks())
    block = f'  oidc {{\n    issuer = "{ISSUER}"\n    audience = "{AUDIENCE}"\n    claims = {{ sub = "{SUBJECT}" }}\n    jwks_file = "jwks"\n  }}\n}}\n'
    twins = AGENT.replace("}\n", block) + f'agent "twin" {{\n  key_suffix = "TW01"\n  secret = "tw-{SECRET}"\n{block}'
    one = AGENT.replace("}\n", block)
    for agents, shown, works in ((one, {}, True), (one, {"sub": "another"}, False), (twins, {}, False)):
        with running(tmp_path, embedded_aws, rules=RULES, agent=agents) as gate:
            raw = unsigned(urlencode(FORM), X_Trio_Gate_Token=token(**shown))
            status, text = send(gate, raw, login=None, way="tls")
            assert (status, NOT_SIGNED in text) == ((200, False) if works else (403, True))


CLIENT = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"


def test_sdks_do_it_by_themselves(gate, tmp_path):
    (tmp_path / "token").write_text(WEB_IDENTITY)
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "AWS_ROLE_ARN": arn(),
        "AWS_ROLE_SESSION_NAME": "job",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CA_BUNDLE": gate.ca_file,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTPS_PROXY": f"http://ci:{TOKEN}@{gate.doors['proxy']}",
    }
    done = subprocess.run([sys.executable, "-c", CLIENT], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == f"arn:aws:sts::222222222222:assumed-role/{DEPLOY}/job", done.stderr
