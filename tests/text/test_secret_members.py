"""Secrets by the name of their member, or by a name beside it."""

from __future__ import annotations

import gzip
import json

import pytest

from trio_gate.audit.redact import masked, params_text
from trio_gate.aws.model.catalog import compile_service
from trio_gate.text.secret_detection import hidden_beside

CANARY = "CANARY-correct-horse"
HIDDEN = {"$masked": {"length": len(CANARY)}}


@pytest.mark.parametrize(
    "name",
    [
        "SecretString",
        "Password",
        "MasterUserPassword",
        "SessionToken",
        "PrivateKey",
        "SecretAccessKey",
        "SSECustomerKey",
        "secret",
        "Credentials",
        "Credential",
        "Authorization",
        "clientSecret",
        "Signature",
    ],
)
def test_values_are_masked_by_name(name):
    for value in (CANARY, CANARY.encode(), [CANARY], {"Any": [CANARY]}):
        assert CANARY not in params_text({name: value})
        assert "$masked" in params_text({"Outer": [{name: value}]})
    assert params_text({name: 1234}) == f'{{"{name}":{{"$masked":{{}}}}}}'


@pytest.mark.parametrize("name", ["SecretId", "NextToken", "ClientRequestToken", "KeyName", "UserName"])
def test_values_that_only_name_a_secret_are_kept(name):
    assert params_text({name: "prod/db"}) == json.dumps({name: "prod/db"}, separators=(",", ":"))


@pytest.mark.parametrize(
    "members",
    [
        {"ParameterKey": "DBPassword", "ParameterValue": CANARY},
        {"name": "DB_PASSWORD", "value": CANARY, "type": "PLAINTEXT"},
        {"name": "DB_PASS", "value": CANARY},
        {"OptionName": "db.password", "Namespace": "aws:elasticbeanstalk:application:environment", "Value": CANARY},
        {"name": "password", "value": {"stringValue": CANARY}},
        {"Name": "api-key", "Values": [CANARY]},
        {"Key": "client secret", "DefaultValue": CANARY},
        {"op": "replace", "path": "/variables/dbPassword", "value": CANARY},
        {"PropertyKey": "javax.jdo.option.ConnectionPassword", "PropertyValue": CANARY},
        {
            "UpdateExpression": "SET #p = :p",
            "ExpressionAttributeNames": {"#p": "password"},
            "ExpressionAttributeValues": {":p": {"S": CANARY}},
        },
        {"UpdateExpression": "SET password = :p", "ExpressionAttributeValues": {":p": {"S": CANARY}}},
        {"Statement": "UPDATE t SET password=? WHERE id='1'", "Parameters": [{"S": CANARY}]},
        {"sql": "update t set token = :t", "parameters": [{"name": "t", "value": {"stringValue": CANARY}}]},
        {"QueryString": "insert into t (passwd) values (?)", "ExecutionParameters": [CANARY]},
        {"Properties": {"hive.password": CANARY}},
        {"Command": ["app", "--password", CANARY]},
        {"MfaCode": CANARY, "AuthenticationCode1": CANARY, "ActivationKey": CANARY, "UserData": CANARY},
        {"Item": {"password": {"S": CANARY}}},
    ],
)
def test_a_secret_is_masked_by_a_name_beside_it(members):
    assert CANARY not in params_text(members)
    assert CANARY not in params_text({"Outer": [members]})


@pytest.mark.parametrize(
    "members",
    [
        {"name": "LOG_LEVEL", "value": "debug"},
        {"Key": "team", "Value": "payments"},
        {"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:us-east-1:111111111111:parameter/db"},
        {
            "UpdateExpression": "SET #n = :n",
            "ExpressionAttributeNames": {"#n": "name"},
            "ExpressionAttributeValues": {":n": {"S": "x"}},
        },
        {"Statement": "SELECT * FROM orders WHERE id=?", "Parameters": [{"S": "7"}]},
        {"op": "replace", "path": "/description", "value": "a new one"},
        {"SecretArn": "arn:aws:secretsmanager:us-east-1:111111111111:secret:prod-db-AbCdEf", "MaxResults": 5},
        {"PasswordPolicy": {"MinimumLength": 12, "RequireSymbols": True}},
        {"Command": ["app", "--verbose", "x"]},
        {"PolicyDocument": '{"Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}'},
        {"TemplateBody": '{"Resources":{"Db":{"Properties":{"MasterUserPassword":{"Ref":"DbPassword"}}}}}'},
        {
            "AssumeRolePolicyDocument": '{"Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}}}'
        },
        {"Text": "SELECT password_changed_at FROM users WHERE id = '1'"},
        {"Text": "UPDATE t SET password = :p"},
        {"Url": "https://sqs.us-east-1.amazonaws.com/111111111111/queue?nextToken=abc"},
    ],
)
def test_what_holds_no_secret_is_kept(members):
    assert "$masked" not in params_text(members)


