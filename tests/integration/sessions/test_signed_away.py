"""What an agent has signed works at AWS without the gateway, and only what a rule lets be signed is."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
import trustme
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from scripts.embedded.aws import ACCOUNTS, REGION, TRAIL
from tests.kit.approvals.approver import Person
from tests.kit.gateway import AGENT, SECRET, TRIO_GATE, running
from trio_gate.approval.channel.frames import Accepted, Lift, Stop

OTHER_SECRET = "other-secret-0123456789"
OTHER = f'agent "other" {{\n  key_suffix = "OT01"\n  secret = "{OTHER_SECRET}"\n}}\n'
ROOT = "tg_root-0123456789abcdef0123456789abcdef"
PEOPLE = f'person "root" {{ token_sha256 = "{hashlib.sha256(ROOT.encode()).hexdigest()}" may_stop = true }}\n'
RULES = """\
rule "asked" {
  match     = aws.service == "s3" && has(aws.params.Key) && aws.params.Key.startsWith("asked/")
  action    = "approve"
  approvers = [human.oncall]
  presign   = true
}
rule "narrowed" {
  match   = aws.presigned && aws.action == "GetObject" && aws.resource == "arn:aws:s3:::staging-data/invoice.txt"
  action  = "allow"
  presign = true
  narrow  = true
}
rule "reports" {
  match   = aws.presigned && aws.service == "s3" && aws.params.Bucket == "staging-data" && agent.name == "ci"
  action  = "allow"
  presign = true
}
rule "clusters" {
  match   = aws.presigned && aws.action == "GetCallerIdentity" && aws.params["x-k8s-aws-id"] == "blue"
  action  = "allow"
  presign = true
  vends   = true
}
rule "databases" {
  match   = aws.iam_action == "rds-db:connect" && aws.params.DBUsername == "reports"
  action  = "allow"
  presign = true
  vends   = true
}
rule "roles" { match = aws.action == "AssumeRole"  action = "allow" }
rule "reads" { match = aws.access in ["read", "list"]  action = "allow" }
"""
TOKEN = "other-token-0123456789abcdef"
DATABASE = "db.c0ffee.us-east-1.rds.amazonaws.com"


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, agent=AGENT + OTHER, extra=PEOPLE) as gate:
        yield gate


def ask(gate, *words, account="staging", suffix="CI01", secret=SECRET, by="endpoint", **more):
    """Run a verb as an agent does."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("BASE_")}
    env |= {
        "AWS_ACCESS_KEY_ID": f"AKIA{ACCOUNTS[account]}{suffix}",
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": REGION,
        **more,
    }
    env |= (
        {"AWS_ENDPOINT_URL": f"http://{gate.doors['endpoint']}"}
        if by == "endpoint"
        else {"HTTPS_PROXY": f"http://{gate.doors['proxy']}"}
    )
    return subprocess.run([*TRIO_GATE, *words], env=env, capture_output=True, text=True, check=False)


def fetch(aws, url, method="GET", body=None, **fields):
    """What AWS answers to a URL, without the gateway."""
    parts = urlsplit(url)
    tcp = socket.create_connection(("127.0.0.1", aws.port), 30)
    context = ssl.create_default_context(cafile=aws.ca_file)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.sock = context.wrap_socket(tcp, server_hostname=parts.hostname)
    connection.request(
        method, f"{parts.path}?{parts.query}", body, {name.replace("_", "-"): value for name, value in fields.items()}
    )
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize("by", ["endpoint", "proxy"])
def test_an_object_is_read_by_its_url(gate, embedded_aws, by):
    made = ask(gate, "presign", "s3://staging-data/report.txt", "--expires-in", "60", by=by)
    assert (made.returncode, made.stderr) == (0, "")
    url = made.stdout.strip()
    assert fetch(embedded_aws, url) == (200, b"the report of staging\n")
    (row,) = gate.records("--rule", "reports")[-1:]
    assert (row["action"], row["method"], row["presigned"], row["outcome"]["status"]) == ("GetObject", "GET", 60, 200)
    assert "presign" in gate.gate("log", str(gate.config)).stdout


def test_an_object_is_written_by_its_url(gate, embedded_aws):
    made = ask(gate, "presign", "s3://staging-data/new/a b.txt", "--method", "PUT")
    assert fetch(embedded_aws, made.stdout.strip(), "PUT", b"written") == (200, b"")
    read = ask(gate, "presign", "s3://staging-data/new/a b.txt")
    assert fetch(embedded_aws, read.stdout.strip()) == (200, b"written")


