"""Base keys from AWS's own services: single sign-on, web identity, a container's role. Each is asked over HTTP, as on a machine of AWS."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.kit.aws.sts import block
from tests.kit.paths import ROOT
from trio_gate.errors import CredentialsUnavailable
from trio_gate.shell.credentials.base_keys import BaseKeys
from trio_gate.signing.sigv4 import Credentials

ROLE = "arn:aws:iam::999999999999:role/gate"
FAR = "2099-01-01T00:00:00Z"
MILLISECONDS = 4_070_908_800_000
SIGN_ON = """\
[profile hub]
sso_session = mine
sso_account_id = 999999999999
sso_role_name = gate
region = us-east-1
[sso-session mine]
sso_region = us-east-1
sso_start_url = https://example.awsapps.com/start
"""


class Services(BaseHTTPRequestHandler):
    """SSO's portal, STS, and a container's agent. Keys are given to those who show the right token."""

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/federation/credentials" and self.headers["x-amz-sso_bearer_token"] == "SIGNED-ON":
            assert parse_qs(url.query) == {"role_name": ["gate"], "account_id": ["999999999999"]}
            self.answer({"roleCredentials": self.key("ASIASSO", expiration=MILLISECONDS)})
        elif url.path == "/container" and self.headers["authorization"] == "CONTAINER-TOKEN":
            self.answer({"AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "s", "Token": "t", "Expiration": FAR})
        else:
            self.answer({"message": "CANARY"}, status=401)

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        if form["WebIdentityToken"] != ["WEB-IDENTITY"]:
            self.answer(
                "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>CANARY</Message></Error></ErrorResponse>", 400
            )
            return
        assert (form["Action"], form["RoleArn"]) == (["AssumeRoleWithWebIdentity"], [ROLE])
        fields = {"AccessKeyId": "ASIAWEB", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": FAR}
        inner = "".join(f"<{name}>{text}</{name}>" for name, text in fields.items())
        kind = "AssumeRoleWithWebIdentity"
        self.answer(f"<{kind}Response><{kind}Result><Credentials>{inner}</Credentials></{kind}Result></{kind}Response>")

    def key(self, name, **more):
        return {"accessKeyId": name, "secretAccessKey": "s", "sessionToken": "t", **more}

    def answer(self, given, status=200):
        text = (given if isinstance(given, str) else json.dumps(given)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home without AWS files, and services that answer at a port of this machine."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with ThreadingHTTPServer(("127.0.0.1", 0), Services) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        settings = {
            "HOME": str(tmp_path),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_SSO": url,
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        (tmp_path / ".aws" / "sso" / "cache").mkdir(parents=True)
        (tmp_path / "url").write_text(url)
        yield tmp_path
        server.shutdown()
        thread.join(10)


async def key(**place):
    return await BaseKeys([block(**place)]).get("base")


def given(name):
    return Credentials(access_key_id=name, secret_access_key="s", session_token="t")


def signed_on(home, token, until=FAR):
    (home / ".aws" / "config").write_text(SIGN_ON)
    kept = {"startUrl": "https://example.awsapps.com/start", "region": "us-east-1", "accessToken": token, "expiresAt": until}
    name = hashlib.sha1(b"mine", usedforsecurity=False).hexdigest()  # botocore's name for what is kept of a session
    (home / ".aws" / "sso" / "cache" / f"{name}.json").write_text(json.dumps(kept))


async def refused(**place):
    with pytest.raises(CredentialsUnavailable) as caught:
        await key(**place)
    assert "CANARY" not in caught.value.detail
    return caught.value


def test_single_sign_on(home):
    """In a process of its own: botocore finds its folder when it is imported."""
    signed_on(home, "SIGNED-ON")
    program = (
        "import trio; from tests.kit.aws.sts import block; from trio_gate.shell.credentials.base_keys import BaseKeys;"
        "print(trio.run(BaseKeys([block(profile='hub')]).get, 'base').access_key_id)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "ASIASSO\n"


@pytest.mark.parametrize(("token", "until"), [("OTHER", FAR), ("SIGNED-ON", "2020-01-01T00:00:00Z")])
async def test_a_sign_on_that_does_not_hold(home, token, until):
    signed_on(home, token, until)
    fault = await refused(profile="hub")
    assert (fault.status, "could not be read" in fault.detail) == (503, True)


async def test_web_identity_of_the_environment(home, monkeypatch):
    (home / "token").write_text("WEB-IDENTITY")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(home / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    assert await key() == given("ASIAWEB")


async def test_web_identity_of_a_profile(home):
    (home / "token").write_text("WEB-IDENTITY")
    (home / ".aws" / "config").write_text(f"[profile web]\nrole_arn = {ROLE}\nweb_identity_token_file = {home}/token\n")
    assert await key(profile="web") == given("ASIAWEB")
    (home / "token").write_text("OTHER")
    assert (await refused(profile="web")).status == 503


async def test_the_role_of_a_container(home, monkeypatch):
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{(home / 'url').read_text()}/container")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "CONTAINER-TOKEN")
    assert await key() == given("ASIACONTAINER")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "OTHER")
    assert (await refused()).status == 503
