from __future__ import annotations

import json
import os
import pty
import stat
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.kit.records import CALL, NOW
from tests.kit.shortages import room
from trio_gate.audit.described import describe
from trio_gate.aws.call import UNKNOWN
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.audit import decision_log
from trio_gate.shell.audit.decision_log import DecisionLog


def lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_decision_is_one_line_in_the_shape_of_explain(tmp_path):
    path = tmp_path / "decisions.jsonl"
    log = DecisionLog(str(path))
    call = replace(CALL, params={"SecretString": "hunter2hunter2", "Blob": b"a", "Body": UNKNOWN, "Text": "x" * 5000 + "\n"})
    log.called(
        describe(call, None, line=True).line, id="r-1", time=NOW, agent="ci", decision=("deny", "no secrets", "ask"), status=403
    )
    log.refused(id="r-2", time=NOW, agent=None, status=400, code="InvalidRequest", reason="two readings\nof it")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    called, refused = lines(path)
    assert called["id"] == "r-1"
    assert called["time"] == "2026-01-15T12:00:00.000000Z"
    assert (called["outcome"], called["agent"], called["status"]) == ("call", "ci", 403)
    assert called["decision"] == {"outcome": "deny", "rule": "no secrets", "reason": "ask"}
    assert called["call"]["params"] == {
        "SecretString": {"$masked": {"length": 14}},
        "Blob": {"$b64": "YQ=="},
        "Body": {"$unknown": True},
        "Text": "x" * 5000 + "\n",
    }
    assert refused["outcome"] == "refused"
    assert (refused["status"], refused["code"], refused["reason"]) == (400, "InvalidRequest", "two readings\nof it")
    log.close()


def test_lines_are_added_to_what_is_there(tmp_path):
    path = tmp_path / "decisions.jsonl"
    for n in range(2):
        log = DecisionLog(str(path))
        log.refused(id=f"r-{n}", time=NOW, agent=None, status=400, code="C", reason="R")
        log.close()
    assert [line["id"] for line in lines(path)] == ["r-0", "r-1"]


def test_a_full_disk_refuses():
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full to stand for a full disk")
    log = DecisionLog("/dev/full")
    with pytest.raises(AuditUnavailable):
        log.refused(id="r-1", time=NOW, agent=None, status=400, code="C", reason="R")
    log.close()


def test_a_line_cut_short_refuses(tmp_path, monkeypatch):
    log = DecisionLog(str(tmp_path / "decisions.jsonl"))
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:10]))
    with pytest.raises(AuditUnavailable, match="in full"):
        log.refused(id="r-1", time=NOW, agent=None, status=400, code="C", reason="R")
    monkeypatch.undo()
    log.close()


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(AuditUnavailable, match="absent/decisions"):
        DecisionLog(str(tmp_path / "absent" / "decisions.jsonl"))


def refuse(log, name):
    log.refused(id=name, time=NOW, agent=None, status=400, code="C", reason="R")


def test_it_has_a_bound_with_its_one_old_file(tmp_path):
    path = tmp_path / "decisions.jsonl"
    log = DecisionLog(str(path), 2048)
    for number in range(100):
        refuse(log, f"r-{number}")
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 2048
    log.close()
    old = tmp_path / "decisions.jsonl.1"
    assert {file.name for file in tmp_path.iterdir()} == {path.name, old.name}
    assert [stat.S_IMODE(file.stat().st_mode) for file in (path, old)] == [0o600, 0o600]
    kept = [line["id"] for line in [*lines(old), *lines(path)]]
    assert kept == [f"r-{number}" for number in range(100 - len(kept), 100)]


def test_what_was_moved_away_is_begun_again(tmp_path, monkeypatch):
    monkeypatch.setattr(decision_log, "LOOK_EVERY", 0)
    path = tmp_path / "decisions.jsonl"
    log = DecisionLog(str(path))
    refuse(log, "r-1")
    path.rename(tmp_path / "moved")
    refuse(log, "r-2")
    assert [line["id"] for line in lines(path)] == ["r-2"]
    assert [line["id"] for line in lines(tmp_path / "moved")] == ["r-1"]
    path.unlink()
    refuse(log, "r-3")
    assert [line["id"] for line in lines(path)] == ["r-3"]
    log.close()


