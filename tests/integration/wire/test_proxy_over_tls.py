"""The proxy listener with TLS of its own: what programs say to it is encrypted, and a client certificate proves their agent to it."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path

import boto3
import pytest
import trustme
from botocore.config import Config

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.integration.sessions.test_client_certificates import KEYS, Agents
from tests.integration.sessions.test_proxy_tokens_of_agents import OLD, login
from tests.integration.wire.test_passthrough import FILES, HOST, MAY_STOP, PATIENCE, STOPPER, asking, peer, received, route
from tests.kit.gateway import SECRET, reload, running, sha256
from tests.kit.standins.https import https
from tests.kit.wire.curl import with_curl
from tests.kit.wire.identity_tokens import AUDIENCE, ISSUER, SUBJECT, jwks, token
from tests.kit.wire.raw import STS, Raw, connect, request
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.wrong_tokens import MOST_AT_ONCE
from trio_gate.signing.identity_token import LEEWAY

TOKEN = f'agent "tok" {{\n  key_suffix = "TOK01"\n  secret = "tok-{SECRET}"\n  proxy_token_sha256 = "{sha256(OLD)}"\n}}\n'
KEYS = {**KEYS, "tok": ("TOK01", f"tok-{SECRET}")}
PASSED = f'passthrough = ["{HOST}:8443", "{FILES}"]'


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
    return Agents(tmp_path_factory.mktemp("certificates"))


@contextmanager
def gateway(folder, agents, aws=None, proxy="", bind="127.0.0.1:0", **given):
    for name in ("first", "second"):
        shutil.copy(agents.folder / f"{name}.pem", folder)
    listener = f'bind = "{bind}"\n    tls = true\n    {proxy}'
    with running(folder, aws, agent=agents.text + TOKEN, proxy=listener, **given) as gate:
        yield gate


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A TLS server of a host that is none of AWS's: its port, and the file of who signed it."""
    ca_file = tmp_path_factory.mktemp("model") / "ca.pem"
    with https(ca_file, [FILES], lambda seen: (200, {}, f"{seen.method} {seen.target}".encode())) as port:
        yield port, str(ca_file)


@pytest.fixture(scope="module")
def gate(agents, model, tmp_path_factory, embedded_aws):
    with gateway(tmp_path_factory.mktemp("gate"), agents, embedded_aws, PASSED, extra=route(FILES, model[0])) as gate:
        yield gate


def own_ca(gate):
    return str(gate.folder / "state" / "ca" / "own.pem")


def greeted(gate, certificate=None):
    """A connection in the clear to the proxy, in TLS."""
    return Raw(gate.doors["proxy"]).tls(own_ca(gate), "127.0.0.1", certificate)


def ask(gate, who, outer=None, inner=None, said=None):
    """Status and text of the answer to GetCallerIdentity, by a connection that shows these."""
    suffix, secret = KEYS[who]
    with greeted(gate, outer) as raw:
        status, _ = raw.send(asking(f"{STS}:443", said)).head()
        if status != 200:
            return status, raw.rest().decode()
        raw.tls(gate.ca_file, STS, inner)
        answer = raw.send(request(key_id=f"AKIA222222222222{suffix}", secret=secret)).answer()
        return answer.status, answer.text


@pytest.mark.parametrize(
    ("who", "outer", "inner", "said"),
    [
        ("ci", "ci", None, None),
        ("ci", None, "ci", None),
        ("ci", "ci", "renewed", None),
        ("cd", "cd", None, None),
        ("tok", None, None, login("tok", OLD)),
        ("plain", None, None, None),
    ],
)
def test_what_is_shown_to_the_proxy_or_inside_proves_the_agent(gate, agents, who, outer, inner, said):
    assert ask(gate, who, agents.files.get(outer), agents.files.get(inner), said)[0] == 200


@pytest.mark.parametrize(
    ("who", "outer", "inner", "reason"),
    [
        ("ci", None, None, "proven by a client certificate too"),
        ("ci", "cd", None, "client certificate is not this agent's"),
        ("ci", "cd", "ci", "client certificate is not this agent's"),
        ("ci", "ci", "cd", "client certificate is not this agent's"),
        ("ci", "named otherwise", None, "client certificate is not this agent's"),
        ("cd", "cd", "self-signed", "prove different things"),
        ("plain", "ci", None, "has no client certificate"),
    ],
)
def test_each_certificate_must_be_the_agents(gate, agents, who, outer, inner, reason):
    status, text = ask(gate, who, agents.files.get(outer), agents.files.get(inner))
    assert (status, reason in text) == (403, True), text


