"""AWS's answer becomes the same answer with a placeholder, or is no session."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import boto3
import pytest
from botocore.parsers import create_parser

from tests.kit.aws.sts import given
from tests.kit.sessions import DEPLOY, SENT, placeholder
from trio_gate.sessions.answer import NoSessionError, own_answer, read_answer
from trio_gate.signing.sigv4 import EXPRESS_FIELD

CREATED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<CreateSessionResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Credentials>'
    "<SessionToken>ROLE-TOKEN</SessionToken><SecretAccessKey>ROLE-SECRET</SecretAccessKey><AccessKeyId>ASIA1</AccessKeyId>"
    "<Expiration>2026-01-15T13:00:00Z</Expiration></Credentials></CreateSessionResult>"
)
SECRETS = (b"ASIA1", b"ROLE-SECRET", b"ROLE-TOKEN")


def as_sdks_read(service, operation, body):
    client = boto3.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    model = client.meta.service_model.operation_model(operation)
    answer = {"status_code": 200, "headers": {}, "body": body}
    return create_parser(client.meta.service_model.protocol).parse(answer, model.output_shape)


@pytest.mark.parametrize(("service", "operation", "text"), [("sts", "AssumeRole", given()), ("s3", "CreateSession", CREATED)])
def test_the_placeholder_stands_where_the_credentials_were(service, operation, text):
    found, made = read_answer(text.encode()), placeholder()
    body = found.written(made)
    assert not any(secret in body for secret in SECRETS)
    before, after = (as_sdks_read(service, operation, one) for one in (text.encode(), body))
    keys = after.pop("Credentials")
    assert (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]) == (made.key_id, made.secret, made.token)
    assert keys["Expiration"] == before.pop("Credentials")["Expiration"] == found.credentials.expires
    assert {**after, "ResponseMetadata": {}} == {**before, "ResponseMetadata": {}}


def test_what_is_kept_of_aws_answer():
    found = read_answer(given().encode())
    assert found.credentials.session_token == "ROLE-TOKEN"
    assert found.credentials.expires == datetime(2026, 1, 15, 13, tzinfo=UTC)
    assert found.role_session == "arn:aws:sts::111111111111:assumed-role/trio-gate/trio-gate@ci"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "<AssumeRoleResponse/>",
        given().replace("<SecretAccessKey>ROLE-SECRET</SecretAccessKey>", ""),
        given().replace("</Credentials>", "<AccessKeyId>ASIA2</AccessKeyId></Credentials>"),
        given().replace("</Credentials>", "<Other>x</Other></Credentials>"),
        given().replace("ASIA1", "ASIA<b>1</b>"),
        given().replace("2026-01-15T13:00:00Z", "soon"),
        given().replace("2026-01-15T13:00:00Z", "2026-01-15T13:00:00"),
        given().replace("ROLE-TOKEN", "ROLE TOKEN"),
        given().replace("<AssumeRoleResult>", "<AssumeRoleResult><Credentials/>"),
        given().replace("</AssumeRoleResponse>", "<OtherResult/></AssumeRoleResponse>"),
    ],
)
def test_anything_else_is_no_session(text):
    with pytest.raises(NoSessionError):
        read_answer(text.encode())


@pytest.mark.parametrize("secret", SECRETS)
def test_a_credential_in_a_second_place_is_not_passed_on(secret):
    text = given().replace("AROA123", secret.decode())
    with pytest.raises(NoSessionError, match="second place"):
        read_answer(text.encode()).written(placeholder())


def test_what_was_escaped_is_escaped_again():
    text = given().replace("AROA123", "a&lt;b&gt;&amp;&quot;")
    assert b"a&lt;b&gt;&amp;" in read_answer(text.encode()).written(placeholder())


def test_the_gateways_own_answer_is_read_by_sdks():
    made, end = placeholder(), datetime(2026, 1, 15, 13, tzinfo=UTC)
    keys = as_sdks_read("sts", "GetSessionToken", own_answer(made, end, "id-1"))["Credentials"]
    assert (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]) == (made.key_id, made.secret, made.token)
    assert keys["Expiration"] == end
    assert re.search(rb"<RequestId>id-1</RequestId>", own_answer(made, end, "id-1"))


def test_the_role_of_the_answer_must_be_that_of_the_question():
    right = "arn:aws:sts::111111111111:assumed-role/deploy/x"
    assert read_answer(given(arn=right).encode()).credentials_for(SENT, DEPLOY).access_key_id == "ASIA1"
    for arn in ("", right.replace("11:", "12:"), right.replace("/deploy/", "/deploy2/"), DEPLOY):
        with pytest.raises(NoSessionError, match="it is of another"):
            read_answer(given(arn=arn).encode()).credentials_for(SENT, DEPLOY)
    with pytest.raises(NoSessionError, match="it is of another"):
        read_answer(given(arn=right).encode()).credentials_for(SENT, None)


def test_s3_express_has_a_field_of_its_own_for_the_token():
    sent = replace(SENT, signing_name="s3express")
    assert read_answer(CREATED.encode()).credentials_for(sent, None).token_field == EXPRESS_FIELD
