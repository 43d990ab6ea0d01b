"""The setting of the run: who there is, what the rules ask for, and what agents send."""

from __future__ import annotations

import hashlib
import json
import threading
from typing import TYPE_CHECKING, Any

from tests.kit.gateway import AGENT
from tests.kit.wire.raw import Raw, connect, request
from tests.kit.wire.tls_kit import client_hello

if TYPE_CHECKING:
    import socket

    from tests.kit.gateway import Gateway

DAY = "24h"
NOWHERE = "127.0.0.1:1"
"""Where calls of the region `FAR` are sent: nobody listens, so what is approved is not executed, and an address that stays the same."""

FAR = "eu-west-1"

TOKENS = {name: f"tg_{name}-0123456789abcdef0123456789abcdef" for name in ("ann", "ben", "cid")}
EVE = "eve-secret-0123456789"
AGENTS = AGENT + f'agent "eve" {{\n  key_suffix = "EVE1"\n  secret = "{EVE}"\n}}\n'


def _person(name: str, more: str = "") -> str:
    return f'person "{name}" {{\n  token_sha256 = "{hashlib.sha256(TOKENS[name].encode()).hexdigest()}"\n{more}}}\n'


ALL = "  may_grant    = true\n  may_observe  = true\n  may_stop     = true\n  may_compare  = true\n"
PEOPLE = (
    _person("ann", ALL)
    + _person("ben", "  may_grant    = true\n")
    + _person("cid")
    + f"""\
approver "human" "pair"  {{
  people  = [person.ann, person.ben]
  quorum  = 2
  timeout = "{DAY}"
}}
approver "human" "three" {{
  people  = [person.ann, person.ben, person.cid]
  quorum  = 2
  timeout = "{DAY}"
  notify "log" {{ program = ["/bin/true"] }}
}}
approver "human" "ann"   {{
  people  = [person.ann]
  timeout = "{DAY}"
}}
"""
)
TOPICS = 'match = aws.service == "sns"'
RULES = f"""\
rule "no secrets" {{ match = aws.reads_secret                action = "deny"  reason = "ask for a reference instead" }}
rule "urls"       {{ match = aws.presigned                   action = "allow"  presign = true }}
rule "reads ok"   {{ match = aws.access in ["read", "list"]  action = "allow" }}
rule "staging"    {{ match = aws.account_name == "staging"   action = "allow" }}
rule "queues"     {{ match = aws.service == "sqs"            action = "approve"  approvers = [human.pair] }}
rule "topics"     {{ {TOPICS}            action = "approve"  approvers = [human.ann] }}
rule "machines"   {{
  match     = aws.service == "ec2"
  action    = "approve"
  approvers = [human.three, human.ann]
  reason    = "machines cost money"
}}
rule "the rest"   {{ action = "approve"  approvers = [human.three] }}
"""
FAR_AWAY = f'upstream "*.{FAR}.amazonaws.com" {{ address = "{NOWHERE}" }}\n'

EXPLAINED = f"""\
gateway {{
  state_dir = "./state"
  listener "proxy" {{ bind = "127.0.0.1:0" }}
  admin            {{ bind = "127.0.0.1:0" }}
}}
credential "aws_account" "base" {{}}
endpoint "aws_api" "main" {{
  role       = "trio-gate"
  region     = "us-east-1"
  credential = aws_account.base
  accounts   = ["111111111111=prod", "222222222222=staging"]
}}
{AGENTS}{PEOPLE}{RULES}"""
"""A configuration for `explain`."""

FORM = "application/x-www-form-urlencoded"
JSON_1_0, JSON_1_1 = "application/x-amz-json-1.0", "application/x-amz-json-1.1"


def queue(name: str, *, region: str = "us-east-1", policy: str = "", **more: Any) -> tuple[str, bytes]:
    attributes = {"VisibilityTimeout": "60", **({"Policy": policy} if policy else {})}
    body = json.dumps({"QueueName": name, "Attributes": attributes}).encode()
    host = f"sqs.{region}.amazonaws.com"
    given = {"account": "prod", "x_amz_target": "AmazonSQS.CreateQueue", "content_type": JSON_1_0, **more}
    return host, request("sqs", host, body=body, region=region, **given)


def topic(name: str, *, region: str = "us-east-1") -> tuple[str, bytes]:
    host = f"sns.{region}.amazonaws.com"
    body = f"Action=CreateTopic&Version=2010-03-31&Name={name}".encode()
    return host, request("sns", host, body=body, account="prod", region=region, content_type=FORM)


