"""SIGHUP: decisions are logged elsewhere, or nowhere, from one line to the next; traces go to another collector."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
import trio
from botocore.exceptions import ClientError

from tests.kit.approvals.approver import Person
from tests.kit.approvals.hubs import CONFIG
from tests.kit.gateway import AGENT, reload, running
from tests.kit.standins.collector import attributes, collecting
from tests.kit.wire.raw import Raw, request
from trio_gate.app.sinks import other_sinks
from trio_gate.shell.audit.database import FILE, read_last
from trio_gate.shell.exchange.sinks import Sinks

DENY = 'rule "one" { action = "deny" }\n'
LOG = '  decision_log = "./decisions.jsonl"\n'
CLIENTS, CHANGES = 4, 20


def lines(*files):
    return [json.loads(line) for file in files if file.exists() for line in file.read_bytes().splitlines()]


def logged_to(name):
    return f'  decision_log = "./{name}"\n'


def test_under_load_each_decision_is_in_one_of_the_files_once(tmp_path):
    with running(tmp_path, None, agent=AGENT, rules=DENY) as gate, ThreadPoolExecutor(CLIENTS) as pool:
        over, host = threading.Event(), gate.doors["endpoint"]

        def calls() -> int:
            count = 0
            with Raw(host) as raw:
                while not over.is_set():
                    assert "denied by rule" in raw.send(request(host=host)).answer().text
                    count += 1
            return count

        asked, now = [pool.submit(calls) for _ in range(CLIENTS)], LOG
        for number in range(CHANGES):
            new = logged_to(f"{number % 3}.jsonl")
            reload(gate, now, new, f"reloaded, generation {number + 2}\n")
            now = new
        over.set()
        count = sum(one.result() for one in asked)
    files = [tmp_path / "decisions.jsonl", *(tmp_path / f"{number}.jsonl" for number in range(3))]
    found = [line["id"] for line in lines(*files)]
    assert len(found) == count
    assert set(found) == {row["id"] for row in read_last(str(tmp_path / "state" / FILE), 1_000_000, {"decision": "deny"})}
    assert all(lines(file) for file in files)
    assert not gate.log.count("Traceback")


@pytest.fixture
def gate(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


def test_a_log_goes_and_comes_and_has_the_decision_on_a_call_that_waited(gate):
    first, second = gate.folder / "decisions.jsonl", gate.folder / "others.jsonl"
    gate.client("sts").get_caller_identity()
    reload(gate, LOG, "", "reloaded, generation 2")
    gate.client("sts").get_caller_identity()
    assert [line["call"]["action"] for line in lines(first)] == ["GetCallerIdentity"]
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(gate.client("sqs", "prod").create_queue, QueueName="made")
        Person(gate).until(lambda _: True)
        reload(gate, "gateway {\n", f"gateway {{\n{logged_to('others.jsonl')}", "reloaded, generation 3")
        [waiting] = Person(gate).state().prompts
        assert gate.gate(*gate.approver(waiting, "--yes")).returncode == 0
        waits.result()
    assert [line["call"]["action"] for line in lines(second)] == ["CreateQueue"]
    assert [line["call"]["action"] for line in lines(first)] == ["GetCallerIdentity"]


def test_a_file_that_cannot_be_opened_changes_nothing(gate):
    text = gate.config.read_text()
    new = text.replace(LOG, logged_to("absent/decisions.jsonl")).replace('"reads ok"   { match', '"reads ko"   { match')
    gate.config.write_text(new.replace("gateway {\n", 'gateway {\n  listener "endpoint" { bind = "127.0.0.1:0" }\n'))
    done = gate.gate("reload", "--state-dir", str(gate.folder / "state"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "the decision log" in done.stderr
    assert "absent/decisions.jsonl cannot be opened: No such file or directory" in done.stderr
    gate.client("sts").get_caller_identity()
    assert lines(gate.folder / "decisions.jsonl")[-1]["decision"]["rule"] == "reads ok"
    assert gate.log.count("no longer listening") == gate.log.count("listening endpoint") - 1 == 0


def test_a_file_that_was_moved_away_is_begun_again_without_a_reload(gate):
    """The file's own watch goes on after a reload."""
    reload(gate, LOG, logged_to("others.jsonl"), "reloaded, generation 2")
    gate.client("sts").get_caller_identity()
    others = gate.folder / "others.jsonl"
    others.rename(gate.folder / "others.old")
    while not others.exists():
        gate.client("sts").get_caller_identity()
    assert lines(others)
    with pytest.raises(ClientError):
        gate.client("secretsmanager").get_secret_value(SecretId="a")
    assert lines(others)[-1]["decision"]["rule"] == "no secrets"


def ids(collector):
    return {found for span in collector.spans if (found := attributes(span).get("trio_gate.request_id"))}


def test_traces_go_to_another_collector_and_then_nowhere(gate):
    with collecting() as one, collecting() as other:
        names = []
        for old, new in (("", one.url), (one.url, other.url), (other.url, "")):
            before, after = (f'  traces = "{url}"\n' if url else "" for url in (old, new))
            reload(gate, f"gateway {{\n{before}", f"gateway {{\n{after}", "reloaded, generation")
            gate.client("sts").get_caller_identity()
            names.append(gate.records()[-1]["id"])
        gate.process.terminate()
        gate.process.wait(30)
    assert [ids(one), ids(other)] == [{names[0]}, {names[1]}]


def opened(folder):
    """The files in a folder that this process has open, and the threads that send traces."""
    files = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    return [file for file in files if file.startswith(f"{folder}/")], {one for one in threading.enumerate() if "Otel" in one.name}


async def test_what_a_refused_reload_opened_is_closed(tmp_path):
    old = CONFIG.gateway
    new = replace(old, decision_log=str(tmp_path / "decisions"), log=replace(old.log, traces="http://127.0.0.1:1"))
    before = opened(tmp_path)
    async with trio.open_nursery() as closing:
        sinks = Sinks(closing, None, None)
        async with AsyncExitStack() as undo:
            assert len(await other_sinks(old, new, sinks, undo)) == 2
            files, threads = opened(tmp_path)
            assert (files, len(threads - before[1])) == ([new.decision_log], 1)
        assert opened(tmp_path) == before
        assert (sinks.decisions, sinks.traces) == (None, None)


def test_a_limit_of_the_log_holds_from_the_next_line_on(gate):
    reload(gate, "gateway {\n", 'gateway {\n  decision_log_limit = "1KiB"\n', "reloaded, generation 2")
    for _ in range(2):
        gate.client("sts").get_caller_identity()
    assert lines(gate.folder / "decisions.jsonl.1")
