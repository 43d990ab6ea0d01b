"""`trio-gate approve` finds the gateway by its configuration, and ends where trying again cannot help."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
from functools import partial

import pytest
import trio
import trustme

from tests.kit.approvals.admin_gate import TOKENS
from tests.kit.gateway import TOKEN, TRIO_GATE, running
from trio_gate.cli import approve
from trio_gate.client import ClientError, Hopeless, connect

PATIENCE = 60


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    with running(tmp_path_factory.mktemp("approve"), None) as gateway:
        yield gateway


def configured(gate, name, **changes):
    """A copy of the configuration that says on which port the gateway listens for people."""
    text = gate.config.read_text()
    admin = f'admin               {{ bind = "{gate.doors["admin"]}" }}'
    text = text.replace('admin               { bind = "127.0.0.1:0" }', admin)
    for old, new in changes.values():
        text = text.replace(old, new)
    (gate.folder / name).write_text(text)
    return str(gate.folder / name)


def run(gate, *words):
    """The verb, from a folder that holds no state."""
    elsewhere = gate.folder / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    return gate.gate("approve", *words, timeout=PATIENCE, cwd=elsewhere)


def test_address_and_ca_come_from_the_configuration(gate):
    assert (done := run(gate, "--config", configured(gate, "right.hcl"), "--list")).returncode == 0, done.stderr


def test_none_of_the_gateways_secrets_is_needed_for_that(gate):
    env = {name: value for name, value in os.environ.items() if not name.startswith("BASE_")} | {"TRIO_GATE_TOKEN": TOKEN}
    words = [*TRIO_GATE, "approve", "--config", configured(gate, "bare.hcl"), "--list"]
    assert subprocess.run(words, env=env, capture_output=True, check=False, timeout=PATIENCE).returncode == 0


@pytest.mark.parametrize("mode", ["--list", "--yes"])
def test_a_certificate_that_does_not_verify_ends_it(gate, mode):
    (gate.folder / "other" / "ca").mkdir(parents=True, exist_ok=True)
    trustme.CA().cert_pem.write_to_path(str(gate.folder / "other" / "ca" / "own.pem"))
    config = configured(gate, "wrong.hcl", state=('"./state"', '"./other"'))
    done = run(gate, "--config", config, mode)
    assert done.returncode == 1
    assert f"of `admin` in {config} line " in done.stderr
    assert "certificate" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_gateway_that_is_not_there_is_tried_again(gate):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = configured(gate, "absent.hcl", port=(gate.doors["admin"], f"127.0.0.1:{port}"))
    env = {**os.environ, "TRIO_GATE_TOKEN": TOKEN}
    words = [*TRIO_GATE, "approve", "--config", config, "--yes"]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        said = process.stdout.readline()
        process.kill()
    assert f"cannot reach 127.0.0.1 port {port} (of `admin` in {config} line " in said
    assert "trying again" in said


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
    place = approve._place(None, None, str(config))
    assert (place.url, place.roots) == (url, tmp_path / roots)
    assert str(config) in place.origin
    assert approve._place("wss://x:1", "mine.pem", str(config)).url == "wss://x:1"


@pytest.mark.parametrize("admin", ['admin { bind = "127.0.0.1:0" }', "admin {}", 'admin { bind = "0.0.0.0:1" }'])
def test_no_place(tmp_path, admin):
    (tmp_path / "g.hcl").write_text(f"gateway {{\n {admin}\n}}\n")
    with pytest.raises(approve.UsageError):
        approve._place(None, None, str(tmp_path / "g.hcl"))


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
            async with connect(f"wss://localhost:{port}", TOKENS["alice"], approve._tls(tmp_path / "leaf.pem", None)):
                pytest.fail("connected")
        assert isinstance(refused.value, Hopeless) is hopeless
        nursery.cancel_scope.cancel()
