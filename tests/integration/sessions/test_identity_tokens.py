"""Agents that an OpenID Connect token proves too, with keys from a file or from their issuer, in any way in."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from contextlib import contextmanager

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, DEPLOY, REGION
from tests.integration.sessions.test_assume_role import RULES, assume
from tests.kit.gateway import AGENT, SECRET, reload, running
from tests.kit.standins.https import https
from tests.kit.standins.recording import recording
from tests.kit.wire.curl import with_curl
from tests.kit.wire.identity_tokens import AUDIENCE, ISSUER, SUBJECT, jwk, jwks, token
from tests.kit.wire.raw import DYNAMODB, STS, Raw, reached, request

FIELD = "x-trio-gate-token"
BLOCK = f"""\
  oidc {{
    issuer    = "{ISSUER}"
    audience  = "{AUDIENCE}"
    claims    = {{ sub = "{SUBJECT}" }}
    jwks_file = "issuer.jwks"
  }}
}}
"""
CI = AGENT.replace("}\n", BLOCK)
CD = f'agent "cd" {{\n  key_suffix = "CD01"\n  secret = "cd-{SECRET}"\n{BLOCK.replace(SUBJECT, "cd")}'
PLAIN = f'agent "plain" {{\n  key_suffix = "PL01"\n  secret = "plain-{SECRET}"\n}}\n'
KEYS = {"ci": ("CI01", SECRET), "cd": ("CD01", f"cd-{SECRET}"), "plain": ("PL01", f"plain-{SECRET}")}


@pytest.fixture(scope="module")
def gate(tmp_path_factory, embedded_aws):
    folder = tmp_path_factory.mktemp("gate")
    (folder / "issuer.jwks").write_text(jwks())
    with running(folder, embedded_aws, rules=RULES, agent=CI + CD + PLAIN) as gate:
        yield gate


def ask(gate, who, shown=None, by="endpoint", login=None):
    """Status and text of the answer to GetCallerIdentity; `shown` is in the request, `login` in the CONNECT."""
    suffix, secret = KEYS[who]
    host = "127.0.0.1" if by == "endpoint" else STS
    with reached(gate, by, STS, login) as raw:
        more = {"x_trio_gate_token": shown} if shown else {}
        answer = raw.send(request(host=host, key_id=f"AKIA222222222222{suffix}", secret=secret, **more)).answer()
        return answer.status, answer.text


def basic(user, password):
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.mark.parametrize("by", ["endpoint", "tls", "proxy"])
@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_its_token_proves_an_agent(gate, by, algorithm):
    assert ask(gate, "ci", token(algorithm), by)[0] == 200


@pytest.mark.parametrize("login", ["Bearer {}", "basic"])
def test_the_proxy_takes_it_as_bearer_or_as_a_password(gate, login):
    said = basic("ci", token()) if login == "basic" else login.format(token())
    assert ask(gate, "ci", by="proxy", login=said)[0] == 200
    assert ask(gate, "ci", token(), by="proxy", login=said)[0] == 200
    assert ask(gate, "cd", by="proxy", login=said)[0] == 403


@pytest.mark.parametrize(
    ("who", "shown", "reason"),
    [
        ("ci", {"sub": "cd"}, "its claims are others"),
        ("cd", {}, "its claims are others"),
        ("plain", {}, "has no OIDC token"),
        ("ci", {"aud": "another-gateway"}, "for another audience"),
        ("ci", {"aud": [AUDIENCE, "another-gateway"]}, "for another audience"),
        ("ci", {"iss": "https://evil.example"}, "of another issuer"),
        ("ci", {"exp": 1}, "has expired"),
        ("ci", {"key": "rsa-2"}, "none of its issuer's keys"),
        ("ci", {"key": "rsa-2", "header": {"kid": "rsa"}}, "signature of the OIDC token is wrong"),
        ("ci", None, "proven by an OIDC token too"),
    ],
)
@pytest.mark.parametrize("by", ["endpoint", "proxy"])
def test_any_other_is_refused(gate, who, shown, reason, by):
    made = None if shown is None else token(**shown)
    answers = [ask(gate, who, made, by)]
    if by == "proxy" and made:
        good = token(sub=SUBJECT if who == "ci" else who)
        answers += [ask(gate, who, good, by, f"Bearer {made}"), ask(gate, who, made, by, f"Bearer {good}")]
    for status, text in answers:
        assert (status, reason in text) == (403, True)
    assert made is None or made.split(".")[1] not in gate.log + json.dumps(gate.rows())


def test_it_is_looked_at_after_the_signature(gate):
    with Raw(gate.doors["endpoint"]) as raw:
        raw.send(request(host="127.0.0.1", secret="another-secret-0123456789", x_trio_gate_token="nonsense"))
        assert "no agent here has this access key id with this secret" in raw.answer().text


def test_it_stops_here(tmp_path, embedded_aws):
    (tmp_path / "issuer.jwks").write_text(jwks())
    shown = token()
    with (
        recording(tmp_path, DYNAMODB) as aws,
        running(tmp_path, embedded_aws, rules=RULES, agent=CI, first=aws.route(DYNAMODB)) as gate,
    ):
        body = b'{"TableName":"t"}'
        target = {"x_amz_target": "DynamoDB_20120810.DescribeTable", "content_type": "application/x-amz-json-1.0"}
        with Raw(gate.doors["endpoint"]) as raw:
            raw.send(request("dynamodb", "127.0.0.1", body=body, x_trio_gate_token=shown, **target))
            assert raw.answer().status == 200
        [seen] = aws.seen
        assert shown not in json.dumps(seen.headers)
        assert FIELD not in seen.headers
        assert shown not in gate.log + json.dumps(gate.rows())


def client(gate, by, shown, keys=None):
    """boto3, which has the token in the proxy's address, or in a field that a handler adds to each request."""
    keys = keys or {"aws_access_key_id": "AKIA222222222222CI01", "aws_secret_access_key": SECRET}
    given = {"retries": {"total_max_attempts": 1}}
    if by == "proxy":
        config = Config(proxies={"https": f"http://ci:{shown}@{gate.doors['proxy']}"}, **given)
        return boto3.client("sts", region_name=REGION, verify=gate.ca_file, config=config, **keys)
    made = boto3.client(
        "sts", region_name=REGION, endpoint_url=f"http://{gate.doors['endpoint']}", config=Config(proxies={}, **given), **keys
    )
    made.meta.events.register("before-sign.*", lambda request, **_: request.headers.__setitem__(FIELD, shown))
    return made


