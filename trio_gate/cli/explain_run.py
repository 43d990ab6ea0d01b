"""What one connection's requests mean and what the rules say to them: the pipeline of `serve` without its waits.

Rule: the same functions decide here as in `serve`, in the same order; nothing is sent anywhere. Without a configuration there
are no rules, every account is configured, and signatures are parsed but not verified.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from trio_gate.audit.record import call_json
from trio_gate.audit.redact import plain
from trio_gate.aws.call import Unknown
from trio_gate.aws.claim import read_claim
from trio_gate.aws.forwarded_headers import forwarded_headers
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.identify import body_mode, identify, unframed
from trio_gate.aws.ingress import Ingress, destination
from trio_gate.aws.model.catalog import Catalog
from trio_gate.errors import GateError, Malformed
from trio_gate.exchange.snapshot import check_place
from trio_gate.facet.extract import facets_of
from trio_gate.policy.decide import decide
from trio_gate.shell.exchange.model_loader import load_model
from trio_gate.shell.exchange.packaged_data import packaged_hosts, packaged_tables
from trio_gate.signing import sigv2
from trio_gate.signing.presigned import with_fields
from trio_gate.signing.sigv4 import SigningKeys, without_signature
from trio_gate.signing.verify import chain_of, payload_hash_of, verify
from trio_gate.wire.agent_connection import AgentConnection
from trio_gate.wire.aws_chunked import streamed_body
from trio_gate.wire.body_checkers import checker_for
from trio_gate.wire.events import BodyData
from trio_gate.wire.head import Empty, Held, RequestHead, ResponseHead, Streamed
from trio_gate.wire.parse import parse_connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trio_gate.aws.call import Call, Claim, Value
    from trio_gate.aws.model.shape import Shape
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.wire.body_checkers import Chain
    from trio_gate.wire.head import Body

HTTPS = 443


class Explainer:
    """Explains connections. Loads the models it needs.

    Args:
        by: whose accounts, agents and rules hold; None for none.
        now: the time to judge by.
        name: the Host name of the endpoint listener.
    """

    def __init__(self, by: Snapshot | None, now: datetime, name: str) -> None:
        self._generation = by
        self._now = now
        self._name = name
        self._table = HostTable(packaged_hosts())
        self._catalog = Catalog(load_model)
        self._tables = Tables(packaged_tables)

    def connection(self, row: dict[str, Any], raw: bytes) -> Iterator[dict[str, Any]]:
        """One answer for each request of a connection, in order, up to the first that would close it.

        Args:
            row: where the connection went: `sni`, `connect` (its CONNECT's authority, by default `sni`:443), `mode` ("endpoint").
            raw: what the agent sent on it.

        Yields:
            `outcome` "call" with `call`, `decision` and `forward`; or "refused" with `status`, `code` and `reason`, and with as
            much of the others as was known by then. An `sni` that is no text is a TypeError.
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
                for fact in self._facts(head, connection, self._ingress(row)):
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
        self._table.place(connect.host)
        return Ingress(kind="proxy", sni=sni, connect=connect.host)

    def _facts(self, arrived: RequestHead, connection: AgentConnection, ingress: Ingress) -> Iterator[dict[str, Any]]:
        """The call, what the rules say to it and what would be sent, each as soon as it is known. Raises GateError."""
        claim = read_claim(arrived)
        admitted = self._generation.admit(claim) if self._generation else None
        bare = sigv2.spoken(arrived) if claim.expires is not None else arrived
        asked = sigv2.declared(bare) if claim.expires is not None else arrived
        said = with_fields(asked, claim)
        head, place = destination(without_signature(said), claim, ingress, self._table)
        if admitted:
            place = check_place(place, admitted.endpoint, self._table)
        self._catalog.ensure([candidate.service for candidate in place.candidates])
        agent = admitted.agent if admitted else None
        chain = chain_of(claim, agent.secret if agent else None, SigningKeys())
        if body_mode(head, place=place, claim=claim, catalog=self._catalog) == "streamed":
            body: Body = streamed_body(said, connection.content_length)
        else:
            head, body = unframed(head, _held(connection), place, chain)
        call = identify(head, body, place=place, claim=claim, catalog=self._catalog, tables=self._tables)
        yield {"call": self._call(call)}
        if claim.expires is not None:
            sigv2.check_call(call, head)
        payload_hash = payload_hash_of(asked, body)
        if agent and self._generation and claim.expires is not None:
            sigv2.check_account(self._generation.accounts_of(agent))
            sigv2.verify(*destination(bare, claim, ingress, self._table), claim, secret=agent.secret, now=self._now)
        elif agent:
            verify(arrived, claim, payload_hash=payload_hash, secret=agent.secret, now=self._now)
        headers = forwarded_headers(head, call.service, call.operation, call.protocol, self._catalog)
        yield {"decision": self._decision(call, claim, agent.name if agent else None)}
        yield {"forward": {**_forward(head, call, headers), **_sums(body, connection, chain)}}

    def _call(self, call: Call) -> dict[str, Any]:
        shape = self._catalog.service(call.service).operations[call.operation].input
        return {
            **call_json(call),
            "params": {name: _typed(value, shape.inner(name) if shape else None) for name, value in call.params.items()},
        }

    def _decision(self, call: Call, claim: Claim, agent: str | None) -> dict[str, Any] | None:
        if self._generation is None:
            return None
        endpoint = self._generation.admit(claim).endpoint
        facets = facets_of(
            call, account_name=endpoint.accounts[call.account], agent=agent, agent_address="127.0.0.1", time=self._now
        )
        decision = decide(self._generation.rules, facets, endpoint=endpoint.name)
        return {"outcome": decision.outcome, "rule": decision.rule, "reason": decision.reason}


def _held(connection: AgentConnection) -> Held | Empty:
    data = b"".join(_pieces(connection))
    return Held(data=data) if data else Empty()


def _sums(body: Body, connection: AgentConnection, chain: Chain | None) -> dict[str, str]:
    """Hashes of the body that leaves and of its content, a streamed one checked on the way. Raises Malformed."""
    if not isinstance(body, Streamed):
        held = hashlib.sha256(body.data if isinstance(body, Held) else b"").hexdigest()
        return {"body_sha256": held, "payload_sha256": held}
    sent, content = hashlib.sha256(), hashlib.sha256()
    checker = checker_for(body, content.update, chain)
    for piece in _pieces(connection):
        sent.update(checker.feed(piece))
    checker.finish()
    sums = {"body_sha256": sent.hexdigest(), "payload_sha256": content.hexdigest()}
    if body.kind.signed_chunks:  # they are framed anew when they leave
        del sums["body_sha256"]
    return sums


def _pieces(connection: AgentConnection) -> Iterator[bytes]:
    while isinstance(event := connection.next_event(), BodyData):
        yield event.data


def _next(connection: AgentConnection) -> bool:
    """Answer a request as `serve` would, and turn to the one behind it; whether there may be one."""
    try:
        for _ in _pieces(connection):
            pass
    except (Malformed, RuntimeError):
        return False
    connection.send_head(ResponseHead(status=200, headers=()), length=0)
    connection.send_end()
    return connection.start_next()


def _forward(head: RequestHead, call: Call, headers: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """What would be signed and sent."""
    return {"host": call.host, "method": head.method, "target": head.target.text, "headers": [["host", call.host], *headers]}


def _typed(value: Value, shape: Shape | None) -> Any:
    """A parameter with its type where JSON has none."""
    if isinstance(value, Unknown):
        return {"$stream": True}
    if isinstance(value, dict):
        return {name: _typed(item, shape.inner(name) if shape else None) for name, item in value.items()}
    if isinstance(value, list):
        return [_typed(item, shape.inner("") if shape else None) for item in value]
    if isinstance(value, str) and shape is not None and shape.type == "timestamp":
        return {"$ts": value}
    return plain(value)
