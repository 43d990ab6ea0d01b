"""The configuration as values: what the file says, checked and frozen, independent of how it will be used.

One `Config` is one generation. It is made whole or not at all, and never changes.
"""

from __future__ import annotations

import re
from dataclasses import field, fields, replace
from typing import TYPE_CHECKING, Literal

from trio_gate.config.logs.model import DEFAULT_LOG, LogSettings
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network, IPv6Network

    from trio_gate.config.passthrough.model import Passthrough
    from trio_gate.config.receivers.model import Receiver


@value_class
class Address:
    """Where to listen or dial: a host name or IP literal (no brackets) and a port; port 0 lets the system choose one."""

    host: str
    port: int

    def __str__(self) -> str:
        """In the form of URLs: "127.0.0.1:8080", "[::1]:8080"."""
        return f"{bracketed(self.host)}:{self.port}"


def bracketed(host: str) -> str:
    """A host in the form of URLs: an IPv6 address in brackets (RFC 3986 section 3.2.2), anything else unchanged."""
    return f"[{host}]" if ":" in host else host


@value_class
class Listener:
    """One listener for agents, or that for metrics and health.

    Attributes:
        kind: "proxy" (HTTP CONNECT), "tls" (transparent, SNI decides), "endpoint" (AWS_ENDPOINT_URL) or "metrics".
        tls: whether it speaks TLS: clients of a proxy that does reach it by https. passthrough: what a proxy tunnels.
        names: the Host names that it answers to, besides its bind address and, on loopback, localhost; none for "tls".
        certificate, key: PEM files, but for "tls"; None means a certificate from the gateway's own CA.
    """

    kind: Literal["proxy", "tls", "endpoint", "metrics"]
    bind: Address
    tls: bool
    names: tuple[str, ...]
    certificate: str | None
    key: str | None
    passthrough: Passthrough | None = None


@value_class
class Admin:
    """The listener for approvers and operators; always TLS. `names` are the Host names that it answers to."""

    bind: Address
    names: tuple[str, ...]
    certificate: str | None
    key: str | None


@value_class
class Gateway:
    """Settings of the process.

    Attributes:
        state_dir: absolute path of the folder (mode 0700) for CAs, databases, spool and pending approvals.
        ca_file: PEM file of the roots that verify upstream certificates; None means the system's.
        decision_log: file that gets one JSON line per decision; None for none.
        record_limit: bytes of the audit database, at which calls are refused. held_total: bytes of all held bodies in memory.
        decision_log_limit: bytes of the decision log and its old file together. held_limit: bytes of one held body.
        spool_limit: bytes of all bodies on disk: large held ones, uploads that wait for approval, blobs beyond `held_limit`.
        max_connections: agent connections served at once; more wait in the listen queue or replace an unproven one.
        max_connections_per_agent: those of one agent, once it is proven. body_rate: bytes a second that a body must bring at least.
        max_pending, max_pending_per_agent: calls that may wait for people at once.
        max_sessions, max_sessions_per_agent: virtual sessions at once. max_grants: grants at once.
        grant_ttl: seconds that an approval is kept for an agent that has left.
        grant_time, grant_uses: the most that a person may grant, in seconds and in calls.
        deny_cooldown: seconds in which nobody is asked again about a denied call.
        head_timeout: seconds for a whole head, from its first byte. idle_timeout: seconds for whatever else does not move.
        connect_timeout: seconds for TCP and TLS to AWS. answer_timeout: seconds until the first byte of AWS's answer.
        drain_timeout: seconds that running calls have to end when the gateway stops. log: how to log.
    """

    state_dir: str
    listeners: tuple[Listener, ...]
    admin: Admin | None
    metrics: Listener | None
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
    max_sessions: int
    max_sessions_per_agent: int
    max_grants: int
    grant_ttl: float
    grant_time: float
    grant_uses: int
    deny_cooldown: float
    head_timeout: float
    idle_timeout: float
    connect_timeout: float
    answer_timeout: float
    drain_timeout: float
    body_rate: int
    log: LogSettings = DEFAULT_LOG


KEY_TEXT = re.compile(r"[!-~]+")
"""The parts of a key, and an agent's secret: printable ASCII without spaces, as used in signatures and headers."""


