from __future__ import annotations

import base64
import gzip
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.audit.redact import MAX_MASKED, MAX_PARAMS, masked, params_text, path_text
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.model.catalog import compile_service
from trio_gate.text.secret_detection import looks_secret

CANARY = "CANARY-correct-horse"
HIDDEN = {"$masked": {"length": len(CANARY)}}
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

MODEL = {
    "metadata": {
        "apiVersion": "2026-01-01",
        "protocol": "json",
        "targetPrefix": "T",
        "endpointPrefix": "t",
        "jsonVersion": "1.1",
        "serviceId": "T",
    },
    "operations": {"Put": {"name": "Put", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "PutInput"}}},
    "shapes": {
        "PutInput": {
            "type": "structure",
            "members": {
                "Plain": {"shape": "Text"},
                "Quiet": {"shape": "Quiet"},
                "Many": {"shape": "QuietList"},
                "Map": {"shape": "QuietMap"},
                "Deep": {"shape": "Deep"},
                "Whole": {"shape": "WholeQuiet"},
                "Blob": {"shape": "QuietBlob"},
            },
        },
        "Text": {"type": "string"},
        "Quiet": {"type": "string", "sensitive": True},
        "QuietBlob": {"type": "blob", "sensitive": True},
        "QuietList": {"type": "list", "member": {"shape": "Quiet"}},
        "QuietMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Quiet"}},
        "Deep": {"type": "structure", "members": {"Inner": {"shape": "Quiet"}, "Open": {"shape": "Text"}}},
        "WholeQuiet": {"type": "structure", "sensitive": True, "members": {"Any": {"shape": "Text"}}},
    },
}


def test_the_models_sensitive_members_are_masked_wherever_they_stand():
    shape = compile_service("t", MODEL).operations["Put"].input
    params = {
        "Plain": "shown",
        "Quiet": CANARY,
        "Many": [CANARY],
        "Map": {"k": CANARY},
        "Deep": {"Inner": CANARY, "Open": "shown", "NotInTheModel": "shown"},
        "Whole": {"Any": CANARY, "More": {"Still": CANARY}},
        "Blob": CANARY.encode(),
    }
    assert masked(params, shape) == {
        "Plain": "shown",
        "Quiet": HIDDEN,
        "Many": [HIDDEN],
        "Map": {"k": HIDDEN},
        "Deep": {"Inner": HIDDEN, "Open": "shown", "NotInTheModel": "shown"},
        "Whole": {"Any": HIDDEN, "More": {"Still": HIDDEN}},
        "Blob": HIDDEN,
    }


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
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "export AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE;",
        SECRET_KEY,
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "-----BEGIN PRIVATE KEY-----",
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig",
        "ghp_0123456789abcdefghij",
        "postgres://app:hunter22@db.internal/prod",
    ],
)
def test_values_are_masked_by_shape(text):
    assert looks_secret(text)
    assert text not in json.loads(f"[{params_text({'Name': text})}]")[0].values()
    assert "$masked" in params_text({"Blob": text.encode()})


@pytest.mark.parametrize(
    "text",
    [
        "CREATE USER app PASSWORD 'hunter22'",
        "alter role app with encrypted password 'hunter22'",
        'ALTER USER app IDENTIFIED BY "hunter22"',
        "CREATE USER app IDENTIFIED WITH caching_sha2_password BY 'hunter22'",
        "SET PASSWORD FOR 'app'@'%' = 'hunter22'",
        "COPY t FROM 's3://b/k' CREDENTIALS 'aws_access_key_id=X;aws_secret_access_key=hunter22'",
        "UPDATE users SET \"password\"='hunter22' WHERE id='1'",
        "INSERT INTO users VALUE {'id': '1', 'password': 'hunter22'}",
        "jdbc:postgresql://db.internal/prod?user=app&password=hunter22",
        "jdbc:sqlserver://db.internal;user=app;password=hunter22;",
        "host=db.internal;pwd=hunter22;port=5432",
        "Server=tcp:db;User ID=app;Password=hunter22",
        "https://hook.internal/x?token=hunter22",
        "https://hook.internal/x?a=1&access_token=hunter22",
        "https://b.s3.amazonaws.com/k?X-Amz-Signature=hunter22",
        "https://store.internal/c?sv=2026&sig=hunter22",
        "redis://:hunter22@cache.internal:6379/0",
        "https://hooks.slack.com/services/T0/B0/hunter22",
        "export DB_PASSWORD=hunter22",
        "export DB_PASS='hunter22'",
        "mysql --password=hunter22 -e 'select 1'",
        "tool --api-key hunter22",
        "curl -H 'Authorization: Basic aHVudGVyMjI='",
        "Bearer hunter22hunter22",
        "password: hunter22",
        "client_secret = hunter22",
        '{"user":"app","password":"hunter22"}',
        '{"env":[{"name":"DB_PASSWORD","value":"hunter22"}]}',
        '[{"op":"replace","path":"/MasterUserPassword","value":"hunter22"}]',
        '{"value":"hunter22","name":"dbPassword"}',
        '{"command":["app","--password","hunter22"]}',
        "- Name: DB_PASSWORD\n  Value: hunter22\n",
        '{\\"password\\": \\"hunter22\\"}',
    ],
)
def test_a_secret_that_a_text_tells_masks_it(text):
    assert looks_secret(text)
    assert "hunter22" not in params_text({"Text": text, "List": [text], "Blob": text.encode()})


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
def test_a_secret_that_a_name_beside_it_tells_is_masked(members):
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
def test_what_tells_no_secret_is_kept(members):
    assert "$masked" not in params_text(members)


