"""The configuration as values: what the file says, checked, frozen, and knowing nothing of how it will be used.

One `Config` is one generation. It is made whole or not at all, and never changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen or dial: a host name or IP literal (without brackets) and a port; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        """As a URL has it: "127.0.0.1:8080", "[::1]:8080"."""
        return f"{bracketed(self.host)}:{self.port}"


def bracketed(host: str) -> str:
    """A host as a URL has it: an IPv6 address in brackets (RFC 3986 section 3.2.2), whatever else as it is."""
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One door for agents.

    Attributes:
        kind: "proxy" (HTTP CONNECT), "tls" (transparent, SNI decides) or "endpoint" (AWS_ENDPOINT_URL).
        tls: whether an endpoint listener speaks TLS; always False for "proxy", True for "tls".
        names: the Host names an endpoint listener answers to, besides its bind address and, on loopback, localhost.
        certificate, key: PEM files for an endpoint listener; None means a leaf of our own CA.
    """

    kind: Literal["proxy", "tls", "endpoint"]
    bind: Address
    tls: bool
    names: tuple[str, ...]
    certificate: str | None
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """The door for approvers and operators; always TLS."""

    bind: Address
    names: tuple[str, ...]
    certificate: str | None
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The process.

    Attributes:
        state_dir: absolute path of the folder for CAs, audit database, spool and what waits for people (0700).
        ca_file: PEM file of the roots that upstream certificates are verified against; None means the system's.
        decision_log: file that gets one JSON line per decision; None for none.
        record_limit: bytes of the audit database; at it calls are refused.
        decision_log_limit: bytes of the decision log and its old file together.
        held_limit: bytes one held body may have. held_total: bytes of all held bodies that may be in memory together.
        spool_limit: bytes of all bodies that may be on disk: larger held ones, uploads that wait for approval, blobs beyond `held_limit`.
        max_connections: agent connections served at once; more wait in the listen queue, or take the place of one that proves nothing.
        max_connections_per_agent: those that one agent may have once it has proven itself.
        max_pending, max_pending_per_agent: calls that wait for people at once.
        grant_ttl: seconds that an approval is kept for an agent that has left.
        grant_time, grant_uses: the most that a person may grant: seconds, and calls.
        deny_cooldown: seconds in which a denied call is not asked about again.
        head_timeout, idle_timeout, connect_timeout, answer_timeout: seconds for a whole head once its first byte came, for a kept
            connection or whatever else does not move, for TCP and TLS to AWS, and for the first byte of AWS's answer.
        body_rate: bytes a second that a body brings at least; it may be half a minute behind.
    """

    state_dir: str
    listeners: tuple[Listener, ...]
    admin: Admin | None
    ca_file: str | None
    decision_log: str | None
    record_limit: int
    decision_log_limit: int
    held_limit: int
    held_total: int
    spool_limit: int
    max_connections: int
    max_connections_per_agent: int
    max_pending: int
    max_pending_per_agent: int
    grant_ttl: float
    grant_time: float
    grant_uses: int
    deny_cooldown: float
    head_timeout: float
    idle_timeout: float
    connect_timeout: float
    answer_timeout: float
    body_rate: int


KEY_TEXT = re.compile(r"[!-~]+")
"""Each part of a key, and an agent's secret: printable ASCII without spaces, as it stands in a signature or a header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The base key: literal parts, a profile of the AWS config files, or (all None) botocore's standard chain.

    `accounts` restricts an entry to these accounts; empty means all.
    """

    name: str
    access_key_id: str | None
    secret_access_key: str | None
    session_token: str | None
    profile: str | None
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A set of AWS accounts and how to reach them.

    `hosts` are patterns that narrow the built-in host table (`*` is one or more labels); `accounts` maps ids to labels,
    None for an account without one, in the file's order; `credentials` are tried by their accounts, the first match wins.
    `owned_buckets` are names of buckets of the account that a call is for; with `expected_bucket_owner` S3 is told to check it.
    """

    name: str
    hosts: tuple[str, ...]
    role: str
    region: str
    external_id: str | None
    credentials: tuple[Credential, ...]
    accounts: Mapping[str, str | None]
    owned_buckets: tuple[str, ...] = ()
    expected_bucket_owner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A caller with a secret of its own: keys `AKIA` + account + `key_suffix`; `accounts` empty means all configured."""

    name: str
    key_suffix: str
    secret: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who may answer prompts.

    Attributes:
        token_sha256: the lower-case hex SHA-256 of the bearer token.
        may_grant: approve calls to come. may_observe: see every call. may_stop: have calls refused until that is lifted.
    """

    name: str
    token_sha256: str
    kind: Literal["human", "bot"]
    may_grant: bool = False
    may_observe: bool = False
    may_stop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """A group that answers.

    Attributes:
        kind: its first label.
        people, quorum: how many different ones of these names must approve.
        timeout: seconds until nobody answered. hold: seconds that the agent is kept waiting; then it is told to come again.
        notify: a program and its arguments, run when a call waits and none of `people` is connected; empty for none.
    """

    kind: Literal["human", "bot"]
    name: str
    people: tuple[str, ...]
    quorum: int
    timeout: float
    hold: float = 300.0
    notify: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """How rules refer to it: "human.oncall"."""
        return f"{self.kind}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """Hosts that are dialled elsewhere, as with curl's --connect-to; the TLS name stays the AWS host's."""

    hosts: str
    address: Address
    ca_file: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the policy; `condition` is CEL source, None for always. `endpoints` are names, empty means all.

    `where` is "file:line" for messages.
    """

    name: str
    condition: str | None
    action: Literal["allow", "deny", "approve"]
    approvers: tuple[str, ...]
    endpoints: tuple[str, ...]
    reason: str | None
    vends: bool
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationReview:
    """What the operator says of an operation that the packaged review does not have, or more than that says.

    Attributes:
        flags: of each word that was said, whether it holds: "vends", "reads_secret", …
    """

    service: str
    operation: str
    access: Literal["read", "list", "write", "permissions", "tagging"] | None
    flags: Mapping[str, bool]
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One generation of the configuration.

    `rules` stand in the order of evaluation (priority, then file order). `notes` are remarks for `check`, as that a plugin
    block is built in. `sha256` is of the file's text, in hex, as `sha256sum` says it.
    """

    gateway: Gateway
    endpoints: tuple[Endpoint, ...]
    agents: tuple[Agent, ...]
    people: tuple[Person, ...]
    approvers: tuple[Approver, ...]
    upstreams: tuple[Upstream, ...]
    rules: tuple[Rule, ...]
    notes: tuple[str, ...]
    operations: tuple[OperationReview, ...] = ()
    sha256: str = field(default="", compare=False)
