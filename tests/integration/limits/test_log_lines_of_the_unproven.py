"""Who proves nothing fills no log: each source has a limit of lines, whichever listener it comes to; the record counts the rest."""

from __future__ import annotations

import ssl
from contextlib import suppress

import pytest

from tests.kit.gateway import running
from tests.kit.wire.raw import Raw, connect

LINES = 100
"""What a source has at first; while a test runs there may be a few more."""

MORE = 30
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lines")
    with running(folder, None) as gateway:
        gateway.trust = str(folder / "state" / "ca" / "own.pem")
        yield gateway
    assert "Traceback" not in gateway.log


def to_a_host(gateway, source):
    return Raw(gateway.doors["proxy"], source=source).send(connect("example.com:443"))


def no_tls(gateway, source):
    return Raw(gateway.doors["tls"], source=source).send(b"hello")


def http2(gateway, source):
    return Raw(gateway.doors["endpoint"], source=source).send(PREFACE)


def no_tls_at_the_admin_listener(gateway, source):
    return Raw(gateway.doors["admin"], source=source).send(b"hello")


def no_token(gateway, source):
    raw = Raw(gateway.doors["admin"], source=source).tls(gateway.trust, "localhost")
    return raw.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")


KINDS = {
    "403 turned away": (to_a_host, "127.0.1.1"),
    "400 turned away": (no_tls, "127.0.1.2"),
    "505 HTTP/2": (http2, "127.0.1.3"),
    "400 at the admin listener": (no_tls_at_the_admin_listener, "127.0.1.4"),
    "401 at the admin listener": (no_token, "127.0.1.5"),
}


@pytest.mark.parametrize("code", KINDS)
def test_a_source_has_a_limit_of_lines(gateway, code):
    come, source = KINDS[code]
    for _ in range(LINES + MORE):
        with come(gateway, source) as raw, suppress(ssl.SSLError):
            raw.rest()
    lines = sum(f" {source}" in line for line in gateway.log.splitlines())
    assert LINES <= lines < LINES + MORE


def test_the_record_tells_of_the_rest(tmp_path):
    with running(tmp_path, None) as gateway:
        gateway.trust = str(tmp_path / "state" / "ca" / "own.pem")
        for come, source in KINDS.values():
            for _ in range(LINES + MORE):
                with come(gateway, source) as raw:
                    raw.rest()
    told = {row["agent_address"]: row["counted"]["codes"] for row in gateway.rows() if "counted" in row}
    for code, (_, source) in KINDS.items():
        assert 0 < told[source][code] <= MORE
