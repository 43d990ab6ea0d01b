"""An embedded AWS for the demo and the tests: moto in one process, over TLS, on a loopback port, with accounts already set up.

    python -m scripts.embedded.server DIRECTORY

writes `ca.pem` to the directory, prints one JSON line when it is ready ({"port", "ca_file", "base_access_key_id",
"base_secret_access_key"}) and runs until SIGTERM. From Python: `with start(directory) as aws: aws.port …`.

There is a hub account whose user holds the base key and may assume the role `trio-gate` of the accounts `prod` and `staging`;
each of those holds a bucket, a secret and a table. Signatures and policies are checked as AWS checks them: a wrong key, a
wrong signature or a role that does not trust the hub is refused, and so is what a session's own policy does not allow.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
HUB = "999999999999"
ACCOUNTS = {"prod": "111111111111", "staging": "222222222222"}
ROLE = "trio-gate"
DEPLOY, DEEPER = "deploy", "deeper"
WEB_IDENTITY, WEB_IDENTITY_EXPIRED = "web-identity-of-a-job", "web-identity-of-an-older-job"
"""Roles of each account that its role may assume, and that this one may assume in turn."""
READER = "reader"
"""A role of each account that the hub's user may assume and that may read objects of S3, and nothing else."""
HUB_ROLE, SPOKE = f"arn:aws:iam::{HUB}:role/hub", "spoke"
"""A role of the hub account, and one of each account that only this role may assume."""
NAMES_ROLE, MEMBER_NAME = f"arn:aws:iam::{HUB}:role/names", "Production of Example"
"""A role of the hub account that may ask for the names of its organization's accounts, and that of `prod`, the only one in it."""
TRAIL = "assumed.jsonl"
"""The file beside the CA certificate with a line for each AssumeRole: its parameters."""
CDK = "cdk-*"
"""The roles that `cdk bootstrap` makes, which the role of their account may assume."""
REGION = "us-east-1"
NAMES = [
    "localhost",
    "*.amazonaws.com",
    *(f"*.{region}.amazonaws.com" for region in ("us-east-1", "us-west-2", "eu-west-1")),
    *(f"*.s3.{region}.amazonaws.com" for region in ("us-east-1", "us-west-2", "eu-west-1")),
    *(f"*.s3.dualstack.{region}.amazonaws.com" for region in ("us-east-1", "us-west-2")),
    *(f"*.s3-{kind}.us-east-1.amazonaws.com" for kind in ("control", "accesspoint", "object-lambda")),
    "*.s3.amazonaws.com",
    "*.api.aws",
    "*.us-east-1.api.aws",
]
"""A certificate's wildcard covers one label."""
PATIENCE = 30
"""Seconds within which a process must end after it was asked to, or closed its output."""


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """A running AWS: its port, its CA certificate, and the base key of its hub account."""

    port: int
    ca_file: str
    base_access_key_id: str
    base_secret_access_key: str


@contextmanager
def start(directory: str | Path) -> Iterator[Embedded]:
    """Run `server` in another process until the block is left. Raises RuntimeError if it does not start."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.server", str(directory)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"embedded AWS did not start (exit status {process.wait(PATIENCE)}); it said why above")
        yield Embedded(**json.loads(line))
    finally:
        end(process)
        process.stdout.close()


def end(process: subprocess.Popen[str]) -> None:
    """Ask it to end, and kill it if it does not."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def client(service: str, aws: Embedded, key: tuple[str, str, str | None] | None = None) -> Any:
    """A botocore client that calls the embedded AWS directly; `key` is the base key unless given."""
    import boto3  # noqa: PLC0415 - moto brings it; only this side needs it
    from botocore.config import Config  # noqa: PLC0415

    key_id, secret, token = key or (aws.base_access_key_id, aws.base_secret_access_key, None)
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=f"https://localhost:{aws.port}",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token,
        verify=aws.ca_file,
        config=Config(proxies={}, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def assumed(aws: Embedded, account: str) -> tuple[str, str, str]:
    """A session key for the role in an account."""
    role = f"arn:aws:iam::{account}:role/{ROLE}"
    given = client("sts", aws).assume_role(RoleArn=role, RoleSessionName="embedded-aws")["Credentials"]
    return given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]


def may_do_all_but_assume() -> str:
    """An IAM policy that allows everything but to assume a role."""
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "sts:AssumeRole", "Resource": "*"}})


def policy(effect: str, action: str, **rest: Any) -> str:
    """An IAM policy with one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": action, **rest}})
