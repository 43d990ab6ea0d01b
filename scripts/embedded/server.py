"""The process of the embedded AWS (see `aws`): moto over TLS, set up and checked as AWS is.

python -m scripts.embedded.server DIRECTORY
"""

from __future__ import annotations

import io
import json
import os
import signal
import ssl
import sys
import threading
from pathlib import Path
from typing import Any

import trustme
from moto import settings
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.organizations.models import organizations_backends
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app

from . import web_identity
from .aws import (
    ACCOUNTS,
    CDK,
    DEEPER,
    DEPLOY,
    HUB,
    HUB_ROLE,
    MEMBER_NAME,
    NAMES,
    NAMES_ROLE,
    READER,
    ROLE,
    SPOKE,
    Embedded,
    assumed,
    client,
    may_do_all_but_assume,
    policy,
)
from .cloudformation import prepare, read_policies
from .query_signatures import with_head_signature
from .session_policies import enforce, write_down


def serve(directory: Path) -> None:
    """Start, set up the accounts, report that, and wait for SIGTERM or SIGINT."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
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
            if refused := with_head_signature(environ):
                self.send_error(403, refused)
                return
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
    nobody = Embedded(port=port, ca_file=ca_file, base_access_key_id="AKIAANYTHING", base_secret_access_key="anything")
    roles = [f"arn:aws:iam::{account}:role/{name}" for account in ACCOUNTS.values() for name in (ROLE, READER)]
    roles += [HUB_ROLE, NAMES_ROLE]
    hub = client("iam", nobody, assumed(nobody, HUB))
    user = hub.create_user(UserName="gateway")["User"]["Arn"]
    hub.put_user_policy(UserName="gateway", PolicyName="assume", PolicyDocument=policy("Allow", "sts:AssumeRole", Resource=roles))
    hub.create_role(RoleName="hub", AssumeRolePolicyDocument=policy("Allow", "sts:AssumeRole", Principal={"AWS": user}))
    spokes = [f"arn:aws:iam::{account}:role/{SPOKE}" for account in ACCOUNTS.values()]
    hub.put_role_policy(RoleName="hub", PolicyName="s", PolicyDocument=policy("Allow", "sts:AssumeRole", Resource=spokes))
    hub.create_role(RoleName="names", AssumeRolePolicyDocument=policy("Allow", "sts:AssumeRole", Principal={"AWS": user}))
    describes = policy("Allow", "organizations:DescribeAccount", Resource="*")
    hub.put_role_policy(RoleName="names", PolicyName="n", PolicyDocument=describes)
    found_organization(client("organizations", nobody, assumed(nobody, HUB)))
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
    web_identity.serve()
    prepare()
    read_policies()
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    aws = Embedded(
        port=port, ca_file=ca_file, base_access_key_id=key["AccessKeyId"], base_secret_access_key=key["SecretAccessKey"]
    )
    for name, account in ACCOUNTS.items():
        fill(name, aws, assumed(aws, account))
    return aws


def found_organization(hub: Any) -> None:
    """Make the hub's organization, with one of the accounts as a member."""
    hub.create_organization(FeatureSet="ALL")
    hub.create_account(AccountName=MEMBER_NAME, Email="prod@example.com")
    organizations_backends[HUB]["aws"].accounts[-1].id = ACCOUNTS["prod"]  # moto gives accounts ids of its own


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
        sys.exit("usage: python -m scripts.embedded.server DIRECTORY")
    serve(Path(sys.argv[1]).absolute())
