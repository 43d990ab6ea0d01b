"""An agent asks the gateway about itself with its identity token alone: proven like with a signature, and for nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from mcp import StdioServerParameters

from scripts.embedded.aws import ACCOUNTS
from tests.integration.approvals.test_mcp import using
from tests.integration.approvals.test_tasks import RULES
from tests.kit.approvals.approver import Person
from tests.kit.approvals.own_view import AGENTS, ROOT, get
from tests.kit.gateway import running
from tests.kit.wire.identity_tokens import AUDIENCE, ISSUER, jwks, token
from trio_gate.approval.channel.frames import Lift, Stop
from trio_gate.shell.wrong_tokens import MOST_AT_ONCE

STAGING, PROD = ACCOUNTS["staging"], ACCOUNTS["prod"]
FIELD = "x-trio-gate-token"


def agent(name: str, suffix: str, subject: str, more: str = "") -> str:
    return f"""
agent "{name}" {{
  key_suffix = "{suffix}"
  secret     = "{name}-secret-0123456789"
  {more}
  oidc {{
    issuer    = "{ISSUER}"
    audience  = "{AUDIENCE}"
    claims    = {{ sub = "{subject}" }}
    jwks_file = "issuer.jwks"
  }}
}}
"""


HERE = f'accounts = ["{STAGING}"]'
TOKENS = (
    agent("one", "ONE1", "one", HERE)
    + agent("two", "TWO2", "two", f'accounts = ["{STAGING}", "{PROD}"]')
    + agent("twin-a", "TWA1", "twin", HERE)
    + agent("twin-b", "TWB1", "twin", HERE + '\n  networks = ["10.0.0.0/8"]')
    + agent("far", "FAR1", "far", HERE + '\n  networks = ["10.0.0.0/8"]')
)


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gate")
    (folder / "issuer.jwks").write_text(jwks())
    with running(folder, embedded_aws, rules=RULES, agent=AGENTS + TOKENS) as gate:
        yield gate


def ask(gate, path="/-/agent", shown=None, **more):
    fields = {} if shown is None else {"x_trio_gate_token": shown}
    return get(gate, path, secret=None, **fields, **more)


@pytest.mark.parametrize("by", ["endpoint", "proxy"])
def test_its_token_alone_says_whose_view_it_is(gate, by):
    shown = token(sub="one")
    status, fields, text = ask(gate, shown=shown, by=by, accept="application/json")
    assert (status, fields["content-type"], json.loads(text)["agent"]) == (200, "application/json", "one")
    row = gate.rows()[-1]
    assert (row["agent"], row["account"], row["outcome"]["status"], row["kind"]) == ("one", STAGING, 200, "call")
    assert shown.split(".")[1] not in gate.log + json.dumps(gate.rows())


def test_the_proxys_bearer_is_one_too(gate):
    status, _, text = ask(gate, by="proxy", proxy_authorization=f"Bearer {token(sub='one')}")
    assert (status, "You are agent `one`" in text) == (200, True)
    both = {"shown": token("EdDSA", sub="one"), "by": "proxy", "proxy_authorization": f"Bearer {token(sub='one')}"}
    assert ask(gate, **both)[0] == 200
    assert ask(gate, **{**both, "shown": token(sub="two")})[0] == 403


@pytest.mark.parametrize(
    "shown",
    [
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"aud": "another-gateway"},
        {"sub": "nobody"},
        {"key": "rsa-2", "header": {"kid": "rsa"}},
        {"sub": "twin"},
    ],
    ids=["issuer", "expired", "audience", "subject", "forged", "two agents"],
)
def test_any_other_is_refused_alike_and_late(gate, shown):
    status, fields, text = ask(gate, shown=token(**{"sub": "one", **shown}))
    assert (status, fields["x-trio-gate-outcome"]) == (403, "refused")
    assert "is not that of exactly one agent here" in text
    assert not any(name in text for name in ("twin", ISSUER, "nobody"))


def test_no_token_is_no_proof(gate):
    status, _, text = ask(gate)
    assert (status, "is not signed" in text) == (403, True)


def test_all_else_that_its_block_asks_for_is_proven(gate):
    status, _, text = ask(gate, shown=token(sub="far"))
    assert (status, "may not call from this address" in text) == (403, True)
    assert gate.rows()[-1]["agent"] == "far"


def test_a_signature_is_checked_where_there_is_one(gate):
    fields = {"x_trio_gate_token": token(sub="one")}
    assert get(gate, suffix="ONE1", secret="one-secret-0123456789", **fields)[0] == 200
    status, _, text = get(gate, suffix="ONE1", secret="wrong-secret-0123456789", **fields)
    assert (status, "no agent here has this access key id" in text) == (403, True)
    status, _, text = get(gate, suffix="TWO2", secret="two-secret-0123456789", **fields)
    assert (status, "its claims are others" in text) == (403, True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/-/agent", 400),
        (f"/-/agent?account={PROD}", 200),
        (f"/-/agent?account={STAGING}", 200),
        ("/-/agent?account=333333333333", 400),
        (f"/-/agent?account={PROD}&account={PROD}", 400),
        (f"/-/agent?account={PROD}&wait=1", 400),
        (f"/-/agent/approvals/q0123456789abcdef?wait=0&account={PROD}", 404),
    ],
)
def test_an_agent_of_several_accounts_names_one(gate, path, status):
    found, _, text = ask(gate, path, token(sub="two"))
    assert found == status, text
    if status == 200:
        assert gate.rows()[-1]["account"] == path.rpartition("=")[2]
    if path == "/-/agent":
        first = text.partition("?account=")[2][:12]
        assert first in (STAGING, PROD)
        assert ask(gate, f"{path}?account={first}", token(sub="two"))[0] == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("HEAD", "/-/agent"),
        ("POST", "/-/agent"),
        ("POST", "/-/agent/presign"),
        ("POST", "/-/agent/eks-token"),
        ("POST", "/-/agent/rds-token"),
        ("GET", "/-/agent/tasks"),
        ("GET", "/-/agentx"),
        ("GET", "/-/s3/staging-data"),
        ("GET", "/staging-data"),
    ],
)
def test_nothing_else_may_be_asked_so(gate, method, path):
    before = len(gate.rows())
    status, fields, _ = ask(gate, path, token(sub="one"), method=method, data=b"{}" if method == "POST" else b"")
    assert (status, fields["x-trio-gate-outcome"]) == (403, "refused")
    assert all(row.get("agent") is None for row in gate.rows()[before:])


@pytest.mark.parametrize(("fields", "status"), [({"Origin": "https://evil.example"}, 403), ({"Host": "evil.example"}, 421)])
def test_a_browser_and_a_foreign_name_are_refused(gate, fields, status):
    assert ask(gate, shown=token(sub="one"), **fields)[0] == status


def test_wrong_tokens_of_one_source_are_few_at_once(gate):
    shown = token(sub="nobody")
    with ThreadPoolExecutor(3 * MOST_AT_ONCE) as pool:
        found = [status for status, _, _ in pool.map(lambda _: ask(gate, shown=shown), range(3 * MOST_AT_ONCE))]
    assert set(found) == {403, 429}


def test_a_model_asks_with_a_token_alone(gate):
    given = {**bare(), "TRIO_GATE_AGENT_TOKEN": token(sub="one"), "AWS_ENDPOINT_URL": f"http://{gate.doors['endpoint']}"}
    server = StdioServerParameters(command=sys.executable, args=["-m", "trio_gate", "mcp"], env=given)
    [told], _ = using(server, ("what_may_i", {}))
    assert "You are agent `one`" in told


def bare():
    """The environment without anything of AWS."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def test_a_task_is_asked_for_and_ended_with_a_token_and_not_while_it_is_stopped(gate):
    root, at = Person(gate, ROOT), f"http://{gate.doors['endpoint']}"
    words = [sys.executable, "-m", "trio_gate", "task", "move the reports", "--need", "s3:PutObject", "--gateway", at]
    given = {**bare(), "TRIO_GATE_AGENT_TOKEN": token(sub="two")}

    def run(*more):
        return subprocess.Popen([*words, *more], env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    unnamed = run().communicate(timeout=90)[1]
    assert "say which of your accounts it is for: ?account=" in unnamed
    asking = run("--account", PROD)
    prompt = root.until(lambda prompt: prompt["task"] is not None)
    assert (prompt["agent"], prompt["account"]) == ("two", PROD)
    root.answer(ready=lambda prompt: prompt["task"] is not None)
    said = asking.communicate(timeout=90)[0]
    if asking.returncode:  # the answer came after the second that people are given: the agent asks again, as it is told
        said = run("--account", PROD).communicate(timeout=90)[0]
    task = said.split(" ")[1]
    root.say(Stop(agent="two", reason="look first"))
    path = f"/-/agent/tasks/{task}?account={PROD}"
    status, fields, _ = ask(gate, path, token(sub="two"), method="DELETE")
    assert (status, fields["x-trio-gate-outcome"]) == (403, "stopped")
    assert "look first" in ask(gate, f"/-/agent?account={PROD}", token(sub="two"))[2]
    root.say(Lift(agent="two"))
    assert ask(gate, f"/-/agent/tasks/{task}", token(sub="one"), method="DELETE")[0] == 404
    assert ask(gate, path, token(sub="two"), method="DELETE")[0] == 200
    assert ask(gate, path, token(sub="two"), method="DELETE")[0] == 404
