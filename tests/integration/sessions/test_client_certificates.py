"""Agents that a client certificate proves too: nothing is signed for a connection without the right one, in any way in."""

from __future__ import annotations

import hashlib
import shutil
import ssl
from datetime import timedelta

import boto3
import pytest
import trustme
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded.aws import DEPLOY, REGION
from tests.integration.sessions.test_assume_role import RULES, assume
from tests.kit.gateway import AGENT, SECRET, reload, running
from tests.kit.wire.raw import STS, Raw, connect, request
from tests.kit.wire.self_signed import self_signed
from trio_gate.shell.clock import SystemClock

OTHERS = "other-secret-0123456789"
NAME = "ci.agents.example"
PAST = SystemClock().now() - timedelta(hours=1)
PLAIN = f'agent "plain" {{\n  key_suffix = "PL01"\n  secret = "plain-{SECRET}"\n}}\n'


def _sha256(pem):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode())).hexdigest()


class Agents:
    """Their certificates, as files, and the gateway's configuration of them."""

    def __init__(self, folder):
        self.folder = folder
        first, second, stranger = trustme.CA(), trustme.CA(), trustme.CA()
        for name, authority in (("first", first), ("second", second)):
            (folder / f"{name}.pem").write_text(f"\ufeff# fran\u00e7aise\n{authority.cert_pem.bytes().decode()}", "utf-8")
        given = {
            "ci": first.issue_cert(NAME),
            "renewed": first.issue_cert(NAME),
            "named otherwise": first.issue_cert("cd.agents.example"),
            "expired": first.issue_cert(NAME, not_after=PAST),
            "cd": second.issue_cert("cd.agents.example"),
            "of another authority": second.issue_cert(NAME),
            "of a stranger": stranger.issue_cert(NAME),
        }
        self.files = {name: str(folder / f"{name}.crt") for name in given}
        for name, made in given.items():
            made.private_key_and_cert_chain_pem.write_to_path(self.files[name])
        own = self_signed("cd.agents.example")
        self.files["self-signed"] = str(folder / "self-signed.crt")
        (folder / "self-signed.crt").write_bytes(own)
        itself = own[own.index(b"-----BEGIN CERTIFICATE") :]
        twice = self_signed("twice.agents.example", twice=True)
        (folder / "twice.crt").write_bytes(twice)
        self.files["unreadable"] = str(folder / "twice.crt")
        with (folder / "second.pem").open("ab") as known:
            known.write(itself + twice[twice.index(b"-----BEGIN CERTIFICATE") :])
        pins = ", ".join(f'"{_sha256(pem)}"' for pem in (given["cd"].cert_chain_pems[0].bytes(), itself))
        named = f'  certificate_authority = "first.pem"\n  certificate_name = "{NAME}"\n}}\n'
        pinned = f'  certificate_authority = "second.pem"\n  certificate_sha256 = [{pins}]\n}}\n'
        self.ci = AGENT.replace("}\n", named)
        self.text = self.ci + f'agent "cd" {{\n  key_suffix = "CD01"\n  secret = "{OTHERS}"\n{pinned}' + PLAIN


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
    return Agents(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def gate(agents, tmp_path_factory, embedded_aws):
    folder = tmp_path_factory.mktemp("gate")
    for name in ("first", "second"):
        shutil.copy(agents.folder / f"{name}.pem", folder)
    with running(folder, embedded_aws, rules=RULES, agent=agents.text, endpoint="tls = true") as gate:
        yield gate


KEYS = {"ci": ("CI01", SECRET), "cd": ("CD01", OTHERS), "plain": ("PL01", f"plain-{SECRET}")}


def ask(gate, agents, who, certificate, by="proxy", version=ssl.TLSVersion.TLSv1_3):
    """The answer to GetCallerIdentity; None where TLS ended."""
    context = ssl.create_default_context(cafile=gate.both_ca_file)
    context.minimum_version = context.maximum_version = version
    if certificate:
        context.load_cert_chain(agents.files[certificate])
    suffix, secret = KEYS[who]
    host = "127.0.0.1" if by == "endpoint" else STS
    raw = Raw(gate.doors[by])
    if by == "proxy":
        assert raw.send(connect(f"{STS}:443")).head()[0] == 200
    try:
        raw.socket = context.wrap_socket(raw.socket, server_hostname=host)
        answer = raw.send(request(host=host, key_id=f"AKIA222222222222{suffix}", secret=secret)).answer()
    except (ssl.SSLError, OSError, EOFError):
        return None
    finally:
        raw.socket.close()
    return answer.status, answer.body.decode()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("by", ["proxy", "tls", "endpoint"])
@pytest.mark.parametrize(
    ("who", "certificate"), [("ci", "ci"), ("ci", "renewed"), ("cd", "cd"), ("cd", "self-signed"), ("plain", None)]
)
def test_its_own_certificate_proves_an_agent(gate, agents, who, certificate, by, version):
    assert ask(gate, agents, who, certificate, by, version)[0] == 200


FOREIGN = "client certificate is not this agent's"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("by", ["proxy", "tls", "endpoint"])
@pytest.mark.parametrize(
    ("who", "certificate", "reason"),
    [
        ("ci", None, "proven by a client certificate too"),
        ("ci", "cd", FOREIGN),
        ("cd", "ci", FOREIGN),
        ("ci", "named otherwise", FOREIGN),
        ("cd", "named otherwise", FOREIGN),
        ("ci", "self-signed", FOREIGN),
        ("ci", "of another authority", FOREIGN),
        ("cd", "of another authority", FOREIGN),
        ("plain", "ci", "has no client certificate"),
    ],
)
def test_any_other_is_refused(gate, agents, who, certificate, reason, by, version):
    status, text = ask(gate, agents, who, certificate, by, version)
    assert (status, reason in text) == (403, True)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("by", ["proxy", "tls", "endpoint"])
@pytest.mark.parametrize("certificate", ["of a stranger", "expired", "unreadable"])
def test_what_tls_does_not_accept_ends_there(gate, agents, certificate, by, version):
    assert ask(gate, agents, "ci", certificate, by, version) is None


def test_a_connection_of_an_unreadable_certificate_is_turned_away(gate, agents):
    assert ask(gate, agents, "cd", "unreadable") is None
    assert "turned away: the client certificate has a form that is not read" in gate.log


def client(gate, keys, certificate):
    proxies = {"https": f"http://{gate.doors['proxy']}"}
    config = Config(proxies=proxies, client_cert=certificate, retries={"total_max_attempts": 1})
    return boto3.client("sts", region_name=REGION, verify=gate.ca_file, config=config, **keys)


def test_a_session_works_with_the_certificate_that_made_it_alone(gate, agents):
    own = {"aws_access_key_id": "AKIA222222222222CI01", "aws_secret_access_key": SECRET}
    made = assume(client(gate, own, agents.files["ci"]), DEPLOY)["Credentials"]
    keys = {
        "aws_access_key_id": made["AccessKeyId"],
        "aws_secret_access_key": made["SecretAccessKey"],
        "aws_session_token": made["SessionToken"],
    }
    for name in ("ci", "renewed"):
        assert client(gate, keys, agents.files[name]).get_caller_identity()["Account"] == "222222222222"
    with pytest.raises(ClientError, match="proven by a client certificate too"):
        client(gate, keys, None).get_caller_identity()
    with pytest.raises(ClientError, match=FOREIGN):
        client(gate, keys, agents.files["cd"]).get_caller_identity()
    reload(gate, f'"{NAME}"', f'["{NAME}", "cd.agents.example"]', ": reloaded, generation")
    with pytest.raises(ClientError, match="another proof of its agent"):
        client(gate, keys, agents.files["named otherwise"]).get_caller_identity()
    assert client(gate, keys, agents.files["ci"]).get_caller_identity()["Account"] == "222222222222"
    reload(gate, f'["{NAME}", "cd.agents.example"]', f'"{NAME}"', ": reloaded, generation")
    assert client(gate, keys, agents.files["ci"]).get_caller_identity()["Account"] == "222222222222"


def test_nobody_is_asked_for_a_certificate_where_no_agent_has_one(agents, tmp_path, embedded_aws):
    with running(tmp_path, embedded_aws, rules=RULES) as gate:
        assert ask(gate, agents, "ci", "of a stranger")[0] == 200
