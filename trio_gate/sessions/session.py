"""A virtual session: a placeholder key that the gateway hands out instead of the real one that AWS answered.

Rule: it works through this gateway alone, for the agent and the proof that made it. Its key, secret and token are made here and mean
nothing to AWS; the credentials that it stands for are never part of it.

Theory: SDKs check neither the length nor the letters of key ids, so the id has a placeholder's form with a prefix of its own: prefix,
account, and a suffix that makes it unique. The token is a handle of 256 bits, of which only the SHA-256 is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import field
from typing import TYPE_CHECKING

from trio_gate.aws.claim import VIRTUAL
from trio_gate.values import value_class

if TYPE_CHECKING:
    from datetime import datetime

    from trio_gate.config.model import Agent
    from trio_gate.wire.head import RequestHead

_SUFFIX = 16
"""Characters after the account; the first is a letter, the others are 75 random bits, so that no two sessions meet."""

_ID_BYTES, _SECRET_BYTES, _TOKEN_BYTES = 10, 30, 32
RANDOM_BYTES = _ID_BYTES + _SECRET_BYTES + _TOKEN_BYTES
"""Random bytes of which a key is made."""


MAX_SENT = 32 * 1024
"""Most bytes of the body of a request that makes a session; a policy of 2 KiB and 50 tags, all that STS allows, are less."""


@value_class
class Sent:
    """The request that AWS answered with a session, without its signature, to be sent again where the answer is no longer there.

    Attributes:
        head: with the host, and whatever the agent asked for.
        signing_name, region: of the scope that it is signed for.
        once: whether it was sent unsigned, with a token instead. Then it has no body here, and cannot be sent again.
    """

    head: RequestHead = field(repr=False)
    body: bytes = field(repr=False)
    signing_name: str
    region: str
    once: bool = False

    @property
    def host(self) -> str:
        """The host that it goes to."""
        return self.head.one("host") or ""

    @property
    def express(self) -> bool:
        """Whether it is CreateSession of S3 Express, whose token goes into a field of its own."""
        return self.signing_name == "s3express"


@value_class
class VirtualSession:
    """What the gateway knows of a session that it handed out.

    Attributes:
        key_id: the placeholder's id, which names the session's account.
        secret: the placeholder's secret, with which an agent signs; AWS does not know it.
        token_sha256: of the session token, in hex.
        agent: the name of the agent that it belongs to; None where none was configured.
        proof: how that agent was proven, see `proof_of`.
        account: its 12 digits.
        role: the ARN of its role; None for a session of the account's own role.
        chain: the roles on the way to it, each assumed by the one before; the last is `role`.
        parent: the id of the session whose credentials signed `sent`; None where the account's own role did.
        home: the account whose own role the way begins with.
        rule: the name of the rule that let it be made, which may say how the role was assumed that signed for it.
        sent: the request that made it; None where it has the power of what made it, and AWS was not asked.
        started, expires: times, aware.
    """

    key_id: str
    secret: str = field(repr=False)
    token_sha256: str
    agent: str | None
    proof: str
    account: str
    role: str | None
    chain: tuple[str, ...]
    parent: str | None
    home: str
    rule: str | None
    sent: Sent | None
    started: datetime
    expires: datetime

    def has_token(self, token: str) -> bool:
        """Whether this is the session's token; compared in constant time."""
        return hmac.compare_digest(_sha256(token), self.token_sha256)


@value_class
class Placeholder:
    """The three texts that an agent gets instead of AWS's."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)

    @property
    def token_sha256(self) -> str:
        """What is kept of the token."""
        return _sha256(self.token)


def placeholder_of(account: str, random: bytes) -> Placeholder:
    """The key of a session in an account, made of RANDOM_BYTES."""
    ids, secret, token = random[:_ID_BYTES], random[_ID_BYTES : _ID_BYTES + _SECRET_BYTES], random[_ID_BYTES + _SECRET_BYTES :]
    suffix = base64.b32encode(ids).decode()[: _SUFFIX - 1]
    return Placeholder(
        key_id=f"{VIRTUAL}{account}S{suffix}",
        secret=base64.urlsafe_b64encode(secret).decode(),
        token=base64.urlsafe_b64encode(token).decode().rstrip("="),
    )


def proof_of(agent: Agent | None, secret: str | None, facts: tuple[str, ...] = ()) -> str:
    """How an agent is proven, by one of its secrets and what its connection proves, as a fingerprint. It reveals nothing of the secret."""
    if agent is None:
        return ""
    return _sha256("\0".join(("trio-gate session", agent.name, agent.key_suffix, secret or "", *facts)))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
