"""Who speaks otherwise than the proxy listener, or never ends what it begins, is told so where it can be, and is closed in time."""

from __future__ import annotations

import ssl
from contextlib import ExitStack

import pytest

from tests.integration.sessions.test_client_certificates import Agents
from tests.integration.sessions.test_proxy_tokens_of_agents import OLD, login
from tests.integration.wire.test_passthrough import asking
from tests.integration.wire.test_proxy_over_tls import gateway, greeted, own_ca
from tests.kit.gateway import AGENT, running
from tests.kit.wire.raw import STS, Raw, connect, request
from tests.kit.wire.tls_kit import client_hello

HELLO = client_hello(STS)


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    agents = Agents(tmp_path_factory.mktemp("certificates"))
    with gateway(tmp_path_factory.mktemp("gate"), agents, knobs='head_timeout = "1s"') as gate:
        yield gate
    assert "Traceback" not in gate.log


def test_plain_http_is_told_to_write_https_and_its_token_is_not_kept(gate):
    said = login("tok", OLD)
    with Raw(gate.doors["proxy"]).send(asking(f"{STS}:443", said)) as raw:
        assert raw.head()[0] == 400
        assert "write https:// in its address" in raw.rest().decode()
    assert said.partition(" ")[2] not in gate.log


def test_tls_where_plain_http_is_spoken_ends_at_once(tmp_path):
    with running(tmp_path, None, agent=AGENT) as gate:
        with Raw(gate.doors["proxy"]) as raw, pytest.raises(ssl.SSLError):
            raw.tls(gate.ca_file, "127.0.0.1")
        assert "this is not HTTP: write http://" in gate.log


WAITS = {
    "nothing": (b"", "TLS did not begin in time"),
    "a part of a hello": (HELLO[:100], "the TLS handshake was not over in 1 seconds"),
    "a hello and no more": (HELLO, "the TLS handshake was not over in 1 seconds"),
    "another protocol": (bytes(100), "what arrived is not TLS"),
}


@pytest.mark.parametrize("sent", WAITS)
def test_a_handshake_has_its_time(gate, sent):
    data, why = WAITS[sent]
    before = gate.log.count(why)
    with Raw(gate.doors["proxy"]).send(data) as raw:
        raw.rest()
    assert gate.log.count(why) > before


INSIDE = {
    "no CONNECT": (b"", b"", "the request head did not arrive in time"),
    "a part of it": (connect(f"{STS}:443")[:20], b"", "the request head did not arrive in time"),
    "no handshake": (connect(f"{STS}:443"), b"", "the TLS handshake was not over in 1 seconds"),
    "a part of a hello": (connect(f"{STS}:443"), HELLO[:100], "the TLS handshake was not over in 1 seconds"),
    "a hello and no more": (connect(f"{STS}:443"), HELLO, "the TLS handshake was not over in 1 seconds"),
    "no TLS": (connect(f"{STS}:443"), b"GET / HTTP/1.1\r\n\r\n", "what arrived is not TLS"),
    "TLS for another host": (connect(f"{STS}:443"), client_hello("s3.us-east-1.amazonaws.com"), "is not served here"),
}


@pytest.mark.parametrize("sent", INSIDE)
def test_what_is_inside_has_its_time_and_the_outer_tls_is_ended_as_it_should(gate, sent):
    head, data, why = INSIDE[sent]
    before = gate.log.count(why)
    with greeted(gate) as raw:
        raw.socket.suppress_ragged_eofs = False
        raw.send(head, data)
        while raw.socket.recv(65536):
            pass
    assert gate.log.count(why) > before


def test_a_peer_that_leaves_amid_the_inner_handshake_leaves_nothing(gate):
    with greeted(gate) as raw:
        assert raw.send(connect(f"{STS}:443")).head()[0] == 200
        raw.send(HELLO)
    with greeted(gate) as raw:
        assert raw.send(connect(f"{STS}:443")).head()[0] == 200
        assert raw.tls(gate.ca_file, STS)


def test_the_authority_of_awss_hosts_does_not_vouch_for_the_proxy(gate):
    with Raw(gate.doors["proxy"]) as raw, pytest.raises(ssl.SSLCertVerificationError):
        raw.tls(gate.ca_file, "127.0.0.1")
    with Raw(gate.doors["proxy"]) as raw:
        assert raw.tls(own_ca(gate), "localhost")


PLACES = 4


@pytest.mark.parametrize("head", [b"", connect(f"{STS}:443")])
def test_who_proves_nothing_makes_room_for_an_agent_however_deep_its_tls_is(tmp_path, head):
    agents = Agents(tmp_path)
    (tmp_path / "gate").mkdir()
    with gateway(tmp_path / "gate", agents, knobs=f"max_connections = {PLACES}") as gate, ExitStack() as stack:
        for _ in range(PLACES):
            stack.enter_context(greeted(gate)).send(head)
        with greeted(gate, agents.files["ci"]) as raw:
            assert raw.send(connect(f"{STS}:443")).head()[0] == 200
            assert raw.tls(gate.ca_file, STS).send(request(account="999999999999")).answer().status == 403