@pytest.mark.parametrize("certificate", ["of a stranger", "expired", "unreadable"])
def test_what_tls_does_not_accept_ends_there(gate, agents, certificate):
    with pytest.raises((ssl.SSLError, OSError, EOFError)):
        ask(gate, "ci", agents.files[certificate])


def curl(gate, *words, **given):
    command = ("curl", "-sS", "--proxy", f"https://{gate.doors['proxy']}", "--proxy-cacert", own_ca(gate), *words)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE, **given)


def calling(gate, who):
    suffix, secret = KEYS[who]
    signed = ("--aws-sigv4", "aws:amz:us-east-1:sts", "--user", f"AKIA222222222222{suffix}:{secret}")
    return (*signed, "--data", "Action=GetCallerIdentity&Version=2011-06-15", "--cacert", gate.ca_file, f"https://{STS}/")


@with_curl
def test_curl_shows_a_certificate_or_a_token(gate, agents):
    shown = {"ci": ("--proxy-cert", agents.files["ci"]), "tok": ("--proxy-user", f"tok:{OLD}")}
    for who, words in shown.items():
        done = curl(gate, *words, *calling(gate, who))
        assert f"<Account>{ACCOUNTS['staging']}</Account>" in done.stdout, done.stderr
    assert "proven by a client certificate too" in curl(gate, *calling(gate, "ci")).stdout


@with_curl
def test_curl_reaches_another_host_as_the_agent_of_its_certificate(gate, agents, model):
    asked = ("--cacert", model[1], f"https://{FILES}/v1/x")
    done = curl(gate, "--proxy-cert", agents.files["ci"], *asked)
    assert (done.stdout, done.stderr) == ("GET /v1/x", "")
    assert gate.rows("--decision", "tunnel")[-1]["agent"] == "ci"
    refused = curl(gate, "--proxy-cert", agents.files["named otherwise"], *asked)
    assert (refused.stdout, "407" in refused.stderr) == ("", True)


BY_REQUESTS = "import requests, sys; print(requests.get(sys.argv[1], timeout=30).text)"


def test_requests_reaches_it_by_its_variables(gate, model, tmp_path):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(Path(own_ca(gate)).read_text() + Path(model[1]).read_text())
    env = {**os.environ, "HTTPS_PROXY": f"https://tok:{OLD}@{gate.doors['proxy']}", "REQUESTS_CA_BUNDLE": str(bundle)}
    command = [sys.executable, "-c", BY_REQUESTS, f"https://{FILES}/by-requests"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.stdout, done.stderr) == ("GET /by-requests\n", "")
    assert gate.rows("--decision", "tunnel")[-1]["agent"] == "tok"


def client(gate, agents, service):
    config = Config(
        proxies={"https": f"https://{gate.doors['proxy']}"},
        proxies_config={"proxy_ca_bundle": own_ca(gate), "proxy_client_cert": agents.files["ci"]},
        retries={"total_max_attempts": 1},
    )
    keys = {"aws_access_key_id": "AKIA222222222222CI01", "aws_secret_access_key": SECRET}
    return boto3.client(service, region_name=REGION, verify=gate.ca_file, config=config, **keys)


def test_boto3_moves_large_bodies_both_ways(gate, agents):
    s3, body = client(gate, agents, "s3"), bytes(range(256)) * 65536
    s3.create_bucket(Bucket="over-tls")
    s3.upload_fileobj(BytesIO(body), "over-tls", "large")
    came = s3.get_object(Bucket="over-tls", Key="large")["Body"].read()
    s3.delete_object(Bucket="over-tls", Key="large")
    s3.delete_bucket(Bucket="over-tls")  # others list them
    assert came == body


@contextmanager
def tunnelled(gate, server, certificate=None, said=None):
    """Both ends of a tunnel, to a port where anything may be spoken."""
    with greeted(gate, certificate).send(asking(f"{HOST}:8443", said)) as agent:
        there, _ = server.accept()
        with there:
            there.settimeout(PATIENCE)
            assert agent.head()[0] == 200
            yield agent, there


def cut_off(agent):
    """Wait until a tunnel ends without the goodbye of TLS."""
    agent.socket.suppress_ragged_eofs = False
    with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
        agent.socket.recv(1)
    return True


