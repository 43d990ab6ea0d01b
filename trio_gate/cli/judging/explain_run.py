"""What one connection's requests mean and what the rules decide: the steps of `serve` without its I/O.

Rule: `exchange.steps` decides here as in `serve`; nothing is sent anywhere. There is no connection: what an agent's connection must
prove is looked at only where it is said what one proves. Without a configuration there are no rules, every account is configured, and
signatures are parsed but not verified.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trio_gate.audit.described import call_json
from trio_gate.audit.redact import masked, plain
from trio_gate.aws.call import UNKNOWN, Unknown
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.ingress import Ingress, ProxyToken
from trio_gate.aws.model.catalog import Catalog
from trio_gate.cli.judging.hosts_of_one_run import HostsOfOneRun
from trio_gate.effect.effect import effect_of
from trio_gate.errors import GateError, Malformed
from trio_gate.exchange import steps, virtual
from trio_gate.exchange.own_requests import paths
from trio_gate.exchange.snapshot import Snapshot, Unconfigured
from trio_gate.sessions.calls import served
from trio_gate.sessions.table import SessionTable
from trio_gate.shell.models.model_loader import load_pruned
from trio_gate.shell.models.packaged_data import packaged_tables
from trio_gate.signing.identity_token import prove_by_file
from trio_gate.signing.sigv4 import SigningKeys
from trio_gate.values import value_class
from trio_gate.wire.agent_connection import AgentConnection
from trio_gate.wire.body_checkers import checker_for
from trio_gate.wire.events import BodyData
from trio_gate.wire.head import Empty, Held, RequestHead, ResponseHead, Streamed
from trio_gate.wire.parse import parse_connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trio_gate.aws.call import Value
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.aws.model.shape import Shape
    from trio_gate.exchange.results import Claimed, Identified, Outbound, Proven, Signer, Unframed
    from trio_gate.policy.decide import Decision
    from trio_gate.wire.head import Body

ADDRESS = "127.0.0.1"
"""The agent's address in an explanation where none is said."""

HTTPS = 443


@value_class
class Shown:
    """What a connection shows: the address that it comes from, a client certificate (DER), the agent whose proxy token it has."""

    address: str = ADDRESS
    certificate: bytes | None = None
    proxy_user: str | None = None


