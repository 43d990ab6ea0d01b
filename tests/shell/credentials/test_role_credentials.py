"""Credentials of roles: one call at a time, kept while good, refreshed ahead, left alone after a failure."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import trio
import trio.testing

from tests.kit.aws.sts import REQUEST, ROLE, Sts, WallClock, block, fault, given, keys, literal, role
from tests.kit.standins.embedded import sender
from trio_gate.errors import CertificatesUnavailable, CredentialsUnavailable, UpstreamError
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.credentials import role_credentials as module
from trio_gate.shell.credentials.base_keys import BaseKeys
from trio_gate.shell.credentials.role_credentials import open_role_credentials
from trio_gate.signing.sigv4 import Credentials


def host(partition: str, region: str) -> str:
    return f"sts.{region}.{partition}.test"


class Bench:
    """The object under test, the STS it calls, and its clock."""

    def __init__(self, roles, sts, clock):
        self.roles = roles
        self.sts = sts
        self.clock = clock

    async def key(self, request=REQUEST) -> str:
        return (await self.roles.credentials(request)).access_key_id

    async def refusal(self, request=REQUEST) -> CredentialsUnavailable:
        with pytest.raises(CredentialsUnavailable) as caught:
            await self.roles.credentials(request)
        return caught.value


@asynccontextmanager
async def bench(base=None, stand_in=Sts):
    clock = WallClock()
    sts = stand_in(clock)
    async with open_role_credentials(base or keys(), send=sts.send, host=host, clock=clock) as roles:
        yield Bench(roles, sts, clock)


async def settled() -> None:
    """Until all that runs in the background waits, or is over."""
    await trio.testing.wait_all_tasks_blocked()


async def test_against_a_real_sts_each_agent_has_a_session_of_its_own(embedded_aws):
    base = block(access_key_id=embedded_aws.base_access_key_id, secret_access_key=embedded_aws.base_secret_access_key)
    at = "sts.{1}.amazonaws.com".format
    async with open_role_credentials(BaseKeys([base]), send=sender(embedded_aws), host=at, clock=SystemClock()) as source:
        ci, docs = [await source.credentials(role(name)) for name in ("trio-gate@ci", "trio-gate@docs")]
        assert ci.access_key_id != docs.access_key_id
        assert await source.credentials(role("trio-gate@ci")) is ci


async def test_a_hundred_first_requests_make_one_call(autojump_clock):
    async with bench() as its:
        its.sts.go = trio.Event()
        found = []

        async def ask():
            found.append(await its.key())

        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(ask)
            await settled()
            its.sts.go.set()
        assert found == ["ASIA1"] * 100
        assert [asked["RoleSessionName"] for asked in its.sts.asked] == ["trio-gate@ci"]
        assert await its.key() == "ASIA1"


async def test_a_hundred_share_a_failure_too(autojump_clock):
    async with bench() as its:
        its.sts.go, its.sts.answer = trio.Event(), (403, fault("AccessDenied"))
        found = []

        async def ask():
            found.append(await its.refusal())

        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(ask)
            await settled()
            its.sts.go.set()
        assert {(one.status, one.code) for one in found} == {(403, "AccessDenied")}
        assert len({id(one) for one in found}) == 100
        assert len(its.sts.asked) == 1


async def test_the_first_to_ask_may_leave_and_takes_nothing_from_the_others(autojump_clock):
    async with bench() as its:
        its.sts.go = trio.Event()
        found = []

        async def ask():
            found.append(await its.key())

        async with trio.open_nursery() as nursery:
            scope = trio.CancelScope()
            nursery.start_soon(leader, its, scope)
            await settled()
            for _ in range(5):
                nursery.start_soon(ask)
            await settled()
            scope.cancel()
            await settled()
            assert scope.cancelled_caught
            its.sts.go.set()
        assert found == ["ASIA1"] * 5
        assert len(its.sts.asked) == 1


async def leader(its, scope):
    with scope:
        await its.key()


async def test_a_call_whose_asker_left_is_not_lost(autojump_clock):
    async with bench() as its:
        its.sts.go = trio.Event()
        with trio.move_on_after(1):
            await its.key()
        its.sts.go.set()
        assert await its.key() == "ASIA1"


async def test_every_part_of_the_request_separates(autojump_clock):
    others = [
        role("trio-gate@docs"),
        role("trio-gate@ci", external_id="e"),
        role("trio-gate@ci", duration=900),
        role("trio-gate@ci", session_policy="{}"),
        role("trio-gate@ci", region="us-west-2"),
        role("trio-gate@ci", base="other"),
    ]
    async with bench(BaseKeys([literal(), literal("other")])) as its:
        assert len({await its.key(request) for request in [REQUEST, *others, REQUEST]}) == 7
        assert [asked["RoleSessionName"] for asked in its.sts.asked[:2]] == ["trio-gate@ci", "trio-gate@docs"]


async def test_sts_is_called_where_the_request_says(autojump_clock):
    hosts = []

    async def send(host, head, body):
        await trio.lowlevel.checkpoint()
        hosts.append(host)
        raise UpstreamError("no")

    async with open_role_credentials(keys(), send=send, host=host, clock=WallClock()) as roles:
        with pytest.raises(CredentialsUnavailable):
            await roles.credentials(role("a-b", partition="aws-cn", region="cn-north-1"))
    assert hosts == ["sts.cn-north-1.aws-cn.test"]


async def test_they_are_renewed_before_their_end_while_the_old_ones_serve(autojump_clock):
    async with bench() as its:
        assert await its.key() == "ASIA1"
        await trio.sleep(3600 - 601)
        assert await its.key() == "ASIA1"
        await settled()
        assert len(its.sts.asked) == 1
        its.sts.go = trio.Event()
        await trio.sleep(2)
        assert [await its.key() for _ in range(3)] == ["ASIA1"] * 3
        await settled()
        assert len(its.sts.asked) == 2
        its.sts.go.set()
        await settled()
        assert await its.key() == "ASIA2"


async def test_short_lived_ones_are_refreshed_at_half_their_use(autojump_clock):
    async with bench() as its:
        its.sts.life = timedelta(seconds=120)
        for seconds, calls in ((0, 1), (29, 1), (2, 2)):
            await trio.sleep(seconds)
            await its.key()
            await settled()
            assert len(its.sts.asked) == calls


async def test_a_refresh_that_fails_goes_on_serving_and_backs_off(autojump_clock):
    async with bench() as its:
        await its.key()
        await trio.sleep(3600 - 500)
        its.sts.answer = (403, fault("AccessDenied"))
        for _ in range(440):
            assert await its.key() == "ASIA1"
            await trio.sleep(1)
        # 1 + 2 + 4 + 8 + 16 s, then one every 30 s.
        assert len(its.sts.asked) == 1 + 5 + 14
        assert (await its.refusal()).status == 403


async def test_the_last_minute_is_not_handed_out(autojump_clock):
    async with bench() as its:
        await its.key()
        await trio.sleep(3600 - 61)
        its.sts.answer = (500, "")
        assert await its.key() == "ASIA1"
        await trio.sleep(1)
        assert (await its.refusal()).status == 503


@pytest.mark.parametrize("error", [CertificatesUnavailable("there are no roots"), KeyError("canary")], ids=type)
async def test_nothing_that_a_call_to_sts_meets_ends_the_gateway(autojump_clock, error):
    async with bench() as its:
        its.sts.answer = error
        said = "internal error: KeyError in Sts.send" if type(error) is KeyError else "there are no roots"
        assert (await its.refusal()).detail.startswith(f"{ROLE} was not assumed: {said}")


async def test_credentials_that_end_at_once_are_a_failure(autojump_clock):
    async with bench() as its:
        its.sts.life = timedelta(seconds=60)
        assert "check the gateway's clock" in (await its.refusal()).detail
        its.sts.life = timedelta(seconds=61)
        await trio.sleep(1)
        assert await its.key() == "ASIA2"


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)])
async def test_a_clock_that_steps_makes_nothing_live_longer(autojump_clock, step):
    async with bench() as its:
        await its.key()
        its.clock.time += step
        await trio.sleep(0 if step > timedelta() else 3600 - 60)
        assert await its.key() == "ASIA2"


@pytest.mark.parametrize(
    "answer", [(403, fault("AccessDenied")), (400, fault("Throttling")), (500, ""), UpstreamError("no route")]
)
async def test_a_failure_is_remembered_a_little_longer_each_time(autojump_clock, answer):
    async with bench() as its:
        its.sts.answer = answer
        calls = []
        for _ in range(100):
            await its.refusal()
            calls.append(len(its.sts.asked))
            await trio.sleep(1)
        steps = [second for second in range(100) if second == 0 or calls[second] > calls[second - 1]]
        assert steps == [0, 1, 3, 7, 15, 31, 61, 91]


async def test_a_success_ends_the_back_off(autojump_clock):
    async with bench() as its:
        for _ in range(2):
            its.sts.answer = (500, "")
            await its.refusal()
            await trio.sleep(1)
            its.sts.answer = None
            await its.key()
            its.roles.forget(REQUEST)


async def test_a_role_that_fails_leaves_the_others_alone(autojump_clock):
    async with bench() as its:
        its.sts.answer = (403, fault("AccessDenied"))
        await its.refusal()
        its.sts.answer = None
        assert await its.key(role("trio-gate@docs")) == "ASIA2"


async def test_an_sts_that_is_silent_is_given_up(autojump_clock):
    async with bench() as its:
        its.sts.go = trio.Event()
        began = trio.current_time()
        assert (await its.refusal()).detail == f"STS did not assume {ROLE} within 15 seconds: try again later"
        assert trio.current_time() - began == 15
        its.sts.go.set()
        await trio.sleep(1)
        assert await its.key() == "ASIA2"


async def test_the_wrong_account_is_never_served(autojump_clock):
    async with bench() as its:
        its.sts.answer = (200, given(account="222222222222"))
        assert "another account" in (await its.refusal()).detail
        assert "another account" in (await its.refusal()).detail


async def test_what_aws_no_longer_takes_is_renewed_once(autojump_clock):
    async with bench() as its:
        old = await its.roles.credentials(REQUEST)
        its.roles.forget(REQUEST, old)
        assert await its.key() == "ASIA2"
        its.roles.forget(REQUEST, old)
        assert await its.key() == "ASIA2"
        its.roles.forget(REQUEST)
        assert await its.key() == "ASIA3"
        its.roles.forget(role("never-asked"))


class Rotated(BaseKeys):
    """Base keys that someone rotates: each reading after `forget` gives the next."""

    def __init__(self, *ids: str) -> None:
        super().__init__([])
        self.ids = list(ids)
        self.forgotten = 0

    async def get(self, name: str) -> Credentials:
        return self.current(name)

    def current(self, name: str) -> Credentials:
        return Credentials(access_key_id=self.ids[0], secret_access_key="s")

    def forget(self, name: str) -> None:
        self.forgotten += 1
        self.ids = self.ids[1:] or self.ids


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"])
async def test_a_base_key_that_aws_refuses_is_read_again_once(autojump_clock, code):
    base = Rotated("AKIAOLD")
    async with bench(base) as its:
        its.sts.answer = (403, fault(code))
        assert "base key" in (await its.refusal()).detail
        assert base.forgotten == 1
        assert its.sts.signers == ["AKIAOLD"]


async def test_a_new_base_key_signs_the_same_call_again(autojump_clock):
    async with bench(Rotated("AKIAOLD", "AKIANEW")) as its:
        its.sts.refused = {"AKIAOLD"}
        assert await its.key() == "ASIA2"
        assert its.sts.signers == ["AKIAOLD", "AKIANEW"]


async def test_a_role_that_may_not_be_assumed_does_not_blame_the_base_key(autojump_clock):
    base = Rotated("AKIAOLD", "AKIANEW")
    async with bench(base) as its:
        its.sts.answer = (403, fault("AccessDenied"))
        await its.refusal()
        assert base.forgotten == 0


async def test_sessions_of_an_old_base_key_are_not_served(autojump_clock):
    base = Rotated("AKIAOLD", "AKIANEW")
    async with bench(base) as its:
        assert await its.key() == "ASIA1"
        base.forget("base")
        assert await its.key() == "ASIA2"
        assert its.sts.signers == ["AKIAOLD", "AKIANEW"]


async def test_no_base_key_is_a_failure_like_another(autojump_clock, monkeypatch):
    async with bench(Missing([])) as its:
        assert (await its.refusal()).detail == "nowhere"
        assert its.sts.asked == []


class Missing(BaseKeys):
    async def get(self, name):
        raise CredentialsUnavailable("nowhere")

    def current(self, name):
        return None


async def test_a_limited_number_of_roles_is_remembered_and_none_under_way_is_forgotten(autojump_clock, monkeypatch):
    monkeypatch.setattr(module, "MAX_ROLES", 2)
    async with bench() as its:
        for name in ("aa", "bb", "aa", "cc", "aa"):
            await its.key(role(name))
        assert [asked["RoleSessionName"] for asked in its.sts.asked] == ["aa", "bb", "cc"]
        await its.key(role("bb"))
        its.sts.go = trio.Event()
        async with trio.open_nursery() as nursery:
            for name in ("dd", "ee", "ff", "gg", "dd", "gg"):
                nursery.start_soon(its.key, role(name))
                await settled()
            its.sts.go.set()
        assert sorted(asked["RoleSessionName"] for asked in its.sts.asked[4:]) == ["dd", "ee", "ff", "gg"]


async def test_who_waits_when_the_gateway_stops_gets_an_error(autojump_clock):
    found, opened = [], []

    async def ask():
        found.append(await opened[0].refusal())

    async with trio.open_nursery() as nursery, bench() as its:
        its.sts.go = trio.Event()
        opened.append(its)
        nursery.start_soon(ask)
        await settled()
    assert [fault.detail for fault in found] == ["the gateway is stopping"]
