"""The examples load: the ancestor's word for word, the design's, and the one that users copy."""

from __future__ import annotations

import pytest

from tests.kit.configs import HASH, load
from tests.kit.paths import ROOT, SHARED
from trio_gate.config.describe import describe
from trio_gate.config.load import load as real_load

ANCESTOR = SHARED / "ancestor-readme.txt"
DESIGN = SHARED / "DESIGN.md"
ONCALL = f"""
person "alice" {{ token_sha256 = "{HASH}" }}
approver "human" "oncall" {{ people = [person.alice] }}
"""


def test_the_ancestors_example_loads_word_for_word():
    if not ANCESTOR.exists():
        pytest.skip(f"the ancestor's page is not here: {ANCESTOR}")
    page = ANCESTOR.read_text()
    start = page.index('plugin "aws" {')
    config = load(page[start : page.index("\nAction parsing", start)] + ONCALL)
    assert [note.partition(": ")[2] for note in config.notes[:1]] == ['plugin "aws" is built in: the block has no effect']
    [endpoint] = config.endpoints
    assert (endpoint.assume.role, endpoint.region, endpoint.hosts) == ("clawpatrol-gateway", "us-east-1", ("*.amazonaws.com",))
    assert dict(endpoint.accounts) == {"111111111111": "prod", "222222222222": "staging"}
    [base] = endpoint.credentials
    assert (base.access_key_id, base.secret_access_key, base.session_token, base.profile) == (None, None, None, None)
    reads, changes = config.rules
    alternatives = " || ".join(f'aws.action.startsWith("{verb}")' for verb in ("Get", "List", "Describe"))
    assert (reads.action, reads.condition, reads.endpoints) == ("allow", alternatives, ("avocet2",))
    assert (changes.action, changes.condition, changes.approvers) == ("approve", f"!({alternatives})", ("human.oncall",))


def test_the_designs_example_loads():
    if not DESIGN.exists():
        pytest.skip(f"the design's page is not here: {DESIGN}")
    page = DESIGN.read_text()
    start = page.index("```hcl") + len("```hcl")
    text = page[start : page.index("```", start)].replace('"…" }', f'"{HASH}" }}')
    for name, value in (("BASE_ACCESS_KEY_ID", "KEY"), ("BASE_SECRET_ACCESS_KEY", "LONG"), ("TRIO_GATE_AGENT_CI", "LONG")):
        text = text.replace(name, value)
    config = load(text)
    assert [rule.action for rule in config.rules] == ["deny", "allow", "approve"]
    assert [rule.condition for rule in config.rules] == ["aws.reads_secret", 'aws.access in ["read", "list"]', None]
    assert config.rules[0].reason == "ask for a reference instead"


ENV = {"BASE_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE", "BASE_SECRET_ACCESS_KEY": "not-to-be-shown", "TRIO_GATE_ALICE_SHA256": HASH}


def load_example(text: str):
    def no_file(path: str) -> str:
        raise FileNotFoundError(path)

    return real_load(
        text, "config.example.hcl", env=ENV.get, read_file=no_file, base_dir="/etc/gate", check_condition=lambda _: []
    )


def test_our_example_loads_and_describes_itself():
    config = load_example((ROOT / "config.example.hcl").read_text())
    assert config.notes == ()
    assert [listener.kind for listener in config.gateway.listeners] == ["proxy", "tls", "endpoint"]
    assert [rule.name for rule in config.rules] == ["no secrets", "reads ok", "the rest"]
    assert "listener proxy on 127.0.0.1:8080" in describe(config)


def test_our_example_names_the_defaults_as_they_are():
    text = (ROOT / "config.example.hcl").read_text()
    plain = load_example(text)
    limits = ("held_", "spool_", "max_", "grant_", "deny_", "head_", "idle_", "connect_", "answer_")
    spoken = "\n".join(
        line.replace("# ", "", 1) if line.startswith(tuple(f"  # {name}" for name in limits)) else line
        for line in text.splitlines()
    )
    assert spoken.count('= "15m"') == 1
    assert load_example(spoken).gateway == plain.gateway


def test_our_example_holds_with_the_key_from_the_environment():
    text = (ROOT / "config.example.hcl").read_text()
    for name in ("access_key_id    ", "secret_access_key"):
        text = text.replace(f"# {name}", name)
    config = load_example(text)
    assert config.endpoints[0].credentials[0].secret_access_key == "not-to-be-shown"
    assert "not-to-be-shown" not in describe(config)