class Explainer:
    """Explains connections. Loads the models it needs.

    Args:
        by: the configuration that requests are judged by; None for none.
        now: the time to judge by.
        name: the Host name of the endpoint listener.
        shown: what connections show, which must be what the agent's block asks for; None to ask for nothing.
    """

    def __init__(self, by: Snapshot | None, now: datetime, name: str, shown: Shown | None = None) -> None:
        self._snapshot = by or Unconfigured()
        self._shows = shown
        self._now = now
        self._name = name
        self._hosts = HostsOfOneRun(Path(by.config.gateway.state_dir) if by else None)
        self._catalog = Catalog(load_pruned)
        self._tables = Tables(packaged_tables)
        self._keys = SigningKeys()

    def connection(self, row: dict[str, Any], raw: bytes) -> Iterator[dict[str, Any]]:
        """Explain each request of a connection, in order, up to the first that would close it.

        Args:
            row: where the connection went: `sni`, `connect` (its CONNECT's authority, by default `sni`:443), `mode` ("endpoint").
            raw: the bytes that the agent sent on it.

        Yields:
            `outcome` "call" with `call`, `decision` and `forward`; or "refused" with `status`, `code` and `reason`, and with as
            many of the others as were known by then. An `sni` that is not a string is a TypeError.
        """
        connection = AgentConnection()
        connection.receive(raw)
        connection.receive(b"")
        going = True
        while going:
            known: dict[str, Any] = {}
            try:
                head = connection.next_event()
                if not isinstance(head, RequestHead):
                    return
                for fact in self._facts(head, connection, self._proven(self._ingress(row))):
                    known |= fact
                answer = {"outcome": "call", **known}
            except GateError as fault:
                answer = {"outcome": "refused", "status": fault.status, "code": fault.code, "reason": fault.detail, **known}
                going = not isinstance(fault, Malformed)
            yield answer
            going = going and _next(connection)

    def _ingress(self, row: dict[str, Any]) -> Ingress:
        if row.get("mode") == "endpoint":
            names = frozenset({self._name, "localhost", "127.0.0.1"})
            return Ingress(kind="endpoint", names=names, base=f"https://{self._name}")
        sni = row.get("sni") or None
        authority = row.get("connect") or f"{sni}:{HTTPS}"
        connect = parse_connect(f"CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n\r\n".encode("utf-8", "replace"))
        if connect.port != HTTPS:
            raise Malformed("only port 443 is served", status=403)
        self._hosts.look_for(connect.host)
        return Ingress(kind="proxy", sni=sni, connect=connect.host)

    def _proven(self, ingress: Ingress) -> Ingress:
        """An ingress with what its connection shows. Raises Malformed."""
        shown, by = self._shows, self._snapshot
        if shown is None or isinstance(by, Unconfigured):
            return ingress
        if shown.certificate is not None:
            from trio_gate.shell.certificates.clients import certificate_of  # noqa: PLC0415 - loads cryptography, for --certificate alone

            ingress = replace(ingress, certificates=(certificate_of(shown.certificate, by.authorities),))
        if shown.proxy_user is None:
            return ingress
        agent = by.named(shown.proxy_user)
        own = agent.proxy_tokens[0] if agent and agent.proxy_tokens else ""
        return replace(ingress, proxy_token=ProxyToken(agent=shown.proxy_user, sha256=own))

    def _verified(self, claimed: Claimed, signer: Signer) -> Claimed:
        """Verify the tokens of a signed request, as far as their issuer's keys are in a file. Raises Unproven."""
        asked = self._snapshot.oidc_of(signer.agent) if self._shows and isinstance(self._snapshot, Snapshot) else None
        if asked is None or not claimed.ingress.tokens:
            return claimed
        for token in claimed.ingress.tokens:
            prove_by_file(token, asked, self._now)
        return replace(claimed, ingress=replace(claimed.ingress, identity=asked))

    def _facts(self, arrived: RequestHead, connection: AgentConnection, ingress: Ingress) -> Iterator[dict[str, Any]]:
        """Yield the call, the decision and the request that would be sent, each as soon as it is known. Raises GateError."""
        claimed = steps.claim(arrived, ingress, self._shows.address if self._shows else ADDRESS)
        data: bytes | None = None
        payload_hash = steps.declared_payload(claimed, self._snapshot, has_body=connection.has_body)
        if payload_hash is None:
            data = b"".join(_pieces(connection))
            payload_hash = hashlib.sha256(data).hexdigest()
        table = self._hosts.table
        signer = steps.prove(claimed, payload_hash, self._snapshot, table, SessionTable(), now=self._now, keys=self._keys)
        claimed, at = self._verified(claimed, signer), self._now if self._shows else None
        content = self._content(steps.admit(claimed, self._snapshot, signer, at), table, data, connection)
        try:
            if not claimed.own:
                steps.check_declared(content)
        except GateError:  # the call is shown nevertheless
            with suppress(GateError):
                yield {"call": self._call(self._identified(content))}
            raise
        identified = self._identified(content)
        yield {"call": self._call(identified)}
        decision = self._decision(identified)
        yield {"decision": decision and self._shown(identified, decision)}
        outbound = steps.outbound(identified, self._catalog)
        if decision is not None and decision.outcome != "deny" and isinstance(self._snapshot, Snapshot):
            _, outbound = virtual.plan(identified, outbound, decision, self._snapshot, table)
        yield {"forward": {**_forward(outbound), **_sums(identified, connection)}}

    def _content(self, proven: Proven, table: HostTable, data: bytes | None, connection: AgentConnection) -> Unframed:
        """The request that will be judged. Raises GateError."""
        if proven.claimed.own:
            content = paths.stands_for(proven, b"".join(_pieces(connection)) if data is None else data, self._snapshot, table)
            self._catalog.ensure(content.routed.services)
            return content
        routed = steps.route(proven, self._snapshot, table, self._keys)
        self._catalog.ensure(routed.services)
        body: Body | None = steps.streamed(routed, self._catalog, connection.content_length)
        if body is None:
            data = b"".join(_pieces(connection)) if data is None else data
            body = Held(data=data) if data else Empty()
        return steps.unframe(routed, body)

    def _identified(self, content: Unframed) -> Identified:
        return steps.identify(content, catalog=self._catalog, tables=self._tables)

    def _call(self, identified: Identified) -> dict[str, Any]:
        shape = identified.shape
        params = {name: _typed(value, shape.inner(name) if shape else None) for name, value in identified.call.params.items()}
        call = identified.call
        effect = effect_of(call, masked(call.params, identified.shape), virtual=served(call))
        reasons = [{"level": one.level, "code": one.code, "text": one.text} for one in effect.reasons]
        said = {"sentence": effect.sentence, "level": effect.level, "names": [*effect.names], "reasons": reasons}
        return {**said, **call_json(call), "params": params}

    def _decision(self, identified: Identified) -> Decision | None:
        if isinstance(self._snapshot, Unconfigured):
            return None
        named = UNKNOWN if identified.proven.admitted.endpoint.organization_role else None
        return steps.judge(identified, self._snapshot, self._now, named).decision

    def _shown(self, identified: Identified, decision: Decision) -> dict[str, Any]:
        said = {"outcome": decision.outcome, "rule": decision.rule, "reason": decision.reason}
        if isinstance(self._snapshot, Unconfigured) or decision.outcome == "deny" or decision.rule not in self._snapshot.shaping:
            return said
        role = virtual.request_for(identified, self._snapshot, SessionTable(), decision.rule, self._tables)
        policy = role.first.session_policy
        return {**said, "role": role.role_arn, **({"session_policy": policy} if policy else {})}


