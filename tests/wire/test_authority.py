"""One host for a request: SNI, CONNECT and Host agree, or the request ends here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.errors import Malformed
from trio_gate.wire.authority import agreed_host
from trio_gate.wire.head import RequestHead, Target

HOST = "sts.us-east-1.amazonaws.com"
OTHER = "iam.amazonaws.com"


def agreed(host: str | None = HOST, *, sni: str | None = HOST, connect: str | None = None, ports=(8443,)) -> str:
    headers = () if host is None else (("host", host),)
    return agreed_host(
        RequestHead(method="GET", target=Target(segments=("",)), headers=headers), sni=sni, connect=connect, ports=ports
    )


@pytest.mark.parametrize("host", [HOST, f"{HOST}:443", f"{HOST}:8443", HOST.upper(), "STS.us-East-1.AmazonAWS.com:443"])
@pytest.mark.parametrize("connect", [None, HOST, f"{HOST}:443", f"{HOST}:8443"])
def test_the_same_name_in_every_place(host, connect):
    assert agreed(host, connect=connect) == HOST
    assert agreed(host, sni=HOST.upper(), connect=connect) == HOST


def test_connect_without_a_server_name():
    assert agreed(sni=None, connect=f"{HOST}:443") == HOST


@pytest.mark.parametrize(
    "names",
    [
        {"host": OTHER},
        {"sni": OTHER},
        {"connect": f"{OTHER}:443"},
        {"sni": None, "connect": f"{OTHER}:443"},
        {"host": OTHER, "sni": HOST, "connect": OTHER},
        {"host": f"x.{HOST}"},
        {"host": f"{HOST}.example"},
        {"sni": None},
        {"host": f"{HOST}:80"},
        {"host": f"{HOST}:8444"},
        {"host": f"{HOST}:65536"},
        {"connect": f"{HOST}:22"},
        {"sni": f"{HOST}:22"},
        {"host": f"{HOST}:8443", "ports": ()},
    ],
    ids=str,
)
def test_names_and_ports_that_differ_are_misdirected(names):
    with pytest.raises(Malformed) as caught:
        agreed(**names)
    assert caught.value.status == 421


NO_NAMES = [
    *("", ".", ":443", f"{HOST}.", f".{HOST}", f"{HOST}..", "a..b", "my_bucket.s3.amazonaws.com", "-a.example", "a-.example"),
    *("127.0.0.1", "127.1", "2852039166", "0xA9FEA9FE", "0x7f.1", "[::1]", "[fd00:ec2::254]:443", "::1", "a.0x7f"),
    *(f"{HOST}:", f"{HOST}:0443", f"{HOST}:+443", f"{HOST}:443:443", f"{HOST}:4_3", f"{HOST}:\N{ARABIC-INDIC DIGIT ONE}"),
    *(f"user@{HOST}", f"{HOST}@evil.example", f"{HOST}/x", f"{HOST}%00.evil", f"{HOST}\n", f" {HOST}", f"{HOST},{HOST}"),
    *(
        "sts.amazonaws.com\N{FULLWIDTH FULL STOP}evil",
        "\N{KELVIN SIGN}ms.us-east-1.amazonaws.com",
        "s3.amazonaws.c\N{CYRILLIC SMALL LETTER O}m",
    ),
    *(f"{'a' * 64}.example", f"{'a.' * 127}example"),
]


@pytest.mark.parametrize("name", NO_NAMES, ids=ascii)
def test_what_is_no_host_name(name):
    for names in ({"host": name}, {"sni": name}, {"connect": name}):
        with pytest.raises(Malformed) as caught:
            agreed(**names)
        assert caught.value.status == 400


def test_a_connection_that_names_no_host():
    with pytest.raises(Malformed, match="send the server name in the TLS handshake"):
        agreed(sni=None)


def test_a_request_without_a_host():
    with pytest.raises(Malformed, match="Host is not a host name"):
        agreed(None)


def test_a_name_may_be_long_and_have_one_label():
    long = f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61}"
    assert len(long) == 253
    for name in (long, "localhost", "xn--bcher-kva.example", "1.a"):
        assert agreed(name, sni=name) == name


@given(st.text(st.sampled_from([*"aZ09.-_:[]@%/ ", "é", "\N{KELVIN SIGN}", "\N{LATIN SMALL LETTER DOTLESS I}"]), max_size=12))
def test_any_text_is_a_plain_name_or_refused(text):
    try:
        host = agreed(text, sni=text)
    except Malformed:
        return
    assert host == text.partition(":")[0].lower()
    assert host.isascii()
    assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
