"""Asks a gateway's own address as an agent does, with a signature for the service `trio-gate`."""

from __future__ import annotations

import hashlib
import http.client
import json
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.kit.gateway import SECRET, Gateway

OTHER_SECRET = "other-secret-0123456789"
ROOT = "tg_root-0123456789abcdef0123456789abcdef"
AGENTS = f"""
agent "ci" {{
  key_suffix = "CI01"
  secret     = "{SECRET}"
  accounts   = ["222222222222"]
}}
agent "other" {{
  key_suffix = "OT01"
  secret     = "{OTHER_SECRET}"
}}
person "root" {{
  token_sha256 = "{hashlib.sha256(ROOT.encode()).hexdigest()}"
  may_stop     = true
  may_grant    = true
  may_observe  = true
}}
approver "human" "slow" {{
  people  = [person.root]
  hold    = "1s"
}}
"""
"""Two agents, and a person who answers within a second, or has the agent ask again."""

OTHERS = {"suffix": "OT01", "secret": OTHER_SECRET}
"""The keys of the second agent, for `get`."""

PATIENCE = 90
"""Seconds for an answer, which may wait for people."""


def get(
    gate: Gateway,
    path: str = "/-/agent",
    *,
    account: str = "staging",
    suffix: str = "CI01",
    secret: str | None = SECRET,
    token: str | None = None,
    by: str = "endpoint",
    method: str = "GET",
    service: str = "trio-gate",
    data: bytes = b"",
    **fields: str,
) -> tuple[int, dict[str, str], str]:
    """Status, fields and text. Without a `secret` it is not signed; `account` may be a whole key id. `fields` have `_` for `-`."""
    address = gate.doors[by]
    headers = {"Host": address, **{name.replace("_", "-"): value for name, value in fields.items()}}
    request = AWSRequest(method=method, url=f"http://{address}{path}", data=data, headers=headers)
    if secret is not None:
        keys = Credentials(f"AKIA{ACCOUNTS[account]}{suffix}" if account in ACCOUNTS else account, secret, token)
        SigV4Auth(keys, service, REGION).add_auth(request)
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    connection.request(method, path, data or None, dict(request.headers.items()))
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    connection.close()
    return found


def view(gate: Gateway, path: str = "/-/agent", **more: Any) -> dict[str, Any]:
    """The answer as JSON."""
    status, fields, text = get(gate, path, accept="application/json", **more)
    assert (status, fields["content-type"]) == (200, "application/json"), text
    return json.loads(text)