OWN_NAMES = (
    *("API_KEY_PROD", "APIKEY2", "AUTHKEY1", "Secret1", "secrets", "CREDENTIALS_2", "DB_PWD_1", "userData2", "MASTERPASS"),
    *("ACCESS_KEY", "STRIPE_KEY", "SIGNING_KEY", "ENCRYPTION_KEY", "stripeKey", "webhookKeys", "GH_PAT", "bindPw", "SALT"),
)


@pytest.mark.parametrize("name", OWN_NAMES)
@pytest.mark.parametrize(
    "made",
    [
        lambda name: {"Variables": {name: CANARY}},
        lambda name: {"environment": [{"name": name, "value": CANARY}]},
        lambda name: {"Item": {name: {"S": CANARY}}},
        lambda name: {"Item": {"name": {"S": name}, "value": {"S": CANARY}}},
        lambda name: {"Names": ["x", name], "Values": ["y", CANARY]},
        lambda name: {"Pair": [name, CANARY]},
        lambda name: {"Text": json.dumps({name: CANARY})},
        lambda name: {"Statement": f"UPDATE t SET {name}=? WHERE id='1'", "Parameters": [{"S": CANARY}]},
        lambda name: {
            "FilterExpression": "#x = :v",
            "ExpressionAttributeNames": {"#x": name},
            "ExpressionAttributeValues": {":v": {"S": CANARY}},
        },
    ],
)
def test_a_name_that_an_agent_made_up_hides_its_value(name, made):
    assert CANARY not in params_text(made(name))


@pytest.mark.parametrize(
    "members",
    [
        {"Command": ["docker", "login", "-p", CANARY]},
        {"Command": ["curl", "-u", f"app:{CANARY}"]},
        {"Map": {f"amqp://app:{CANARY}@mq": "x"}},
        {"Map": {f"password={CANARY}": {"S": "x"}}},
        {"Statement": "UPDATE t SET pin=? WHERE id='1'", "Parameters": [{"S": CANARY}]},
        {"Statement": "x" * 70_000, "Parameters": [CANARY]},
        {"k": "STRIPE_KEY", "v": CANARY},
        {"Data": gzip.compress(CANARY.encode(), mtime=0)},
    ],
)
def test_a_secret_is_masked_by_its_place(members):
    assert CANARY not in params_text(members)


def test_a_member_that_only_the_review_knows_is_masked_where_it_stands():
    model = {
        "metadata": {
            "apiVersion": "2026-01-01",
            "protocol": "json",
            "targetPrefix": "T",
            "endpointPrefix": "t",
            "jsonVersion": "1.1",
            "serviceId": "T",
        },
        "operations": {
            "Make": {"name": "Make", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "CreateApiKeyRequest"}}
        },
        "shapes": {
            "CreateApiKeyRequest": {"type": "structure", "members": {"value": {"shape": "Text"}, "name": {"shape": "Text"}}},
            "Text": {"type": "string"},
        },
    }
    shape = compile_service("t", model).operations["Make"].input
    assert masked({"value": CANARY, "name": "n"}, shape) == {"value": HIDDEN, "name": "n"}


def test_values_of_a_statement_are_hidden_by_a_name_beside_them_too():
    members = {"Name": "access.key", "ExpressionAttributeValues": {":v": {"S": "x"}}, "Parameters": ["y"]}
    assert hidden_beside(members) == {"ExpressionAttributeValues"}
    assert hidden_beside({**members, "Name": "plain"}) == frozenset()
    assert hidden_beside({**members, "Statement": "SET password = :v"}) == {"ExpressionAttributeValues", "Parameters"}