def renamed(name: str, title: str) -> tuple[str, bytes]:
    host, arn = "sns.us-east-1.amazonaws.com", f"arn%3Aaws%3Asns%3Aus-east-1%3A111111111111%3A{name}"
    given = f"TopicArn={arn}&AttributeName=DisplayName&AttributeValue={title}"
    body = f"Action=SetTopicAttributes&Version=2010-03-31&{given}".encode()
    return host, request("sns", host, body=body, account="prod", region="us-east-1", content_type=FORM)


def machine(image: str, token: str) -> tuple[str, bytes]:
    host = f"ec2.{FAR}.amazonaws.com"
    body = f"Action=RunInstances&Version=2016-11-15&ImageId={image}&MinCount=1&MaxCount=1&ClientToken={token}".encode()
    return host, request("ec2", host, body=body, account="prod", region=FAR, content_type=FORM)


def secret(*, region: str = "us-east-1", name: str = "CreateSecret", **members: str) -> tuple[str, bytes]:
    host = f"secretsmanager.{region}.amazonaws.com"
    fields = {"account": "prod", "x_amz_target": f"secretsmanager.{name}", "content_type": JSON_1_1}
    return host, request("secretsmanager", host, body=json.dumps(members).encode(), region=region, **fields)


def role() -> tuple[str, bytes]:
    arn = b"arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fdeploy"
    body = b"Action=AssumeRole&Version=2011-06-15&RoleSessionName=run&RoleArn=" + arn
    return "sts.us-east-1.amazonaws.com", request(body=body, content_type=FORM)


def by_session(key_id: str, secret: str, token: str) -> tuple[str, bytes]:
    return "sts.us-east-1.amazonaws.com", request(key_id=key_id, secret=secret, x_amz_security_token=token)


def s3(method: str, path: str, body: bytes = b"", **more: Any) -> tuple[str, bytes]:
    host = "s3.us-east-1.amazonaws.com"
    return host, request("s3", host, method=method, path=path, body=body, **more)


def url(host: str) -> bytes:
    """A request to the gateway itself, at this address."""
    body = json.dumps({"bucket": "staging-data", "key": "report.txt", "expires": 60}).encode()
    return request("trio-gate", host, body=body, path="/-/agent/presign", content_type="application/json")


def task(host: str) -> bytes:
    """An agent asks there for a task, one of whose lines lets dangers through."""
    lines = [{"service": "sns", "actions": ["TagResource"]}, {"service": "sns", "actions": ["DeleteTopic"], "danger": True}]
    body = json.dumps({"purpose": "replace the topics", "needs": lines, "uses": 3, "minutes": 400}).encode()
    return request("trio-gate", host, body=body, path="/-/agent/tasks", account="prod", content_type="application/json")


def calls() -> dict[str, tuple[str, bytes]]:
    """Calls that nobody is asked about, signed now, by name."""
    sts = "sts.us-east-1.amazonaws.com"
    return {
        "an allowed read": s3("GET", "/staging-data?list-type=2&prefix=a%20b"),
        "one that AWS refuses": s3("GET", "/staging-data/no-such-key"),
        "an allowed write": s3("PUT", "/staging-data/key", b"some text\n", x_amz_tagging="for=nothing"),
        "a plain read": ("sts.us-east-1.amazonaws.com", request()),
        "one that was not reviewed": s3("GET", "/staging-data?versioning"),
        "a denied read of a secret": secret(name="GetSecretValue", SecretId="no-such-secret"),
        "one that is not signed so": (sts, request(secret="another-secret-0123456789")),
        "no operation": ("sqs.us-east-1.amazonaws.com", queue("none", x_amz_target="AmazonSQS.NoSuchThing")[1]),
        "another account": (sts, request(account="333333333333")),
    }


MODEL = "model.example"


def passing_through(model: socket.socket) -> dict[str, str]:
    """What of the configuration lets agents reach a model."""
    route = f'upstream "{MODEL}" {{ address = "127.0.0.1:{model.getsockname()[1]}" }}\n'
    return {"extra": FAR_AWAY + PEOPLE + route, "proxy": f'bind = "127.0.0.1:0" passthrough = ["{MODEL}"]'}


def tunnelled(gateway: Gateway, model: socket.socket) -> None:
    """A host that is none of AWS's is asked something."""
    with Raw(gateway.doors["proxy"]).send(connect(f"{MODEL}:443")) as raw:
        there, _ = model.accept()
        with there:
            assert raw.head()[0] == 200
            raw.send(client_hello(MODEL)).end()
            while there.recv(100):
                pass  # what is not read would be answered with a reset
            there.sendall(b"an answer")
        assert raw.rest() == b"an answer"
    while not gateway.rows("--decision", "tunnel", "--end", "answered"):
        threading.Event().wait(0.01)  # its outcome is written a moment later
