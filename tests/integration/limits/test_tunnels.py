"""What a tunnel may not be: kept past a stop or a reload, opened by a proof that is none; nor may the unknown crowd out the proven."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from tests.integration.sessions.test_proxy_tokens_of_agents import CI, OLD, OTHERS, login
from tests.integration.wire.test_passthrough import (
    CD,
    HOST,
    MAY_STOP,
    METRICS,
    OTHER,
    STOPPER,
    asking,
    cut_off,
    gateway,
    metric,
    peer,
    received,
    refusal,
    tunnelled,
)
from tests.kit.gateway import reload, sha256
from tests.kit.wire.raw import Raw
from tests.kit.wire.tls_kit import client_hello
from trio_gate.shell.tunnels.tunnels import UNKNOWN
from trio_gate.wire.client_hello import UNRECOGNIZED_NAME

OIDC = '  oidc {\n    issuer = "https://a.example"\n    audience = "gate"\n    claims = { sub = "c" }\n  }\n}\n'
TOKEN = f'proxy_token_sha256 = "{sha256(OLD)}"'
CD_TOKEN = CD.replace("}\n", f'  proxy_token_sha256 = "{sha256(OTHERS)}"\n}}\n')


@pytest.mark.parametrize("said", [None, "Bearer junk", login("cd", "junk")])
def test_where_every_agent_has_a_proxy_token_nothing_else_opens_one(tmp_path, said):
    both = CD_TOKEN.removesuffix("}\n") + OIDC
    with peer() as server, gateway(tmp_path, server.getsockname()[1], agent=CI + both) as gate:
        assert refusal(gate, f"{HOST}:443", said)[0] == 407


CHANGES = {
    "its agent's block": (TOKEN, f"{TOKEN}\n  max_in_flight = 7", "its agent's block has changed", login("ci", OLD)),
    "where they lead": (f'["{HOST}:8443"]', f'["{OTHER}:8443"]', "the configuration no longer lets it pass", None),
    "who must be proven": (CD, CD_TOKEN, "a tunnel needs proof of the agent", None),
}


@pytest.mark.parametrize("changed", CHANGES)
def test_a_reload_ends_what_it_no_longer_allows(tmp_path, changed):
    old, new, why, said = CHANGES[changed]
    with peer() as server, gateway(tmp_path, server.getsockname()[1], f'"{HOST}:8443"', agent=CI + CD) as gate:
        with tunnelled(gate, server, said=said) as (agent, _):
            reload(gate, old, new, ": reloaded, generation")
            assert cut_off(agent)
        outcome = gate.rows("--decision", "tunnel")[-1]["outcome"]
        assert (outcome["end"], why in outcome["reason"]) == ("aborted", True), outcome


def test_an_agent_that_is_stopped_while_its_host_is_dialled_gets_none(tmp_path):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as stack:
        stack.enter_context(socket.create_connection(server.getsockname()))  # all that the host lets wait: what follows hangs
        with gateway(tmp_path, server.getsockname()[1], agent=CI + CD + MAY_STOP) as gate:
            agent = stack.enter_context(Raw(gate.doors["proxy"]).send(asking(f"{HOST}:443", login("ci", OLD))))
            while not gate.rows("--decision", "tunnel"):
                pass
            assert gate.gate(*gate.approver("ci", "--reason", "it is odd", verb="stop"), token=STOPPER).returncode == 0
            stack.enter_context(server.accept()[0])
            assert agent.head()[0] == 403
            assert "it is odd" in agent.rest().decode()


def test_the_unknown_leave_seats_to_others_whatever_their_addresses(tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        gateway(tmp_path, server.getsockname()[1], knobs=f"max_connections = 8\n  {METRICS}", agent=CI + CD) as gate,
        ExitStack() as stack,
    ):
        heads = []
        for number in range(2, 7):
            raw = stack.enter_context(Raw(gate.doors["proxy"], source=f"127.0.0.{number}"))
            heads.append(raw.send(asking(f"{HOST}:8443")).head())
        assert [status for status, _ in heads] == [200, 200, 503, 503, 503]
        assert {fields["retry-after"] for status, fields in heads if status == 503} == {"1"}
        assert [metric(gate, f'limit{what}{{limit="unknown_tunnels"}}') for what in ("", "_used", "_refused_total")] == [2, 2, 3]
        assert gate.log.count("turned away: too many tunnels are open") == 3
        with tunnelled(gate, server, said=login("ci", OLD)):
            assert gate.rows("--decision", "tunnel")[-1]["agent"] == "ci"


def test_the_unknown_do_not_fill_the_record(tmp_path):
    many = UNKNOWN.most + 100
    with gateway(tmp_path, 1, '"*"', hosts=(), knobs=METRICS) as gate:
        statuses = [refusal(gate, "localhost:443")[0] for _ in range(many)]
        with Raw(gate.doors["proxy"]).send(asking("localhost:443")) as raw:
            assert raw.head()[1]["retry-after"] == "2"
        refused = statuses.count(503) + 1
        assert metric(gate, 'limit_refused_total{limit="unknown_tunnels_pace"}') == refused
        assert metric(gate, 'limit_refused_total{limit="refusal_rows"}') > 0
        assert statuses[0] == 502
        assert statuses[-1] == 503
        assert len(gate.rows("--decision", "tunnel")) == statuses.count(502)


def test_each_listener_has_hosts_of_its_own_though_the_system_chooses_the_ports(tmp_path):
    second = f'listener "proxy" {{\n  bind = "127.0.0.1:0"\n  passthrough = ["{OTHER}:8443"]\n}}'
    with peer() as server, gateway(tmp_path, server.getsockname()[1], f'"{HOST}:8443"', knobs=second, agent=CI + CD) as gate:
        _, other = [line.rpartition(" ")[2] for line in gate.log.splitlines() if "listening proxy " in line]
        with Raw(other).send(asking(f"{HOST}:8443")) as raw:
            assert raw.head()[0] == 403
        with Raw(other).send(asking(f"{OTHER}:8443")) as raw:
            assert raw.head()[0] == 502


FIRST = {
    "another name": (client_hello("sts.amazonaws.com"), "names the server sts.amazonaws.com, and its CONNECT"),
    "no name": (client_hello(None), "names the server (none)"),
    "no TLS": (b"GET / HTTP/1.1\r\n\r\n", "what arrived is not TLS"),
    "nothing": (b"", "TLS did not begin in the tunnel within 1 seconds"),
}


@pytest.mark.parametrize("first", FIRST)
def test_at_the_port_of_https_it_begins_with_tls_that_names_its_host(tmp_path, first):
    sent, why = FIRST[first]
    with peer() as server, gateway(tmp_path, server.getsockname()[1], knobs='head_timeout = "1s"') as gate:
        with tunnelled(gate, server, f"{HOST}:443") as (agent, there):
            agent.send(sent)
            assert received(there) == b""
            assert agent.rest() == (UNRECOGNIZED_NAME if "name" in first else b"")
        outcome = gate.rows("--decision", "tunnel")[-1]["outcome"]
        assert (outcome["end"], outcome["bytes_out"], why in outcome["reason"]) == ("failed", 0, True), outcome


def test_what_names_its_host_arrives_as_it_is(tmp_path):
    hello = client_hello(HOST.upper())
    with (
        peer() as server,
        gateway(tmp_path, server.getsockname()[1]) as gate,
        tunnelled(gate, server, f"{HOST}:443") as (agent, there),
    ):
        agent.send(hello + b"and more").end()
        assert received(there) == hello + b"and more"
