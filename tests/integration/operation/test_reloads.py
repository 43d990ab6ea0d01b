"""Reloads under load: many good ones fail no call, and bad ones of every kind change nothing and say why."""

from __future__ import annotations

import itertools
import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

from tests.kit.gateway import AGENT, SECRET, reload, running
from tests.kit.paths import ROOT
from tests.kit.wire.raw import Raw, request
from trio_gate.app.reload import EARLIER
from trio_gate.shell.audit.database import FILE, read_last

DENY = 'rule "one" { action = "deny" }\n'
RELOADS = 100
CLIENTS = 4


def test_a_hundred_reloads_fail_no_call(tmp_path):
    with running(tmp_path, None, agent=AGENT, rules=DENY) as gate, ThreadPoolExecutor(CLIENTS) as pool:
        over, host = threading.Event(), gate.doors["endpoint"]

        def calls() -> list[str]:
            said = []
            with Raw(host) as raw:
                while not over.is_set():
                    said.append(raw.send(request(host=host)).answer().text)
            return said

        asked = [pool.submit(calls) for _ in range(CLIENTS)]
        names = itertools.cycle(['rule "one" ', 'rule "two" '])
        old = next(names)
        for generation in range(2, RELOADS + 2):
            new = next(names)
            reload(gate, old, new, f"reloaded, generation {generation}\n")
            with Raw(host) as raw:  # it is in force once it is acknowledged
                assert f"denied by {new.strip().replace(chr(34), '')}" in raw.send(request(host=host)).answer().text.replace(
                    '"', ""
                )
            old = new
        over.set()
        said = [text for one in asked for text in one.result()]
    assert [text for text in said if "denied by rule" not in text] == []
    rows = read_last(str(tmp_path / "state" / FILE), 1_000_000, {"decision": "deny"})
    assert {(row["generation"] % 2, row["decision"]["rule"]) for row in rows} == {(1, "one"), (0, "two")}
    assert len(rows) == len(said) + RELOADS


BAD = {
    "half a file": lambda text: text[: len(text) // 2],
    "a syntax error": lambda text: text + "rule {",
    "a condition of another type": lambda text: text + 'rule "x" { match = aws.action == 5  action = "deny" }\n',
    "an authority that is not there": lambda text: text.replace("gateway {\n", 'gateway {\n  ca_file = "./missing.pem"\n'),
    "an empty file": lambda text: "",
    "no text": lambda text: "\udcff" + text,
}


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    with running(tmp_path_factory.mktemp("bad"), None, agent=AGENT, rules=DENY, knobs='log_format = "json"') as gateway:
        yield gateway
    assert "Traceback" not in gateway.log
    lines = [json.loads(line) for line in gateway.log.splitlines()]
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, lines))


@pytest.mark.parametrize("fault", [*BAD, "no file"])
def test_a_bad_file_changes_nothing_and_is_named(gate, fault):
    good = gate.config.read_text()
    wrong = BAD.get(fault, str)(good)
    try:
        if fault == "no file":
            gate.config.rename(gate.folder / "away")
        else:
            gate.config.write_text(wrong, "utf-8", "surrogateescape")
        done = gate.gate("reload", "--state-dir", str(gate.folder / "state"))
    finally:
        gate.config.write_text(good)
    assert done.returncode == 1
    assert done.stderr.startswith("trio-gate: not reloaded: ")
    named = "missing.pem" if "authority" in fault else "gateway.hcl:" if fault in BAD and fault != "no text" else "gateway.hcl"
    assert named in done.stderr
    assert done.stderr.count("\n") == 1
    with Raw(gate.doors["endpoint"]) as raw:
        assert "denied by rule" in raw.send(request(host=gate.doors["endpoint"])).answer().text
    assert gate.records()[-1]["generation"] == 1
    if fault in ("a syntax error", "a condition of another type"):
        told = map(json.loads, gate.log.splitlines())
        assert any("; hint: " in line["message"] for line in told if line["logger"] == "trio_gate.cli.config_file")


def reload_ok(gate):
    """What the metric says of the last reload."""
    with urlopen(f"http://{gate.doors['metrics']}/metrics", timeout=30) as answer:
        [value] = re.findall(r"^trio_gate_config_reload_ok (\S+)$", answer.read().decode(), re.MULTILINE)
    return float(value)


@pytest.fixture
def free():
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


BUGS = {
    "in what may fail": (
        """
from trio_gate.app.changes import Changes

prepared = Changes.prepared


async def broken(self, before, after):
    if any(rule.name == "unforeseen" for rule in after.config.rules):
        raise KeyError(after.config.agents[0].secrets[0])
    return await prepared(self, before, after)


Changes.prepared = broken
""",
        "",
    ),
    "after listeners were opened": (
        """
from trio_gate.shell import log_setup

made = log_setup.handler


def broken(settings, descriptor=None):
    if descriptor is None:
        raise KeyError("a reload's")
    return made(settings, descriptor)


log_setup.handler = broken
""",
        'log_format = "json"',
    ),
}
"""By where they are: what makes them, and what else a configuration says to meet them."""

