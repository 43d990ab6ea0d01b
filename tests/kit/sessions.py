"""Virtual sessions as tests need them, and the requests that made them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.kit.records import NOW
from trio_gate.sessions.session import RANDOM_BYTES, Placeholder, Sent, VirtualSession, placeholder_of
from trio_gate.wire.head import RequestHead, Target

ACCOUNT = "111111111111"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"
HOST = "sts.us-east-1.amazonaws.com"

SENT = Sent(
    head=RequestHead(method="POST", target=Target(segments=("",)), headers=(("host", HOST), ("content-type", "text/plain"))),
    body=b"Action=AssumeRole&ExternalId=1",
    signing_name="sts",
    region="us-east-1",
)


def placeholder(number: int = 0, account: str = ACCOUNT) -> Placeholder:
    return placeholder_of(account, bytes([number]) * RANDOM_BYTES)


def session(number: int = 0, **changes) -> VirtualSession:
    made = placeholder(number)
    plain = VirtualSession(
        key_id=made.key_id,
        secret=made.secret,
        token_sha256=made.token_sha256,
        agent="ci",
        proof="as it is",
        account=ACCOUNT,
        role=DEPLOY,
        chain=(DEPLOY,),
        parent=None,
        home=ACCOUNT,
        rule="roles",
        sent=SENT,
        started=NOW,
        expires=NOW + timedelta(hours=1),
    )
    return replace(plain, **changes)