B64 = base64.b64encode


@pytest.mark.parametrize(
    "text",
    [
        "COPY t FROM 's3://b/k' ACCESS_KEY_ID 'x' SECRET_ACCESS_KEY 'hunter22'",
        "unload ('select 1') to 's3://b/k' session_token 'hunter22'",
        "COPY t FROM 's3://b/k' CREDENTIALS 'aws_access_key_id=x;aws_secret_access_key=hunter22'",
        "ALTER ROLE app PASSWORD/**/'hunter22'",
        "ALTER USER app PASSWORD -- now\n 'hunter22'",
        "ALTER USER app IDENTIFIED" + " " * 30 + "BY 'hunter22'",
        "ALTER USER app IDENTIFIED/* so */BY 'hunter22'",
        "INSERT INTO users(name, password) VALUES('a', 'hunter22')",
        "UPDATE users SET pin = 'hunter22' WHERE id = '1'",
        "<db><password>hunter22</password></db>",
        '<property name="db.password">hunter22</property>',
        "password: |\n  hunter22\n",
        "db_password: >-\n    hunter22\n",
        "password%3Dhunter22",
        "password%253Dhunter22",
        "url=amqp%3A%2F%2Fapp%3Ahunter22%40mq",
        'log {"p\\u0061ssword":"hunter22"}',
        "password&quot;:&quot;hunter22",
        "password\N{FULLWIDTH COLON}hunter22",
        "machine db.internal login app password hunter22",
        "Cookie: session=hunter22",
        "curl -H 'Set-Cookie: sid=hunter22; Secure' h",
        "mysql -u root -phunter22 app",
        "mysqldump -p'hunter22' app",
        "sshpass -p hunter22 ssh host",
        "docker login -u app -p hunter22 registry",
        "redis-cli -h cache -a hunter22",
        "ldapsearch -D cn=app -w hunter22",
        "curl -u app:hunter22 https://h",
        "curl --user 'app:hunter22' https://h",
        "keytool -storepass hunter22",
        "tool --db_password hunter22",
        "tool --password   hunter22",
        "net user app hunter22 /add",
        "echo 'app:hunter22' | chpasswd",
        "ConvertTo-SecureString 'hunter22' -AsPlainText -Force",
        "openssl enc -pass pass:hunter22",
        "db.internal:5432:app:app:hunter22",
        "amqp://app:a/hunter22@mq",
        "amqp://app:a@hunter22@mq",
        "https://hunter22hunter22@git.internal/x",
        "the password is hunter22",
        "export STRIPE_KEY=hunter22",
        "SIGNING_KEY: hunter22",
        "MASTERPASS='hunter22'",
        "API_KEY_PROD = hunter22",
        "env: {CREDENTIALS_2: hunter22}",
        "smbclient //h/s -U app%hunter22",
        "vault login hunter22",
        "user_data = hunter22",
        "Basic " + B64(b"app:hunter22").decode(),
        B64(b"#!/bin/sh\nexport DB_PASSWORD=hunter22\n").decode(),
        B64(b"#cloud-config\nchpasswd:\n  list: |\n    app:hunter22\n").decode(),
        B64(gzip.compress(b"export DB_PASSWORD=hunter22\n", mtime=0)).decode(),
        "powershell -enc " + B64("$password = 'hunter22'".encode("utf-16-le")).decode(),
        json.dumps({"a": json.dumps({"b": json.dumps({"c": json.dumps({"apiKey": "hunter22"})})})}),
        '{"command": ["docker", "login", "-p", "hunter22"]}',
        '{"pair": ["DB_PASSWORD", "hunter22"]}',
    ],
)
def test_a_secret_that_a_program_is_told_masks_the_text(text):
    assert looks_secret(text)
    kept = params_text({"Text": text, "List": [text], "Blob": text.encode()})
    assert "hunter22" not in kept
    assert text[:40] not in kept


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
def test_a_secret_that_its_place_tells_is_masked(members):
    assert CANARY not in params_text(members)


