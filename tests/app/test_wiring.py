"""The services of a process know of each other what they must."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kit.configs import MAIN, load
from tests.kit.sessions import SENT, session
from trio_gate.app.wiring import open_services
from trio_gate.errors import GateError
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.ports import SessionRequest
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.exchange.hosts import Hosts
from trio_gate.signing.sigv4 import Credentials

LITERAL = 'credential "aws_account" "base" {\n  access_key_id = "AKIABASE"\n  secret_access_key = "base"\n}\n'
SCOPE = ("20260101", "us-east-1", "s3")
GIVEN = Credentials(access_key_id="ASIA1", secret_access_key="s", session_token="t")


async def test_credentials_of_a_session_are_gone_when_it_ends(tmp_path):
    config = load(f'gateway {{\n  state_dir = "{tmp_path}"\n}}\n{LITERAL}{MAIN}')
    signer = compile_snapshot(1, config).role_for("aws", "111111111111", None, None)
    now = SystemClock().now()
    async with open_services(config, Hosts(tmp_path), ours=lambda _: False, page="") as (services, *_):
        one = session(1, started=now, expires=now + (session().expires - session().started))
        await services.sessions.open(one)
        request = SessionRequest(key_id=one.key_id, role_arn=one.role, sent=SENT, signer=signer)
        services.credentials.keep(request, replace(GIVEN, expires=one.expires))
        assert (await services.credentials.credentials(request)).access_key_id == "ASIA1"
        derived = {secret: services.keys.key(secret, *SCOPE) for secret in (GIVEN.secret_access_key, one.secret, "another")}
        services.sessions.end(lambda _: True)
        assert [secret for secret, key in derived.items() if services.keys.key(secret, *SCOPE) is key] == ["another"]
        with pytest.raises(GateError):
            await services.credentials.credentials(request)
