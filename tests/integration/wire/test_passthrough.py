"""Hosts that are none of AWS's, through the proxy listener: tunnelled unread, to what is configured, for whom may, and recorded."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from urllib.request import urlopen

import pytest

from tests.integration.sessions.test_proxy_tokens_of_agents import CI, OLD, login
from tests.kit.gateway import AGENT, reload, running, sha256
from tests.kit.standins.https import https
from tests.kit.wire.curl import with_curl
from tests.kit.wire.raw import S3, Raw, connect
from trio_gate.shell.net.accept import FIRST_REQUEST

HOST, OTHER, FILES = "api.model.example", "evil.example", "files.packages.example"
OPEN = f'"{HOST}", "*.packages.example", "{HOST}:8443", "{S3}", "*.awsapps.com"'
PATIENCE = 30


def route(host, port):
    return f'upstream "{host}" {{ address = "127.0.0.1:{port}" }}\n'


STOPPER = "tg_carol-0123456789abcdef0123456789abcdef"
CD = AGENT.replace('"ci"', '"cd"').replace("CI01", "CD01").replace("agent-", "cd-")
MAY_STOP = f'person "carol" {{\n  token_sha256 = "{sha256(STOPPER)}"\n  may_stop = true\n}}\n'


@contextmanager
def gateway(folder, port, passthrough=OPEN, *, bind="127.0.0.1", more="", hosts=(HOST, FILES), **settings):
    """One that tunnels to a server on loopback, by `upstream` blocks."""
    extra = "".join(route(host, port) for host in hosts)
    proxy = f'bind = "{bind}:0"\n    passthrough = [{passthrough}]\n    {more}'
    with running(folder, None, extra=extra, proxy=proxy, **settings) as gate:
        yield gate


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A TLS server of the two hosts: its port, and the file of who signed it."""
    ca_file = tmp_path_factory.mktemp("model") / "ca.pem"
    with https(ca_file, [HOST, FILES], lambda seen: (200, {}, f"{seen.method} {seen.target}".encode())) as port:
        yield port, str(ca_file)


@pytest.fixture(scope="module")
def gate(tmp_path_factory, model):
    with gateway(tmp_path_factory.mktemp("gate"), model[0]) as gate:
        yield gate


METRICS = 'metrics { bind = "127.0.0.1:0" }'


def metric(gate, name):
    """What the metrics listener says of one series."""
    with urlopen(f"http://{gate.doors['metrics']}/metrics", timeout=PATIENCE) as answer:
        lines = answer.read().decode().splitlines()
    [value] = [line.rpartition(" ")[2] for line in lines if line.startswith(f"trio_gate_{name} ")]
    return float(value)


