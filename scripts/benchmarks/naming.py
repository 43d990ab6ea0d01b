"""CPU time to identify a request, compared with botocore's signing of it, and lines per second of `explain`."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import botocore.session
from botocore.auth import SigV4Auth
from botocore.config import Config
from botocore.credentials import Credentials

from trio_gate.aws.claim import read_claim
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.identify import body_mode, identify
from trio_gate.aws.ingress import Ingress, destination
from trio_gate.aws.model.catalog import Catalog
from trio_gate.aws.naming import name_call
from trio_gate.aws.semantics import describe
from trio_gate.shell.exchange.model_loader import load_model
from trio_gate.shell.exchange.packaged_data import packaged_hosts, packaged_tables
from trio_gate.signing.sigv4 import without_signature
from trio_gate.wire.aws_chunked import streamed_body
from trio_gate.wire.head import Empty, Held
from trio_gate.wire.parse import parse_request_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSPreparedRequest

    from trio_gate.aws.call import Claim, Place
    from trio_gate.wire.head import Body, RequestHead

KEY = Credentials("AKIA111111111111NM01", "placeholder")
PLAIN = Config(request_checksum_calculation="when_required", s3={"payload_signing_enabled": True})
ITEM = {"TableName": "t", "Key": {"id": {"S": "1"}}, "ConsistentRead": True}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
CALLS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("sts", "get_caller_identity", {}),
    ("dynamodb", "list_tables", {}),
    ("s3", "list_buckets", {}),
    ("ec2", "describe_instances", {}),
    ("lambda", "list_functions", {}),
    ("iam", "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}),
    ("dynamodb", "get_item", ITEM),
    ("s3", "get_object", {"Bucket": "bucket", "Key": "a/key"}),
    ("s3", "put_object", {"Bucket": "bucket", "Key": "a/key", "Body": b"x" * 1000}),
)
LINES = 2000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request in the form in which the gateway identifies it."""

    head: RequestHead
    body: Body
    place: Place
    scope: Claim

    def name(self, catalog: Catalog) -> object:
        """Identify the operation of the request."""
        body_mode(self.head, place=self.place, claim=self.scope, catalog=catalog)
        return name_call(self.head, self.body, place=self.place, claim=self.scope, catalog=catalog)

    def meaning(self, catalog: Catalog, tables: Tables) -> Callable[[], object]:
        """What derives the meaning of the request, once it is named: access, resources, IAM actions, policies, sharing."""
        named = name_call(self.head, self.body, place=self.place, claim=self.scope, catalog=catalog)
        shape = catalog.service(named.service).operations[named.operation].input
        return partial(describe, named, shape=shape, place=self.place, head=self.head, tables=tables)

    def identify(self, catalog: Catalog, tables: Tables) -> object:
        """Identify the request, with its access level, resources and IAM actions."""
        body_mode(self.head, place=self.place, claim=self.scope, catalog=catalog)
        return identify(self.head, self.body, place=self.place, claim=self.scope, catalog=catalog, tables=tables)


def naming(times: int) -> None:
    """Measure, and print the table."""
    table, catalog, tables = HostTable(packaged_hosts()), Catalog(load_model), Tables(packaged_tables)
    print("\nnaming                   name µs  meaning µs  both µs  botocore signs µs   name ratio  meaning ratio")
    lines = []
    for service, operation, params in CALLS:
        sent = _sent(service, operation, params)
        asked = _asked(sent, table, catalog, tables)
        name = _cost(partial(asked.name, catalog), times)
        meaning = _cost(asked.meaning(catalog, tables), times)
        whole = _cost(partial(asked.identify, catalog, tables), times)
        signer = SigV4Auth(KEY, asked.scope.service, asked.scope.region)
        signs = _cost(partial(signer.add_auth, _unsigned(sent)), times)
        print(
            f"{service + ' ' + operation:24}{name:>8.0f}{meaning:>12.0f}{whole:>9.0f}{signs:>19.0f}"
            f"{name / signs:>13.2f}{meaning / signs:>15.2f}",
            flush=True,
        )
        raw = base64.b64encode(_head(sent) + _content(sent)).decode()
        lines.append(json.dumps({"id": operation, "sni": _host(sent), "request_b64": raw}) + "\n")
    _explain("".join(lines) * (LINES // len(lines)))


def _asked(sent: AWSPreparedRequest, table: HostTable, catalog: Catalog, tables: Tables) -> Asked:
    arrived, content = parse_request_head(_head(sent)), _content(sent)
    ingress = Ingress(kind="proxy", sni=_host(sent), connect=_host(sent))
    scope = read_claim(arrived)
    head, place = destination(without_signature(arrived), scope, ingress, table)
    services = [candidate.service for candidate in place.candidates]
    catalog.ensure(services)
    tables.ensure(services)
    body: Body = Held(data=content) if content else Empty()
    if body_mode(head, place=place, claim=scope, catalog=catalog) == "streamed":
        body = streamed_body(arrived, len(content))
    return Asked(head=head, body=body, place=place, scope=scope)


def _explain(lines: str) -> None:
    command = [sys.executable, "-m", "trio_gate", "explain", "--jsonl"]
    began = time.perf_counter()
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    named = sum('"outcome": "call"' in answer for answer in answers)
    print(f"\nexplain: {named} of {len(answers)} lines named, {len(answers) / (time.perf_counter() - began):.0f} lines a second")


def _cost(work: Callable[[], object], times: int) -> float:
    """Microseconds of CPU that `work` takes, on average of `times` runs."""
    work()
    began = time.process_time_ns()
    for _ in range(times):
        work()
    return (time.process_time_ns() - began) / 1000 / times


def _sent(service: str, operation: str, params: dict[str, object]) -> AWSPreparedRequest:
    """The request that botocore would send."""
    caught: list[AWSPreparedRequest] = []

    def catch(request: AWSPreparedRequest, **_: object) -> object:
        caught.append(request)
        return botocore.awsrequest.AWSResponse(request.url, 400, {}, None)

    session = botocore.session.Session()
    client = session.create_client(
        service, "us-east-1", aws_access_key_id=KEY.access_key, aws_secret_access_key=KEY.secret_key, config=PLAIN
    )
    client.meta.events.register_first("before-send.*.*", catch)
    with suppress(Exception):  # the client fails without an answer, but only its request is needed
        getattr(client, operation)(**params)
    return caught[0]


def _head(sent: AWSPreparedRequest) -> bytes:
    headers = {"Host": _host(sent), **{name: _text(value) for name, value in sent.headers.items()}}
    lines = (f"{sent.method} /{sent.url.split('/', 3)[3]} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()))
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _host(sent: AWSPreparedRequest) -> str:
    host: str = sent.url.split("/")[2]
    return host


def _content(sent: AWSPreparedRequest) -> bytes:
    body = sent.body or b""
    if hasattr(body, "seek"):
        body.seek(0)
        body = body.read()
    return body.encode() if isinstance(body, str) else body


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _unsigned(sent: AWSPreparedRequest) -> botocore.awsrequest.AWSRequest:
    kept = {name: _text(value) for name, value in sent.headers.items() if name != "Authorization"}
    return botocore.awsrequest.AWSRequest(method=sent.method, url=sent.url, headers=kept, data=b"")
