"""Secrets that programs are given on a command line, in a statement, or in a file; and commands without one."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from trio_gate.audit.redact import params_text
from trio_gate.text.secret_detection import looks_secret

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
def test_a_secret_that_a_program_is_given_masks_the_text(text):
    assert looks_secret(text)
    kept = params_text({"Text": text, "List": [text], "Blob": text.encode()})
    assert "hunter22" not in kept
    assert text[:40] not in kept


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
