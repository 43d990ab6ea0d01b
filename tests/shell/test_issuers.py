"""Keys of issuers: fetched once for all who wait, kept for a while, and asked for no oftener than that."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.kit.wire.identity_tokens import AUDIENCE, ISSUER, SUBJECT, jwk, jwks, token
from trio_gate.config.model import OidcProof
from trio_gate.errors import CertificatesUnavailable, IssuerUnavailable, Unproven, UpstreamError
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.issuers import DEADLINE, FRESH, PAUSE, STALE, WELL_KNOWN, open_issuers
from trio_gate.wire.head import ResponseHead

ASKED = OidcProof(issuer=ISSUER, audience=AUDIENCE, claims=(("sub", SUBJECT),))
KEYS = "https://Keys.example:443/of/ci?v=1"
NO_KEY = "with none of its issuer's keys"


class Issuer:
    """An issuer's host, and what was asked of it. `keys` and `document` are what it answers, an exception is raised."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.document: object = {"issuer": ISSUER, "jwks_uri": KEYS}
        self.keys: object = jwks()
        self.status = 200
        self.answers = trio.Event()
        self.answers.set()

    async def send(self, host, head, body):
        assert (head.method, head.one("host"), body) == ("GET", host, b"")
        self.asked.append(f"{host}{head.target.text}")
        await self.answers.wait()
        answer = self.keys if host == "keys.example" else self.document
        if isinstance(answer, Exception):
            raise answer
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return ResponseHead(status=self.status, headers=()), text.encode("utf-8", "surrogateescape")

    @asynccontextmanager
    async def used(self):
        async with open_issuers(send=self.send, clock=SystemClock()) as made:
            yield made


BOTH = [f"issuer.example/ci{WELL_KNOWN}", "keys.example/of/ci?v=1"]


async def test_keys_are_fetched_once_for_all_who_wait_and_kept(autojump_clock: MockClock):
    issuer = Issuer()
    issuer.answers = trio.Event()
    async with issuer.used() as made, trio.open_nursery() as nursery:
        with trio.CancelScope() as first:
            nursery.start_soon(made.prove, token(), ASKED)
            nursery.start_soon(made.prove, token("ES256"), ASKED)
            await wait_all_tasks_blocked()
            first.cancel()
        issuer.answers.set()
        await made.prove(token(), ASKED)
        await made.prove(token(), ASKED)
    assert issuer.asked == BOTH


async def test_who_began_a_fetch_may_leave(autojump_clock: MockClock):
    issuer = Issuer()
    issuer.answers = trio.Event()
    async with issuer.used() as made:
        with trio.move_on_after(1):
            await made.prove(token(), ASKED)
        issuer.answers.set()
        await made.prove(token(), ASKED)
    assert issuer.asked == BOTH


async def test_unknown_keys_cause_no_storm_and_new_ones_are_found(autojump_clock: MockClock):
    issuer = Issuer()
    unknown = token("ES256", "ec-new")
    async with issuer.used() as made:
        for _ in range(50):
            with pytest.raises(Unproven, match=NO_KEY):
                await made.prove(unknown, ASKED)
        assert issuer.asked == BOTH
        issuer.keys = jwks(jwk("ES256", "ec-new"))
        await trio.sleep(PAUSE)
        await made.prove(unknown, ASKED)
        assert issuer.asked == 2 * BOTH
        with pytest.raises(Unproven, match=NO_KEY):
            await made.prove(token(), ASKED)


async def test_a_token_that_says_the_wrong_thing_fetches_nothing(autojump_clock: MockClock):
    issuer = Issuer()
    async with issuer.used() as made:
        for text in ("x", token(aud="another"), token(exp=1), token(iss="https://evil.example"), token(sub="another")):
            with pytest.raises(Unproven):
                await made.prove(text, ASKED)
    assert issuer.asked == []


async def test_old_keys_are_used_beside_the_fetch_of_new_ones_and_too_old_ones_are_not(autojump_clock: MockClock):
    issuer, at = Issuer(), trio.current_time()
    async with issuer.used() as made:
        await made.prove(token(), ASKED)
        issuer.document = UpstreamError("issuer.example cannot be reached")
        await trio.sleep_until(at + FRESH)
        await made.prove(token(), ASKED)
        await wait_all_tasks_blocked()
        assert issuer.asked == [*BOTH, BOTH[0]]
        await made.prove(token(), ASKED)
        assert issuer.asked == [*BOTH, BOTH[0]]
        await trio.sleep_until(at + STALE)
        with pytest.raises(IssuerUnavailable, match="cannot be reached"):
            await made.prove(token(), ASKED)
        issuer.document = {"issuer": ISSUER, "jwks_uri": KEYS}
        with pytest.raises(IssuerUnavailable, match="cannot be reached"):
            await made.prove(token(), ASKED)
        await trio.sleep(PAUSE)
        await made.prove(token(), ASKED)