@pytest.mark.parametrize(
    "members",
    [
        {"KeyName": "deploy", "KeyId": "k-1", "Key": "reports/1.csv", "PublicKey": "ssh-ed25519 AAAA", "PartitionKey": "p"},
        {"TableName": "t", "Key": {"pk": {"S": "1"}, "sortKey": {"S": "2"}}, "IndexKey": "x"},
        {"Filters": [{"Name": "tag-key", "Values": ["team"]}, {"Name": "key-name", "Values": ["deploy"]}]},
        {"Names": ["/prod/db/password", "/prod/db/user"], "WithDecryption": True},
        {"SecretIdList": ["arn:aws:secretsmanager:us-east-1:111111111111:secret:a-AbCdEf"], "MaxResults": 5},
        {"Command": ["mkdir", "-p", "/data/out"]},
        {"Command": ["docker", "run", "-p", "8080:80", "-u", "1000:1000", "image"]},
        {"Text": "git push -u origin main:dev"},
        {"Text": "date -u +%H:%M"},
        {"Text": "LOG_LEVEL=debug S3_KEY=a/b CACHE_KEY=x KMS_KEY_ID=k SECRET_NAME=prod/db STRIPE_KEY=$STRIPE"},
        {"Text": "https://host:8080/a@b"},
        {"Text": "INSERT INTO users(name, password) VALUES(:a, :b)"},
        {"Text": "SELECT name FROM orders -- of today\n WHERE id = 7 /* one */"},
        {"Text": "Basic settings of the new stack"},
        {"Text": B64(b"#!/bin/sh\nyum install -y nginx\n").decode()},
        {"Sql": "COPY t FROM 's3://b/k' CREDENTIALS 'aws_iam_role=arn:aws:iam::111111111111:role/r'"},
        {
            "Variables": {
                "LOG_LEVEL": "debug",
                "SECRET_NAME": "prod/db",
                "KMS_KEY_ID": "k",
                "TABLE_ARN": "arn:aws:x",
                "CACHE_KEY": "a",
            }
        },
        {"environment": [{"name": "KEY_NAME", "value": "deploy"}, {"name": "S3_KEY", "value": "a/b"}]},
        {"Pair": ["name", "id"]},
    ],
)
def test_ordinary_names_and_commands_are_kept(members):
    assert "$masked" not in params_text(members)


def test_a_models_own_members_are_judged_by_the_model():
    members = {"AuthorizationKeys": {"shape": "Text"}, "Variables": {"shape": "Map"}}
    shapes = {
        **MODEL["shapes"],
        "PutInput": {"type": "structure", "members": members},
        "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    }
    shape = compile_service("t", {**MODEL, "shapes": shapes}).operations["Put"].input
    given = {"AuthorizationKeys": "shown", "Variables": {"authorizationKeys": CANARY}}
    assert masked(given, shape) == {"AuthorizationKeys": "shown", "Variables": {"authorizationKeys": HIDDEN}}


def test_a_member_that_only_the_review_knows_is_masked_where_it_stands():
    model = {
        **MODEL,
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


def _labelled(path, **labels):
    members = {name: {"shape": kind, "location": "uri", "locationName": name} for name, kind in labels.items()}
    model = {
        "metadata": {**MODEL["metadata"], "protocol": "rest-json"},
        "operations": {"Get": {"name": "Get", "http": {"method": "GET", "requestUri": path}, "input": {"shape": "In"}}},
        "shapes": {
            "In": {"type": "structure", "members": members, "required": list(labels)},
            "Text": {"type": "string"},
            "Quiet": {"type": "string", "sensitive": True},
        },
    }
    return compile_service("t", model).operations["Get"].input


def test_a_path_is_kept_without_its_secret_labels():
    shape = _labelled("/confirm/{token}/{code}/{name}", token="Text", code="Quiet", name="Text")
    params = {"token": CANARY, "code": "a b", "name": "orders"}
    assert path_text(f"/confirm/{CANARY}/a%20b/orders", params, shape) == "/confirm/{token}/{code}/orders"


def test_a_path_without_a_name_is_kept_but_for_what_looks_secret():
    assert path_text("/bucket/key", {}) == "/bucket/key"
    assert path_text("/x/AKIAIOSFODNN7EXAMPLE/y", {}) == "/x/{secret}/y"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "orders",
        "arn:aws:secretsmanager:us-east-1:111111111111:secret:prod-db-AbCdEf",
        "arn:aws:s3:::bucket/key",
        "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
        "AKIA",
        "https://sqs.us-east-1.amazonaws.com/1/q",
    ],
)
def test_ordinary_values_are_kept(text):
    assert not looks_secret(text)


