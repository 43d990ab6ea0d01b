"""Where the gateway is, what verifies it, and how a verb ends that cannot reach it."""

from __future__ import annotations

import argparse
import ssl
from functools import partial

import pytest
import trio
import trustme

from tests.kit.approvals.admin_gate import TOKENS
from trio_gate.cli import connecting
from trio_gate.client import ClientError, Hopeless, connect


@pytest.mark.parametrize(
    ("admin", "url", "roots"),
    [
        ('admin { bind = "127.0.0.1:29443" }', "wss://127.0.0.1:29443", "s/ca/own.pem"),
        ('admin { bind = "[::1]:29443" }', "wss://[::1]:29443", "s/ca/own.pem"),
        ('admin { bind = "0.0.0.0:9" names = ["gate.example"] }', "wss://127.0.0.1:9", "s/ca/own.pem"),
        ('admin { bind = "[::]:9" names = ["gate.example"] }', "wss://[::1]:9", "s/ca/own.pem"),
        (
            'admin { bind = "0.0.0.0:9" names = ["gate.example"] certificate = "c.pem" key = "k" }',
            "wss://gate.example:9",
            "c.pem",
        ),
        ("", "wss://127.0.0.1:9443", "s/ca/own.pem"),
    ],
)
def test_places(tmp_path, admin, url, roots):
    config = tmp_path / "g.hcl"
    config.write_text(f'gateway {{\n state_dir = "s"\n {admin}\n}}\nagent "a" {{ secret = env("NOPE") }}\n')
    place = connecting._place(None, None, str(config))
    assert (place.url, place.roots) == (url, tmp_path / roots)
    assert str(config) in place.origin
    assert connecting._place("wss://x:1", "mine.pem", str(config)).url == "wss://x:1"


@pytest.mark.parametrize("admin", ['admin { bind = "127.0.0.1:0" }', "admin {}", 'admin { bind = "0.0.0.0:1" }'])
def test_no_place(tmp_path, admin):
    (tmp_path / "g.hcl").write_text(f"gateway {{\n {admin}\n}}\n")
    with pytest.raises(connecting.UsageError):
        connecting._place(None, None, str(tmp_path / "g.hcl"))


@pytest.mark.parametrize(("status", "hopeless"), [(421, True), (403, True), (429, False), (503, False)])
async def test_a_certificate_of_the_configuration_is_known_as_it_is(tmp_path, status, hopeless):
    leaf = trustme.CA().issue_cert("localhost")
    leaf.cert_chain_pems[0].write_to_path(str(tmp_path / "leaf.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    leaf.configure_cert(context)

    async def refuse(stream: trio.SSLStream) -> None:
        async with stream:
            await stream.receive_some()
            await stream.send_all(f"HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n".encode())

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_ssl_over_tcp, refuse, 0, context, host="127.0.0.1"))
        port = listeners[0].transport_listener.socket.getsockname()[1]
        with pytest.raises(ClientError, match=str(status)) as refused:
            async with connect(f"wss://localhost:{port}", TOKENS["alice"], connecting._tls(tmp_path / "leaf.pem", None)):
                pytest.fail("connected")
        assert isinstance(refused.value, Hopeless) is hopeless
        nursery.cancel_scope.cancel()


def parsed(*words):
    parser = argparse.ArgumentParser()
    connecting.add_arguments(parser, "  trio-gate verb")
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "token", "said"),
    [
        ((), "", "no token: set TRIO_GATE_TOKEN"),
        ((), "tg_0123456789abcdef\nx", "the token is not one of `trio-gate person new`"),
        ((), "tg_0123456789abcd\xfcf", "the token is not one of `trio-gate person new`"),
        (("--token-file", "/dev/null"), "", "there is no token in /dev/null"),
        (("--token-file", "/"), "", "cannot read a token from /: Is a directory"),
        (("--token-file", "none"), "tg_0123456789abcdef", "cannot read a token from none"),
        (("--ca", "none"), "tg_0123456789abcdef", "cannot read certificates from none"),
        (("--config", "none"), "tg_0123456789abcdef", "cannot read none"),
    ],
)
def test_what_cannot_work_ends_with_status_2_and_says_why(tmp_path, monkeypatch, capsys, words, token, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIO_GATE_TOKEN", token)
    assert connecting.run("verb", parsed(*words), lambda _: pytest.fail("ran")) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"trio-gate verb: {said}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [(ClientError("it is gone"), 1, "trio-gate verb: it is gone\n"), (KeyboardInterrupt(), 130, "")],
)
def test_how_it_ended_is_the_exit_status(tmp_path, monkeypatch, capsys, fault, status, said):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("TRIO_GATE_TOKEN", TOKENS["alice"])

    async def work(_):
        await trio.lowlevel.checkpoint()
        raise fault

    async def deeper(connection):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            await work(connection)

    assert connecting.run("verb", parsed("--ca", str(tmp_path / "ca.pem")), work) == status
    assert capsys.readouterr().err == said
    if status == 130:
        assert connecting.run("verb", parsed("--ca", str(tmp_path / "ca.pem")), deeper) == status
