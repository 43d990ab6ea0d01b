"""Names of accounts are asked for beside all calls: again where AWS did not answer, and anew each hour."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import trio

from tests.kit.configs import BASE, MAIN, load
from trio_gate.aws.call import UNKNOWN
from trio_gate.errors import UpstreamError
from trio_gate.shell.credentials.account_names import DEADLINE, REFRESH_SECONDS, RETRY_SECONDS, open_account_names
from trio_gate.signing.sigv4 import Credentials
from trio_gate.wire.head import ResponseHead

ROLE = "arn:aws:iam::999999999999:role/names"
GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n'
PROD, OTHER = "111111111111", "222222222222"


class Organization:
    """AWS at the end of `send`, credentials and a clock."""

    def __init__(self):
        self.asked, self.roles = [], []
        self.names = {PROD: "Production"}
        self.down, self.silent = False, ()

    async def credentials(self, request):
        assert request.role_arn.startswith("arn:aws:iam::999999999999:role/")
        self.roles.append(request.role_arn)
        return Credentials(access_key_id="ASIA1", secret_access_key="s", session_token="t")

    async def send(self, host, head, body):
        await trio.lowlevel.checkpoint()
        account = json.loads(body)["AccountId"]
        assert host == head.one("host") == "organizations.test"
        assert "Credential=ASIA1/20260304/us-east-1/organizations/" in head.one("authorization")
        self.asked.append(account)
        if account in self.silent:
            await trio.sleep_forever()
        if self.down:
            raise UpstreamError("no route")
        if account in self.names:
            return ResponseHead(status=200, headers=()), json.dumps(
                {"Account": {"Id": account, "Name": self.names[account]}}
            ).encode()
        return ResponseHead(status=400, headers=()), b'{"__type": "AccountNotFoundException"}'

    def now(self):
        return datetime(2026, 3, 4, tzinfo=UTC)


def place_of(service, region):
    return f"{service}.test", region


def endpoint(role=ROLE, accounts=(PROD, OTHER)):
    (made,) = load(GATEWAY + BASE + MAIN).endpoints
    return replace(made, organization_role=role, accounts=dict.fromkeys(accounts))


@asynccontextmanager
async def names(aws, role=ROLE):
    async with open_account_names([endpoint(role)], aws, send=aws.send, place=place_of, clock=aws) as found:
        yield found


async def test_a_name_is_unknown_until_it_is_told(autojump_clock):
    aws = Organization()
    async with names(aws) as found:
        assert [found.of(PROD), found.of(OTHER), found.of("333333333333")] == [UNKNOWN, UNKNOWN, None]
        await trio.sleep(1)
        assert [found.of(PROD), found.of(OTHER)] == ["Production", None]


async def test_nobody_is_asked_where_no_role_may(autojump_clock):
    aws = Organization()
    async with names(aws, role=None) as found:
        await trio.sleep(2 * REFRESH_SECONDS)
        assert (found.of(PROD), aws.asked) == (None, [])


async def test_what_was_told_is_asked_again_after_an_hour_and_stays_while_nobody_answers(autojump_clock, caplog):
    aws = Organization()
    async with names(aws) as found:
        await trio.sleep(REFRESH_SECONDS - 1)
        assert aws.asked == [PROD, OTHER]
        aws.names[PROD], aws.down = "Renamed", True
        await trio.sleep(2)
        assert (found.of(PROD), aws.asked) == ("Production", [PROD, OTHER] * 2)
        assert [record.getMessage() for record in caplog.records] == [
            "organizations did not tell the names of 2 accounts, next try in 60 s: 222222222222: no route"
        ]
        aws.down = False
        await trio.sleep(RETRY_SECONDS)
        assert (found.of(PROD), aws.asked) == ("Renamed", [PROD, OTHER] * 3)


async def test_a_bug_ends_nothing_and_is_said(autojump_clock, caplog):
    aws = Organization()
    aws.names = None
    async with names(aws) as found:
        await trio.sleep(1)
        assert (found.of(PROD), "internal error: TypeError in Organization.send, line " in caplog.text) == (UNKNOWN, True)
        aws.names = {PROD: "Production"}
        await trio.sleep(RETRY_SECONDS)
        assert found.of(PROD) == "Production"


async def test_only_what_was_not_told_is_asked_again(autojump_clock):
    aws = Organization()
    aws.silent = (PROD,)
    async with names(aws) as found:
        await trio.sleep(DEADLINE + 1)
        aws.silent = ()
        assert (found.of(PROD), found.of(OTHER)) == (UNKNOWN, None)
        await trio.sleep(RETRY_SECONDS)
        assert (found.of(PROD), aws.asked) == ("Production", [PROD, OTHER, PROD])


async def test_what_was_told_stays_over_a_reload(autojump_clock):
    aws = Organization()
    async with names(aws) as found:
        await trio.sleep(1)
        found.change([endpoint()])
        await trio.sleep(1)
        assert (found.of(PROD), aws.asked) == ("Production", [PROD, OTHER])
        await trio.sleep(REFRESH_SECONDS)
        assert aws.asked == [PROD, OTHER] * 2


async def test_another_role_or_account_is_asked_at_once_and_the_others_names_stay(autojump_clock):
    aws = Organization()
    async with names(aws) as found:
        await trio.sleep(1)
        found.change([endpoint(accounts=(PROD,))])
        assert (found.of(PROD), found.of(OTHER)) == ("Production", None)
        found.change([endpoint(f"{ROLE}/other", accounts=(PROD,))])
        assert found.of(PROD) is UNKNOWN
        await trio.sleep(1)
        assert (found.of(PROD), aws.roles) == ("Production", [ROLE, ROLE, f"{ROLE}/other"])
