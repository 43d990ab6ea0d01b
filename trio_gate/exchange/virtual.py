"""Virtual sessions in the way of a request: which calls are answered with one, what it will be, and who signs with it later.

Rule: AWS's answer is given to nobody. A session is for a role in an account that this agent may use here, belongs to the agent and the
proof that asked for it, and ends no later than AWS's own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from trio_gate.errors import Denied, Malformed, SessionOver
from trio_gate.exchange.narrow import narrowed
from trio_gate.ports import SessionRequest
from trio_gate.sessions.calls import ASSUMES, SAME_POWER, WEB_IDENTITY, note, refused, served
from trio_gate.sessions.session import MAX_SENT, Sent, VirtualSession
from trio_gate.values import value_class

if TYPE_CHECKING:
    from datetime import datetime

    from trio_gate.aws.call import Call
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.aws.iam.tables import Tables
    from trio_gate.exchange.results import Admitted, Identified, Outbound
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.policy.decide import Decision
    from trio_gate.ports import RoleRequest
    from trio_gate.sessions.session import Placeholder
    from trio_gate.sessions.table import SessionTable

SHORTEST_SECONDS, DEFAULT_SECONDS, LONGEST_SECONDS = 900, 43_200, 129_600
"""Of what GetSessionToken gives, see docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html."""

LONGEST_CHAIN = 10
"""Roles on the way to a session: the whole way may have to be gone again, and is looked at whenever a session ends."""

_ROLE = re.compile(r"arn:([a-z0-9-]{3,32}):iam::([0-9]{12}):role/(?:[!-.0-~]{1,510}/){0,256}[A-Za-z0-9_+=,.@-]{1,64}")


@value_class
class Plan:
    """The session that a call is answered with.

    Attributes:
        account, role, chain, home, parent, agent, proof, rule: as in `VirtualSession`.
        sent: the request that AWS is asked with; None where the gateway answers itself.
        life: how long the session lives where AWS does not say.
        latest: when it ends at the latest; None where nothing but AWS says so.
        note: what the agent should know if AWS refuses; None if there is nothing.
    """

    account: str
    role: str | None
    chain: tuple[str, ...]
    parent: str | None
    home: str
    agent: str | None
    proof: str
    rule: str | None
    sent: Sent | None
    life: timedelta = timedelta()
    latest: datetime | None = None
    note: str | None = None

    def session(self, placeholder: Placeholder, now: datetime, expires: datetime) -> VirtualSession:
        """The session with this key that lives until `expires`."""
        return VirtualSession(
            key_id=placeholder.key_id,
            secret=placeholder.secret,
            token_sha256=placeholder.token_sha256,
            agent=self.agent,
            proof=self.proof,
            account=self.account,
            role=self.role,
            chain=self.chain,
            parent=self.parent,
            home=self.home,
            rule=self.rule,
            sent=self.sent,
            started=now,
            expires=expires if self.latest is None else min(expires, self.latest),
        )


def plan(
    identified: Identified, outbound: Outbound, decision: Decision, snapshot: Snapshot, table: HostTable
) -> tuple[Plan | None, Outbound]:
    """The session that a call is answered with, and the request for it; no session where its rule says `vends = true`.

    Raises Denied where the role is in an account that the agent may not use here, and for calls that no rule can allow.
    """
    call, admitted = identified.call, identified.proven.admitted
    if why := refused(call):
        raise Denied(why)
    if decision.vends or not served(call):
        return None, outbound
    if len(outbound.data) > MAX_SENT:
        raise Denied(f"the request is longer than {MAX_SENT} bytes, and AWS takes none so long: shorten its policy and tags")
    from_, kind = admitted.session, (call.service, call.operation)
    _check_asker(admitted, kind)
    account, role, chain = call.account, from_.role if from_ else None, from_.chain if from_ else ()
    if kind in (ASSUMES, WEB_IDENTITY):
        role = str(call.params.get("RoleArn", ""))
        account, chain = _account(role, call, identified, snapshot, table), (*chain, role)
    here = kind == SAME_POWER
    sent = None if here else _sent(call, outbound)
    made = Plan(
        account=account,
        role=role,
        chain=chain,
        parent=from_.key_id if from_ else None,
        home=from_.home if from_ else call.account,
        agent=admitted.agent_name,
        proof=admitted.proof,
        rule=decision.rule,
        sent=sent,
        life=_life(call) if here else timedelta(),
        latest=from_.expires if from_ and here else None,
        note=note(call),
    )
    return made, outbound if sent is None else replace(outbound, head=sent.head)


def _sent(call: Call, outbound: Outbound) -> Sent:
    """What AWS is asked, so that its answer can be read: no encoding of it is accepted."""
    headers = tuple(one for one in outbound.head.headers if one[0] != "accept-encoding")
    head = replace(outbound.head, headers=headers)
    once = (call.service, call.operation) == WEB_IDENTITY
    body = b"" if once else outbound.data  # the token that is in it is not kept
    return Sent(head=head, body=body, signing_name=call.signing_name, region=call.region, once=once)


def _check_asker(admitted: Admitted, kind: tuple[str, str]) -> None:
    """Raise Denied where a session would be made in too many steps, or with a signature that AWS would not look at."""
    session = admitted.session
    if kind == WEB_IDENTITY and not admitted.signer.unsigned:
        raise Denied(
            "sts:AssumeRoleWithWebIdentity is served unsigned alone, as SDKs send it: use AssumeRole, or leave out the keys"
        )
    if session is None:
        return
    if len(session.chain) >= LONGEST_CHAIN if kind == ASSUMES else kind == SAME_POWER and session.sent is None:
        raise Denied("this session came from another one in too many steps: make the call with the key that the way began with")


def _account(role: str, call: Call, identified: Identified, snapshot: Snapshot, table: HostTable) -> str:
    """The account of a role, where the agent may use it here. Raises Denied."""
    found = _ROLE.fullmatch(role)
    if found is None:
        raise Denied("RoleArn is not the ARN of a role, such as arn:aws:iam::111111111111:role/deploy")
    partition, account = found.groups()
    mine = snapshot.may_use(identified.proven.admitted.agent, account) and partition == call.partition
    if not mine or table.partition_of(snapshot.endpoints[account].region) != partition:
        raise Denied(f"account {account} is none that this agent may use here, so its roles cannot be assumed: ask your operator")
    return account


def _life(call: Call) -> timedelta:
    """How long a session of the same power shall live. Raises Denied, Malformed."""
    if "SerialNumber" in call.params or "TokenCode" in call.params:
        raise Denied("the gateway answers for a role, which has no MFA device: ask without SerialNumber and TokenCode")
    seconds = call.params.get("DurationSeconds", DEFAULT_SECONDS)
    if not isinstance(seconds, int) or not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise Malformed(f"DurationSeconds of GetSessionToken is {SHORTEST_SECONDS} to {LONGEST_SECONDS}")
    return timedelta(seconds=seconds)


def request_for(
    identified: Identified, snapshot: Snapshot, sessions: SessionTable, rule: str | None, tables: Tables
) -> RoleRequest:
    """Whose credentials sign a call that `rule` lets pass: the session's that its key stands for, else the role's of its account.

    Raises SessionOver, and Denied where the rule says how the role is assumed and nobody or a session of the agent's own would sign,
    or where it narrows the role's session to the call and that cannot be done.
    """
    call, admitted = identified.call, identified.proven.admitted
    session = admitted.session
    account = session.home if session else call.account
    way = list(reversed([session, *sessions.way(session)])) if session else []
    if way and way[0].parent is not None:
        raise SessionOver("came from one that is no longer known")
    if not all(snapshot.may_use(admitted.agent, one) for one in (account, *(step.account for step in way))):
        raise SessionOver("came by an account that its agent may not use any more")
    first = next((step for step in way if step.sent is not None), None)
    said = snapshot.shaping.get(rule or "")
    if admitted.signer.unsigned and said is not None:
        raise Denied(f'rule "{rule}" says how a role is assumed, and this call comes unsigned')
    if first is not None and said is not None:
        raise Denied(f'rule "{rule}" says how a role is assumed, and this call has a session that the agent assumed itself')
    role = snapshot.role_for(call.partition, account, admitted.agent, first.rule if first else rule)
    signer: RoleRequest = narrowed(role, call, tables, said) if said is not None and said.narrow else role
    for step in way:
        signer = request_of(step, signer)
    return signer


def request_of(session: VirtualSession, signer: RoleRequest) -> RoleRequest:
    """Whose credentials sign the calls of a session that `signer` asked for."""
    if session.sent is None:
        return signer
    role = session.role or signer.role_arn
    return SessionRequest(key_id=session.key_id, role_arn=role, sent=session.sent, signer=signer)