@contextmanager
def peer():
    """A server that takes one connection, and what it is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        yield server


@contextmanager
def tunnelled(gate, server, target=f"{HOST}:8443", said=None):
    """Both ends of a tunnel, by default to a port where anything may be spoken."""
    with Raw(gate.doors["proxy"]).send(asking(target, said)) as agent:
        there, _ = server.accept()
        with there:
            there.settimeout(PATIENCE)
            assert agent.head()[0] == 200
            yield agent, there


def asking(target, said=None):
    field = f"Proxy-Authorization: {said}\r\n".encode() if said else b""
    return connect(target).replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n")


def refusal(gate, target, said=None):
    with Raw(gate.doors["proxy"]).send(asking(target, said)) as raw:
        return raw.head()[0], raw.rest().decode()


def received(there):
    data = b""
    while some := there.recv(65536):
        data += some
    return data


@with_curl
def test_curl_reaches_the_host_and_reads_its_own_certificate(gate, model):
    command = ["curl", "-sS", "--cacert", model[1], "-x", f"http://{gate.doors['proxy']}", f"https://{HOST}/v1/x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.stdout, done.stderr) == ("GET /v1/x", "")


def test_pip_asks_its_index(gate, model):
    environment = {**os.environ, "HTTPS_PROXY": f"http://{gate.doors['proxy']}", "PIP_CONFIG_FILE": os.devnull}
    words = ["download", "nothing-of-this-name", "--no-deps", "--retries", "0", "--disable-pip-version-check"]
    index = ["--index-url", f"https://{FILES}/simple", "--cert", model[1]]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words, *index], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert "from versions: none" in done.stderr
    assert gate.rows("--text", FILES)[-1]["outcome"]["bytes_out"] > 0


def test_the_record_says_where_to_how_much_and_how_long(gate, model):
    with Raw(gate.doors["proxy"]).send(connect(f"{FILES}:443")) as raw:
        assert raw.head()[0] == 200
        assert (
            raw.tls(model[1], FILES).send(b"GET /recorded HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").answer().status
            == 200
        )
        raw.rest()
    row = gate.rows("--text", FILES)[-1]
    assert (row["host"], row["method"], row["decision"]["outcome"]) == (f"{FILES}:443", "CONNECT", "tunnel")
    outcome = row["outcome"]
    assert (outcome["status"], outcome["bytes_in"] > 500, outcome["bytes_out"] > 500) == (200, True, True)
    assert outcome["seconds"]["tunnel"] > 0
    table = gate.gate("log", str(gate.config), "--text", FILES).stdout
    assert row["proofs"] == []
    assert (
        f"Tunnel to {FILES}:443 without proof, {outcome['bytes_in']} bytes there, {outcome['bytes_out']} back"
        in table.replace("\n", " ")
    )


@pytest.mark.parametrize(
    ("target", "status", "reason"),
    [
        (f"{OTHER}:443", 403, "is not an AWS host that this gateway knows"),
        ("packages.example:443", 403, "is not an AWS host that this gateway knows"),
        (f"{HOST}:444", 403, "only port 443 is served"),
        (f"{FILES}:8443", 403, "only port 443 is served"),
        ("signin.awsapps.com:443", 403, "is not an AWS host that this gateway knows"),
        ("127.0.0.1:443", 400, "and no address"),
        ("[::1]:443", 400, "and no address"),
        ("2130706433:443", 400, "and no address"),
    ],
)
def test_nothing_else_is_reached(gate, target, status, reason):
    found = refusal(gate, target)
    assert (found[0], reason in found[1]) == (status, True), found


def test_hosts_of_aws_are_read_as_ever(gate):
    with Raw(gate.doors["proxy"]).send(connect(f"{S3}:443")) as raw:
        assert raw.head()[0] == 200
        assert raw.tls(gate.ca_file, S3)


def test_a_request_in_the_clear_is_told_what_to_do(gate):
    with Raw(gate.doors["proxy"]).send(b"GET http://api.model.example/ HTTP/1.1\r\nHost: api.model.example\r\n\r\n") as raw:
        assert raw.head()[0] == 405
        assert "use https URLs, and unset HTTP_PROXY" in raw.rest().decode()


def test_a_name_that_leads_inside_is_not_reached_and_that_is_recorded(tmp_path):
    with gateway(tmp_path, 1, '"*"', hosts=()) as gate:
        status, text = refusal(gate, "localhost:443")
        assert (status, "an address that this gateway may not connect to" in text) == (502, True)
        row = gate.rows("--text", "tunnel")[-1]["outcome"]
        assert (row["end"], row["status"]) == ("failed", 502)


def test_each_side_may_end_before_the_other(tmp_path):
    with peer() as server, gateway(tmp_path, server.getsockname()[1], f'"{HOST}:8443"') as gate:
        with tunnelled(gate, server) as (agent, there):
            agent.send(b"a question").end()
            assert received(there) == b"a question"
            there.sendall(b"an answer")
            there.shutdown(socket.SHUT_WR)
            assert agent.rest() == b"an answer"
        with tunnelled(gate, server) as (agent, there):
            there.shutdown(socket.SHUT_WR)
            assert agent.rest() == b""
            agent.send(b"the last word").end()
            assert received(there) == b"the last word"
        ends = [(row["outcome"]["end"], row["outcome"]["bytes_in"], row["outcome"]["bytes_out"]) for row in gate.records()]
        assert ends == [("answered", 10, 9), ("answered", 13, 0)]


def test_what_came_with_the_connect_arrives_and_a_reset_is_passed_on(tmp_path):
    with peer() as server, gateway(tmp_path, server.getsockname()[1]) as gate, Raw(gate.doors["proxy"]) as agent:
        agent.send(connect(f"{HOST}:8443") + b"early")
        there, _ = server.accept()
        assert agent.head()[0] == 200
        assert there.recv(5) == b"early"
        there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        there.close()
        with pytest.raises(ConnectionResetError):
            agent.socket.recv(1)
        assert gate.records()[-1]["outcome"]["end"] == "aborted"


def test_a_host_that_does_not_read_holds_its_agent_back(tmp_path):
    with peer() as server, gateway(tmp_path, server.getsockname()[1]) as gate, tunnelled(gate, server) as (agent, there):
        size = 64 * 1024 * 1024
        sender = threading.Thread(target=agent.send, args=(bytes(size),), daemon=True)
        sender.start()
        sender.join(1)
        assert sender.is_alive()
        left = size
        while left:
            left -= len(there.recv(min(left, 1 << 20)))
        sender.join(PATIENCE)
        assert not sender.is_alive()


@pytest.mark.parametrize(("knob", "moves"), [("passthrough_idle", False), ("passthrough_time", True)])
def test_it_ends_by_silence_and_by_age(tmp_path, knob, moves):
    with peer() as server, gateway(tmp_path, server.getsockname()[1], more=f'{knob} = "2s"', knobs=METRICS) as gate:
        with tunnelled(gate, server) as (agent, there), suppress(ConnectionResetError, BrokenPipeError):
            while moves:
                agent.send(b"x")
                there.recv(1)
            assert cut_off(agent)
        row = gate.records()[-1]["outcome"]
        assert (row["end"], knob in row["reason"]) == ("aborted", True)
        assert metric(gate, f'limit_refused_total{{limit="{knob}"}}') == 1


@contextmanager
def of_agents(folder, server):
    """A gateway on every address, for two agents, one of which has a token."""
    knobs = f'{METRICS}\n  log_format = "json"\n  log_requests = true'
    route = {
        "hosts": (HOST,),
        "agent": CI + CD,
        "bind": "0.0.0.0",
        "knobs": knobs,
        "endpoint": 'names = ["gate.internal.example"]',
    }
    passthrough = f'"{HOST}", "{HOST}:8443", "gate.internal.example"'
    with gateway(folder, server.getsockname()[1], passthrough, **route) as gate:
        gate.doors = {**gate.doors, "proxy": gate.doors["proxy"].replace("0.0.0.0", "127.0.0.1")}
        yield gate


def test_off_loopback_it_is_for_proven_agents_alone_and_ends_with_their_proof(tmp_path):
    with peer() as server, of_agents(tmp_path, server) as gate:
        for said in (None, login("ci", "wrong_token-0123456789"), login("cd", OLD)):
            assert refusal(gate, f"{HOST}:443", said)[0] == 407
        assert refusal(gate, "gate.internal.example:443", login("ci", OLD))[0] == 403
        assert [metric(gate, f'tunnels_asked_total{{result="{one}"}}') for one in ("opened", "refused")] == [0, 3]
        with tunnelled(gate, server, said=login("ci", OLD)) as (agent, _):
            assert [metric(gate, f'tunnels_opened_total{{proof="{one}"}}') for one in ("none", "proxy_token")] == [0, 1]
            reload(gate, sha256(OLD), sha256("another_token-0123456789"), ": reloaded, generation")
            assert cut_off(agent)
        row = gate.rows("--decision", "tunnel")[-1]
        assert (row["agent"], row["outcome"]["end"]) == ("ci", "aborted")
        assert "was removed from its block" in row["outcome"]["reason"]
        assert row["proofs"] == ["proxy_token"]
        assert f"Tunnel to {HOST}:8443 by proxy token, 0 bytes there" in gate.gate("log", str(gate.config)).stdout
        [line] = [json.loads(line) for line in gate.log.splitlines() if json.loads(line)["logger"] == "trio_gate.requests"]
        assert (line["request"], line["host"], line["proof"]) == (row["id"], f"{HOST}:8443", "proxy_token")
        assert line["message"].startswith(f"request CONNECT {HOST}:8443 of ci at 127.0.0.1 for -: 200, tunnel, aborted: ")


def cut_off(agent):
    """Wait until a tunnel is broken off."""
    with pytest.raises(ConnectionResetError):
        agent.socket.recv(1)
    return True


def test_a_stop_ends_the_agents_tunnels_and_opens_no_new_one(tmp_path):
    with peer() as server, gateway(tmp_path, server.getsockname()[1], agent=CI + CD + MAY_STOP) as gate:
        with tunnelled(gate, server, said=login("ci", OLD)) as (proven, _), tunnelled(gate, server) as (unknown, _):
            assert gate.gate(*gate.approver("ci", "--reason", "it is odd", verb="stop"), token=STOPPER).returncode == 0
            assert cut_off(proven)
            assert cut_off(unknown)
        for said in (login("ci", OLD), None):
            assert "stopped by a person until that is lifted: it is odd" in refusal(gate, f"{HOST}:443", said)[1]
        assert {row["outcome"]["end"] for row in gate.rows("--decision", "tunnel")} == {"aborted"}


def test_a_drain_waits_for_no_tunnel_that_is_silent(tmp_path):
    with peer() as server, gateway(tmp_path, server.getsockname()[1]) as gate, tunnelled(gate, server) as (agent, _):
        gate.process.terminate()
        assert cut_off(agent)
        gate.process.wait(PATIENCE)
        row = gate.records()[-1]["outcome"]
        assert (row["end"], row["reason"]) == ("aborted", "the gateway stopped")


def test_a_drain_waits_for_a_tunnel_that_moves(tmp_path):
    with peer() as server, gateway(tmp_path, server.getsockname()[1]) as gate, tunnelled(gate, server) as (agent, there):
        gate.process.terminate()
        over = time.monotonic() + FIRST_REQUEST + 1
        while time.monotonic() < over:
            agent.send(b"x")
            assert there.recv(1) == b"x"
        assert cut_off(agent)
        gate.process.wait(PATIENCE)


def test_tunnels_are_counted(tmp_path):
    with peer() as server:
        port = server.getsockname()[1]
        many = {"agent": CI + CD, "knobs": METRICS, "passthrough": f'"{HOST}:8443", "localhost.example"'}
        with gateway(tmp_path, port, **many) as gate:
            with tunnelled(gate, server) as (agent, there):
                agent.send(b"four")
                there.sendall(b"to all")
                assert (there.recv(4), agent.socket.recv(6)) == (b"four", b"to all")
                assert refusal(gate, "localhost.example:443")[0] >= 500
                assert metric(gate, "tunnels") == 1
                assert metric(gate, 'tunnel_bytes_total{direction="in"}') == 4
                assert metric(gate, 'tunnel_bytes_total{direction="out"}') == 6
            over = time.monotonic() + PATIENCE
            while metric(gate, "tunnels"):
                assert time.monotonic() < over
            found = {
                result: metric(gate, f'tunnels_asked_total{{result="{result}"}}') for result in ("opened", "refused", "failed")
            }
            assert found == {"opened": 1, "refused": 0, "failed": 1}


def test_tunnels_are_connections_of_their_agent(tmp_path):
    with (
        peer() as server,
        gateway(tmp_path, server.getsockname()[1], knobs=f"max_connections_per_agent = 1\n  {METRICS}") as gate,
        tunnelled(gate, server),
    ):
        status, text = refusal(gate, f"{HOST}:443")
        assert (status, "too many connections" in text) == (403, True)
        assert metric(gate, 'limit_refused_total{limit="max_connections_per_agent"}') == 1
        assert metric(gate, 'tunnels_asked_total{result="refused"}') == 1


def test_nothing_is_tunnelled_unless_it_is_configured(tmp_path):
    with running(tmp_path, None) as gate:
        assert refusal(gate, f"{HOST}:443")[0] == 403
