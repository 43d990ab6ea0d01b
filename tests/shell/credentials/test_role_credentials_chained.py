"""Roles that a hub's session assumes, and many roles at once: whose credentials come out, whatever came before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.aws.sts import ACCOUNT, REQUEST, Sts, fault, literal, role
from tests.kit.sessions import SENT, session
from tests.shell.credentials.test_role_credentials import bench, settled
from trio_gate.errors import GateError, SessionOver
from trio_gate.ports import SessionRequest
from trio_gate.shell.credentials.base_keys import BaseKeys
from trio_gate.shell.credentials.role_credentials import MARGIN
from trio_gate.signing.sigv4 import Credentials
from trio_gate.wire.head import ResponseHead

HUB = role("trio-gate@ci", account="999999999999", role_arn="arn:aws:iam::999999999999:role/hub")


async def test_a_hub_s_session_signs_for_the_roles_that_go_through_it(autojump_clock):
    async with bench() as its:
        one, two = (role(name, through=HUB) for name in ("a-one", "a-two"))
        assert (await its.key(one), await its.key(two), await its.key(HUB)) == ("ASIA2", "ASIA3", "ASIA1")
        assert its.sts.signers == ["AKIABASE", "ASIA1", "ASIA1"]


async def test_a_hub_s_session_that_aws_refuses_is_had_again_once(autojump_clock):
    async with bench() as its:
        await its.key(HUB)
        its.sts.refused.add("ASIA1")
        assert await its.key(role("a-one", through=HUB)) == "ASIA4"
        assert its.sts.signers == ["AKIABASE", "ASIA1", "AKIABASE", "ASIA3"]


async def test_a_role_through_a_hub_is_told_from_the_same_role_without(autojump_clock):
    async with bench() as its:
        assert await its.key(REQUEST) != await its.key(role("trio-gate@ci", through=HUB))


async def test_a_hundred_roles_make_a_hundred_calls(autojump_clock):
    async with bench() as its:
        its.sts.go = trio.Event()
        accounts = [f"{number:012}" for number in range(20)]
        asked = [
            role("trio-gate@ci", account=account, role_arn=f"arn:aws:iam::{account}:role/{name}")
            for account in accounts
            for name in "abcde"
        ]
        async with trio.open_nursery() as nursery:
            for request in [*asked, *asked]:
                nursery.start_soon(its.key, request)
            await settled()
            its.sts.go.set()
        assert sorted(one["RoleArn"] for one in its.sts.asked) == sorted(request.role_arn for request in asked)


BASES = {"base": "AKIABASE", "other": "AKIAOTHER"}
PLAIN = st.builds(
    lambda agent, account, name, base, more: replace(
        REQUEST,
        session_name=f"trio-gate@{agent}",
        account=account,
        role_arn=f"arn:aws:iam::{account}:role/{name}",
        base=base,
        **more,
    ),
    st.sampled_from(("ci", "docs")),
    st.sampled_from(("111111111111", "222222222222")),
    st.sampled_from(("gate", "reader")),
    st.sampled_from(tuple(BASES)),
    st.sampled_from(({}, {"session_policy": "{}"}, {"tags": (("a", "b"),)}, {"tags": (("a", "c"),)}, {"duration": 900})),
)
ROLES = st.recursive(
    PLAIN, lambda inner: st.builds(lambda one, hub: replace(one, through=hub, base=hub.base), PLAIN, inner), max_leaves=3
)
STEPS = st.lists(st.one_of(ROLES, st.integers(1, 4000), st.sampled_from(("forget", "refuse"))), min_size=2, max_size=25)


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_no_sequence_gets_the_credentials_of_another_key(steps):
    async def run() -> None:
        known = BaseKeys([replace(literal(name), access_key_id=key) for name, key in BASES.items()])
        async with bench(known) as its:
            last = REQUEST
            for step in steps:
                if step == "forget":
                    its.roles.forget(last)
                elif step == "refuse":
                    its.sts.refused.add(f"ASIA{len(its.sts.asked)}")
                elif isinstance(step, int):
                    await trio.sleep(step)
                else:
                    last = step
                    found = await its.roles.credentials(step)
                    assert found.expires - its.clock.now() > timedelta(seconds=60)
                    check(its.sts, found.access_key_id, step)

    trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))


def check(sts, key, request):
    """A key was given for this request, signed by a key that was given for the one that signs it, and so on to the base key."""
    number = int(key.removeprefix("ASIA")) - 1
    form = sts.asked[number]
    assert (form["RoleArn"], form["RoleSessionName"]) == (request.role_arn, request.session_name)
    assert form["DurationSeconds"] == str(request.duration)
    assert form.get("Policy") == request.session_policy
    assert form.get("Tags.member.1.Value") == (request.tags[0][1] if request.tags else None)
    if request.through is None:
        assert sts.signers[number] == BASES[request.base]
    else:
        check(sts, sts.signers[number], request.through)


class Lost(Sts):
    """STS that refuses the roles in `lost`."""

    lost = ()

    async def send(self, host, head, body):
        if dict(parse_qsl(body.decode()))["RoleArn"] in self.lost:
            await trio.lowlevel.checkpoint()
            return ResponseHead(status=403, headers=()), fault("AccessDenied").encode()
        return await super().send(host, head, body)


async def test_what_came_from_a_session_that_aws_does_not_give_again_is_over_and_the_rest_goes_on(autojump_clock):
    parent_role, child_role = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("parent", "child"))
    parent = SessionRequest(key_id="TGVS1", role_arn=parent_role, sent=sent(parent_role), signer=REQUEST)
    child = SessionRequest(key_id="TGVS2", role_arn=child_role, sent=sent(child_role), signer=parent)
    async with bench(stand_in=Lost) as its:
        its.sts.lost = (parent_role,)
        for request in (child, parent, child):
            with pytest.raises(SessionOver, match="was lost, and AWS did not give it again"):
                await its.roles.credentials(request)
        assert await its.key()


def sent(role_arn):
    return replace(SENT, body=urlencode({"Action": "AssumeRole", "RoleArn": role_arn, "RoleSessionName": "a"}).encode())


async def test_of_sessions_that_have_ended_nothing_is_kept(autojump_clock):
    async with bench() as its:
        requests = [SessionRequest(key_id=session(one).key_id, role_arn="r", sent=SENT, signer=REQUEST) for one in (1, 2)]
        given = await its.roles.credentials(REQUEST)
        for request in requests:
            its.roles.keep(request, given)
        its.roles.forget_sessions([session(1)])
        assert await its.roles.credentials(requests[1]) is given
        assert await its.roles.credentials(REQUEST) is given
        asked = len(its.sts.asked)
        with pytest.raises(GateError):
            await its.roles.credentials(requests[0])
        assert len(its.sts.asked) > asked


async def test_a_session_that_was_asked_for_with_a_token_needs_no_base_key_and_cannot_be_had_again(autojump_clock):
    asked = replace(SENT, body=b"", once=True)
    request = SessionRequest(key_id="TGVS1", role_arn=REQUEST.role_arn, sent=asked, signer=REQUEST)
    child = SessionRequest(key_id="TGVS2", role_arn=REQUEST.role_arn, sent=sent(REQUEST.role_arn), signer=request)
    async with bench() as its:
        expires = its.clock.now() + timedelta(seconds=MARGIN + 60)
        given = Credentials(access_key_id="ASIA9", secret_access_key="s", session_token="t", expires=expires)
        its.roles.keep(request, given)
        assert await its.roles.credentials(request) == given
        assert its.sts.asked == []
        assert (await its.roles.credentials(child)).access_key_id == "ASIA1"
        assert its.sts.signers == ["ASIA9"]
        await trio.sleep(61)
        with pytest.raises(SessionOver, match="was lost"):
            await its.roles.credentials(request)
        assert its.sts.signers == ["ASIA9"]