def _sums(identified: Identified, connection: AgentConnection) -> dict[str, str]:
    """Hashes of the body as it would be sent and of its content; a streamed one is checked. Raises Malformed."""
    body, chain = identified.body, identified.chain
    if not isinstance(body, Streamed):
        held = hashlib.sha256(body.data if isinstance(body, Held) else b"").hexdigest()
        return {"body_sha256": held, "payload_sha256": held}
    sent, content = hashlib.sha256(), hashlib.sha256()
    checker = checker_for(body, content.update, chain.fresh() if chain else None)
    for piece in _pieces(connection):
        sent.update(checker.feed(piece))
    checker.finish()
    sums = {"body_sha256": sent.hexdigest(), "payload_sha256": content.hexdigest()}
    if body.kind.signed_chunks:  # they are framed again when they leave
        del sums["body_sha256"]
    return sums


def _pieces(connection: AgentConnection) -> Iterator[bytes]:
    while isinstance(event := connection.next_event(), BodyData):
        yield bytes(event.data)


def _next(connection: AgentConnection) -> bool:
    """Finish a request as `serve` would; return whether another may follow."""
    try:
        for _ in _pieces(connection):
            pass
    except (Malformed, RuntimeError):
        return False
    connection.send_head(ResponseHead(status=200, headers=()), length=0)
    connection.send_end()
    return connection.start_next()


def _forward(outbound: Outbound) -> dict[str, Any]:
    """The request that would be signed and sent, without its body."""
    head = outbound.head
    fields = [[name, value] for name, value in head.headers if name != "x-amz-content-sha256"]
    return {"host": head.one("host"), "method": head.method, "target": head.target.text, "headers": fields}


def _typed(value: Value, shape: Shape | None) -> Any:
    """A parameter as JSON, tagged with its type where JSON has none."""
    if isinstance(value, Unknown):
        return {"$stream": True}
    if isinstance(value, dict):
        return {name: _typed(item, shape.inner(name) if shape else None) for name, item in value.items()}
    if isinstance(value, list):
        return [_typed(item, shape.inner("") if shape else None) for item in value]
    if isinstance(value, str) and shape is not None and shape.type == "timestamp":
        return {"$ts": value}
    return plain(value)
