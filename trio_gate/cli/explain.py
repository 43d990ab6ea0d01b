"""`trio-gate explain`: what requests mean and what the rules say to them; nothing is sent anywhere.

Reads JSON lines from standard input, each one connection's bytes: {"id", "sni", "connect", "mode", "request_b64"}. `connect` is the
authority of a CONNECT before it (by default `sni`:443); `mode` "endpoint" stands for AWS_ENDPOINT_URL. Writes one JSON line a
request: {"id", "outcome": "call", "call": {…}, "forward": {…}, "decision": {…}} or {"id", "outcome": "refused", "code", "reason"}.

Rule: the same functions decide here as in `serve`, in the same order. Without --config there are no rules, every account is
configured, and signatures are parsed but not verified.
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trio_gate.audit.record import call_json
from trio_gate.audit.redact import plain
from trio_gate.aws.call import Unknown
from trio_gate.aws.catalog import Catalog
from trio_gate.aws.claim import read_claim
from trio_gate.aws.forward import forwarded_headers
from trio_gate.aws.hosts import HostTable, packaged
from trio_gate.aws.identify import body_mode, identify, unframed
from trio_gate.aws.tables import Tables
from trio_gate.aws.tables import packaged as packaged_tables
from trio_gate.aws.way import Way, destination
from trio_gate.cli.configuration import read
from trio_gate.errors import GateError, Malformed
from trio_gate.facet.extract import facets_of
from trio_gate.policy.decide import decide
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.generation import check_place, generation
from trio_gate.shell.models import load_model
from trio_gate.signing.sigv4 import SigningKeys, without_signature
from trio_gate.signing.verify import chain_of, payload_hash_of, verify
from trio_gate.wire.agent import AgentConnection
from trio_gate.wire.aws_chunked import streamed_body
from trio_gate.wire.checkers import checker_for
from trio_gate.wire.events import BodyData
from trio_gate.wire.head import Empty, Held, RequestHead, ResponseHead, Streamed
from trio_gate.wire.parse import parse_connect

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from trio_gate.aws.call import Call, Claim, Value
    from trio_gate.aws.shape import Shape
    from trio_gate.shell.generation import Generation
    from trio_gate.wire.checkers import Chain
    from trio_gate.wire.head import Body

HTTPS = 443


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--config", metavar="CONFIG", help="judge by this configuration's accounts, agents and rules")
    parser.add_argument("--now", metavar="TIME", type=_time, help="the time to judge by, as 2026-01-15T12:00:00Z (default: now)")
    parser.add_argument("--name", default="gateway.test", help="the Host name of the endpoint listener (default: %(default)s)")
    parser.add_argument("--jsonl", action="store_true", help="read and write JSON lines, which is the only format there is")


def run(args: argparse.Namespace) -> int:
    """Explain. 1 when a line of the input is none, 2 when the configuration cannot be read."""
    config = read(args.config) if args.config else None
    if args.config and config is None:
        return 2
    explainer = Explainer(generation(1, config) if config else None, args.now or SystemClock().now(), args.name)
    status = 0
    for number, line in enumerate(sys.stdin, start=1):
        try:
            row = json.loads(line)
            raw = base64.b64decode(row["request_b64"], validate=True)
        except (ValueError, TypeError, KeyError, binascii.Error):
            print(f"trio-gate explain: line {number} is not a request as `trio-gate explain --help` has it", file=sys.stderr)
            status = 1
            continue
        for answer in explainer.connection(row, raw):
            print(json.dumps({"id": row.get("id"), **answer}))
    return status


class Explainer:
    """Explains connections. Loads the models it needs."""

    def __init__(self, by: Generation | None, now: datetime, name: str) -> None:
        self._generation = by
        self._now = now
        self._name = name
        self._table = HostTable(packaged())
        self._catalog = Catalog(load_model)
        self._tables = Tables(packaged_tables)

    def connection(self, row: dict[str, Any], raw: bytes) -> Iterator[dict[str, Any]]:
        """One answer for each request of a connection, up to the first that would close it."""
        connection = AgentConnection()
        connection.receive(raw)
        connection.receive(b"")
        going = True
        while going:
            try:
                head = connection.next_event()
                if not isinstance(head, RequestHead):
                    return
                yield self._request(head, connection, self._way(row))
            except GateError as fault:
                yield {"outcome": "refused", "status": fault.status, "code": fault.code, "reason": fault.reason}
                going = not isinstance(fault, Malformed)
            going = going and _next(connection)

    def _way(self, row: dict[str, Any]) -> Way:
        if row.get("mode") == "endpoint":
            names = frozenset({self._name, "localhost", "127.0.0.1"})
            return Way(kind="endpoint", names=names, base=f"https://{self._name}")
        sni = row.get("sni") or None
        authority = row.get("connect") or f"{sni}:{HTTPS}"
        connect = parse_connect(f"CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n\r\n".encode("utf-8", "replace"))
        if connect.port != HTTPS:
            raise Malformed("only port 443 is served", status=403)
        self._table.place(connect.host)
        return Way(kind="proxy", sni=sni, connect=connect.host)

    def _request(self, arrived: RequestHead, connection: AgentConnection, way: Way) -> dict[str, Any]:
        claim = read_claim(arrived)
        admitted = self._generation.admit(claim) if self._generation else None
        head, place, scope = destination(without_signature(arrived), claim, way, self._table)
        if admitted:
            place = check_place(place, admitted.endpoint, self._table)
        self._catalog.ensure([candidate.service for candidate in place.candidates])
        agent = admitted.agent if admitted else None
        chain = chain_of(claim, agent.secret if agent else None, SigningKeys())
        if body_mode(head, place, self._catalog) == "streamed":
            body: Body = _streamed(arrived, connection, chain)
        else:
            head, body = unframed(head, _held(connection), place, chain)
        call = identify(head, body, place=place, claim=scope, catalog=self._catalog, tables=self._tables)
        payload_hash = payload_hash_of(arrived, body)
        if agent:
            verify(arrived, claim, payload_hash=payload_hash, secret=agent.secret, now=self._now)
        headers = forwarded_headers(head, call.service, call.operation, call.protocol, self._catalog)
        answer = {"outcome": "call", "call": self._call(call), "forward": _forward(head, call, headers)}
        return {**answer, "decision": self._decision(call, claim, agent.name if agent else None)}

    def _call(self, call: Call) -> dict[str, Any]:
        shape = self._catalog.service(call.service).operations[call.operation].input
        return {**call_json(call), "params": {name: _typed(value, _inner(shape, name)) for name, value in call.params.items()}}

    def _decision(self, call: Call, claim: Claim, agent: str | None) -> dict[str, Any] | None:
        if self._generation is None:
            return None
        endpoint = self._generation.admit(claim).endpoint
        facets = facets_of(
            call, account_name=endpoint.accounts[call.account], agent=agent, agent_address="127.0.0.1", time=self._now
        )
        decision = decide(self._generation.rules, facets, endpoint=endpoint.name)
        return {"outcome": decision.outcome, "rule": decision.rule, "reason": decision.reason}


def _streamed(arrived: RequestHead, connection: AgentConnection, chain: Chain | None) -> Streamed:
    body = streamed_body(arrived, connection.content_length)
    checker = checker_for(body, chain=chain)
    for piece in _pieces(connection):
        checker.feed(piece)
    checker.finish()
    return body


def _held(connection: AgentConnection) -> Held | Empty:
    data = b"".join(_pieces(connection))
    return Held(data=data) if data else Empty()


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


def _inner(shape: Shape | None, name: str) -> Shape | None:
    member = shape.members.get({"map": "value", "list": "member"}.get(shape.type, name)) if shape else None
    return member.shape if member else None


def _typed(value: Value, shape: Shape | None) -> Any:
    """A parameter with its type where JSON has none."""
    if isinstance(value, Unknown):
        return {"$stream": True}
    if isinstance(value, dict):
        return {name: _typed(item, _inner(shape, name)) for name, item in value.items()}
    if isinstance(value, list):
        return [_typed(item, _inner(shape, "")) for item in value]
    if isinstance(value, str) and shape is not None and shape.type == "timestamp":
        return {"$ts": value}
    return plain(value)


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
