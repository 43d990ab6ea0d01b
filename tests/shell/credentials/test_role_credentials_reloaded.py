"""What a reload leaves of the credentials of roles."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import trio

from tests.kit.aws.sts import REQUEST, fault, literal, role
from tests.kit.sessions import SENT
from tests.shell.credentials.test_role_credentials import bench, settled
from trio_gate.ports import SessionRequest
from trio_gate.shell.credentials.base_keys import BaseKeys
from trio_gate.signing.sigv4 import Credentials

OTHER = role("trio-gate@docs")
SESSION = SessionRequest(key_id="TGVS1", role_arn=REQUEST.role_arn, sent=SENT, signer=REQUEST)


async def test_what_outlives_it_stays_and_the_rest_is_asked_for_again(autojump_clock):
    async with bench() as its:
        assert (await its.key(), await its.key(OTHER)) == ("ASIA1", "ASIA2")
        its.roles.keep_only(lambda request: request == OTHER)
        assert (await its.key(OTHER), await its.key()) == ("ASIA2", "ASIA3")


async def test_a_call_to_sts_for_what_is_dropped_answers_none_but_those_who_wait(autojump_clock):
    base = BaseKeys([literal()])
    async with bench(base) as its:
        its.sts.go, found = trio.Event(), {}

        async def ask(name):
            found[name] = await its.key()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, "before")
            await settled()
            base.change([replace(literal(), access_key_id="AKIANEW")])
            its.roles.keep_only(lambda _: False)
            nursery.start_soon(ask, "after")
            await settled()
            its.sts.go.set()
        assert found == {"before": "ASIA1", "after": "ASIA2"}
        assert its.sts.signers == ["AKIABASE", "AKIANEW"]
        assert await its.key() == "ASIA2"


async def test_a_call_to_sts_for_what_stays_is_shared(autojump_clock):
    async with bench() as its:
        its.sts.go, found = trio.Event(), []

        async def ask():
            found.append(await its.key())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await settled()
            its.roles.keep_only(lambda _: True)
            nursery.start_soon(ask)
            await settled()
            its.sts.go.set()
        assert found == ["ASIA1"] * 2
        assert len(its.sts.asked) == 1


async def test_what_sts_has_refused_is_asked_for_at_once(autojump_clock):
    async with bench() as its:
        its.sts.answer = (403, fault("AccessDenied"))
        await its.refusal()
        its.sts.answer = None
        await its.refusal()
        its.roles.keep_only(lambda _: True)
        assert await its.key() == "ASIA2"


def given(its) -> Credentials:
    ends = its.clock.now() + timedelta(hours=1)
    return Credentials(access_key_id="ASIA9", secret_access_key="s", session_token="t", expires=ends)


async def test_a_virtual_session_is_asked_for_again_once_another_role_stands_before_it(autojump_clock):
    async with bench() as its:
        its.roles.keep(SESSION, given(its))
        assert await its.key(replace(SESSION, signer=replace(REQUEST))) == "ASIA9"
        assert await its.key(replace(SESSION, signer=role("trio-gate@ci", external_id="another"))) != "ASIA9"
        assert its.sts.signers == ["AKIABASE", "ASIA1"]


async def test_one_that_no_role_has_signed_for_stays(autojump_clock):
    once = replace(SESSION, sent=replace(SENT, body=b"", once=True))
    async with bench() as its:
        its.roles.keep(once, given(its))
        assert await its.key(replace(once, signer=role("trio-gate@ci", external_id="another"))) == "ASIA9"


async def test_a_call_to_sts_for_a_virtual_session_that_runs_over_a_reload_is_not_shared(autojump_clock):
    async with bench() as its:
        await its.key()
        its.sts.go = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(its.key, SESSION)
            await settled()
            its.roles.keep_only(lambda _: True)
            nursery.start_soon(its.key, replace(SESSION, signer=role("trio-gate@ci", external_id="another")))
            await settled()
            its.sts.go.set()
        assert [asked.get("ExternalId") for asked in its.sts.asked] == [None, "1", "another", "1"]
        assert its.sts.signers == ["AKIABASE", "ASIA1", "AKIABASE", "ASIA3"]