def test_whether_it_was_moved_away_is_looked_at_now_and_then(tmp_path, monkeypatch):
    time = [0.0]
    monkeypatch.setattr(decision_log, "perf_counter", lambda: time[0])
    path = tmp_path / "decisions.jsonl"
    log = DecisionLog(str(path))
    path.rename(tmp_path / "moved")
    for number, time[0] in enumerate((0.0, 0.09, 0.1, 0.15)):
        refuse(log, f"r-{number}")
    assert [line["id"] for line in lines(tmp_path / "moved")] == ["r-0", "r-1"]
    assert [line["id"] for line in lines(path)] == ["r-2", "r-3"]
    log.close()


def test_one_line_that_is_longer_than_half_stands_alone(tmp_path):
    log = DecisionLog(str(tmp_path / "decisions.jsonl"), 256)
    refuse(log, "r" * 300)
    assert [file.name for file in tmp_path.iterdir()] == ["decisions.jsonl"]
    log.close()


def test_what_is_no_file_is_never_rotated(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = DecisionLog(str(path), 64)
    path.rename(tmp_path / "moved")
    for name in ("r-1", "r-2"):
        refuse(log, name)
    assert [json.loads(line)["id"] for line in os.read(reader, 65536).splitlines()] == ["r-1", "r-2"]
    assert [file.name for file in tmp_path.iterdir()] == ["moved"]
    log.close()
    os.close(reader)


@pytest.mark.parametrize("fits", [1, 60, -1])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_line_that_a_full_disk_cut_short_spoils_no_other(tmp_path, fits, restarted):
    path = tmp_path / "decisions.jsonl"
    log = DecisionLog(str(path))
    refuse(log, "r-1")
    size = path.stat().st_size
    with room(size + fits % size), pytest.raises(AuditUnavailable, match="in full"):
        refuse(log, "r-2")
    if restarted:
        log.close()
        log = DecisionLog(str(path))
    for name in ("r-3", "r-4"):
        refuse(log, name)
    log.close()
    first, cut, *after = path.read_bytes().splitlines()
    assert json.loads(first)["id"] == "r-1"
    assert len(cut) == fits % size
    assert [json.loads(line)["id"] for line in after] == ["r-3", "r-4"]


def test_a_log_that_took_nothing_is_asked_again_and_nothing_is_written_for_it(tmp_path):
    path = tmp_path / "decisions.jsonl"
    log = DecisionLog(str(path))
    refuse(log, "r-1")
    size = path.stat().st_size
    with room(size - 1):
        assert log.takes_lines()
        with pytest.raises(AuditUnavailable):
            refuse(log, "r-2")
        for _ in range(3):
            assert not log.takes_lines()
    assert log.takes_lines()
    assert [one.name for one in tmp_path.iterdir()] == ["decisions.jsonl"]
    assert path.stat().st_size == size
    refuse(log, "r-3")
    assert [json.loads(line)["id"] for line in path.read_bytes().splitlines()] == ["r-1", "r-3"]
    log.close()


def overfill(log):
    for number in range(100_000):
        refuse(log, f"r-{number}")


def test_a_pipe_that_is_full_is_not_ready_and_gets_nothing(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = DecisionLog(str(path))
    with pytest.raises(AuditUnavailable):
        overfill(log)
    for _ in range(3):
        assert not log.takes_lines()
    while read := os.read(reader, 65536):
        assert b"\n\n" not in read
        if len(read) < 65536:
            break
    assert log.takes_lines()
    log.close()
    os.close(reader)


def test_a_second_try_that_is_cut_short_spoils_nothing_either(tmp_path):
    path = tmp_path / "decisions.jsonl"
    log = DecisionLog(str(path))
    for size in (10, 11, 30):
        with room(size), pytest.raises(AuditUnavailable, match="in full"):
            refuse(log, "r-1")
    refuse(log, "r-2")
    log.close()
    *cut, last = path.read_bytes().splitlines()
    assert [len(line) for line in cut] == [10, 19]
    assert json.loads(last)["id"] == "r-2"


def drained(reader):
    with suppress(BlockingIOError):
        while piece := os.read(reader, 65536):
            yield piece


def fill(log: DecisionLog, padding: str, sent: list[int]) -> None:
    """Write lines until one does not fit."""
    for number in range(100_000):
        refuse(log, f"r-{number}-{padding}")
        sent.append(number)


@pytest.mark.parametrize("padding", [0, 9000], ids=["short", "longer than a pipe takes at once"])
def test_a_pipe_that_nobody_reads_refuses_and_stops_nothing(tmp_path, padding):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log, sent = DecisionLog(str(path)), []
    with pytest.raises(AuditUnavailable):
        fill(log, "x" * padding, sent)
    with pytest.raises(AuditUnavailable):
        refuse(log, "x" * padding)
    found = b"".join(drained(reader))
    refuse(log, "later")
    found += b"".join(drained(reader))
    whole = [line for line in found.splitlines() if line.endswith(b"}")]
    assert [json.loads(line)["id"].partition("-x")[0].rstrip("-") for line in whole] == [*(f"r-{n}" for n in sent), "later"]
    log.close()
    os.close(reader)


def test_a_line_that_is_longer_than_a_pipe_holds_at_first_fits(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = DecisionLog(str(path))
    refuse(log, "r" * 200_000)
    assert json.loads(b"".join(drained(reader)))["id"] == "r" * 200_000
    log.close()
    os.close(reader)


def test_a_pipe_whose_reader_has_left_refuses(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(AuditUnavailable, match="cannot be opened"):
        DecisionLog(str(path))
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = DecisionLog(str(path))
    os.close(reader)
    with pytest.raises(AuditUnavailable):
        refuse(log, "r-1")
    log.close()


def test_a_terminal_that_nobody_reads_refuses():
    ours, theirs = pty.openpty()
    log = DecisionLog(os.ttyname(theirs))
    with pytest.raises(AuditUnavailable):
        fill(log, "", [])
    log.close()
    for file in (ours, theirs):
        os.close(file)


def test_a_rotated_file_is_let_go(tmp_path):
    log = DecisionLog(str(tmp_path / "decisions.jsonl"), 512)
    for number in range(50):
        refuse(log, f"r-{number}")
    with os.scandir("/proc/self/fd") as descriptors:
        opened = [os.path.realpath(entry.path) for entry in descriptors]
    assert [file for file in opened if file.startswith(str(tmp_path))] == [str(tmp_path / "decisions.jsonl")]
    log.close()


def test_a_log_that_cannot_be_rotated_refuses(tmp_path):
    path = tmp_path / "decisions.jsonl"
    (tmp_path / "decisions.jsonl.1").mkdir()
    log = DecisionLog(str(path), 1024)
    while path.stat().st_size < 512 - 100:
        refuse(log, "r-1")
    with pytest.raises(AuditUnavailable):
        refuse(log, "r" * 100)
    assert path.stat().st_size <= 512
    log.close()


def test_a_file_is_ready_while_the_last_line_was_logged_and_a_pipe_while_it_has_a_reader_and_room(tmp_path):
    log = DecisionLog(str(tmp_path / "file"))
    refuse(log, "r-1")
    assert log.is_ready()
    with room((tmp_path / "file").stat().st_size), pytest.raises(AuditUnavailable):
        refuse(log, "r-2")
    assert not log.is_ready()
    refuse(log, "r-3")
    assert log.is_ready()
    log.close()
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = DecisionLog(str(path))
    assert log.is_ready()
    os.close(reader)
    assert not log.is_ready(), "no line had to fail first"
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    assert log.is_ready()
    log.close()
    os.close(reader)