async def test_a_withdrawn_key_is_forgotten(autojump_clock: MockClock):
    issuer = Issuer()
    async with issuer.used() as made:
        await made.prove(token(), ASKED)
        issuer.keys = jwks(jwk("ES256"))
        await trio.sleep(FRESH)
        await made.prove(token(), ASKED)
        await wait_all_tasks_blocked()
        with pytest.raises(Unproven, match=NO_KEY):
            await made.prove(token(), ASKED)


async def test_an_issuer_that_says_nothing_is_not_waited_for(autojump_clock: MockClock, caplog):
    issuer, at = Issuer(), trio.current_time()
    issuer.answers = trio.Event()
    async with issuer.used() as made:
        with pytest.raises(IssuerUnavailable, match="within 10 seconds"):
            await made.prove(token(), ASKED)
        assert trio.current_time() == at + DEADLINE
        with pytest.raises(IssuerUnavailable, match="within 10 seconds"):
            await made.prove(token(), ASKED)
    assert issuer.asked == BOTH[:1]
    assert len(caplog.records) == 1


async def test_it_ends_with_a_fetch_under_way(caplog):
    issuer = Issuer()
    issuer.answers = trio.Event()
    async with issuer.used() as made, trio.open_nursery() as nursery:
        nursery.start_soon(made.prove, token(), ASKED)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert caplog.records == []


URL = "not an https URL with port 443"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"document": "[]"}, "not a JSON object"),
        ({"document": "["}, "Expecting value"),
        ({"document": "[" * 100_000}, "not a JSON object"),
        ({"document": "\udcff"}, "can't decode byte"),
        ({"document": {"issuer": f"{ISSUER}/", "jwks_uri": KEYS}}, "of another issuer"),
        ({"document": {"jwks_uri": KEYS}}, "of another issuer"),
        ({"document": {"issuer": ISSUER}}, URL),
        ({"document": {"issuer": ISSUER, "jwks_uri": KEYS.replace("https", "http")}}, URL),
        ({"document": {"issuer": ISSUER, "jwks_uri": "https://keys.example:8443/"}}, URL),
        ({"document": {"issuer": ISSUER, "jwks_uri": "https://me@keys.example/"}}, URL),
        ({"document": {"issuer": ISSUER, "jwks_uri": "https://keys.example/\r\nx: y"}}, URL),
        ({"document": {"issuer": ISSUER, "jwks_uri": "https://keys.example/\u00fc"}}, "not a URL as they are written"),
        ({"document": {"issuer": ISSUER, "jwks_uri": "https://keys.example/%zz"}}, "not a URL as they are written"),
        ({"keys": "{}"}, "not a JWK set"),
        ({"keys": '{"keys": []}'}, "no public key"),
        ({"keys": UpstreamError("more than 262144 bytes")}, "more than 262144 bytes"),
        ({"keys": CertificatesUnavailable("there are no roots")}, "there are no roots"),
        ({"keys": KeyError("canary")}, "internal error: KeyError in Issuer.send, line"),
        ({"status": 302}, "answers with status 302"),
    ],
)
async def test_an_answer_that_cannot_be_used(autojump_clock: MockClock, change, reason):
    issuer = Issuer()
    for name, value in change.items():
        setattr(issuer, name, value)
    async with issuer.used() as made:
        with pytest.raises(IssuerUnavailable, match=reason) as refused:
            await made.prove(token(), ASKED)
    assert refused.value.reason == "the keys of this token's issuer cannot be fetched just now: try again in a moment"


async def test_keys_of_a_file_are_asked_of_nobody():
    issuer = Issuer()
    async with issuer.used() as made:
        own = OidcProof(issuer=ISSUER, audience=AUDIENCE, claims=(("sub", SUBJECT),), keys=jwks(jwk("ES256")))
        await made.prove(token("ES256"), own)
        with pytest.raises(Unproven, match=NO_KEY):
            await made.prove(token(), own)
    assert issuer.asked == []
