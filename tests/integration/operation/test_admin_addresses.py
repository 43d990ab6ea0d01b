"""A name of the admin listener with two addresses: one door, whichever of them a browser takes."""

from __future__ import annotations

import re
import sys

from tests.kit import gateway
from tests.kit.gateway import TOKEN, running
from tests.kit.wire.raw import Raw

WITH_TWO_ADDRESSES = """
import socket, sys
asked = socket.getaddrinfo
def answer(host, *rest, **more):
    names = ["127.0.0.1", "127.0.0.2"] if host == "gate.example" else [host]
    return [one for name in names for one in asked(name, *rest, **more)]
socket.getaddrinfo = answer
from trio_gate.cli.main import main
sys.exit(main())
"""
"""The gateway with a name server that knows gate.example."""

ADMIN = 'admin               {{ bind = "127.0.0.1:0" }}'
ADMIN_BY_NAME = 'admin {{\n bind = "gate.example:0"\n names = ["gate.example"]\n }}'


def test_who_signed_in_on_one_address_is_known_on_the_other(tmp_path, monkeypatch):
    monkeypatch.setattr(gateway, "TRIO_GATE", (sys.executable, "-c", WITH_TWO_ADDRESSES))
    monkeypatch.setattr(gateway, "HEAD", gateway.HEAD.replace(ADMIN, ADMIN_BY_NAME))
    with running(tmp_path, None, rules="") as gate:
        one, other = re.findall(r"listening admin (\S+)", gate.log)

        def ask(address, method, *fields):
            host = f"gate.example:{address.rpartition(':')[2]}"
            lines = [f"{method} /v1/session HTTP/1.1", f"host: {host}", f"origin: https://{host}", *fields, "", ""]
            with Raw(address) as raw:
                raw.tls(str(tmp_path / "state" / "ca" / "own.pem"), "gate.example")
                return raw.send("\r\n".join(lines).encode()).answer()

        entered = ask(one, "POST", "sec-fetch-site: same-origin", f"authorization: Bearer {TOKEN}", "content-length: 0")
        cookie = entered.fields["set-cookie"].partition(";")[0]
        assert [ask(address, "GET", f"cookie: {cookie}").text for address in (one, other)] == ["alice\n"] * 2
