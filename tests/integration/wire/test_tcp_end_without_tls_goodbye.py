"""An end of TCP without TLS's goodbye is no end, at each listener and from AWS, also where Python tells OpenSSL that it is one."""

from __future__ import annotations

import os
import socket

import pytest

from tests.kit.gateway import running
from tests.kit.standins.scripted import scripted
from tests.kit.wire.raw import S3, Raw, request, tunnel

LENIENT = """\
import ssl

strict = ssl.SSLContext.__new__

def lenient(cls, *given, **named):
    self = strict(cls, *given, **named)
    self.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    return self

ssl.SSLContext.__new__ = lenient
"""
"""What some Pythons do to every context."""


@pytest.fixture(scope="module", params=["", LENIENT], ids=["this Python", "a lenient Python"])
def gate(request, embedded_aws, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ends")
    (folder / "sitecustomize.py").write_text(request.param)
    paths = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    with pytest.MonkeyPatch.context() as patch, scripted(folder, S3) as peer:
        patch.setenv("PYTHONPATH", paths)
        with running(folder, embedded_aws, endpoint="tls = true", first=peer.route(S3)) as gateway:
            yield gateway, peer


def shaken(gateway, door: str) -> Raw:
    if door == "proxy":
        return tunnel(gateway, gateway.ca_file, S3)
    own = str(gateway.folder / "state" / "ca" / "own.pem")
    ca, name = (gateway.ca_file, S3) if door == "tls" else (own, "localhost")
    return Raw(gateway.doors[door]).tls(ca, name)


@pytest.mark.parametrize("door", ["proxy", "tls", "endpoint", "admin"])
def test_an_end_without_goodbye_is_not_answered(gate, door):
    with shaken(gate[0], door) as raw:
        assert raw.send(b"GET / HTTP/1.1\r\nHost: ").end().closed()


@pytest.mark.parametrize("goodbye", [True, False])
def test_an_answer_until_the_end_is_whole_with_a_goodbye_alone(gate, goodbye):
    gateway, peer = gate

    def part(one) -> None:
        one.request()
        one.send(b"HTTP/1.1 200 OK\r\n\r\npart")
        if goodbye:
            one.tls.unwrap()
        socket.socket(fileno=one.tls.detach()).close()

    peer.script = part
    asked = request("s3", S3, method="GET", path="/staging-data/key", body=b"").replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    with tunnel(gateway, gateway.ca_file, S3) as raw:
        got = raw.send(asked).rest()
    assert b"part" in got
    assert got.endswith(b"0\r\n\r\n") is goodbye