def test_a_tunnel_ends_on_each_side_and_with_the_certificate_that_proved_it(agents, tmp_path):
    with peer() as server, gateway(tmp_path, agents, proxy=PASSED, extra=route(HOST, server.getsockname()[1])) as gate:
        with tunnelled(gate, server, agents.files["ci"]) as (agent, there):
            there.sendall(b"early")
            there.shutdown(socket.SHUT_WR)
            assert agent.rest() == b"early"
            agent.send(b"the last word").socket.unwrap()
            assert received(there) == b"the last word"
        with tunnelled(gate, server, agents.files["ci"]) as (agent, there):
            there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            there.close()
            assert cut_off(agent)
        with tunnelled(gate, server, agents.files["ci"]) as (agent, _):
            reload(gate, '"ci.agents.example"', '"other.agents.example"', ": reloaded, generation")
            assert cut_off(agent)
        rows = gate.rows("--decision", "tunnel")
        assert "agent ci connected with a client certificate that is not its own" in rows[-1]["outcome"]["reason"]
        ends = [(row["agent"], row["outcome"]["end"], row["outcome"]["bytes_in"]) for row in rows]
        assert ends == [("ci", "answered", 13), ("ci", "aborted", 0), ("ci", "aborted", 0)]
        with greeted(gate, agents.files["ci"]).send(connect(f"{HOST}:8443")) as raw:
            assert raw.head()[0] == 407


JOB = f"""agent "job" {{
  key_suffix = "JOB01"
  secret = "job-{SECRET}"
  oidc {{
    issuer = "{ISSUER}"
    audience = "{AUDIENCE}"
    claims = {{ sub = "{SUBJECT}" }}
    jwks_file = "jwks"
  }}
}}
"""


def test_an_identity_token_opens_a_tunnel_until_it_expires_or_its_block_changes(agents, tmp_path):
    (tmp_path / "jwks").write_text(jwks())
    with peer() as server, gateway(tmp_path, agents, proxy=PASSED, extra=JOB + route(HOST, server.getsockname()[1])) as gate:
        ends_soon = token(exp=int(SystemClock().now().timestamp()) - LEEWAY + 5)
        with tunnelled(gate, server, said=f"Bearer {ends_soon}") as (agent, _):
            assert cut_off(agent)
        with tunnelled(gate, server, said=login("job", token())) as (agent, _):
            reload(gate, SUBJECT, "another", ": reloaded, generation")
            assert cut_off(agent)
        with greeted(gate).send(asking(f"{HOST}:8443", f"Bearer {token()}")) as raw:
            assert raw.head()[0] == 407
        rows = gate.rows("--decision", "tunnel")
        assert [(row["agent"], row["outcome"]["end"]) for row in rows] == [("job", "aborted")] * 2
        assert "the OIDC token has expired" in rows[0]["outcome"]["reason"]


RELEASE = JOB.replace('"job"', '"release"').replace("JOB01", "REL01").replace("job-", "release-")
RELEASE = RELEASE.replace(f'sub = "{SUBJECT}"', 'repository = "r"')


def test_a_token_of_two_agents_opens_no_tunnel_as_either(agents, tmp_path):
    (tmp_path / "jwks").write_text(jwks())
    given = {"proxy": PASSED, "extra": JOB + RELEASE + MAY_STOP}
    with peer() as server:
        given["extra"] += route(HOST, server.getsockname()[1])
        with gateway(tmp_path, agents, **given) as gate:
            for said in (f"Bearer {token(repository='r')}", login("job", token(repository="r")), login("release", token())):
                with greeted(gate).send(asking(f"{HOST}:8443", said)) as raw:
                    assert raw.head()[0] == 407
            assert gate.gate(*gate.approver("release", verb="stop"), token=STOPPER).returncode == 0
            for name, ours in (("release", token(sub="x", repository="r")), ("job", token())):
                with greeted(gate).send(asking(f"{HOST}:8443", login(name, ours))) as raw:
                    assert (raw.head()[0] == 200) is (name == "job")
            assert "the connection fits job, release" in gate.log
            assert "the connection fits job, and named release" in gate.log
            assert {row["agent"] for row in gate.rows("--decision", "tunnel")} == {"job"}


