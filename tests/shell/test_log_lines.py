"""The log where nobody reads it."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import ssl
import subprocess
from contextlib import closing, contextmanager, suppress

import pytest

from tests.kit.gateway import START, STOP, TRIO_GATE
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
    def begin(descriptor):
        lines = LogLines(descriptor)
        return lambda text: lines.handle(logging.LogRecord("", logging.INFO, "", 0, text, None, None))

    return begin


def test_a_line_of_any_length_is_written(say):
    with pipe() as (reader, writer):
        say(writer)("é" * 20_000 + "\udc80")
        assert os.read(reader, ROOM).decode() == "é" * 20_000 + "\\udc80\n"


@pytest.mark.parametrize("line", ["x" * 30_000, "short"])
def test_what_nobody_reads_is_counted_and_told_once_it_is_read(say, line):
    with pipe() as (reader, writer):
        told, sent = say(writer), ROOM // len(line) + 3
        for _ in range(sent):
            told(line)
        first = os.read(reader, ROOM)
        told("after")
        *before, missing, last, end = (first + os.read(reader, ROOM)).decode().split("\n")
        whole = before.count(line)
        assert (last, end) == ("after", "")
        assert missing == f"{sent - whole} lines of the log are missing here: nobody read them"
        assert [text for text in before if text != line] in ([], [before[-1]]), "but one that was cut"
        assert line.startswith(before[-1])


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