def test_a_session_works_with_any_token_that_proves_what_the_first_one_did(tmp_path, embedded_aws):
    (tmp_path / "issuer.jwks").write_text(jwks())
    with running(tmp_path, embedded_aws, rules=RULES, agent=CI + CD) as gate:
        made = assume(client(gate, "proxy", token()), DEPLOY)["Credentials"]
        session = {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
            "aws_session_token": made["SessionToken"],
        }
        for by, algorithm in (("proxy", "ES256"), ("endpoint", "RS256")):
            assert client(gate, by, token(algorithm), session).get_caller_identity()["Account"] == ACCOUNTS["staging"]
        with pytest.raises(ClientError, match="its claims are others"):
            client(gate, "proxy", token(sub="cd"), session).get_caller_identity()
        (tmp_path / "issuer.jwks").write_text(jwks(jwk("ES256")))
        reload(gate, "", "", ": reloaded, generation")
        assert client(gate, "proxy", token("ES256"), session).get_caller_identity()["Account"] == ACCOUNTS["staging"]
        with pytest.raises(ClientError, match="none of its issuer's keys"):
            client(gate, "proxy", token("RS256"), session).get_caller_identity()
        reload(gate, f'sub = "{SUBJECT}"', 'sub = "another"', ": reloaded, generation")
        with pytest.raises(ClientError, match="ExpiredToken"):
            client(gate, "proxy", token("ES256", sub="another"), session).get_caller_identity()


@with_curl
def test_curl_sends_it_as_a_field_for_the_proxy(gate):
    curl = ("curl", "--silent", "--show-error", "--cacert", gate.ca_file, "--proxy", f"http://{gate.doors['proxy']}")
    signed = ("--aws-sigv4", "aws:amz:us-east-1:sts", "--user", f"AKIA222222222222CI01:{SECRET}")
    asked = ("--proxy-header", f"Proxy-Authorization: Bearer {token()}", "--data", "Action=GetCallerIdentity&Version=2011-06-15")
    done = subprocess.run([*curl, *signed, *asked, f"https://{STS}/"], capture_output=True, text=True, check=True)
    assert "<Account>222222222222</Account>" in done.stdout


@contextmanager
def issued(folder, aws, answers):
    """A gateway that gets keys from an issuer; `answers` maps paths to what that answers."""
    asked = []

    def answer(seen):
        asked.append(f"{seen.headers['host']}{seen.target}")
        return 200, {}, json.dumps(answers[seen.target]).encode()

    ca_file = folder / "issuer.pem"
    agent = CI.replace('    jwks_file = "issuer.jwks"\n', "")
    with https(ca_file, ["issuer.example"], answer) as port:
        first = f'upstream "issuer.example" {{\n  address = "127.0.0.1:{port}"\n  ca_file = "{ca_file}"\n}}'
        with running(folder, aws, rules=RULES, agent=agent, first=first) as gate:
            yield gate, asked


def test_keys_are_fetched_from_the_issuer(tmp_path, embedded_aws):
    answers = {
        "/ci/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": "https://issuer.example/keys"},
        "/keys": json.loads(jwks()),
    }
    with issued(tmp_path, embedded_aws, answers) as (gate, asked):
        for _ in range(3):
            assert ask(gate, "ci", token())[0] == 200
        assert asked == ["issuer.example/ci/.well-known/openid-configuration", "issuer.example/keys"]
        for _ in range(3):
            status, text = ask(gate, "ci", token(key="rsa-unknown"))
            assert (status, "none of its issuer's keys" in text) == (403, True)
        assert len(asked) == 2


def test_an_issuer_out_of_reach_is_a_503_and_its_reason_is_the_operators(tmp_path, embedded_aws):
    answers = {"/ci/.well-known/openid-configuration": {"issuer": "https://evil.example"}}
    with issued(tmp_path, embedded_aws, answers) as (gate, _):
        status, text = ask(gate, "ci", token())
        assert (status, "cannot be fetched just now" in text, "evil" in text) == (503, True, False)
        assert "openid-configuration is of another issuer" in gate.log


@pytest.mark.parametrize(("shown", "said"), [(True, "there is no task to ask for"), (False, "is proven by an OIDC token too")])
def test_an_agents_own_requests_to_the_gateway_carry_it(gate, shown, said):
    given = {"AWS_ACCESS_KEY_ID": f"AKIA{ACCOUNTS['staging']}CI01", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION}
    given |= {"TRIO_GATE_AGENT_TOKEN": token()} if shown else {}
    words = [sys.executable, "-m", "trio_gate", "task", "p", "--need", "sns:CreateTopic"]
    words += ["--gateway", f"http://{gate.doors['endpoint']}"]
    done = subprocess.run(words, env={**os.environ, **given}, capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