@value_class
class Credential:
    """A base key: literal parts, a profile of the AWS config files, or (all None) botocore's standard chain.

    `accounts` are the only ones that it is used for; empty means all.
    """

    name: str
    access_key_id: str | None
    secret_access_key: str | None
    session_token: str | None
    profile: str | None
    accounts: tuple[str, ...]


@value_class
class RoleSettings:
    """How the role of an account is assumed, as far as one block says.

    Attributes:
        role: its name. external_id: for a trust policy that wants one.
        session_policy: JSON that narrows the session, without blanks. duration: life of the session, in seconds.
        tags: of the session: keys and values.
        source_identity: whether the agent's name is set as the source identity.
    """

    role: str | None = None
    external_id: str | None = field(default=None, repr=False)
    session_policy: str | None = None
    duration: int | None = None
    tags: tuple[tuple[str, str], ...] | None = None
    source_identity: bool | None = None

    def over(self, other: RoleSettings) -> RoleSettings:
        """These settings, and those of `other` where these say nothing."""
        own = {one.name: getattr(self, one.name) for one in fields(self)}
        return replace(other, **{name: value for name, value in own.items() if value is not None})


@value_class
class Endpoint:
    """A set of AWS accounts and how to reach them.

    `hosts` are patterns that narrow the built-in host table (`*` is one or more labels). `accounts` maps ids to labels (None
    without one) in the file's order. Of `credentials`, the first that serves an account is used for it.
    `assume` names at least the role. `through` is the ARN of a role that is assumed first and assumes it, with an external id of its own.
    `owned_buckets` are names of buckets of the account that a call is for; with `expected_bucket_owner` S3 is told to check it.
    `colors` are those that accounts have on the approvals page, by id.
    `organization_role` is the ARN of a role that may ask what the organization calls these accounts.
    """

    name: str
    hosts: tuple[str, ...]
    assume: RoleSettings
    region: str
    credentials: tuple[Credential, ...]
    accounts: Mapping[str, str | None]
    colors: Mapping[str, str] = field(default_factory=dict)
    through: str | None = None
    through_external_id: str | None = field(default=None, repr=False)
    owned_buckets: tuple[str, ...] = ()
    expected_bucket_owner: bool = False
    organization_role: str | None = None

    def credential_for(self, account: str) -> Credential:
        """The first base credential that serves an account; `config.load` has made sure that there is one."""
        return next(base for base in self.credentials if not base.accounts or account in base.accounts)


NOTHING_SAID = RoleSettings()


@value_class
class AgentLimits:
    """How much one agent may do at once; None is what the `gateway` block says, or no limit where that says nothing.

    Attributes:
        max_connections: its connections. max_pending: its calls that wait for people.
        max_in_flight: its requests that are under way, those that wait for people included.
        rate: its requests that may begin in a second, over a time. burst: how many may begin at once.
    """

    max_connections: int | None = None
    max_in_flight: int | None = None
    max_pending: int | None = None
    rate: int | None = None
    burst: int | None = None


NO_LIMITS = AgentLimits()
"""Those of an agent whose block names none."""


@value_class
class CertificateProof:
    """The client certificate that an agent's connections must have; all that is given must hold.

    Attributes:
        authority: PEM of the certificates one of which must have signed it, or be it.
        sha256: of its DER, in hex, one of these. names: one of its DNS names (SAN) must be one of these.
    """

    authority: str
    sha256: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@value_class
class OidcProof:
    """The OpenID Connect token that an agent must show with each request; all of this must hold.

    Attributes:
        issuer: the URL that is its `iss`. audience: what is its `aud`, alone.
        claims: names of other claims, each with the text that it must be, or hold where it is a list.
        keys: the issuer's keys, a JWK set in JSON; None where they are fetched from the issuer.
    """

    issuer: str
    audience: str
    claims: tuple[tuple[str, str], ...]
    keys: str | None = field(default=None, repr=False)


