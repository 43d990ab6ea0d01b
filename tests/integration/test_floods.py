"""The stop button works while another person's channels and the agent that is to be stopped send all that they can."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
import threading
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.kit.approver import PATIENCE, Person
from tests.kit.gateway import AGENT, running
from tests.kit.raw import STS, Raw, request, tunnel
from trio_gate.approval.frames import PROTOCOL, Accepted, Decide, Lift, Open, Search, Stop
from trio_gate.approval.messages import encode

ROOT, CAROL = (f"tg_{name}-0123456789abcdef0123456789abcdef" for name in ("root", "carol"))
PEOPLE = "".join(
    f'person "{name}" {{\n  token_sha256 = "{hashlib.sha256(token.encode()).hexdigest()}"\n  {may} = true\n}}\n'
    for name, token, may in (("root", ROOT, "may_stop"), ("carol", CAROL, "may_observe"))
)
DENY = 'rule "nothing" { action = "deny" }\n'
CHANNELS = 4
MASK = bytes(4)


def frame(opcode: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    """As a client sends it, with a mask that changes nothing."""
    size = len(payload)
    short = bytes([size | 128]) if size < 126 else b"\xfe" + size.to_bytes(2)
    return bytes([final << 7 | opcode]) + short + MASK + payload


def text(said) -> bytes:
    return frame(1, encode(said).encode())


FLOODS = {
    "empty parts": frame(1, final=False) + frame(0, final=False) * 3000,
    "tiny messages": frame(1, b"x") * 2000,
    "pings": frame(9) * 2000,
    "pongs": frame(10) * 2000,
    "votes": text(Decide(id="0", digest="f" * 64, verdict="approve", ref="r")) * 100,
    "details": text(Open(id="0", part="request", ref="r")) * 100,
    "searches": text(Search(filters={}, before=None, limit=100, ref="r")) * 100,
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with running(tmp_path_factory.mktemp("floods"), None, agent=AGENT, rules=DENY, extra=PEOPLE) as gateway:
        gateway.ca = gateway.ca_file
        yield gateway
    assert "Traceback" not in gateway.log


def channel(gateway) -> Raw:
    """Carol's, open."""
    address = gateway.doors["admin"]
    raw = Raw(address)
    context = ssl.create_default_context(cafile=str(gateway.folder / "state" / "ca" / "own.pem"))
    raw.socket = context.wrap_socket(raw.socket, server_hostname="127.0.0.1")
    fields = {
        "Host": address,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": PROTOCOL,
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Authorization": f"Bearer {CAROL}",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    assert raw.send(f"GET /v1/approvals HTTP/1.1\r\n{head}\r\n".encode()).head()[0] == 101
    return raw


@contextmanager
def flooding(raw: Raw, data: bytes):
    """Send this over and over, and read whatever comes, until the block is left or the gateway ends it."""
    begun = threading.Event()

    def send() -> None:
        with suppress(OSError):
            while True:
                raw.send(data)
                begun.set()

    with raw:
        threads = [threading.Thread(target=send), threading.Thread(target=raw.rest)]
        for thread in threads:
            thread.start()
        assert begun.wait(PATIENCE)
        try:
            yield
        finally:
            with suppress(OSError):
                socket.socket.shutdown(raw.socket, socket.SHUT_RDWR)  # wakes who waits to write or to read
            for thread in threads:
                thread.join(PATIENCE)
                assert not thread.is_alive()


def said(gateway) -> str:
    """What the agent hears on a new connection."""
    with tunnel(gateway, gateway.ca, STS) as raw:
        return raw.send(request()).answer().text


@pytest.mark.parametrize("flood", FLOODS)
def test_a_stop_and_a_lift_take_effect_while_others_flood(gateway, flood):
    root = Person(gateway, ROOT)
    with ExitStack() as floods:
        for _ in range(CHANNELS):
            floods.enter_context(flooding(channel(gateway), FLOODS[flood]))
        floods.enter_context(flooding(tunnel(gateway, gateway.ca, STS), request() * 50))
        assert isinstance(root.say(Stop(agent="ci", reason="it floods")), Accepted)
        assert "stopped by a person until that is lifted: it floods" in said(gateway)
        assert isinstance(root.say(Lift(agent="ci")), Accepted)
        assert "denied by rule" in said(gateway)
