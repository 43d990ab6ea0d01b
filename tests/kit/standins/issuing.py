"""A stand-in for AWS that issues sessions and takes nothing but what they sign: STS, S3 and S3 Express, over TLS on loopback.

Theory: a call to a zone of S3 Express is signed with what CreateSession gave, and brings that session's token in
`x-amz-s3session-token`; CreateSession itself is signed as any call to S3, by the name `s3express`
(docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-create-session.html). Signatures are computed by botocore.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from scripts.embedded.aws import Embedded
from tests.kit.standins.https import https
from trio_gate.shell.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.kit.standins.https import Answer, Seen

REGION, ZONE = "us-east-1", "use1-az4"
EXPRESS_BUCKET = f"fast--{ZONE}--x-s3"
EXPRESS = f"s3express-{ZONE}.{REGION}.amazonaws.com"
NAMES = [f"*.{REGION}.amazonaws.com", f"*.s3.{REGION}.amazonaws.com", "*.s3.amazonaws.com", f"*.{EXPRESS}"]
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\S+)/\d{8}/(\S+)/(\S+)/aws4_request, SignedHeaders=(\S+), Signature=(\w+)"
)
_STS = "https://sts.amazonaws.com/doc/2011-06-15/"


@dataclass(kw_only=True)
class Session:
    """A key that this AWS knows. `express` is the bucket that it is for; `arn` is who uses it."""

    key: str
    secret: str
    token: str | None
    arn: str
    express: str | None = None
    expires: str = ""


@dataclass(kw_only=True)
class Issuing:
    """The server. `lives` are seconds by role's name, an hour without; `calls` are the operations that were served, with who asked."""

    aws: Embedded
    issued: dict[str, Session] = field(default_factory=dict)
    lives: dict[str, int] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)

    @property
    def canaries(self) -> list[str]:
        """Every key id, secret and token that must not be seen outside the gateway."""
        return [text for one in self.issued.values() for text in (one.key, one.secret, one.token) if text]

    def issue(self, arn: str, life: int, express: str | None = None) -> Session:
        """A new session; it is taken for an hour, whatever is said of its life."""
        key, secret, token = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20), secrets.token_hex(60)
        expires = (SystemClock().now() + timedelta(seconds=life)).strftime("%Y-%m-%dT%H:%M:%SZ")
        made = Session(key=key, secret=secret, token=token, arn=arn, express=express, expires=expires)
        self.issued[key] = made
        return made

    def signer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Session | str:
        """Whose request it is, or why it is nobody's."""
        found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        session = self.issued.get(found[1]) if found else None
        if found is None or session is None:
            return "InvalidClientTokenId"
        _, region, service, names, signature = found.groups()
        zonal = session.express is not None
        tokens = headers.get("x-amz-s3session-token"), headers.get("x-amz-security-token")
        if tokens != ((session.token, None) if zonal else (None, session.token)):
            return "InvalidToken"
        if zonal and urlsplit(url).hostname != f"{session.express}.{EXPRESS}":
            return "AccessDenied"
        if (service == "s3express") != (urlsplit(url).hostname or "").endswith(EXPRESS):
            return "AuthorizationHeaderMalformed"
        if headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD") not in (
            "UNSIGNED-PAYLOAD",
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            hashlib.sha256(body).hexdigest(),
        ):
            return "XAmzContentSHA256Mismatch"
        signed = {name: headers.get(name, "") for name in names.split(";")}
        request = AWSRequest(method=method, url=url, headers=signed, data=body)
        request.context["timestamp"] = headers["x-amz-date"]
        kind = SigV4Auth if service == "sts" else S3SigV4Auth
        auth = kind(Credentials(session.key, session.secret), service, region)
        wanted = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        return session if secrets.compare_digest(wanted, signature) else "SignatureDoesNotMatch"

    def serve(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        who, parts = self.signer(method, url, headers, body), urlsplit(url)
        if isinstance(who, str):
            self.refused.append(who)
            return 403, f"<Error><Code>{who}</Code><Message>No.</Message></Error>".encode()
        if (parts.hostname or "").startswith("sts."):
            asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            self.calls.append((asked["Action"], who.arn))
            return self._sts(who, asked)
        if "session" in parse_qs(parts.query, keep_blank_values=True):
            self.calls.append(("CreateSession", who.arn))
            made = self.issue(who.arn, 300, (parts.hostname or "").partition(".")[0])
            return (
                200,
                f'<CreateSessionResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{_xml(made)}</CreateSessionResult>'.encode(),
            )
        place = f"{parts.hostname}{parts.path}"
        self.calls.append((method, who.arn))
        if method == "PUT":
            framed = headers.get("x-amz-content-sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
            self.objects[place] = unframed(body) if framed else body
        if place not in self.objects:
            return 404, b"<Error><Code>NoSuchKey</Code><Message>No.</Message></Error>"
        return 200, self.objects[place] if method == "GET" else b""

    def _sts(self, who: Session, asked: dict[str, str]) -> tuple[int, bytes]:
        action = asked["Action"]
        if action == "AssumeRole":
            account, role = asked["RoleArn"].split(":")[4], asked["RoleArn"].rpartition("/")[2]
            made = self.issue(
                f"arn:aws:sts::{account}:assumed-role/{role}/{asked['RoleSessionName']}", self.lives.get(role, 3600)
            )
            said = f"<AssumedRoleUser><AssumedRoleId>AROA:s</AssumedRoleId><Arn>{made.arn}</Arn></AssumedRoleUser>{_xml(made)}"
        else:
            said = f"<Arn>{who.arn}</Arn><UserId>AROA:s</UserId><Account>{who.arn.split(':')[4]}</Account>"
        text = f'<{action}Response xmlns="{_STS}"><{action}Result>{said}</{action}Result></{action}Response>'
        return 200, text.encode()


def express_route(aws: Embedded) -> str:
    """The `upstream` block by which directory buckets lead there."""
    return f'upstream "*.{EXPRESS}" {{\n  address = "127.0.0.1:{aws.port}"\n  ca_file = "{aws.ca_file}"\n}}\n'


def _xml(one: Session) -> str:
    parts = (("SessionToken", one.token), ("SecretAccessKey", one.secret), ("AccessKeyId", one.key), ("Expiration", one.expires))
    return f"<Credentials>{''.join(f'<{name}>{text}</{name}>' for name, text in parts)}</Credentials>"


def unframed(body: bytes) -> bytes:
    """What an aws-chunked body holds."""
    content = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        count = int(size.partition(b";")[0], 16)
        if not count:
            return content
        content, body = content + body[:count], body[count + 2 :]


@contextmanager
def issuing(folder: Path) -> Iterator[Issuing]:
    """Serve until the block is left; `aws` is what a gateway is started with."""
    base = Session(
        key=f"AKIA{secrets.token_hex(8).upper()}",
        secret=secrets.token_hex(20),
        token=None,
        arn="arn:aws:iam::999999999999:user/gateway",
    )
    ca_file = folder / "issuing-ca.pem"

    def answer(seen: Seen) -> Answer:
        status, content = made.serve(seen.method, f"https://{seen.headers['host']}{seen.target}", seen.headers, seen.body)
        return status, {"Content-Type": "text/xml"}, content

    with https(ca_file, NAMES, answer) as port:
        aws = Embedded(port=port, ca_file=str(ca_file), base_access_key_id=base.key, base_secret_access_key=base.secret)
        made = Issuing(aws=aws, issued={base.key: base})
        yield made
