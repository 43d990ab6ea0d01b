"""Agents that a token of their own proves to the proxy too: nothing is signed for a connection without it."""

from __future__ import annotations

import base64
import re
import subprocess

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ProxyConnectionError

from scripts.embedded.aws import ACCOUNTS, DEPLOY, REGION
from tests.integration.sessions.test_assume_role import RULES, assume
from tests.kit.gateway import AGENT, SECRET, reload, running, sha256
from tests.kit.wire.curl import with_curl
from tests.kit.wire.raw import STS, Raw, connect, request

OLD, NEW, OTHERS, WRONG = "old_token-0123456789", "new_token-0123456789", "cd_token-0123456789", "wrong_token-0123456789"
PLAIN = f'agent "plain" {{\n  key_suffix = "PL01"\n  secret = "plain-{SECRET}"\n}}\n'
KEYS = {"ci": ("CI01", SECRET), "cd": ("CD01", f"cd-{SECRET}"), "plain": ("PL01", f"plain-{SECRET}")}


CI = AGENT.replace("}\n", f'  proxy_token_sha256 = "{sha256(OLD)}"\n}}\n')
CD = f'agent "cd" {{\n  key_suffix = "CD01"\n  secret = "cd-{SECRET}"\n  proxy_token_sha256 = "{sha256(OTHERS)}"\n}}\n'


@pytest.fixture(scope="module")
def gate(tmp_path_factory, embedded_aws):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, agent=CI + CD + PLAIN) as gate:
        yield gate


@pytest.fixture(scope="module")
def strict(tmp_path_factory, embedded_aws):
    """A gateway all of whose agents have tokens."""
    with running(tmp_path_factory.mktemp("strict"), embedded_aws, rules=RULES, agent=CI + CD) as gate:
        yield gate


def login(user, token):
    return f"Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}"


def greet(gate, said):
    """A connection that has sent a CONNECT with this login."""
    field = f"Proxy-Authorization: {said}\r\n" if said else ""
    return Raw(gate.doors["proxy"]).send(connect(f"{STS}:443").replace(b"\r\n\r\n", f"\r\n{field}\r\n".encode()))


def ask(gate, who, said):
    """Status and text of the answer to GetCallerIdentity, of the proxy's own where that refuses."""
    suffix, secret = KEYS[who]
    with greet(gate, said) as raw:
        status, fields = raw.head()
        if status != 200:
            assert fields["proxy-authenticate"] == 'Basic realm="trio-gate"'
            return status, raw.rest().decode()
        answer = raw.tls(gate.ca_file, STS).send(request(key_id=f"AKIA222222222222{suffix}", secret=secret)).answer()
        return answer.status, answer.text


@pytest.mark.parametrize(
    ("who", "said"), [("ci", login("ci", OLD)), ("cd", login("cd", OTHERS).replace("Basic", "basic")), ("plain", None)]
)
def test_its_own_token_proves_an_agent(gate, who, said):
    assert ask(gate, who, said)[0] == 200


UNKNOWN = "no agent of this name with this token"


@pytest.mark.parametrize(
    ("who", "said", "status", "reason"),
    [
        ("ci", None, 403, "proven by a proxy token too"),
        ("ci", login("cd", OTHERS), 403, "another agent's than the key"),
        ("plain", login("ci", OLD), 403, "another agent's than the key"),
        ("ci", login("ci", WRONG), 407, UNKNOWN),
        ("ci", login("cd", OLD), 407, UNKNOWN),
        ("plain", login("plain", ""), 407, UNKNOWN),
        ("ci", f"Bearer {OLD}", 407, UNKNOWN),
    ],
)
def test_any_other_is_refused(gate, who, said, status, reason):
    found = ask(gate, who, said)
    assert (found[0], reason in found[1]) == (status, True)
    for token in (OLD, OTHERS, WRONG):
        assert token not in gate.log