def test_a_url_is_for_what_was_asked_alone(gate, embedded_aws):
    url = ask(gate, "presign", "s3://staging-data/report.txt").stdout.strip()
    assert fetch(embedded_aws, url, "PUT", b"x")[0] == 403
    assert fetch(embedded_aws, url.replace("report.txt", "invoice.txt"))[0] == 403
    assert fetch(embedded_aws, f"{url}&versionId=1")[0] == 403
    assert fetch(embedded_aws, url.replace("Expires=900", "Expires=9000"))[0] == 403
    assert fetch(embedded_aws, url, x_amz_acl="public-read")[0] == 403
    assert fetch(embedded_aws, url) == (200, b"the report of staging\n")


def test_a_narrowed_session_is_in_a_url_too(gate, embedded_aws):
    url = ask(gate, "presign", "s3://staging-data/invoice.txt").stdout.strip()
    assert fetch(embedded_aws, url) == (200, b"the invoice of staging\n")
    assert gate.records()[-1]["decision"]["rule"] == "narrowed"
    asked = [json.loads(line) for line in (Path(embedded_aws.ca_file).parent / TRAIL).read_text().splitlines()]
    [statement] = json.loads(asked[-1]["Policy"])["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["s3:GetObject"], ["arn:aws:s3:::staging-data/invoice.txt"])


def test_a_url_ends(gate, embedded_aws):
    made = ask(gate, "presign", "s3://staging-data/report.txt", "--expires-in", "1").stdout.strip()
    deadline = time.monotonic() + 30
    while (found := fetch(embedded_aws, made))[0] == 200 and time.monotonic() < deadline:
        pass
    assert found[0] == 403
    assert b"expired" in found[1]


def test_people_are_asked_and_see_what_it_is(gate, embedded_aws):
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(ask, gate, "presign", "s3://staging-data/asked/for.txt", "--method", "PUT", "--expires-in", "60")
        prompt = Person(gate).answer(reason="the new report")
        made = asking.result()
    assert (prompt["service"], prompt["operation"], prompt["method"]) == ("s3", "PutObject", "PUT")
    assert (prompt["query"], prompt["grantable"]) == ("X-Amz-Expires=60", False)
    [risk] = [risk for risk in prompt["risks"] if risk["code"] == "presigned"]
    assert "without the gateway, for 60 seconds" in risk["text"]
    assert fetch(embedded_aws, made.stdout.strip(), "PUT", b"as approved") == (200, b"")
    row = gate.records("--rule", "asked")[-1]
    assert ([one["person"] for one in row["approvers"]], row["presigned"]) == (["alice"], 60)


def test_a_denial_is_said(gate):
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(ask, gate, "presign", "s3://staging-data/asked/for.txt")
        Person(gate).answer("deny", reason="use the other bucket")
        made = asking.result()
    assert (made.returncode, made.stdout) == (1, "")
    assert "denied by a person: use the other bucket" in made.stderr


def test_an_agent_that_is_stopped_gets_nothing(gate):
    root = Person(gate, ROOT)
    assert isinstance(root.say(Stop(ref="s", agent="ci", reason="enough")), Accepted)
    made = ask(gate, "presign", "s3://staging-data/report.txt")
    root.say(Lift(ref="l", agent="ci"))
    assert (made.returncode, made.stdout) == (1, "")
    assert "enough" in made.stderr
    assert ask(gate, "presign", "s3://staging-data/report.txt").returncode == 0


def test_a_virtual_session_asks(gate, embedded_aws):
    role = f"arn:aws:iam::{ACCOUNTS['staging']}:role/deploy"
    keys = gate.client("sts").assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
    names = {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}
    made = ask(gate, "presign", "s3://staging-data/report.txt", **names, AWS_SESSION_TOKEN=keys["SessionToken"])
    assert fetch(embedded_aws, made.stdout.strip()) == (200, b"the report of staging\n")
    assert gate.records("--rule", "reports")[-1]["session"]["role"] == role
    assert keys["SessionToken"] not in made.stdout
    without = ask(gate, "presign", "s3://staging-data/report.txt", **names)
    assert (without.returncode, without.stdout) == (1, "")
    assert "session token" in without.stderr


REFUSED = {
    "a rule without presign": ({"account": "prod"}, ["presign", "s3://prod-data/report.txt"], "does not have `presign = true`"),
    "no rule": ({}, ["presign", "s3://elsewhere/x", "--method", "PUT"], "no rule allows s3:PutObject"),
    "another agent": (
        {"suffix": "OT01", "secret": OTHER_SECRET},
        ["presign", "s3://staging-data/report.txt"],
        "`presign = true`",
    ),
    "another agent's secret": (
        {"secret": OTHER_SECRET},
        ["presign", "s3://staging-data/report.txt"],
        "no agent here has this access key",
    ),
    "too long": (
        {},
        ["presign", "s3://staging-data/report.txt", "--expires-in", "901"],
        "`expires` is not a whole number from 1 to 900",
    ),
    "another cluster": ({}, ["eks-token", "green"], "no rule allows sts:GetCallerIdentity"),
    "another user": ({}, ["rds-token", DATABASE, "--port", "5432", "--user", "admin"], "no rule allows rds-db:connect"),
}


@pytest.mark.parametrize(("agent", "words", "said"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("by", ["endpoint", "proxy"])
def test_what_no_rule_lets_be_signed(gate, agent, words, said, by):
    found = ask(gate, *words, by=by, **agent)
    assert (found.returncode, found.stdout) == (1, "")
    assert said in found.stderr
    assert found.stderr.count("\n") == 1


def nothing(_request):
    """The request stays as it was signed."""


def raw(
    gate,
    by="endpoint",
    *,
    method="POST",
    path="/-/agent/presign",
    body=None,
    secret=SECRET,
    tamper=nothing,
    declared=False,
    **fields,
):
    """Status and text of a request to the gateway's own address, as botocore's signer signs it."""
    text = json.dumps({"bucket": "staging-data", "key": "report.txt"}) if body is None else body
    request = AWSRequest(method, f"http://{gate.doors[by]}{path}", data=text, headers={"host": gate.doors[by]})
    if declared:
        request.headers["x-amz-content-sha256"] = hashlib.sha256(text.encode()).hexdigest()
    SigV4Auth(Credentials(f"AKIA{ACCOUNTS['staging']}CI01", secret), "trio-gate", REGION).add_auth(request)
    tamper(request)
    connection = http.client.HTTPConnection(gate.doors[by], timeout=30)
    headers = {**dict(request.headers.items()), **{name.replace("_", "-"): value for name, value in fields.items()}}
    connection.request(method, path, request.data, headers)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def to_another_object(request):
    request.data = request.data.replace("report", "invoice")


@pytest.mark.parametrize("by", ["endpoint", "proxy"])
def test_requests_that_are_not_the_agents_own(gate, by):
    assert raw(gate, by)[0] == 200
    assert raw(gate, by, tamper=to_another_object)[0] == 403
    assert raw(gate, by, secret=OTHER_SECRET)[0] == 403
    status, said = raw(gate, by, method="GET")
    assert (status, "takes POST" in said["message"]) == (405, True)
    status, said = raw(gate, by, path="/-/agent/other")
    assert (status, "no such path" in said["message"]) == (404, True)
    assert raw(gate, by, origin="http://localhost")[0] == 403
    assert raw(gate, by, sec_fetch_site="none")[0] == 403
    assert raw(gate, by, host="evil.example")[0] == 421
    status, said = raw(gate, by, body='{"bucket": "staging-data"}')
    assert (status, "`key` is missing" in said["message"]) == (400, True)
    large = json.dumps({"bucket": "staging-data", "key": "k" * 20_000})
    assert raw(gate, by, body=large)[0] == raw(gate, by, body=large, declared=True)[0] == 413
    status, said = raw(gate, by, body='{"bucket": "elsewhere", "key": "x", "method": "PUT"}', declared=True)
    assert (status, "no rule allows s3:PutObject" in said["message"]) == (403, True)


def test_nothing_else_is_served_at_the_proxys_own_address(gate):
    status, said = raw(gate, "proxy", path="/-/agentx")
    assert (status, "only CONNECT" in said["message"]) == (405, True)


def test_a_cluster_gets_what_the_aws_cli_prints(gate, embedded_aws):
    made = ask(gate, "eks-token", "blue", KUBERNETES_EXEC_INFO='{"apiVersion": "client.authentication.k8s.io/v1"}')
    assert (made.returncode, made.stderr) == (0, "")
    said = json.loads(made.stdout)
    assert said.keys() == {"kind", "apiVersion", "spec", "status"}
    assert (said["kind"], said["apiVersion"], said["spec"]) == ("ExecCredential", "client.authentication.k8s.io/v1", {})
    prefix, _, text = said["status"]["token"].partition(".")
    url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    assert prefix == "k8s-aws-v1"
    assert "X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id" in url
    assert fetch(embedded_aws, url)[0] == fetch(embedded_aws, url, x_k8s_aws_id="green")[0] == 403
    status, who = fetch(embedded_aws, url, x_k8s_aws_id="blue")
    assert (status, f"{ACCOUNTS['staging']}:assumed-role/trio-gate/".encode() in who) == (200, True)
    row = gate.records("--rule", "clusters")[-1]
    assert (row["service"], row["action"], row["presigned"]) == ("sts", "GetCallerIdentity", 900)


def test_a_database_gets_what_botocore_makes(gate):
    made = ask(gate, "rds-token", DATABASE, "--port", "5432", "--user", "reports")
    assert (made.returncode, made.stderr) == (0, "")
    theirs = boto3.client("rds", region_name=REGION, aws_access_key_id="ASIAX", aws_secret_access_key="x", aws_session_token="x")
    expected = theirs.generate_db_auth_token(DATABASE, 5432, "reports")
    assert made.stdout.startswith(f"{DATABASE}:5432/?Action=connect&DBUser=reports&X-Amz-Algorithm=")
    assert [part.split("=")[0] for part in made.stdout.split("&")] == [part.split("=")[0] for part in expected.split("&")]
    row = gate.records("--rule", "databases")[-1]
    assert (row["service"], row["action"], row["resources"], row["presigned"]) == ("rds-db", "connect", None, 900)


def test_no_signature_is_kept(gate):
    made = ask(gate, "presign", "s3://staging-data/report.txt").stdout
    signature, token = made.strip()[-64:], made.split("X-Amz-Security-Token=")[1].split("&")[0]
    gate.records()
    kept = [file.read_bytes() for file in gate.folder.rglob("*") if file.is_file()]
    assert kept
    assert not any(word.encode() in one for word in (signature, token, SECRET) for one in kept if b"agent " not in one)


@pytest.fixture(scope="module")
def proven(embedded_aws, tmp_path_factory):
    """A gateway whose agents are proven by more than their signature, and the certificate of one."""
    folder, authority = tmp_path_factory.mktemp("gate"), trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "agents.pem"))
    certificate = folder / "ci.crt"
    authority.issue_cert("ci.example").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    known = AGENT.replace("}\n", '  certificate_authority = "agents.pem"\n  certificate_name = "ci.example"\n}\n')
    known += OTHER.replace("}\n", f'  proxy_token_sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"\n}}\n')
    rules = 'rule "all" { action = "allow"  presign = true }\n'
    with running(folder, embedded_aws, rules=rules, agent=known, endpoint="tls = true") as gate:
        yield gate, str(certificate)


def test_an_agent_shows_its_certificate(proven, embedded_aws):
    gate, certificate = proven
    words = (
        "presign",
        "s3://staging-data/report.txt",
        "--gateway",
        f"https://{gate.doors['endpoint']}",
        "--ca",
        gate.both_ca_file,
    )
    made = ask(gate, *words, "--certificate", certificate)
    assert fetch(embedded_aws, made.stdout.strip()) == (200, b"the report of staging\n")
    without = ask(gate, *words)
    assert (without.returncode, "proven by a client certificate too" in without.stderr) == (1, True)
    unverified = ask(gate, *words[:-2], AWS_CA_BUNDLE=certificate)
    assert (unverified.returncode, "does not answer: its certificate does not verify (" in unverified.stderr) == (1, True)
    nothing = ask(gate, *words, "--certificate", gate.both_ca_file)
    assert (nothing.returncode, "the client certificate cannot be used" in nothing.stderr) == (2, True)


@pytest.mark.parametrize(("token", "said"), [(TOKEN, ""), (TOKEN[:-1], "knows no agent"), (None, "proven by a proxy token too")])
def test_an_agent_shows_its_proxy_token(proven, embedded_aws, token, said):
    gate, _ = proven
    user = f"other:{token}@" if token else ""
    given = {"suffix": "OT01", "secret": OTHER_SECRET, "by": "proxy"}
    made = ask(gate, "presign", "s3://staging-data/report.txt", "--gateway", f"http://{user}{gate.doors['proxy']}", **given)
    if said:
        assert (made.returncode, made.stdout, said in made.stderr) == (1, "", True)
    else:
        assert fetch(embedded_aws, made.stdout.strip()) == (200, b"the report of staging\n")