@value_class
class Agent:
    """A caller with secrets of its own. Its key ids are `AKIA` + account + `key_suffix`; no `accounts` means all configured ones.

    Each of `secrets` may sign, so that a new one can be handed out before the old one is removed. Without `networks` it may call
    from everywhere. With `proxy_tokens`, the SHA-256 (hex) of tokens, each connection must have shown one of them to the proxy.
    """

    name: str
    key_suffix: str
    secrets: tuple[str, ...] = field(repr=False)
    accounts: tuple[str, ...]
    assume: RoleSettings = NOTHING_SAID
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    limits: AgentLimits = NO_LIMITS
    certificate: CertificateProof | None = None
    proxy_tokens: tuple[str, ...] = field(default=(), repr=False)
    oidc: OidcProof | None = None


@value_class
class Person:
    """Someone who may answer prompts.

    Attributes:
        token_sha256: the lower-case hex SHA-256 of the bearer token.
        may_grant: may approve future calls. may_observe: may see every call. may_stop: may have calls refused until lifted.
        may_compare: may have the gateway read what a waiting call would change. may_monitor: may read metrics and status.
    """

    name: str
    token_sha256: str
    kind: Literal["human", "bot"]
    may_grant: bool = False
    may_observe: bool = False
    may_stop: bool = False
    may_compare: bool = False
    may_monitor: bool = False


RIGHTS = ("may_grant", "may_observe", "may_stop", "may_compare", "may_monitor")
"""Attributes of a person that allow more than to answer."""


@value_class
class Approver:
    """A group of people who approve.

    Attributes:
        kind: its first label.
        people: their names. quorum: how many different ones must approve.
        timeout: seconds until a question expires. hold: seconds that the agent is kept waiting before it must retry.
        notify: who is told of calls that wait.
        escalate_to: ids of the approvers whose receivers are told of a call that still waits `escalate_after` seconds after it was asked.
    """

    kind: Literal["human", "bot"]
    name: str
    people: tuple[str, ...]
    quorum: int
    timeout: float
    hold: float = 300.0
    notify: tuple[Receiver, ...] = ()
    escalate_to: tuple[str, ...] = ()
    escalate_after: float = 0.0

    @property
    def id(self) -> str:
        """The name that rules refer to it by: "human.oncall"."""
        return f"{self.kind}.{self.name}"


@value_class
class Upstream:
    """Hosts that are dialled at another address, like curl's --connect-to; the TLS server name stays the AWS host's."""

    hosts: str
    address: Address
    ca_file: str | None


@value_class
class Rule:
    """One rule of the policy. `condition` is CEL source, None for always. `endpoints` are names; empty means all.

    `narrow` narrows the role's session to what is known of the call, besides the IAM actions `narrow_also` on any resource.
    `approval_tag` tags it with who approved the call. `presign` lets calls be signed instead of sent.
    `where` is "file:line", for messages.
    """

    name: str
    condition: str | None
    action: Literal["allow", "deny", "approve"]
    approvers: tuple[str, ...]
    endpoints: tuple[str, ...]
    reason: str | None
    vends: bool
    where: str
    assume: RoleSettings = NOTHING_SAID
    narrow: bool = False
    narrow_also: tuple[str, ...] = ()
    approval_tag: bool = False
    presign: bool = False

    @property
    def shapes_role(self) -> bool:
        """Whether it says anything of how the role is assumed."""
        return self.narrow or self.approval_tag or self.assume != NOTHING_SAID


@value_class
class OperationReview:
    """What the operator says of an operation that the packaged review does not have, or more than that says.

    Attributes:
        flags: of each word that was said, whether it holds: "vends", "reads_secret", …
        iam_actions: what it takes to be allowed to call it; empty where that was not said.
    """

    service: str
    operation: str
    access: Literal["read", "list", "write", "permissions", "tagging"] | None
    flags: Mapping[str, bool]
    where: str
    iam_actions: tuple[str, ...] = ()


@value_class
class Config:
    """One generation of the configuration.

    `rules` are in the order of evaluation (priority, then file order). `notes` are remarks for `check`, such as that a plugin
    block is built in. `sha256` is that of the file's text in hex, as `sha256sum` prints it.
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

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """The base keys of all endpoints, each as often as it is named."""
        return tuple(credential for endpoint in self.endpoints for credential in endpoint.credentials)