def test_a_blob_is_kept_as_its_hash_and_the_unknown_says_so():
    assert json.loads(params_text({"Body": b"data", "Stream": UNKNOWN})) == {
        "Body": {"$bytes": {"length": 4, "sha256": "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7"}},
        "Stream": {"$unknown": True},
    }


@pytest.mark.parametrize(
    "params",
    [
        {"Text": "x" * 2000},
        {f"Name{n}": "value" for n in range(5000)},
        {"List": ["\x00" * 900] * 5000},
        {"List": [{"A": [b""]}] * 5000},
        {"N" * 100_000: 1},
        {"Big": 10**5000},
    ],
)
def test_what_is_cut_says_so(params):
    text = params_text(params)
    assert len(text) <= MAX_PARAMS
    assert "$" in text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just(UNKNOWN),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=60,
)


@given(st.dictionaries(st.text() | st.sampled_from(["Password", "Blob"]), VALUES))
def test_any_parameters_become_bounded_ascii_json(params):
    text = params_text(params)
    assert text.isascii()
    assert len(text) <= MAX_PARAMS
    json.loads(text)


@given(st.integers(min_value=0, max_value=200))
def test_depth_is_bounded(depth):
    value = "x" * 1000
    for _ in range(depth):
        value = {"A": value}
    assert len(params_text({"A": value, "B": ["y" * 1000] * 100})) <= MAX_PARAMS


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=6), VALUES)
def test_a_masked_value_is_nowhere_in_the_text(secret, other):
    secret = f"<{secret}>"
    text = params_text({"Password": secret, "List": [{"secretString": secret}], "Other": other})
    assert json.dumps(secret) not in text


def test_what_is_too_much_to_be_read_for_secrets_is_cut():
    half = MAX_MASKED // 2
    kept = masked({"A": "a" * half, "B": b"b" * half, "C": "c" * half, "D": "hunter2", "Password": CANARY})
    assert kept["A"] == "a" * half
    assert kept["B"] == {"$cut": {"length": half, "sha256": hashlib.sha256(b"b" * half).hexdigest()}}
    assert kept["C"] == {"$cut": {"length": half, "sha256": hashlib.sha256(b"c" * half).hexdigest()}}
    assert kept["D"] == "hunter2"
    assert kept["Password"] == HIDDEN


def test_a_short_text_that_is_cut_has_no_hash():
    full = "a" * (MAX_MASKED - 4 * 16 - 2)
    assert masked({"A": full, "D": "x" * 40})["D"] == {"$cut": {"length": 40}}


@pytest.mark.parametrize("many", [[0] * MAX_MASKED, ["k"] * MAX_MASKED])
def test_a_list_ends_where_no_more_is_read(many):
    kept = masked({"A": many})["A"]
    assert len(kept) <= MAX_MASKED // 16
    assert kept[-1] == {"$more": MAX_MASKED - len(kept) + 1}


def test_a_map_ends_where_no_more_is_read():
    kept = masked({"A": {str(number): 0 for number in range(MAX_MASKED)}})["A"]
    assert kept["$more"] == MAX_MASKED - len(kept) + 1


def test_a_name_that_is_too_long_to_be_judged_hides_its_value():
    assert masked({"a" * 3000: CANARY}) == {"a" * 3000: HIDDEN}
