"""Every table of the benchmark, in its shortest form: what it measures is not judged here, only that it does."""

from __future__ import annotations

import os
import re
from contextlib import nullcontext
from dataclasses import dataclass

import pytest

from scripts.benchmarks import bodies, decision, machine, naming, nginx, run, small, steady
from scripts.benchmarks.proxies import Place, place

MIB = 1024 * 1024
SHORT = run.Effort(seconds=0.05, rounds=1, size=8 * MIB, agents=20, times=32)
NUMBER = r"[\d.]+"
PLAIN = NUMBER if nginx.find() else "-"


@dataclass(frozen=True, kw_only=True)
class Started(Place):
    """A place whose proxies run already."""

    proxies: tuple

    def all(self):
        return nullcontext(self.proxies)


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    with place(tmp_path_factory.mktemp("bench")) as found, found.all() as proxies:
        yield Started(folder=found.folder, small=found.small, large=found.large, proxies=proxies)


@pytest.fixture
def printed(where, capsys):
    """Measures a table, and gives its rows: the name, and the columns."""

    def measure(table):
        figures = table(where, SHORT)
        rows = [(line[:20].strip(), line[20:].split()) for line in capsys.readouterr().out.splitlines()]
        return figures, [(name, cells) for name, cells in rows if name and re.fullmatch(rf"({NUMBER}|-| )+\w*", " ".join(cells))]

    return measure


@pytest.mark.parametrize("table", [small.reads, small.writes], ids=["reads", "writes"])
def test_small_requests(table, printed, monkeypatch):
    monkeypatch.setattr(small, "CONNECTIONS", (1, 4))
    figures, rows = printed(table)
    assert [name for name, _ in rows] == ["1 connection", "4 connections"]
    for _, cells in rows:
        assert re.fullmatch(" ".join([NUMBER] * 6 + [PLAIN] * 2 + [NUMBER, PLAIN, NUMBER]), " ".join(cells))
    assert figures[f"{table.__name__[:-1]} 4 textbook"] > 0


def test_latencies_at_half_of_the_greatest_rate(printed):
    figures, rows = printed(small.tail)
    assert [name for name, _ in rows] == ["small reads", "small writes"]
    assert figures["read p99"] > 0


def test_new_connections(printed):
    figures, rows = printed(small.connections)
    assert [name for name, _ in rows] == ["16 at once"]
    assert figures["connection textbook"] > 0


def test_bodies(printed, monkeypatch):
    monkeypatch.setattr(bodies, "STREAMS", (2,))
    figures, rows = printed(bodies.bodies)
    assert [name for name, _ in rows] == [
        f"{form}, x 2" for form in ("up, unsigned", "up, hash", "up, trailer", "up, chunks", "down")
    ]
    assert figures["down, x 2 memory"] >= 0


@pytest.mark.parametrize("name", ["idle", "start", "record"])
def test_what_is_on_disk_and_in_memory(name, printed):
    table = {table.__name__: table for table in run.TABLES}[name]
    figures, rows = printed(table)
    assert len(rows) == {"idle": 3 if nginx.find() else 2, "start": 2, "record": 2}[name]
    assert figures.get("idle gateway errors", 0) == 0
    assert all(value > 0 for key, value in figures.items() if "errors" not in key)


def test_a_decision_is_made_by_fifty_rules(printed):
    assert len(decision.rules()) == decision.COUNT
    _, rows = printed(decision.decision)
    assert {name: cells[2] for name, cells in rows}["get_item"] == "allow"


def test_each_request_is_named_and_explained(monkeypatch, capsys):
    monkeypatch.setattr(naming, "LINES", len(naming.CALLS))
    naming.naming(None, SHORT)
    said = capsys.readouterr().out
    rows = [
        line.split()[0] for line in said.splitlines() if line.startswith(tuple(operation for _, operation, _ in naming.CALLS))
    ]
    assert rows == [operation for _, operation, _ in naming.CALLS]
    assert f"explain: {len(naming.CALLS)} of {len(naming.CALLS)} lines named" in said


def test_without_nginx_the_textbook_proxy_remains(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(nginx, "find", lambda: None)
    with place(tmp_path) as where:
        figures = small.connections(where, SHORT)
        cells = capsys.readouterr().out.splitlines()[-1].split()
    assert nginx.version() is None
    assert figures["connection nginx"] is None
    assert cells[-5:-3] == ["-", "-"]


def test_the_line_at_the_end_says_what_was_measured():
    assert run.headline({}) == []
    assert run.headline({"read 16 nginx": None, "read bytes": 1234.5}) == ["a read takes 1234 bytes of the record"]


def test_cpu_is_counted_with_children():
    child = os.fork()
    if not child:
        sum(range(3_000_000))
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert machine.cpu(os.getpid()) >= machine.cpu(child) > 0
    os.waitpid(child, 0)


def test_nothing_grows_in_seconds_of_load(monkeypatch, capsys):
    monkeypatch.setattr(steady, "RELOAD", 0.3)
    monkeypatch.setattr(steady, "SETTLED", 1.0)
    assert steady.steady(0.05) == []
    assert "at the end" in capsys.readouterr().out
