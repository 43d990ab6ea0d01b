"""An embedded AWS for the demo and the tests: moto in one process, over TLS, on a loopback port, with accounts already set up.

    python -m scripts.embedded.aws DIRECTORY

writes `ca.pem` to the directory, prints one JSON line when it is ready ({"port", "ca_file", "base_access_key_id",
"base_secret_access_key"}) and runs until SIGTERM. From Python: `with start(directory) as aws: aws.port …`.

There is a hub account whose user holds the base key and may assume the role `trio-gate` of the accounts `prod` and `staging`;
each of those holds a bucket, a secret and a table. Signatures and policies are checked as AWS checks them: a wrong key, a
wrong signature or a role that does not trust the hub is refused, and so is what a session's own policy does not allow.
"""

from __future__ import annotations

import io
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
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
"""Roles of each account that its role may assume, and that this one may assume in turn."""
READER = "reader"
"""A role of each account that the hub's user may assume and that may read objects of S3, and nothing else."""
HUB_ROLE, SPOKE = f"arn:aws:iam::{HUB}:role/hub", "spoke"
"""A role of the hub account, and one of each account that only this role may assume."""
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
    """Run this module in another process until the block is left. Raises RuntimeError if it does not start."""
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.embedded.aws", str(directory)], cwd=ROOT, stdout=subprocess.PIPE, text=True
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


def serve(directory: Path) -> None:
    """Start, set up the accounts, report that, and wait for SIGTERM or SIGINT."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    from scripts.embedded.session_policies import write_down  # noqa: PLC0415 - loads moto, which only a running AWS needs

    server = listen(directory)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    aws = set_up(server.server_port, str(directory / "ca.pem"))
    write_down(directory)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    print(json.dumps(vars(aws)), flush=True)
    stop.wait()


def listen(directory: Path) -> Any:
    """The server, bound but not yet serving; its CA certificate is in `ca.pem`."""
    import trustme  # noqa: PLC0415 - what `start` needs loads without it
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app  # noqa: PLC0415
    from werkzeug.serving import make_server  # noqa: PLC0415
    from werkzeug.test import run_wsgi_app  # noqa: PLC0415

    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*NAMES).configure_cert(context)
    directory.mkdir(parents=True, exist_ok=True)
    ca.cert_pem.write_to_path(str(directory / "ca.pem"))

    class Handler(MotoRequestHandler):
        """Keeps connections open as AWS does; werkzeug's own closes each. TLS starts in the connection's thread."""

        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            self.request.settimeout(300)
            self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def run_wsgi(self) -> None:
            environ = self.make_environ()
            body = environ["wsgi.input"]
            whole = "wsgi.input_terminated" in environ
            environ["wsgi.input"] = io.BytesIO(body.read() if whole else body.read(int(environ.get("CONTENT_LENGTH") or 0)))
            try:
                pieces, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
            except ImportError:  # moto loads a service at its first call
                pieces, status, headers = [b"this AWS does not have that service"], "501 Not Implemented", []
            content = b"".join(pieces)
            code, _, reason = status.partition(" ")
            self.send_response(int(code), reason)
            for name, value in headers:
                if self.command == "HEAD" or name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                    self.send_header(name, value)
            if self.command != "HEAD" and code not in {"204", "304"}:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log(self, *_: object) -> None:
            pass

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True, request_handler=Handler)
    server.ssl_context = context  # so that requests are known to be https
    return server


def set_up(port: int, ca_file: str) -> Embedded:
    """Create the base key, the roles and the contents of the accounts, then turn the checks on.

    moto looks for an assumed role's trust policy only in the caller's account, so the trust policies are repeated there: the hub's
    user may assume these roles and no others; they may assume `deploy`, and that `deeper`, in any account.
    """
    from moto import settings  # noqa: PLC0415

    from scripts.embedded.cloudformation import prepare, read_policies  # noqa: PLC0415 - loads moto, which only a running AWS needs
    from scripts.embedded.session_policies import enforce  # noqa: PLC0415 - loads moto, which only a running AWS needs

    nobody = Embedded(port=port, ca_file=ca_file, base_access_key_id="AKIAANYTHING", base_secret_access_key="anything")
    roles = [f"arn:aws:iam::{account}:role/{name}" for account in ACCOUNTS.values() for name in (ROLE, READER)] + [HUB_ROLE]
    hub = client("iam", nobody, assumed(nobody, HUB))
    user = hub.create_user(UserName="gateway")["User"]["Arn"]
    hub.put_user_policy(UserName="gateway", PolicyName="assume", PolicyDocument=policy("Allow", "sts:AssumeRole", Resource=roles))
    hub.create_role(RoleName="hub", AssumeRolePolicyDocument=policy("Allow", "sts:AssumeRole", Principal={"AWS": user}))
    spokes = [f"arn:aws:iam::{account}:role/{SPOKE}" for account in ACCOUNTS.values()]
    hub.put_role_policy(RoleName="hub", PolicyName="s", PolicyDocument=policy("Allow", "sts:AssumeRole", Resource=spokes))
    key = hub.create_access_key(UserName="gateway")["AccessKey"]
    for account in ACCOUNTS.values():
        iam = client("iam", nobody, assumed(nobody, account))
        for name in (ROLE, READER, SPOKE):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy("Allow", "sts:AssumeRole", Principal={"AWS": user}))
        iam.put_role_policy(RoleName=READER, PolicyName="reads", PolicyDocument=policy("Allow", "s3:GetObject", Resource="*"))
        trust = policy("Allow", "sts:AssumeRole", Principal={"AWS": "*"})  # moto does not know an account as a principal
        for name in (DEPLOY, DEEPER):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        for name, next_role in ((ROLE, DEPLOY), (DEPLOY, DEEPER), (DEEPER, None), (SPOKE, None)):
            iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=may_do_all_but_assume())
            if next_role is not None:
                roles = [f"arn:aws:iam::{one}:role/{next_role}" for one in ACCOUNTS.values()]
                roles += [f"arn:aws:iam::{account}:role/{CDK}"] if name == ROLE else []
                iam.put_role_policy(
                    RoleName=name, PolicyName="chain", PolicyDocument=policy("Allow", "sts:AssumeRole", Resource=roles)
                )
    enforce()
    prepare()
    read_policies()
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    aws = Embedded(
        port=port, ca_file=ca_file, base_access_key_id=key["AccessKeyId"], base_secret_access_key=key["SecretAccessKey"]
    )
    for name, account in ACCOUNTS.items():
        fill(name, aws, assumed(aws, account))
    return aws


def may_do_all_but_assume() -> str:
    """An IAM policy that allows everything but to assume a role."""
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "sts:AssumeRole", "Resource": "*"}})


def policy(effect: str, action: str, **rest: Any) -> str:
    """An IAM policy with one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": action, **rest}})


def fill(name: str, aws: Embedded, key: tuple[str, str, str]) -> None:
    """Create a bucket with objects, a secret and a table in one account."""
    s3 = client("s3", aws, key)
    s3.create_bucket(Bucket=f"{name}-data")
    for document in ("report", "invoice"):
        s3.put_object(Bucket=f"{name}-data", Key=f"{document}.txt", Body=f"the {document} of {name}\n".encode())
    client("secretsmanager", aws, key).create_secret(Name="db-password", SecretString=f"the password of {name}")
    client("dynamodb", aws, key).create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m scripts.embedded.aws DIRECTORY")
    serve(Path(sys.argv[1]).absolute())
