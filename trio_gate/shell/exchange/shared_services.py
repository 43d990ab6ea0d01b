"""What all exchanges of a process share: clock, AWS's tables and models, credentials, connections, stores and records."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from trio_gate.metrics.counts import Counts
from trio_gate.shell.net.rate_limit import AgentLoads
from trio_gate.shell.upstream.lookups import Lookups
from trio_gate.shell.worker_threads import WorkerThreads
from trio_gate.shell.wrong_tokens import WrongTokens
from trio_gate.signing.sigv4 import SigningKeys
from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.ports import AccountNames, Approvals, AuditLog, Clock, CredentialSource, Issuers, Sessions
    from trio_gate.shell.agent_view.answers import AgentViews
    from trio_gate.shell.audit.acts import Unreviewed
    from trio_gate.shell.audit.refusals import Refusals
    from trio_gate.shell.comparison.reader import Reader
    from trio_gate.shell.exchange.bodies import Bodies
    from trio_gate.shell.exchange.hosts import Hosts
    from trio_gate.shell.exchange.sinks import Sinks
    from trio_gate.shell.models.model_loader import Models
    from trio_gate.shell.upstream.pool import UpstreamPool


@value_class
class SharedServices:
    """What all exchanges of a process share, made once by `app.wiring`."""

    clock: Clock
    hosts: Hosts
    models: Models
    credentials: CredentialSource
    issuers: Issuers
    reader: Reader
    sessions: Sessions
    names: AccountNames
    approvals: Approvals
    upstreams: UpstreamPool
    audit: AuditLog
    sinks: Sinks
    refusals: Refusals
    bodies: Bodies
    workers: WorkerThreads = field(default_factory=WorkerThreads)
    lookups: Lookups = field(default_factory=Lookups)
    keys: SigningKeys = field(default_factory=SigningKeys)
    loads: AgentLoads = field(default_factory=AgentLoads)
    counts: Counts = field(default_factory=Counts)
    wrong_tokens: WrongTokens = field(default_factory=WrongTokens)
    unreviewed: Unreviewed
    views: AgentViews

    @property
    def table(self) -> HostTable:
        """The host table in force: ask once for what belongs together."""
        return self.hosts.table