def test_a_tunnel_ends_when_its_token_fits_a_second_agent(agents, tmp_path):
    (tmp_path / "jwks").write_text(jwks())
    with peer() as server:
        extra = JOB + RELEASE.replace('"r"', '"elsewhere"') + route(HOST, server.getsockname()[1])
        with gateway(tmp_path, agents, proxy=PASSED, extra=extra) as gate:
            with tunnelled(gate, server, said=f"Bearer {token(repository='r')}") as (agent, _):
                reload(gate, '"elsewhere"', '"r"', ": reloaded, generation")
                assert cut_off(agent)
            [row] = gate.rows("--decision", "tunnel")
            assert (row["agent"], row["outcome"]["reason"]) == ("job", "the connection fits job, release")


def test_a_token_of_an_agent_that_must_show_more_is_refused_without_a_delay(agents, tmp_path):
    (tmp_path / "jwks").write_text(jwks())
    certified = JOB.replace("  oidc {", '  certificate_authority = "first.pem"\n  certificate_name = "x.example"\n  oidc {')
    extra = certified + route(HOST, 1)
    with gateway(tmp_path, agents, proxy=PASSED, extra=extra) as gate, ExitStack() as open_:
        asked = [asking(f"{HOST}:8443", f"Bearer {token()}")] * (MOST_AT_ONCE + 1)
        raws = [open_.enter_context(greeted(gate)).send(one) for one in asked]
        assert {raw.head()[0] for raw in raws} == {407}
        wrong = [asking(f"{HOST}:8443", f"Bearer {token(sub='another')}")] * (MOST_AT_ONCE + 1)
        raws = [open_.enter_context(greeted(gate)).send(one) for one in wrong]
        assert sorted(raw.head()[0] for raw in raws) == [407] * MOST_AT_ONCE + [429]


def test_a_kept_connection_is_refused_once_its_certificate_is(agents, tmp_path, embedded_aws):
    with gateway(tmp_path, agents, embedded_aws) as gate, greeted(gate, agents.files["ci"]) as raw:
        assert raw.send(connect(f"{STS}:443")).head()[0] == 200
        raw.tls(gate.ca_file, STS)
        assert raw.send(request()).answer().status == 200
        reload(gate, '"ci.agents.example"', '"other.agents.example"', ": reloaded, generation")
        answer = raw.send(request()).answer()
        assert (answer.status, "is not this agent's" in answer.text) == (403, True)


def test_the_gateway_itself_is_asked_here_by_every_machine_and_proof(gate, agents):
    body = request("trio-gate", "127.0.0.1", method="GET", path="/-/agent", body=b"")
    for certificate, status in (("ci", 200), ("cd", 403), (None, 403)):
        with greeted(gate, agents.files.get(certificate)) as raw:
            assert raw.send(body).answer().status == status


def test_verbs_ask_the_gateway_through_it(gate, agents, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"https://{gate.doors['proxy']}")
    monkeypatch.setenv("AWS_CA_BUNDLE", own_ca(gate))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA222222222222CI01")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    asked = ("presign", "s3://staging-data/key", "--region", REGION)
    assert "does not have `presign = true`" in gate.gate(*asked, "--certificate", agents.files["ci"]).stderr
    assert "proven by a client certificate too" in gate.gate(*asked).stderr


def test_a_reload_turns_it_on_and_off_and_reads_another_certificate(agents, tmp_path, embedded_aws):
    port = free_port()
    with gateway(tmp_path, agents, embedded_aws, bind=f"127.0.0.1:{port}") as gate:
        assert ask(gate, "plain")[0] == 200
        reload(gate, "tls = true", "", ": reloaded, generation")
        with Raw(gate.doors["proxy"]).send(connect(f"{STS}:443")) as raw:
            assert raw.head()[0] == 200
        stranger = trustme.CA()
        stranger.cert_pem.write_to_path(tmp_path / "stranger.pem")
        made = stranger.issue_cert("127.0.0.1")
        made.cert_chain_pems[0].write_to_path(tmp_path / "proxy.crt")
        made.private_key_pem.write_to_path(tmp_path / "proxy.key")
        bind = f'bind = "127.0.0.1:{port}"'
        reload(gate, bind, f'{bind}\n    certificate = "proxy.crt"\n    key = "proxy.key"', ": reloaded, generation")
        with Raw(gate.doors["proxy"]).tls(str(tmp_path / "stranger.pem"), "127.0.0.1").send(connect(f"{STS}:443")) as raw:
            assert raw.head()[0] == 200


def test_a_passed_socket_speaks_it_too(agents, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as passed:
        host, port = passed.getsockname()
        with gateway(tmp_path, agents, bind=f"{host}:{port}", sockets=[passed]) as gate, greeted(gate) as raw:
            assert raw.send(connect(f"{STS}:443")).head()[0] == 200


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]
