"""AssumeRole: the request on the wire, and what each answer means."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
import trio

from scripts.embedded.aws import ACCOUNTS, client
from tests.kit.aws.sts import ACCOUNT, BASE, REQUEST, ROLE, fault, given, role
from tests.kit.records import NOW
from tests.kit.standins.embedded import sender
from trio_gate.errors import NOT_YOUR_FAULT, CredentialsUnavailable, UpstreamError
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.credentials.sts import BaseKeyRefused, assume_role
from trio_gate.signing.sigv4 import Credentials
from trio_gate.wire.head import ResponseHead

HOST = "sts.us-east-1.amazonaws.com"


async def answered(status: int, text: str, request=REQUEST) -> Credentials:
    async def send(host, head, body):
        await trio.lowlevel.checkpoint()
        return ResponseHead(status=status, headers=()), text.encode()

    return await assume_role(request, BASE, send=send, host=HOST, now=NOW)


def base_key(aws) -> Credentials:
    return Credentials(access_key_id=aws.base_access_key_id, secret_access_key=aws.base_secret_access_key)


async def at(aws, base, **fields) -> Credentials:
    """AssumeRole at the embedded AWS."""
    return await assume_role(replace(REQUEST, **fields), base, send=sender(aws), host=HOST, now=SystemClock().now())


def acts_as(aws, given: Credentials) -> str:
    key = (given.access_key_id, given.secret_access_key, given.session_token)
    return client("sts", aws, key).get_caller_identity()["Arn"]


async def test_the_credentials_are_those_of_the_role_in_the_account(embedded_aws):
    for account in ACCOUNTS.values():
        given = await at(embedded_aws, base_key(embedded_aws), account=account, role_arn=f"arn:aws:iam::{account}:role/trio-gate")
        assert acts_as(embedded_aws, given) == f"arn:aws:sts::{account}:assumed-role/trio-gate/trio-gate@ci"
        assert given.expires.tzinfo is not None


async def test_duration_and_external_id_arrive(embedded_aws):
    given = await at(embedded_aws, base_key(embedded_aws), duration=900, external_id="a+b/c=,.@:-_9")
    now = SystemClock().now()
    assert now < given.expires < now + timedelta(seconds=1800)


async def test_a_role_that_does_not_exist_is_a_refusal(embedded_aws):
    arn = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    with pytest.raises(CredentialsUnavailable, match=f"{arn} could not be assumed .AccessDenied.: check that the role") as caught:
        await at(embedded_aws, base_key(embedded_aws), role_arn=arn)
    assert (caught.value.status, caught.value.code) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"access_key_id": "AKIANOBODY0000000000"}, "InvalidClientTokenId"),
        ({"secret_access_key": "wrong"}, "SignatureDoesNotMatch"),
    ],
)
async def test_a_wrong_base_key_is_recognised(embedded_aws, wrong, code):
    with pytest.raises(BaseKeyRefused, match=f"AWS refuses the base key of credential base .{code}.") as caught:
        await at(embedded_aws, replace(base_key(embedded_aws), **wrong))
    assert (caught.value.status, caught.value.code) == (403, "AccessDenied")


async def test_the_request_in_bytes():
    sent = []

    async def send(host, head, body):
        await trio.lowlevel.checkpoint()
        sent.append((host, head, body))
        return ResponseHead(status=200, headers=()), given().encode()

    await assume_role(role("trio-gate@a,b=c", external_id="e d"), BASE, send=send, host=HOST, now=NOW)
    ((host, head, body),) = sent
    assert (host, head.method, head.target.text) == (HOST, "POST", "/")
    assert body == (
        b"Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111111111111%3Arole%2Ftrio-gate"
        b"&RoleSessionName=trio-gate%40a%2Cb%3Dc&DurationSeconds=3600&ExternalId=e%20d"
    )
    fields = dict(head.headers)
    assert fields.pop("authorization").startswith("AWS4-HMAC-SHA256 Credential=AKIABASE/20260115/us-east-1/sts/aws4_request, ")
    assert fields == {
        "host": HOST,
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "x-amz-date": "20260115T120000Z",
        "x-amz-security-token": "BASE-TOKEN",
    }


async def test_all_that_narrows_and_names_a_session_is_sent():
    sent = []

    async def send(host, head, body):
        await trio.lowlevel.checkpoint()
        sent.append(parse_qsl(body.decode(), strict_parsing=True))
        return ResponseHead(status=200, headers=()), given().encode()

    full = role("x", session_policy='{"a": 1}', tags=(("team", "d&e"), ("b c", "é")), source_identity="ci", duration=900)
    await assume_role(full, BASE, send=send, host=HOST, now=NOW)
    assert dict(sent[0][2:]) == {
        "RoleArn": ROLE,
        "RoleSessionName": "x",
        "DurationSeconds": "900",
        "Policy": '{"a": 1}',
        "SourceIdentity": "ci",
        "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "d&e",
        "Tags.member.2.Key": "b c",
        "Tags.member.2.Value": "é",
    }


async def test_a_success_is_read():
    assert await answered(200, given("ASIA9", expires="2026-01-15T13:00:00Z")) == Credentials(
        access_key_id="ASIA9",
        secret_access_key="ROLE-SECRET",
        session_token="ROLE-TOKEN",
        expires=datetime(2026, 1, 15, 13, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sts::222222222222:assumed-role/trio-gate/trio-gate@ci",
        "arn:aws-cn:sts::111111111111:assumed-role/trio-gate/trio-gate@ci",
        "arn:aws:iam::111111111111:user/x",
        "arn:aws:sts::111111111111:federated-user/x",
        "arn:aws:sts::1111111111112:assumed-role/trio-gate/x",
        "",
    ],
)
async def test_credentials_of_another_account_or_of_no_role_are_refused(arn):
    with pytest.raises(CredentialsUnavailable, match=f"not used: it is of (another account than|no role, and) {ROLE}") as caught:
        await answered(200, given(arn=arn))
    assert caught.value.status == 503


GOOD = given()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "<AssumeRoleResponse/>",
        "<!DOCTYPE a>" + GOOD,
        GOOD.replace("AssumeRoleResponse", "GetSessionTokenResponse"),
        GOOD.replace("<SessionToken>ROLE-TOKEN</SessionToken>", ""),
        GOOD.replace("<AccessKeyId>", "<AccessKeyId>ASIA0</AccessKeyId><AccessKeyId>"),
        GOOD.replace("</AssumeRoleResponse>", "<AssumeRoleResult></AssumeRoleResult></AssumeRoleResponse>"),
        given(token="a&#10;x-amz-acl: b"),
        given(secret=""),
        given(key="AS IA"),
        given(expires="soon"),
        given(expires="2026-01-15T13:00:00"),
        fault("AccessDenied"),
    ],
)
async def test_a_success_that_is_not_what_was_asked_for_gives_nothing(text):
    with pytest.raises(CredentialsUnavailable, match=f"STS gave no answer that can be read for {ROLE}") as caught:
        await answered(200, text)
    assert caught.value.status == 503


@pytest.mark.parametrize(
    ("status", "text", "expected", "says"),
    [
        (403, fault("AccessDenied"), 403, f"{ROLE} could not be assumed (AccessDenied): check that the role exists"),
        (400, fault("ValidationError"), 403, f"{ROLE} could not be assumed (ValidationError)"),
        (403, fault("RegionDisabledException"), 403, "(RegionDisabledException)"),
        (403, fault("ExpiredToken"), 403, "AWS refuses the base key of credential base (ExpiredToken): it has expired"),
        (403, fault("ExpiredTokenException"), 403, "(ExpiredTokenException): it has expired"),
        (403, fault("InvalidClientTokenId"), 403, "(InvalidClientTokenId): AWS does not know it"),
        (403, fault("SignatureDoesNotMatch"), 403, "(SignatureDoesNotMatch): its secret is wrong, or the gateway's clock"),
        (400, fault("Throttling"), 503, "STS is busy"),
        (429, fault("Odd"), 503, "STS is busy"),
        (500, fault("InternalFailure"), 503, "STS is busy"),
        (503, "<html>busy</html>", 503, "STS is busy"),
        (503, fault("AccessDenied"), 503, "STS is busy"),
        (403, "<html>no</html>", 503, "no answer that can be read"),
        (403, fault("Access Denied: x"), 503, "no answer that can be read"),
        (302, "", 503, "no answer that can be read"),
    ],
)
async def test_faults_by_who_must_act(status, text, expected, says):
    with pytest.raises(CredentialsUnavailable) as caught:
        await answered(status, text)
    assert says in caught.value.detail
    assert caught.value.reason == NOT_YOUR_FAULT
    assert caught.value.status == expected
    assert caught.value.code == ("AccessDenied" if expected == 403 else "ServiceUnavailable")


async def test_a_policy_that_aws_cannot_pack_is_named_as_the_fault():
    with pytest.raises(
        CredentialsUnavailable, match=r"PackedPolicyTooLarge.: its session policy and tags are too large together"
    ) as caught:
        await answered(400, fault("PackedPolicyTooLarge"), role("x", session_policy="{}"))
    assert caught.value.status == 403


async def test_who_signs_through_a_hub_is_named_where_that_is_refused():
    hub = role("x", role_arn="arn:aws:iam::999999999999:role/hub", external_id="HUB-CANARY")
    chained = role("x", through=hub, external_id="OWN-CANARY")
    with pytest.raises(CredentialsUnavailable, match="its trust policy allows arn:aws:iam::999999999999:role/hub, and"):
        await answered(403, fault("AccessDenied"), chained)
    with pytest.raises(BaseKeyRefused, match=r"AWS refuses the session of arn:aws:iam::999999999999:role/hub .ExpiredToken"):
        await answered(403, fault("ExpiredToken"), chained)


@pytest.mark.parametrize("canary", ["HUB-CANARY", "OWN-CANARY"])
async def test_no_external_id_of_a_chain_is_logged(canary, caplog):
    hub = role("x", role_arn="arn:aws:iam::999999999999:role/hub", external_id="HUB-CANARY")
    with caplog.at_level(logging.DEBUG), pytest.raises(CredentialsUnavailable):
        await answered(403, fault("AccessDenied", f"no {canary}"), role("x", through=hub, external_id="OWN-CANARY"))
    assert "CANARY" not in caplog.text


async def test_an_sts_out_of_reach_may_be_tried_again():
    async def send(host, head, body):
        await trio.lowlevel.checkpoint()
        raise UpstreamError(f"{host} refused the connection")

    with pytest.raises(CredentialsUnavailable, match=f"{ROLE}: {HOST} refused the connection") as caught:
        await assume_role(REQUEST, BASE, send=send, host=HOST, now=NOW)
    assert caught.value.status == 503


async def test_the_words_of_sts_are_for_the_log_alone(caplog):
    words = "User: arn:aws:iam::999999999999:user/gateway is not authorized \x1b[2J" + "x" * 1000
    with pytest.raises(CredentialsUnavailable) as caught:
        await answered(403, fault("AccessDenied", words.replace("\x1b", "\u202e")))
    assert caught.value.reason == NOT_YOUR_FAULT
    assert "999999999999" not in caught.value.detail
    (line,) = caplog.messages
    assert "user/gateway is not authorized \\u{202e}[2J" in line
    assert len(line) < 500


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("SignatureDoesNotMatch", "The Canonical String should have been x-amz-security-token:CANARY"),
        ("ValidationError", "Value 'EXTERNAL-CANARY' at 'externalId' failed"),
        ("AccessDenied", "BASE-TOKEN CANARY"),
        ("AccessDenied", "BASE-SECRET CANARY"),
    ],
)
async def test_no_secret_reaches_log_or_reason(code, message, caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(CredentialsUnavailable) as caught:
        await answered(403, fault(code, message), role("trio-gate@ci", external_id="EXTERNAL-CANARY"))
    assert f"{code}: (its message is not shown)" in caplog.text
    assert "CANARY" not in caplog.text + caught.value.detail
