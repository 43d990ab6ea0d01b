"""SIGTERM: what runs is finished within a time, what idles ends at once, and the exit status says whether anything was cut off."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.kit.approvals.approver import Person
from tests.kit.gateway import SECRET, START, STOP, running
from tests.kit.paths import ROOT
from tests.kit.standins.scripted import held_back
from tests.kit.wire.raw import DYNAMODB, Raw, request
from trio_gate.client import ClientError
from trio_gate.shell.admin.channel import STOPPING

RUNNING = 20
ALLOW = 'rule "all" { action = "allow" }\n'


@pytest.fixture
def aws(tmp_path_factory):
    """It answers when `may` is set, and counts the calls that have come."""
    with held_back(tmp_path_factory.mktemp("aws"), DYNAMODB) as server:
        yield server


@pytest.fixture
def dial():
    """Connects, and closes at the end."""
    with ExitStack() as opened:
        yield lambda address: opened.enter_context(Raw(address))


def stopping(gate) -> None:
    """Ask it to stop, and wait until it says that it will."""
    gate.process.send_signal(signal.SIGTERM)
    until(gate, "SIGTERM, stopping")


def until(gate, said: str) -> None:
    waited = threading.Event()
    for _ in range(START * 100):
        if said in gate.log:
            return
        waited.wait(0.01)
    raise AssertionError(gate.log)


def test_what_runs_is_finished_and_what_idles_ends_at_once(embedded_aws, aws, tmp_path, dial):
    with running(tmp_path, embedded_aws, rules=ALLOW, first=aws.route(DYNAMODB)) as gate, ThreadPoolExecutor(RUNNING) as pool:
        door = gate.doors["endpoint"]
        client = gate.client("dynamodb", by="endpoint", max_pool_connections=RUNNING)
        calls = [pool.submit(client.list_tables) for _ in range(RUNNING)]
        assert all(aws.came.acquire(timeout=START) for _ in range(RUNNING))
        new = dial(door)
        kept = dial(door).send(request(host=door))  # the gateway has accepted the one before
        assert kept.answer().status == 200
        stopping(gate)
        assert kept.closed()
        with pytest.raises(ConnectionRefusedError):
            dial(door)
        assert new.send(request(host=door)).last().status == 200  # it was accepted, and says that it is the last
        gate.process.send_signal(signal.SIGTERM)
        assert not any(call.done() for call in calls)
        aws.may.set()
        assert {call.result(START)["ResponseMetadata"]["HTTPStatusCode"] for call in calls} == {200}
        assert gate.process.wait(STOP) == 0
    assert len(aws.heads) == RUNNING
    assert "trio-gate: stopped\n" in gate.log
    assert "Traceback" not in gate.log


def ready(gate) -> int:
    """The status of `/readyz` at the metrics listener."""
    try:
        with urlopen(f"http://{gate.doors['metrics']}/readyz", timeout=START) as answer:
            return answer.status
    except HTTPError as refused:
        return refused.status


def test_while_the_last_call_ends_it_is_not_ready_and_people_are_told(embedded_aws, aws, tmp_path):
    ways = {"first": aws.route(DYNAMODB), "knobs": 'metrics { bind = "127.0.0.1:0" }'}
    with running(tmp_path, embedded_aws, rules=ALLOW, **ways) as gate, ThreadPoolExecutor() as pool:
        call = pool.submit(gate.client("dynamodb", by="endpoint").list_tables)
        assert aws.came.acquire(timeout=START)
        person = pool.submit(Person(gate).until, lambda _: False)
        until(gate, "approver alice connected")
        assert ready(gate) == 200
        stopping(gate)
        left = person.exception(START)
        assert (type(left), str(left)) == (ClientError, STOPPING)  # with no more around it only for 1001
        assert ready(gate) == 503
        assert not call.done()
        aws.may.set()
        assert call.result(START)["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert gate.process.wait(STOP) == 0


ENDLESS = {
    "a secret": (f'"{SECRET}"', 'file("./endless")'),
    "roots": ("gateway {\n", 'gateway {\n  ca_file = "./endless"\n'),
    "a certificate": (
        "gateway {\n",
        'gateway {\n  metrics {\n    bind = "127.0.0.1:0"\n    certificate = "./endless"\n    key = "./endless"\n  }\n',
    ),
}
"""What a reload reads, by what of the configuration becomes what."""


@pytest.mark.parametrize("what", ENDLESS)
def test_a_reload_that_reads_a_file_without_end_holds_no_stop_up(tmp_path, what):
    with running(tmp_path, None) as gate:
        os.mkfifo(tmp_path / "endless")
        gate.config.write_text(gate.config.read_text().replace(*ENDLESS[what]))
        gate.process.send_signal(signal.SIGHUP)
        with (tmp_path / "endless").open("w"):  # which the gateway reads by now, and nothing comes
            gate.process.send_signal(signal.SIGTERM)
            assert gate.process.wait(STOP) == 0
    assert gate.log.endswith("trio-gate: stopped\n")


CLOSING = """
from pathlib import Path

import trio

from trio_gate.shell.upstream.pool import UpstreamPool

closed = UpstreamPool.aclose


async def slowly(self):
    Path("FOLDER/closing").touch()
    while not Path("FOLDER/go").exists():
        await trio.sleep(0.01)
    await closed(self)


UpstreamPool.aclose = slowly
"""
"""Has a gateway close its services when it is told."""


def test_signals_change_nothing_while_the_services_are_closed(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(CLOSING.replace("FOLDER", str(tmp_path)))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    with running(tmp_path, None) as gate:
        gate.process.send_signal(signal.SIGTERM)
        until(gate, "SIGTERM, stopping")
        while not (tmp_path / "closing").exists():
            assert gate.process.poll() is None
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            gate.process.send_signal(number)
        until(gate, "SIGINT, stopping")
        (tmp_path / "go").touch()
        assert gate.process.wait(STOP) == 0
    assert gate.log.endswith("trio-gate: stopped\n")
    assert gate.log.count("Traceback") == 0


def test_connections_that_say_nothing_hold_no_stop_up(tmp_path, dial):
    with running(tmp_path, None, knobs='drain_timeout = "1h"') as gate:
        silent = [dial(gate.doors[door]) for door in ("proxy", "tls", "endpoint", "admin")]
        silent.append(dial(gate.doors["tls"]).send(b"\x16\x03\x01\x02\x00\x01"))
        assert dial(gate.doors["endpoint"]).send(request(host=gate.doors["endpoint"], secret="WRONG" * 5)).answer().status == 403
        gate.process.send_signal(signal.SIGTERM)
        assert all(one.closed() for one in silent)
        assert gate.process.wait(STOP) == 0


def test_what_never_ends_is_cut_off_and_said_to_be(embedded_aws, aws, tmp_path):
    first = aws.route(DYNAMODB)
    with (
        running(tmp_path, embedded_aws, rules=ALLOW, first=first, knobs='drain_timeout = "1s"') as gate,
        ThreadPoolExecutor() as pool,
    ):
        call = pool.submit(gate.client("dynamodb", by="endpoint").list_tables)
        assert aws.came.acquire(timeout=START)
        gate.process.send_signal(signal.SIGTERM)
        assert gate.process.wait(STOP) == 1
        assert call.exception() is not None
    assert "stopped; calls that were cut off after 1 seconds, and may have been executed: 1" in gate.log
    outcome = gate.records()[-1]["outcome"]
    assert (outcome["end"], outcome["reason"]) == ("aborted", "the gateway stopped")
