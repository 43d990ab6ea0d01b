"""Reloads under load: many good ones fail no call, and bad ones of every kind change nothing and say why."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.kit.gateway import AGENT, reload, running
from tests.kit.wire.raw import Raw, request
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
    "no text": lambda text: "\udcff" + text,
}


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    with running(tmp_path_factory.mktemp("bad"), None, agent=AGENT, rules=DENY) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


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
