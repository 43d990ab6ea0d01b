"""An agent's requests to the gateway itself, signed and read up to the call that they stand for."""

from __future__ import annotations

import hashlib
import json

from tests.kit.aws.host_table import ACCOUNT
from tests.kit.aws.naming import catalog
from tests.kit.aws.operations import TABLES
from tests.kit.configs import BASE, MAIN, load
from tests.kit.records import NOW
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.ingress import Ingress
from trio_gate.exchange import steps
from trio_gate.exchange.own_requests import paths
from trio_gate.exchange.own_requests.members import Members
from trio_gate.exchange.own_requests.signatures import Where
from trio_gate.exchange.results import Signer
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.shell.models.packaged_data import packaged_hosts
from trio_gate.signing.sigv4 import Credentials, sign
from trio_gate.wire.head import RequestHead, Target

TABLE = HostTable(packaged_hosts())
DATABASE = "db.c0ffee.eu-west-1.rds.amazonaws.com"
GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n' + BASE
AGENT = 'agent "ci" {\n  key_suffix = "CI01"\n  secret = "agent-secret-0123456789"\n}\n'
SNAPSHOT = compile_snapshot(1, load(GATEWAY + MAIN))
KEYS = Credentials(access_key_id="AKIA111111111111CI01", secret_access_key="agent-secret-0123456789")
ROLE = Credentials(access_key_id="ASIAREAL", secret_access_key="the role's secret", session_token="the token")
OBJECT = json.dumps({"bucket": "photos", "key": "cat.jpg", "expires": 60}).encode()
AT = Ingress(kind="endpoint", names=frozenset({"127.0.0.1"}), base="http://127.0.0.1:8081")


def head(path="/-/agent/presign", body=OBJECT, method="POST", service="trio-gate", fields=(), query=(), **more):
    plain = RequestHead(
        method=method,
        target=Target(segments=tuple(path.split("/")[1:]), query=tuple(query)),
        headers=(("host", "127.0.0.1:8081"), *fields),
    )
    given = {"payload_hash": hashlib.sha256(body).hexdigest(), "region": "eu-west-1", "now": NOW, "s3": False, **more}
    return sign(plain, credentials=KEYS, service=service, **given).head


def proven(arrived, ingress=AT, snapshot=SNAPSHOT):
    claimed = steps.claim(arrived, ingress, "127.0.0.1")
    return steps.admit(claimed, snapshot, Signer(agent=None), None)


def named(path="/-/agent/presign", body=OBJECT, **more):
    content = paths.stands_for(proven(head(path, body, **more)), body, SNAPSHOT, TABLE)
    catalog().ensure(content.routed.services)
    return steps.identify(content, catalog=catalog(), tables=TABLES)


def where(region="eu-west-1"):
    return Where(account=ACCOUNT, region=region, table=TABLE)


def asked(read, region="eu-west-1", **members):
    return read(Members(json.dumps(members).encode()), where(region))
