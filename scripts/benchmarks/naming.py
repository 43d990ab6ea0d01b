"""CPU time to identify a request, compared with botocore's signing of it, and lines per second of `explain`."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.auth import SigV4Auth
from botocore.credentials import Credentials

from scripts.benchmarks import boto
from scripts.benchmarks.proxies import AGENT
from scripts.benchmarks.table import row, title
from trio_gate.aws.claim import read_claim
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.identify import identify
from trio_gate.aws.ingress import Ingress, destination
from trio_gate.aws.model.catalog import Catalog
from trio_gate.aws.naming import body_mode, name_call
from trio_gate.aws.semantics import describe
from trio_gate.shell.models.model_loader import load_model
from trio_gate.shell.models.packaged_data import packaged_hosts, packaged_tables
from trio_gate.signing.sigv4 import without_signature
from trio_gate.wire.aws_chunked import streamed_body
from trio_gate.wire.head import Empty, Held
from trio_gate.wire.parse import parse_request_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSPreparedRequest

    from scripts.benchmarks.proxies import Place
    from scripts.benchmarks.run import Effort
    from trio_gate.aws.call import Call, Claim
    from trio_gate.aws.call import Place as Where
    from trio_gate.wire.head import Body, RequestHead

KEY = Credentials(AGENT.access_key_id, AGENT.secret_access_key)
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
"""How many lines `explain` is measured with."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request in the form in which the gateway identifies it."""

    head: RequestHead
    body: Body
    place: Where
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

    def identify(self, catalog: Catalog, tables: Tables) -> Call:
        """Identify the request, with its access level, resources and IAM actions."""
        body_mode(self.head, place=self.place, claim=self.scope, catalog=catalog)
        return identify(self.head, self.body, place=self.place, claim=self.scope, catalog=catalog, tables=tables)


def naming(_: Place, effort: Effort) -> dict[str, float]:
    """CPU to name a call and to derive its meaning, in this process, beside botocore's signing of the same request."""
    table, catalog, tables = HostTable(packaged_hosts()), Catalog(load_model), Tables(packaged_tables)
    title("naming, CPU µs", "name", "meaning", "both", "botocore\nsigns", "name\nratio", "meaning\nratio")
    lines = []
    for service, operation, params in CALLS:
        sent = boto.sent(service, operation, params, AGENT.access_key_id, AGENT.secret_access_key)
        asked = ask(sent, table, catalog, tables)
        name = _cost(partial(asked.name, catalog), effort.times)
        meaning = _cost(asked.meaning(catalog, tables), effort.times)
        whole = _cost(partial(asked.identify, catalog, tables), effort.times)
        signer = SigV4Auth(KEY, asked.scope.service, asked.scope.region)
        signs = _cost(partial(signer.add_auth, boto.unsigned(sent)), effort.times)
        row(operation, name, meaning, whole, signs, name / signs, meaning / signs)
        line = {"id": operation, "sni": boto.host(sent), "request_b64": base64.b64encode(boto.wire(sent)).decode()}
        lines.append(json.dumps(line) + "\n")
    _explain("".join(lines) * (LINES // len(lines)))
    return {}


def ask(sent: AWSPreparedRequest, table: HostTable, catalog: Catalog, tables: Tables) -> Asked:
    """A request of botocore's as it is identified, with the models loaded that this takes."""
    arrived, content, host = parse_request_head(boto.head(sent)), boto.content(sent), boto.host(sent)
    ingress = Ingress(kind="proxy", sni=host, connect=host)
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