PARTIAL = """
from trio_gate.shell.credentials.base_keys import BaseKeys

change = BaseKeys.change


def broken(self, blocks):
    if self._literal or self._places:
        raise KeyError("a key's name")
    change(self, blocks)


BaseKeys.change = broken
"""


@contextmanager
def faulty(folder, monkeypatch, bug):
    """A gateway with a bug."""
    (folder / "bug").mkdir()
    (folder / "bug" / "sitecustomize.py").write_text(bug)
    monkeypatch.setenv("PYTHONPATH", f"{folder / 'bug'}:{ROOT}")
    with running(folder, None, agent=AGENT, rules=DENY, knobs='metrics { bind = "127.0.0.1:0" }') as gate:
        yield gate
    assert SECRET not in gate.log
    assert "Traceback" not in gate.log


def asks_for_reload(gate, text):
    gate.config.write_text(text)
    return gate.gate("reload", "--state-dir", str(gate.folder / "state"))


def answered(host):
    with Raw(host) as raw:
        return raw.send(request(host=host)).answer().text.replace('"', "")


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_in_a_reload_changes_nothing_and_ends_nothing(tmp_path, monkeypatch, free, bug):
    code, more = BUGS[bug]
    with faulty(tmp_path, monkeypatch, code) as gate:
        good = gate.config.read_text()
        listener = f'gateway {{\n  listener "endpoint" {{ bind = "127.0.0.1:{free}" }}\n  {more}\n'
        done = asks_for_reload(gate, good.replace('rule "one"', 'rule "unforeseen"').replace("gateway {\n", listener))
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert done.stderr.startswith("trio-gate: not reloaded: internal error: KeyError in broken, line ")
        assert reload_ok(gate) == 0
        assert "denied by rule one" in answered(gate.doors["endpoint"])
        with pytest.raises(ConnectionRefusedError):
            Raw(f"127.0.0.1:{free}")
        assert asks_for_reload(gate, good.replace('rule "one"', 'rule "two"')).stdout == "reloaded, generation 2\n"
        assert reload_ok(gate) == 1


ONCE = PARTIAL.replace("        raise", "        BaseKeys.change = change\n        raise")


def test_after_one_in_part_no_later_reload_hides_that(tmp_path, monkeypatch):
    with faulty(tmp_path, monkeypatch, ONCE) as gate:
        good = gate.config.read_text()
        assert asks_for_reload(gate, good.replace('"one"', '"two"')).stderr.startswith("trio-gate: reloaded in part: ")
        done = asks_for_reload(gate, good.replace('"one"', '"three"'))
        said = f"trio-gate: reloaded, generation 3: {EARLIER}\n"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
        assert "denied by rule three" in answered(gate.doors["endpoint"])
        assert reload_ok(gate) == 0
        assert f"WARNING trio-gate: reloaded, generation 3; {EARLIER}\n" in gate.log
        done = asks_for_reload(gate, good.replace("rule", "role"))
        assert (done.returncode, done.stderr.endswith(f"; {EARLIER}\n")) == (1, True)
        gate.config.write_text(good)
        rows = [row["act"] for row in gate.rows() if row.get("kind") == "reload"]
        assert [(act["taken"], act.get("in_part")) for act in rows] == [(False, True), (True, None), (False, None)]
        assert f"reloaded: {EARLIER}" in gate.gate("log", str(gate.config)).stdout


def test_a_bug_after_the_point_of_no_return_leaves_as_little_of_the_old_as_can_be_and_is_said(tmp_path, monkeypatch, free):
    with faulty(tmp_path, monkeypatch, PARTIAL) as gate:
        listener = f'gateway {{\n  listener "endpoint" {{ bind = "127.0.0.1:{free}" }}\n'
        text = gate.config.read_text().replace('rule "one"', 'rule "two"').replace("gateway {\n", listener)
        text = text.replace('person "alice" {', 'person "alice" {\n  may_monitor = true\n ')
        done = asks_for_reload(gate, text)
        said = "trio-gate: reloaded in part: restart the gateway (internal error: KeyError in broken, line "
        assert (done.returncode, done.stderr.count("\n"), done.stderr.startswith(said)) == (1, 1, True)
        assert reload_ok(gate) == 0
        assert all("denied by rule two" in answered(host) for host in (gate.doors["endpoint"], f"127.0.0.1:{free}"))
        assert said in gate.log
        shown = json.loads(gate.gate(*gate.approver("--json", verb="status")).stdout)
        assert (shown["generation"], shown["reloaded_in_part"]) == (2, True)
        [row] = [row for row in gate.rows() if row.get("kind") == "reload"]
        assert (row["generation"], row["act"]["taken"], row["act"]["in_part"]) == (2, False, True)
        assert "reloaded in part: restart the gateway" in gate.gate("log", str(gate.config)).stdout
        assert asks_for_reload(gate, text.replace("rule", "role")).stderr.startswith("trio-gate: not reloaded: ")
        assert "RELOADED IN PART" in gate.gate(*gate.approver(verb="status")).stdout
        gate.config.write_text(text)
