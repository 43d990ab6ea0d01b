"""The answer that hands a signature out, and how long that works."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.exchange.own_requests.kit import GATEWAY, OBJECT, ROLE, TABLE, head, named, proven
from tests.kit.aws.naming import catalog
from tests.kit.aws.operations import TABLES
from tests.kit.configs import MAIN, load
from tests.kit.records import NOW
from tests.kit.sessions import session
from trio_gate.errors import SessionOver
from trio_gate.exchange import steps
from trio_gate.exchange.own_requests import paths
from trio_gate.exchange.own_requests.answers import signed
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.signing.sigv4 import Credentials, SigningKeys


@pytest.mark.parametrize(("ends", "works"), [(None, 60), (90, 60), (30.9, 30), (1, 1)])
def test_it_works_no_longer_than_the_session_that_signs(ends, works):
    until = None if ends is None else NOW + timedelta(seconds=ends)
    keys = Credentials(access_key_id="ASIAREAL", secret_access_key="the role's secret", session_token="the token", expires=until)
    answer, text = signed(named(), keys, now=NOW, keys=SigningKeys())
    said = json.loads(text)
    assert (answer.status, answer.one(b"cache-control")) == (200, b"no-store")
    assert (said["seconds"], said["expires"], said["headers"]) == (works, f"2026-01-15T12:{works // 60:02}:{works % 60:02}Z", {})
    query = parse_qs(urlsplit(said["url"]).query)
    assert (query["X-Amz-Expires"], query["X-Amz-Security-Token"]) == ([f"{works}"], ["the token"])
    assert "secret" not in text.decode()


def asked_by_a_session(path, body, seconds, *, keys=3600):
    """What is signed for a virtual session with so much life left, by keys with so much."""
    found = named(f"/-/agent/{path}", body)
    asker = replace(found.proven.admitted.signer, session=session(expires=NOW + timedelta(seconds=seconds)))
    by = replace(found, proven=replace(found.proven, admitted=replace(found.proven.admitted, signer=asker)))
    signer = replace(ROLE, expires=NOW + timedelta(seconds=keys))
    return json.loads(signed(by, signer, now=NOW, keys=SigningKeys())[1])


def test_it_works_no_longer_than_the_virtual_session_that_asks():
    said = asked_by_a_session("presign", OBJECT, 40)
    assert (said["seconds"], said["expires"]) == (40, "2026-01-15T12:00:40Z")
    assert "X-Amz-Expires=40&" in said["url"]


def test_a_token_that_would_outlive_its_session_is_not_made():
    body = b'{"cluster": "blue"}'
    assert asked_by_a_session("eks-token", body, 900)["seconds"] == 900
    assert asked_by_a_session("eks-token", body, 900, keys=40)["seconds"] == 40
    with pytest.raises(SessionOver, match="ends before the token would"):
        asked_by_a_session("eks-token", body, 899)


@pytest.mark.parametrize(("own", "keys"), [(0, 3600), (3600, 0)])
def test_nothing_is_signed_by_or_for_what_is_over(own, keys):
    with pytest.raises(SessionOver, match="has expired"):
        asked_by_a_session("presign", OBJECT, own, keys=keys)


def test_the_field_of_a_cluster_is_sent_along():
    found = named("/-/agent/eks-token", b'{"cluster": "blue"}')
    said = json.loads(signed(found, ROLE, now=NOW, keys=SigningKeys())[1])
    assert said["headers"] == {"x-k8s-aws-id": "blue"}
    assert said["expires"] == "2026-01-15T12:15:00Z"
    assert parse_qs(urlsplit(said["url"]).query)["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]


def test_the_owner_of_a_bucket_is_checked_by_a_signed_field():
    checked = compile_snapshot(1, load(GATEWAY + MAIN.replace('"us-east-1"', '"us-east-1"\n  expected_bucket_owner = true')))
    content = paths.stands_for(proven(head(), snapshot=checked), OBJECT, checked, TABLE)
    catalog().ensure(content.routed.services)
    found = steps.identify(content, catalog=catalog(), tables=TABLES)
    said = json.loads(signed(found, ROLE, now=NOW, keys=SigningKeys())[1])
    assert said["headers"] == {"x-amz-expected-bucket-owner": "111111111111"}
    assert "SignedHeaders=host%3Bx-amz-expected-bucket-owner" in said["url"]


def test_without_something_to_sign_there_is_no_answer():
    with pytest.raises(RuntimeError):
        signed(replace(named(), presign=None), ROLE, now=NOW, keys=SigningKeys())
