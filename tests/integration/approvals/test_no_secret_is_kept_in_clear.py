"""Secrets of every kind, in parameters of many services, are in nothing that the gateway keeps: its record, what approvals leave
behind, the decision log and its own log."""

from __future__ import annotations

import base64
import gzip
import json
from itertools import count

import pytest

from tests.kit.gateway import running
from tests.kit.records import rows_of
from tests.kit.wire.raw import request, tunnel

JSON, JSON_1_0, FORM = "application/x-amz-json-1.1", "application/x-amz-json-1.0", "application/x-www-form-urlencoded"
MACHINE = "arn:aws:states:us-east-1:222222222222:stateMachine:m"
RULES = """\
rule "asked"   { match = aws.service in ["cloudformation", "codebuild", "iot", "s3", "glue"]  action = "approve"  approvers = [human.brief] }
rule "nothing" { action = "deny"  vends = true }
"""

BRIEF = """\
approver "human" "brief" {
  people = [person.alice]
  hold   = "1s"
}
"""


class Canaries:
    """Requests that hold a secret each, and what each secret was."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self.requests: list[tuple[str, bytes]] = []
        self._numbers = count(1)

    def new(self, kind: str) -> str:
        value = f"hummingbird{next(self._numbers):03d}q"
        self.kinds[value] = kind
        return value

    def json(self, service: str, target: str, body: dict[str, object], kind: str = JSON) -> None:
        self._add(service, body=json.dumps(body).encode(), X_Amz_Target=target, Content_Type=kind)

    def form(self, service: str, version: str, action: str, rest: str, host: str | None = None) -> None:
        self._add(service, body=f"Action={action}&Version={version}&{rest}".encode(), host=host, Content_Type=FORM)

    def rest(self, service: str, method: str, path: str, body: dict[str, object] | None = None, **fields: str) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self._add(service, method=method, path=path, body=content, Content_Type="application/json", **fields)

    def _add(self, service: str, *, host: str | None = None, **given: object) -> None:
        where = host or f"{service}.us-east-1.amazonaws.com"
        self.requests.append((where, request(service, where, **given)))


def every_kind() -> Canaries:
    made = Canaries()
    new = made.new
    pair = {"name": "APP_SECRET", "value": new("{name, value} of an environment")}
    made.form(
        "cloudformation",
        "2010-05-15",
        "UpdateStack",
        "StackName=s&UsePreviousTemplate=true&Parameters.member.1.ParameterKey=AdminPassword"
        f"&Parameters.member.1.ParameterValue={new('ParameterValue')}"
        f"&Parameters.member.2.ParameterKey=Url&Parameters.member.2.ParameterValue=amqp://app:{new('a URL of a parameter')}@mq/",
    )
    made.json("codebuild", "CodeBuild_20161006.StartBuild", {"projectName": "p", "environmentVariablesOverride": [pair]})
    made.json(
        "ecs",
        "AmazonEC2ContainerServiceV20141113.RunTask",
        {
            "taskDefinition": "t",
            "overrides": {
                "containerOverrides": [
                    {
                        "name": "c",
                        "environment": [{"name": "SMTP_PASS", "value": new("SMTP_PASS of a container")}],
                        "command": ["app", "--password", new("the value of an option")],
                    }
                ]
            },
        },
    )
    made.form(
        "elasticbeanstalk",
        "2010-12-01",
        "UpdateEnvironment",
        f"EnvironmentName=e&OptionSettings.member.1.OptionName=API_TOKEN&OptionSettings.member.1.Value={new('OptionName, Value')}",
    )
    made.json(
        "redshift-data",
        "RedshiftData.ExecuteStatement",
        {"ClusterIdentifier": "c", "Database": "d", "Sql": f"ALTER USER app PASSWORD '{new('SQL: PASSWORD')}'"},
    )
    made.rest(
        "rds-data",
        "POST",
        "/Execute",
        {
            "resourceArn": "arn:aws:rds:us-east-1:222222222222:cluster:c",
            "secretArn": "arn:aws:secretsmanager:us-east-1:222222222222:secret:s-AbCdEf",
            "sql": f"CREATE USER app IDENTIFIED BY '{new('SQL: IDENTIFIED BY')}'",
            "parameters": [{"name": "password", "value": {"stringValue": new("a parameter of SQL")}}],
        },
    )
    made.json(
        "dynamodb",
        "DynamoDB_20120810.ExecuteStatement",
        {"Statement": f"INSERT INTO users VALUE {{'id': '1', 'password': '{new('a literal of PartiQL')}'}}"},
        JSON_1_0,
    )
    made.json(
        "dynamodb",
        "DynamoDB_20120810.ExecuteStatement",
        {"Statement": "UPDATE users SET token=? WHERE id='1'", "Parameters": [{"S": new("a parameter of PartiQL")}]},
        JSON_1_0,
    )
    made.json(
        "dynamodb",
        "DynamoDB_20120810.UpdateItem",
        {
            "TableName": "users",
            "Key": {"id": {"S": "1"}},
            "UpdateExpression": "SET #a = :v",
            "ExpressionAttributeNames": {"#a": "passphrase"},
            "ExpressionAttributeValues": {":v": {"S": new("a value of an expression")}},
        },
        JSON_1_0,
    )
    made.form(
        "iam",
        "2010-05-08",
        "ResyncMFADevice",
        f"UserName=u&SerialNumber=s&AuthenticationCode1={new('AuthenticationCode1')}&AuthenticationCode2={new('AuthenticationCode2')}",
        host="iam.amazonaws.com",
    )
    made.json(
        "glue",
        "AWSGlue.StartJobRun",
        {
            "JobName": "j",
            "Arguments": {
                "--source": f"jdbc:mysql://db/prod?user=u&password={new('JDBC')}",
                "--hook": f"https://hooks.slack.com/services/T01/B01/{new('a webhook')}",
            },
        },
    )
    made.json(
        "dms",
        "AmazonDMSv20160101.ModifyEndpoint",
        {"EndpointArn": "arn:aws:dms:us-east-1:222222222222:endpoint:E", "ExtraConnectionAttributes": f"a=b;pwd={new('pwd=')}"},
    )
    made.form(
        "sns",
        "2010-03-31",
        "Subscribe",
        f"TopicArn=arn:aws:sns:us-east-1:222222222222:t&Protocol=https&Endpoint=https://h.example/in?sig={new('a token of a URL')}",
    )
    made.rest("apigateway", "POST", "/apikeys", {"name": "k", "value": new("the value of an API key")})
    made.rest(
        "apigateway",
        "PATCH",
        "/restapis/a/stages/s",
        {"patchOperations": [{"op": "replace", "path": "/variables/smtpPassword", "value": new("a patch")}]},
    )
    made.rest("iot", "GET", f"/confirmdestination/{new('a label of a path')}")
    made.rest(
        "s3",
        "PUT",
        "/bucket/key",
        None,
        Content_Length="0",
        x_amz_meta_password=new("x-amz-meta-password"),
        x_amz_server_side_encryption_customer_algorithm="AES256",
        x_amz_server_side_encryption_customer_key=new("the key of SSE-C"),
        x_amz_server_side_encryption_customer_key_MD5="x",
    )
    made.json("secretsmanager", "secretsmanager.PutSecretValue", {"SecretId": "s", "SecretString": new("SecretString")})
    made.rest(
        "lambda",
        "PUT",
        "/2015-03-31/functions/f/configuration",
        {"Environment": {"Variables": {"X": new("a function's environment")}}},
    )
    return made


def kinds_of_programs() -> Canaries:
    """What agents' own names, command lines, files and encodings tell."""
    made = Canaries()
    new = made.new
    names = ("API_KEY_PROD", "STRIPE_KEY", "Secret1", "MASTERPASS", "DB_PWD_1", "credentials2", "signingKey")
    pairs = [{"name": name, "value": new(f"{name} of a build")} for name in names]
    made.json("codebuild", "CodeBuild_20161006.StartBuild", {"projectName": "p", "environmentVariablesOverride": pairs})
    made.json(
        "redshift-data",
        "RedshiftData.ExecuteStatement",
        {
            "ClusterIdentifier": "c",
            "Database": "d",
            "Sql": f"COPY t FROM 's3://b/k' ACCESS_KEY_ID 'x' SECRET_ACCESS_KEY '{new('SQL: SECRET_ACCESS_KEY')}'",
        },
    )
    made.json(
        "redshift-data",
        "RedshiftData.ExecuteStatement",
        {"ClusterIdentifier": "c", "Database": "d", "Sql": f"ALTER USER a PASSWORD/**/'{new('SQL: a comment')}'"},
    )
    commands = [
        f"mysql -u root -p{new('mysql -p')}",
        f"curl -u app:{new('curl -u')} https://h",
        f"docker login -u app -p {new('docker login -p')} r",
        f"net user app {new('net user')} /add",
        f"echo '<c><password>{new('an XML element')}</password></c>'",
        f"printf 'password: |\\n  {new('a block of YAML')}'",
        f"machine h login u password {new('netrc')}",
        f"Cookie: session={new('a cookie')}",
        f"curl 'https://h/?q=password%3D{new('a percent-encoded text')}'",
        f'log {{"p\\u0061ssword":"{new("an escape in a text")}"}}',
        f"pg_dump postgres://u:a/{new('a slash in a password')}@h",
    ]
    made.json(
        "ssm",
        "AmazonSSM.SendCommand",
        {"DocumentName": "AWS-RunShellScript", "InstanceIds": ["i-01234567890abcdef"], "Parameters": {"commands": commands}},
    )
    made.json(
        "dynamodb",
        "DynamoDB_20120810.PutItem",
        {
            "TableName": "t",
            "Item": {
                "id": {"S": "1"},
                f"amqp://u:{new('a name that is a URL')}@mq": {"S": "x"},
                f"password={new('a name that is an assignment')}": {"S": "x"},
                "pair": {"M": {"name": {"S": "password"}, "value": {"S": new("a pair of DynamoDB")}}},
            },
        },
        JSON_1_0,
    )
    made.json(
        "dynamodb",
        "DynamoDB_20120810.UpdateItem",
        {
            "TableName": "t",
            "Key": {"id": {"S": "1"}},
            "UpdateExpression": "SET #x = :v",
            "ExpressionAttributeNames": {"#x": "pin"},
            "ExpressionAttributeValues": {":v": {"S": new("a short name of an expression")}},
        },
        JSON_1_0,
    )
    made.json(
        "ecs",
        "AmazonEC2ContainerServiceV20141113.RunTask",
        {
            "taskDefinition": "t",
            "overrides": {"containerOverrides": [{"name": "c", "command": ["docker", "login", "-p", new("-p in a list")]}]},
        },
    )
    made.json("glue", "AWSGlue.StartJobRun", {"JobName": "j", "Arguments": {"--signing_key": new("an argument of a job")}})
    script = f"#!/bin/sh\nmysql -uroot -p{new('a script in base64')}\n".encode()
    made.json(
        "ssm",
        "AmazonSSM.PutParameter",
        {"Name": "n", "Type": "String", "Value": "x", "Description": base64.b64encode(script).decode()},
    )
    inner = json.dumps({"env": json.dumps({"pair": ["DB_PASSWORD", new("a pair in JSON in JSON")]})})
    made.json("states", "AWSStepFunctions.StartExecution", {"stateMachineArn": MACHINE, "input": inner}, JSON_1_0)
    packed = base64.b64encode(gzip.compress(new("gzip in base64").encode())).decode()
    made.kinds[packed[16:]] = "gzip in base64, as it was sent"
    made.json("kinesis", "Kinesis_20131202.PutRecord", {"StreamName": "s", "PartitionKey": packed, "Data": packed})
    return made


@pytest.mark.parametrize("kinds", [every_kind, kinds_of_programs])
def test_nothing_is_kept_in_the_clear(tmp_path, kinds):
    made = kinds()
    with running(tmp_path, None, rules=RULES, extra=BRIEF, knobs='deny_cooldown = "0s"') as gateway:
        ca_file = gateway.ca_file
        for host, raw in made.requests:
            with tunnel(gateway, ca_file, host) as connection:
                assert connection.send(raw).answer().status == 403
        rows = gateway.records()
    assert len(rows) == len(made.requests)
    assert {row["decision"]["rule"] for row in rows} == {"asked", "nothing"}  # each was named, and judged
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        data = path.read_bytes() if path.name != "audit.db" else b"\n".join(row for _, row, _ in rows_of(str(path)))
        assert [kind for value, kind in made.kinds.items() if value.encode() in data] == [], path.name
    kept = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {"audit.db", "approvals.db", "decisions.jsonl", "gateway.log"} <= kept