@pytest.mark.parametrize("by", ["tls", "endpoint"])
def test_other_ways_in_do_not_prove_it(gate, by):
    with Raw(gate.doors[by]) as raw:
        host = STS if by == "tls" else "127.0.0.1"
        if by == "tls":
            raw.tls(gate.ca_file, STS)
        sent = request(host=host, proxy_authorization=login("ci", OLD))
        answer = raw.send(sent).answer()
    assert (answer.status, "proven by a proxy token too" in answer.text) == (403, True)


def test_a_token_is_asked_for_where_every_agent_has_one(strict):
    status, text = ask(strict, "ci", None)
    assert (status, "NAME:TOKEN@HOST:PORT" in text) == (407, True)
    assert ask(strict, "ci", login("ci", OLD))[0] == 200


def test_a_login_is_not_read_where_no_agent_has_a_token(tmp_path, embedded_aws):
    with running(tmp_path, embedded_aws, rules=RULES) as gate:
        assert ask(gate, "ci", login("somebody", WRONG))[0] == 200


def client(gate, user, keys=None, service="sts"):
    keys = keys or {"aws_access_key_id": "AKIA222222222222CI01", "aws_secret_access_key": SECRET}
    proxies = {"https": f"http://{user}@{gate.doors['proxy']}"}
    config = Config(proxies=proxies, retries={"total_max_attempts": 1})
    return boto3.client(service, region_name=REGION, verify=gate.ca_file, config=config, **keys)


def test_boto3_shows_it_and_a_session_works_with_the_token_that_made_it_alone(tmp_path, embedded_aws):
    with running(tmp_path, embedded_aws, rules=RULES, agent=CI + CD) as gate:
        made = assume(client(gate, f"ci:{OLD}"), DEPLOY)["Credentials"]
        session = {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
            "aws_session_token": made["SessionToken"],
        }
        kept = client(gate, f"ci:{OLD}", session)
        assert kept.get_caller_identity()["Account"] == ACCOUNTS["staging"]
        with pytest.raises(ClientError, match="another agent's than the key"):
            client(gate, f"cd:{OTHERS}", session).get_caller_identity()
        with pytest.raises(ProxyConnectionError):
            client(gate, f"ci:{WRONG}", session).get_caller_identity()
        one, both, last = (
            f"proxy_token_sha256 = {text}"
            for text in (f'"{sha256(OLD)}"', f'["{sha256(NEW)}", "{sha256(OLD)}"]', f'"{sha256(NEW)}"')
        )
        reload(gate, one, both, ": reloaded, generation")
        assert kept.get_caller_identity()["Account"] == ACCOUNTS["staging"]
        with pytest.raises(ClientError, match="another proof of its agent"):
            client(gate, f"ci:{NEW}", session).get_caller_identity()
        reload(gate, both, last, ": reloaded, generation")
        with pytest.raises(ClientError, match="ExpiredToken"):
            kept.get_caller_identity()
        with pytest.raises(ProxyConnectionError):
            client(gate, f"ci:{OLD}").get_caller_identity()
        assert client(gate, f"ci:{NEW}").get_caller_identity()["Account"] == ACCOUNTS["staging"]
        assert not re.search(f"{OLD}|{NEW}|{OTHERS}|{WRONG}", gate.log + str(gate.rows()))


@with_curl
@pytest.mark.parametrize("how", ["--proxy-basic", "--proxy-anyauth"])
def test_curl_shows_it_at_once_or_when_it_is_asked(strict, how):
    curl = ("curl", "--silent", "--show-error", "--cacert", strict.ca_file, "--proxy", f"http://{strict.doors['proxy']}", how)
    signed = ("--aws-sigv4", "aws:amz:us-east-1:sts", "--user", f"AKIA222222222222CI01:{SECRET}")
    asked = (*signed, "--data", "Action=GetCallerIdentity&Version=2011-06-15", f"https://{STS}/")
    done = subprocess.run([*curl, "--proxy-user", f"ci:{OLD}", *asked], capture_output=True, text=True, check=True)
    assert "<Account>222222222222</Account>" in done.stdout
    failed = subprocess.run([*curl, "--proxy-user", f"ci:{WRONG}", *asked], capture_output=True, text=True, check=False)
    assert (failed.stdout, "407" in failed.stderr) == ("", True)
