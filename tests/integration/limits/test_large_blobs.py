"""Blobs that are no uploads to S3: they are hashed, so they are kept first, on disk where they are large."""

from __future__ import annotations

import hashlib
import os
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.kit.gateway import running
from tests.kit.standins.recording import recording

GLACIER, CODEARTIFACT = "glacier.us-east-1.amazonaws.com", "codeartifact.us-east-1.amazonaws.com"
KNOBS = 'held_limit = "64KiB"\n  spool_limit = "4MiB"'
RULES = """\
rule "vaults" { match = aws.action == "DeleteVault"    action = "deny" }
rule "all"    { match = aws.account_name == "staging"  action = "allow" }
rule "prod"   { action = "approve"  approvers = [human.oncall] }
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with recording(tmp_path_factory.mktemp("aws"), GLACIER, CODEARTIFACT) as server:
        yield server


@pytest.fixture(scope="module")
def gate(aws, embedded_aws, tmp_path_factory):
    first = aws.route(GLACIER) + aws.route(CODEARTIFACT)
    with running(tmp_path_factory.mktemp("blobs"), embedded_aws, knobs=KNOBS, rules=RULES, first=first) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


@pytest.mark.parametrize("by", ["proxy", "endpoint"])
@pytest.mark.parametrize("size", [1000, 65536, 65537, 3_000_000])
def test_an_archive_of_any_size_arrives_with_its_hash(gate, aws, by, size):
    data = os.urandom(size)
    gate.client("glacier", by=by).upload_archive(vaultName="v", accountId="-", body=data)
    seen = aws.seen[-1]
    assert seen.body == data
    assert seen.headers["content-length"] == str(size)
    assert seen.headers["x-amz-content-sha256"] == hashlib.sha256(data).hexdigest()
    assert "AKIA" not in seen.headers["authorization"]
    assert gate.records("--action", "UploadArchive")[-1]["outcome"]["bytes_in"] == size
    assert not list((gate.folder / "state").glob("spool/*"))


def test_more_than_the_disk_may_hold_is_refused_and_given_back(gate, aws):
    before = len(aws.seen)
    for _ in range(3):
        with pytest.raises(ClientError, match="keeps too much"):
            gate.client("glacier").upload_archive(vaultName="v", accountId="-", body=bytes(5_000_000))
    assert len(aws.seen) == before
    gate.client("glacier").upload_archive(vaultName="v", accountId="-", body=bytes(4_000_000))
    assert len(aws.seen) == before + 1


def test_a_blob_with_another_hash_than_its_head_says_does_not_leave(gate, aws):
    before, data = len(aws.seen), os.urandom(100_000)
    wrong = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(ClientError, match="hash"):
        gate.client("codeartifact").publish_package_version(
            domain="dom", repository="repo", format="generic", package="p", packageVersion="1", assetName="a", assetContent=data,
            assetSHA256=wrong,
        )  # fmt: skip
    assert len(aws.seen) == before


def test_what_is_no_blob_is_refused_at_the_limit(gate, aws):
    before = len(aws.seen)
    with pytest.raises(ClientError, match="send it in parts"):
        gate.client("glacier").set_vault_access_policy(vaultName="v", accountId="-", policy={"Policy": "x" * 70_000})
    assert len(aws.seen) == before


def test_a_large_blob_that_waits_is_sent_once_it_is_approved(gate, aws):
    data = secrets.token_bytes(300_000)
    with ThreadPoolExecutor() as pool:
        upload = pool.submit(gate.client("glacier", "prod").upload_archive, vaultName="v", accountId="-", body=data)
        assert gate.gate(*gate.approver("--once", "--yes")).returncode == 0
        upload.result()
    assert aws.seen[-1].body == data
