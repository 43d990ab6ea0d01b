"""The journal's own protocol, on a real socket of its kind."""

import logging
import os
import socket
import sys

import pytest

from trio_gate.shell.systemd.journal import JournalLines, reads


@pytest.fixture
def journal(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "socket"))
        heard.setblocking(False)
        yield heard


@pytest.fixture
def otherwise():
    kept = []

    class Kept(logging.Handler):
        def emit(self, record):
            kept.append(record)

    handler = Kept()
    handler.kept = kept
    return handler


@pytest.fixture
def lines(tmp_path, otherwise):
    made = JournalLines(otherwise, str(tmp_path / "socket"))
    yield made
    made.close()


def said(lines, message="refused %s", args=("it",), level=logging.INFO, fault=None, **more):
    record = logging.LogRecord("trio_gate.x", level, "", 0, message, args, fault)
    vars(record).update(more)
    lines.handle(record)
    return record


def fields(data: bytes) -> dict[str, str]:
    found = {}
    while data:
        line, _, rest = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + length], rest[8 + length + 1 :]
        found[name.decode()] = value.decode()
        data = rest
    return found


def test_a_record_has_fields(journal, lines, otherwise):
    said(lines, facts={"request": "r-1", "status": 403, "rule": None})
    assert fields(journal.recv(9999)) == {
        "MESSAGE": "refused it",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "trio-gate",
        "LOGGER": "trio_gate.x",
        "TRIO_GATE_REQUEST": "r-1",
        "TRIO_GATE_STATUS": "403",
    }
    assert otherwise.kept == []


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.DEBUG, "7"), (logging.INFO, "6"), (logging.WARNING, "4"), (logging.ERROR, "3"), (logging.CRITICAL, "3")],
)
def test_levels_are_those_of_syslog(journal, lines, level, priority):
    said(lines, level=level)
    assert fields(journal.recv(9999))["PRIORITY"] == priority


def test_what_has_lines_makes_no_fields_of_its_own(journal, lines):
    said(lines, "%s", ("one\nPRIORITY=0\n\udc80",), facts={"agent": "a\nPRIORITY=0"})
    found = fields(journal.recv(9999))
    assert (found["MESSAGE"], found["TRIO_GATE_AGENT"], found["PRIORITY"]) == ("one\nPRIORITY=0\n\\udc80", "a\nPRIORITY=0", "6")


def test_a_traceback_belongs_to_the_message(journal, lines):
    try:
        raise ValueError("x")
    except ValueError:
        said(lines, fault=sys.exc_info())
    assert fields(journal.recv(9999))["MESSAGE"].endswith("ValueError: x")


def test_what_the_journal_does_not_take_goes_another_way_and_holds_nobody_up(journal, lines, otherwise):
    long = said(lines, "x" * 10_000_000, ())
    wrong = said(lines, "%d", ("x",))
    assert otherwise.kept == [long, wrong]
    while len(otherwise.kept) == 2:  # until it is full, for nobody reads
        said(lines)


def test_whether_the_journal_reads_a_descriptor(tmp_path):
    with (tmp_path / "file").open("w") as file:
        found = os.fstat(file.fileno())
        assert reads(file.fileno(), {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
        assert not reads(file.fileno(), {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino + 1}"})
        assert not reads(file.fileno(), {})
