"""What a provider of base keys prints is in no log and no answer, also where it fails after it has worked once."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.kit.gateway import running
from trio_gate.shell.clock import SystemClock

PROGRAM = """\
#!/bin/sh
if [ -e {folder}/once ]; then
    echo CANARY-PRINTED >&2
    exit 1
fi
touch {folder}/once
cat {folder}/key.json
"""


def test_a_program_that_fails_when_its_key_is_due(tmp_path, embedded_aws, monkeypatch):
    soon = (SystemClock().now() + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    key = {"Version": 1, "AccessKeyId": embedded_aws.base_access_key_id, "SecretAccessKey": embedded_aws.base_secret_access_key}
    (tmp_path / "key.json").write_text(json.dumps({**key, "SessionToken": "CANARY-TOKEN", "Expiration": soon}))
    program = tmp_path / "program"
    program.write_text(PROGRAM.format(folder=tmp_path))
    program.chmod(0o700)
    (tmp_path / "config").write_text(f"[profile hub]\ncredential_process = {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with running(tmp_path, embedded_aws, base='profile = "hub"') as gate:
        for account in ("staging", "prod"):
            with pytest.raises(ClientError) as caught:
                gate.client("s3", account).list_buckets()
            assert "CANARY" not in str(caught.value)
        assert "could not be read (CredentialRetrievalError)" in gate.log
        assert "CANARY" not in gate.log
        assert "Traceback" not in gate.log
