"""The log where nobody reads it."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import select
import socket
import ssl
import subprocess
import sys
from contextlib import closing, contextmanager, suppress

import pytest

from tests.kit.gateway import START, STOP, TRIO_GATE
from trio_gate.shell import log_lines
from trio_gate.shell.log_formats import Json
from trio_gate.shell.log_lines import LogLines

ROOM = 65536


@contextmanager
def pipe():
    """Its reading end, its writing end."""
    ends = os.pipe()
    fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, ROOM)
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


@pytest.fixture
def say():
    made = []

    def begin(descriptor):
        lines = LogLines(descriptor)
        made.append(lines)
        return lambda text: lines.handle(logging.LogRecord("", logging.INFO, "", 0, text, None, None))

    yield begin
    for lines in made:
        lines.close()


def test_a_line_of_any_length_is_written(say):
    with pipe() as (reader, writer):
        say(writer)("é" * 20_000 + "\udc80")
        assert os.read(reader, ROOM).decode() == "é" * 20_000 + "\\udc80\n"


@pytest.mark.parametrize("line", ["x" * 30_000, "short"])
def test_what_nobody_reads_is_counted_and_logged_once_it_is_read(say, line):
    with pipe() as (reader, writer):
        told, sent = say(writer), ROOM // len(line) + 3
        for _ in range(sent):
            told(line)
        first = os.read(reader, ROOM)
        told("after")
        *before, last, end = (first + os.read(reader, ROOM)).decode().split("\n")
        missing = [text for text in before if text.endswith(" lines of the log are missing here: nobody read them")]
        assert (last, end) == ("after", "")
        assert sum(int(text.split()[0]) for text in missing) == sent - before.count(line) > 0
        assert before.count(line) + len(missing) == len(before), "none is torn"


def test_a_line_is_not_begun_before_the_last_one_is_ended(say):
    with pipe() as (reader, writer):
        told = say(writer)
        for text in ("a" * (ROOM - 5_000), "b" * 9_000, "c"):
            told(text)
        first = os.read(reader, ROOM)
        told("d")
        assert (first + os.read(reader, ROOM)).decode().splitlines() == [
            "a" * (ROOM - 5_000),
            "b" * 9_000,
            "1 lines of the log are missing here: nobody read them",
            "d",
        ]


def test_a_terminal_that_nobody_reads_stops_nothing(say):
    shown, ours = os.openpty()
    try:
        told = say(ours)
        for _ in range(3000):
            told("x" * 60)
        read = b""
        while b"after" not in read:
            assert select.select([shown], [], [], START)[0]
            read += os.read(shown, ROOM)
            told("after")
        before = read.partition(b"after")[0].decode().split("\r\n")
        assert "lines of the log are missing here: nobody read them" in before[-2]
        assert os.get_blocking(ours), "who shares it waits as before"
    finally:
        os.close(shown)
        os.close(ours)


def test_a_pipe_of_another_user_is_asked_first(say, monkeypatch):
    with pipe() as (reader, writer):
        monkeypatch.setattr(log_lines.os, "open", refused)
        told = say(writer)
        for _ in range(ROOM // 60):
            told("x" * 100)
        monkeypatch.undo()
        assert set(os.read(reader, ROOM)) == set(b"x\n")


def refused(*_):
    raise PermissionError


def test_a_line_that_cannot_be_formatted_is_written_as_it_is(say):
    with pipe() as (reader, writer):
        with closing(LogLines(writer)) as lines:
            lines.handle(logging.LogRecord("lib", logging.INFO, "", 0, "%d of %d", (1,), None))
        assert os.read(reader, ROOM) == b"a line of lib that cannot be written: '%d of %d'\n"


def test_the_handlers_own_lines_are_json_where_the_others_are():
    with pipe() as (reader, writer):
        lines = LogLines(writer)
        lines.setFormatter(Json())
        lines.handle(logging.LogRecord("lib", logging.INFO, "", 0, "%d of %d", (1,), None))
        for _ in range(3):
            lines.handle(logging.LogRecord("", logging.INFO, "", 0, "x" * (ROOM - 200), None, None))
        wrong, _ = os.read(reader, ROOM).split(b"\n", 1)
        lines.close()
        *_, missing, _ = os.read(reader, ROOM).split(b"\n")
        assert [(said["level"], said["message"]) for said in map(json.loads, (wrong, missing))] == [
            ("error", "a line of lib that cannot be written: '%d of %d'"),
            ("warning", "2 lines of the log are missing here: nobody read them"),
        ]


def test_what_was_lost_last_is_said_at_the_end():
    with pipe() as (reader, writer):
        lines = LogLines(writer)
        for _ in range(3):
            lines.handle(logging.LogRecord("", logging.INFO, "", 0, "x" * (ROOM // 2), None, None))
        os.read(reader, ROOM)
        lines.close()
        assert b"lines of the log are missing here" in os.read(reader, ROOM)


def test_a_reader_that_is_gone_stops_nothing(say):
    ours, theirs = socket.socketpair()
    with closing(ours):
        told = say(ours.fileno())
        theirs.close()
        for _ in range(3):
            told("x")


def full(writer):
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b".")
    os.set_blocking(writer, True)


CONFIG = """
gateway {
  state_dir = "./state"
  listener "proxy" { bind = "127.0.0.1:0" }
  admin { bind = "127.0.0.1:PORT" }
}
"""


def test_a_gateway_whose_log_nobody_reads_starts_answers_and_stops(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "gateway.hcl").write_text(CONFIG.replace("PORT", str(port)))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, pipe() as (_, writer):
        told.bind(str(tmp_path / "notify"))
        told.settimeout(START)
        full(writer)
        command = [*TRIO_GATE, "serve", str(tmp_path / "gateway.hcl")]
        process = subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}, stderr=writer)
        try:
            assert told.recv(64) == b"READY=1"
            trust = ssl.create_default_context(cafile=tmp_path / "state" / "ca" / "own.pem")
            with trust.wrap_socket(socket.create_connection(("127.0.0.1", port), STOP), server_hostname="localhost") as asked:
                asked.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
                assert asked.recv(4096).startswith(b"HTTP/1.1 200 ")
            process.terminate()
            assert process.wait(STOP) == 0
        finally:
            process.kill()
            process.wait()


SAYS_WHERE = """
import os, sys
from trio_gate.cli import serve
serve._hold_standard_streams()
held = [os.readlink(f"/proc/self/fd/{number}") for number in range(3)]
os.write(int(sys.argv[1]), repr(held).encode())
"""


def test_a_standard_stream_that_is_closed_is_held(tmp_path):
    with pipe() as (reader, writer):
        command = f'exec "$0" -c "$1" {writer} <&- >&- 2>&-'
        subprocess.run(["/bin/sh", "-c", command, sys.executable, SAYS_WHERE], pass_fds=[writer], timeout=START, check=True)
        assert os.read(reader, ROOM) == b"['/dev/null', '/dev/null', '/dev/null']"
