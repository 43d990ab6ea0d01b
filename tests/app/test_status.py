"""What a running gateway says of itself to somebody who may monitor, through the verb and as JSON."""

from __future__ import annotations

import json
import re

import pytest

from scripts.embedded.aws import ACCOUNTS, DEPLOY
from tests.kit.gateway import TOKEN, reload, running


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("status"), embedded_aws, knobs='metrics { bind = "127.0.0.1:0" }') as gateway:
        reload(gateway, 'person "alice" {', 'person "alice" {\n  may_monitor = true\n  may_stop = true\n ', "generation 2")
        yield gateway


def told(gateway):
    done = gateway.gate(*gateway.approver("--json", verb="status"))
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_agents_are_seen_once_they_call(gate):
    assert told(gate)["agents"] == [{"name": "ci", "seen": None}]
    gate.client("sts").get_caller_identity()
    while (found := told(gate)["agents"][0])["seen"] is None:
        pass
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", found["seen"])


def test_it_says_what_runs(gate):
    found = told(gate)
    assert (found["ready"], found["why_not"], found["generation"], found["reload_failed"]) == (True, None, 2, None)
    assert {one["kind"]: one["address"] for one in found["listeners"]} == dict(gate.doors)
    assert (found["waiting"], found["waiting_oldest_seconds"], found["sessions"], found["sessions_total"]) == (0, None, [], 0)


def test_a_session_is_listed_until_it_ends(gate):
    role = f"arn:aws:iam::{ACCOUNTS['staging']}:role/{DEPLOY}"
    gate.client("sts").assume_role(RoleArn=role, RoleSessionName="tests")
    [session] = told(gate)["sessions"]
    assert (session["agent"], session["role"]) == ("ci", role)
    assert gate.gate(*gate.approver(verb="status")).stdout.count(f"{session['id']} of ci: {role}, until 20") == 1


def test_a_stop_is_told_until_it_is_lifted(gate):
    for verb, agents in (("stop", ["ci"]), ("lift", [])):
        assert gate.gate(*gate.approver("ci", verb=verb)).returncode == 0
        assert [one["agent"] for one in told(gate)["stopped"]] == agents


def test_a_failed_reload_is_told(gate):
    reload(gate, "listener", "lissener", "not reloaded")
    assert "faults" in told(gate)["reload_failed"]
    assert "the last reload failed" in gate.gate(*gate.approver(verb="status")).stdout
    reload(gate, "lissener", "listener", "generation 3")


def test_who_may_not_monitor_reads_nothing(gate):
    done = gate.gate(*gate.approver(verb="status"), token=TOKEN.replace("alice", "bob"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "may_monitor" in done.stderr
