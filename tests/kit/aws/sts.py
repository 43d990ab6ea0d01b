"""A role to assume, answers of STS, and a stand-in that gives them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import trio

from tests.kit.records import NOW
from trio_gate.config.model import Credential
from trio_gate.ports import AssumeRole
from trio_gate.shell.credentials.base_keys import BaseKeys
from trio_gate.signing.sigv4 import Credentials
from trio_gate.wire.head import RequestHead, ResponseHead

ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/trio-gate"
BASE = Credentials(access_key_id="AKIABASE", secret_access_key="BASE-SECRET", session_token="BASE-TOKEN")

REQUEST = AssumeRole(
    partition="aws",
    region="us-east-1",
    account=ACCOUNT,
    role_arn=ROLE,
    session_name="trio-gate@ci",
    external_id=None,
    duration=3600,
    base="base",
)


def role(name: str, **fields) -> AssumeRole:
    return replace(REQUEST, session_name=name, **fields)


def literal(name: str = "base") -> Credential:
    return block(name, access_key_id="AKIABASE", secret_access_key="BASE-SECRET")


def block(name: str = "base", **fields) -> Credential:
    empty = Credential(name=name, access_key_id=None, secret_access_key=None, session_token=None, profile=None, accounts=())
    return replace(empty, **fields)


def keys() -> BaseKeys:
    return BaseKeys([literal()])


class WallClock:
    """Wall time that follows the scheduler's clock, and can be set."""

    def __init__(self) -> None:
        self.start = trio.current_time()
        self.time = NOW

    def now(self) -> datetime:
        return self.time + timedelta(seconds=trio.current_time() - self.start)


def given(key: str = "ASIA1", *, account: str = ACCOUNT, expires: str = "2026-01-15T13:00:00Z", **parts: str) -> str:
    """A success, as STS writes it."""
    arn = parts.get("arn", f"arn:aws:sts::{account}:assumed-role/trio-gate/trio-gate@ci")
    return f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult>
    <AssumedRoleUser><AssumedRoleId>AROA123:trio-gate@ci</AssumedRoleId><Arn>{arn}</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>{key}</AccessKeyId>
      <SecretAccessKey>{parts.get("secret", "ROLE-SECRET")}</SecretAccessKey>
      <SessionToken>{parts.get("token", "ROLE-TOKEN")}</SessionToken>
      <Expiration>{expires}</Expiration>
    </Credentials>
  </AssumeRoleResult>
  <ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata>
</AssumeRoleResponse>"""


def fault(code: str, message: str = "No.") -> str:
    """An error, as STS writes it."""
    return f"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>
  <RequestId>4b7bb3a4</RequestId>
</ErrorResponse>"""


class Sts:
    """STS at the end of `send`: keeps what it is asked, waits while `go` is not set, then gives `answer` or new credentials."""

    def __init__(self, clock: WallClock) -> None:
        self.clock = clock
        self.asked: list[dict[str, str]] = []
        self.signers: list[str] = []
        self.answer: tuple[int, str] | Exception | None = None
        self.refused: set[str] = set()
        self.life = timedelta(hours=1)
        self.go = trio.Event()
        self.go.set()

    async def send(self, host: str, head: RequestHead, body: bytes) -> tuple[ResponseHead, bytes]:
        assert head.one("host") == host
        self.asked.append(dict(parse_qsl(body.decode())))
        signer = head.one("authorization").partition("Credential=")[2].partition("/")[0]
        self.signers.append(signer)
        number = len(self.asked)
        await self.go.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        if signer in self.refused:
            status, text = 403, fault("ExpiredToken")
        else:
            expires = (self.clock.now() + self.life).isoformat()
            role = self.asked[number - 1].get("RoleArn", ROLE).split(":")
            arn = f"arn:aws:sts::{role[4]}:assumed-role/{role[5].rpartition('/')[2]}/trio-gate@ci"
            status, text = self.answer or (200, given(f"ASIA{number}", arn=arn, expires=expires))
        return ResponseHead(status=status, headers=()), text.encode()
