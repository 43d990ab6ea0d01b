"""Secrets by their own form, and by a word or name inside a text."""

from __future__ import annotations

import json

import pytest

from trio_gate.audit.redact import params_text
from trio_gate.text.secret_detection import looks_secret

SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


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
def test_a_secret_in_a_text_masks_it(text):
    assert looks_secret(text)
    assert "hunter22" not in params_text({"Text": text, "List": [text], "Blob": text.encode()})


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
