"""Who has no secret is turned away before anything of the request is read, named or loaded, and learns nothing of what is configured."""

from __future__ import annotations

import hashlib

import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.kit.gateway import SECRET, running
from tests.kit.wire.raw import DYNAMODB, S3, STS, WHO, Raw, connect, parted, request, tunnel

NOBODY = "no agent here has this access key id with this secret"
WRONG = SECRET + "x"
AGENTS = f"""\
agent "ci" {{
  key_suffix = "CI01"
  secret     = "{SECRET}"
}}
agent "night-shift" {{
  key_suffix = "NS02"
  secret     = "{SECRET}-of-the-night"
  accounts   = ["222222222222"]
}}
"""
LONG = b'{"TableName":"t","Key":{"id":{"S":"' + b"a" * 100_000 + b'"}}}'
JSON = {"X_Amz_Target": "DynamoDB_20120810.GetItem", "Content_Type": "application/x-amz-json-1.0"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with running(tmp_path_factory.mktemp("proof"), None, agent=AGENTS, rules='rule "no" { action = "deny" }\n') as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


def declared(secret: str, **fields: str) -> bytes:
    """A call to DynamoDB whose head declares the hash of its body."""
    digest = hashlib.sha256(LONG).hexdigest()
    return request("dynamodb", DYNAMODB, body=LONG, secret=secret, X_Amz_Content_Sha256=digest, **JSON, **fields)


def presigned(secret: str, service: str, host: str, method: str, path: str) -> bytes:
    made = AWSRequest(method=method, url=f"https://{host}{path}")
    auth = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
    auth(Credentials("AKIA222222222222CI01", secret), service, "us-east-1").add_auth(made)
    target = made.url.removeprefix(f"https://{host}")
    length = "Content-Length: 100000\r\n" if method == "PUT" else ""
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{length}\r\n".encode()


def heads(secret: str) -> dict[str, tuple[str, bytes]]:
    """Heads that can be proven without their bodies."""
    return {
        "hash": (DYNAMODB, parted(declared(secret))[0]),
        "expects": (DYNAMODB, parted(declared(secret, Expect="100-continue"))[0]),
        "upload": (S3, parted(request("s3", S3, method="PUT", path="/b/k", body=LONG, secret=secret))[0]),
        "presigned put": (S3, presigned(secret, "s3", S3, "PUT", "/b/k")),
        "presigned get": (S3, presigned(secret, "s3", S3, "GET", "/b/k")),
        "presigned who": (STS, presigned(secret, "sts", STS, "GET", "/?Action=GetCallerIdentity&Version=2011-06-15")),
        "streaming": (S3, upload(secret, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")),
        "unsigned": (S3, upload(secret, "UNSIGNED-PAYLOAD")),
        "no body": (DYNAMODB, request("dynamodb", DYNAMODB, body=b"", method="GET", secret=secret)),
    }


class Saying(SigV4Auth):
    """botocore's signer, with a given word for the payload."""

    def __init__(self, key: Credentials, word: str) -> None:
        super().__init__(key, "s3", "us-east-1")
        self._word = word

    def payload(self, request: AWSRequest) -> str:
        return self._word


def upload(secret: str, payload: str) -> bytes:
    """The head of an upload that says this of its payload."""
    said = {"Host": S3, "X-Amz-Content-SHA256": payload, "X-Amz-Decoded-Content-Length": "100000"}
    made = AWSRequest(method="PUT", url=f"https://{S3}/b/k", headers=said)
    Saying(Credentials("AKIA222222222222CI01", secret), payload).add_auth(made)
    lines = ["PUT /b/k HTTP/1.1", *(f"{name}: {value}" for name, value in made.headers.items()), "Content-Length: 100100", "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("name", heads(WRONG))
def test_a_head_that_says_what_stands_for_its_body_is_refused_before_the_body(gateway, name):
    host, head = heads(WRONG)[name]
    with tunnel(gateway, gateway.ca_file, host) as agent:
        status, fields = agent.send(head).head()  # no 100 before it, and not a byte of the body was sent
        assert status == 403
        assert int(fields["content-length"]) > 0


def test_an_empty_secret_is_nobodys(gateway):
    with tunnel(gateway, gateway.ca_file, STS) as agent:
        answer = agent.send(request(key_id="AKIA222222222222ZZ09", secret="")).answer()
    assert (answer.status, NOBODY in answer.text) == (403, True)


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_whose_hash_is_signed_but_not_declared_is_read_and_then_refused_unnamed(gateway, framing):
    raw = request("dynamodb", DYNAMODB, body=b'{"no":"such operation"}', secret=WRONG, X_Amz_Target="DynamoDB_20120810.NoSuch")
    head, body = parted(raw)
    if framing == "chunks":
        head = head.replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    with tunnel(gateway, gateway.ca_file, DYNAMODB) as agent:
        agent.send(head, body[:10])
        agent.send(body[10:])
        assert NOBODY in agent.answer().text
        good = request("dynamodb", DYNAMODB, body=b'{"no":"such operation"}', X_Amz_Target="DynamoDB_20120810.NoSuch")
        assert "NoSuch" not in agent.send(raw.replace(b"NoSuch", b"GetNow")).answer().text
        assert "operation" in agent.send(good).answer().text


def test_a_proven_head_with_another_body_is_refused_before_it_is_read_as_one(gateway):
    raw = declared(SECRET).replace(b"aaaa", b'"""', 1).replace(b"aaaa", b"aaaaa", 1)
    with tunnel(gateway, gateway.ca_file, DYNAMODB) as agent:
        answer = agent.send(raw).last()
    assert answer.status == 400
    assert "does not have the hash" in answer.text


def test_a_refused_head_and_the_request_behind_it_are_answered_each(gateway):
    alone = request(body=WHO, secret=WRONG)
    with tunnel(gateway, gateway.ca_file, STS) as agent:
        agent.send(alone + request(body=WHO))
        assert NOBODY in agent.answer().text
        assert "denied by rule" in agent.answer().text


KEYS = {
    "AKIA333333333333CI01": "does not match this agent's secret (agent ci)",
    "AKIA222222222222ZZ09": "no agent has the suffix ZZ09",
    "AKIA333333333333ZZ09": "no agent has the suffix ZZ09",
    "AKIA111111111111NS02": "does not match this agent's secret (agent night-shift)",
    "AKIA222222222222NS02": "does not match this agent's secret (agent night-shift)",
    "AKIA222222222222CI01": "does not match this agent's secret (agent ci)",
}


def test_without_a_secret_nobody_learns_accounts_suffixes_or_agents_and_the_log_tells(gateway):
    said = set()
    for key_id, why in KEYS.items():
        with tunnel(gateway, gateway.ca_file, STS) as agent:
            answer = agent.send(request(key_id=key_id, secret=WRONG)).answer()
        text = answer.text.partition("<Message>")[2].partition(" (request ")[0]
        said.add((answer.status, text))
        assert why in gateway.log
        assert gateway.records("-n", "1")[-1]["outcome"]["reason"].endswith(why)
    assert len(said) == 1
    assert not any(
        word in text for word in ("ci", "night", "configured") for text in [next(iter(said))[1].split("check")[0].split()]
    )


NOT_THEIRS = {
    "another's": ("AKIA111111111111NS02", f"{SECRET}-of-the-night", "agent night-shift may not use account 111111111111"),
    "nobody's": ("AKIA333333333333CI01", SECRET, "account 333333333333 is not configured"),
    "nobody's, for who may use few": ("AKIA333333333333NS02", f"{SECRET}-of-the-night", "account 333333333333 is not configured"),
}


OWN = {"CI": "111111111111 (prod), 222222222222 (staging)", "NS": "222222222222 (staging)"}
"""By the beginning of the agent's suffix, its accounts as it reads them."""


@pytest.mark.parametrize("name", NOT_THEIRS)
def test_who_has_the_secret_reads_of_its_own_accounts_alone(gateway, name):
    key_id, secret, why = NOT_THEIRS[name]
    with tunnel(gateway, gateway.ca_file, STS) as agent:
        answer = agent.send(request(key_id=key_id, secret=secret)).answer()
    text = answer.text.partition("<Message>")[2].partition(" (request ")[0]
    own = OWN[key_id[16:18]]
    assert (answer.status, text) == (403, f"not executed: this key may not use account {key_id[4:16]}: use one of its own, {own}")
    assert gateway.records("-n", "1")[-1]["outcome"]["reason"] == why
    assert why in gateway.log


def test_without_a_secret_nobody_learns_where_the_accounts_are(gateway):
    host = "sts.cn-north-1.amazonaws.com.cn"
    with Raw(gateway.doors["proxy"]).send(connect(f"{host}:443")) as agent:
        assert agent.answer().text.strip() == f"{host} is not served by this gateway"
    assert f"{host} is of partition aws-cn, the account is of aws" in gateway.log
