"""Where the log goes, and in which form."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
import sys

import pytest

from tests.kit.shortages import no_descriptor
from trio_gate.config.logs.model import LogSettings
from trio_gate.shell import log_setup
from trio_gate.shell.log_lines import LogLines
from trio_gate.shell.systemd.journal import JournalLines


@pytest.fixture
def root():
    """The root logger, as it was before once the test is over."""
    logger, requests = logging.getLogger(), logging.getLogger(log_setup.REQUESTS)
    before = (list(logger.handlers), logger.level, requests.level)
    yield logger
    for one in set(logger.handlers) - set(before[0]):
        logger.removeHandler(one)
        one.close()
    logger.setLevel(before[1])
    requests.setLevel(before[2])


@pytest.mark.parametrize(("form", "kind"), [("text", JournalLines), ("json", LogLines)])
def test_where_the_journal_reads_it_gets_fields_unless_json_is_wanted(root, tmp_path, monkeypatch, form, kind):
    with (tmp_path / "log").open("w") as file:
        found = os.fstat(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        log_setup.configure(LogSettings(form=form), level=logging.INFO, descriptor=file.fileno())
        log_setup.configure(LogSettings(form=form, requests=True), descriptor=file.fileno())
        assert [type(one) for one in root.handlers if isinstance(one, (LogLines, JournalLines))] == [kind]
        assert root.level == logging.INFO
        assert logging.getLogger(log_setup.REQUESTS).isEnabledFor(logging.INFO)


@pytest.fixture
def small_pipe():
    """A pipe that has room for four pages: its reading end, which does not wait, its writing end."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4 * 4096)
    os.set_blocking(reader, False)
    yield reader, writer
    os.close(reader)
    os.close(writer)


def test_a_line_that_was_begun_is_ended_by_the_handler_that_follows(root, small_pipe):
    reader, writer = small_pipe
    log_setup.configure(LogSettings(form="json"), level=logging.INFO, descriptor=writer)
    log = logging.getLogger("trio_gate.test")
    for text in ("a" * 12_000, "b" * 9_000, "dropped"):
        log.info(text)
    log_setup.configure(LogSettings(form="text"), descriptor=writer)
    said = os.read(reader, 1 << 20)
    log.info("after")
    first, second, *rest = (said + os.read(reader, 1 << 20)).decode().splitlines()
    assert [json.loads(line)["message"] for line in (first, second)] == ["a" * 12_000, "b" * 9_000]
    assert [line.split(" ", 2)[2] for line in rest] == ["1 lines of the log are missing here: nobody read them", "after"]


def test_what_another_descriptor_has_begun_is_not_written_to_this_one(root, small_pipe, tmp_path):
    _, writer = small_pipe
    log_setup.configure(LogSettings(), level=logging.INFO, descriptor=writer)
    logging.getLogger("trio_gate.test").info("a" * 20_000)
    with (tmp_path / "log").open("w") as file:
        log_setup.configure(LogSettings(), descriptor=file.fileno())
        logging.getLogger("trio_gate.test").info("here")
    [line] = (tmp_path / "log").read_text().splitlines()
    assert line.endswith(" INFO here")


PYTHON_SAYS = """
import logging, threading, warnings
from trio_gate.config.logs.model import LogSettings
from trio_gate.shell import log_setup

class Lost:
    def __del__(self):
        raise KeyError("lost")

log_setup.configure(LogSettings(form="json"), level=logging.INFO)
log_setup.take_over()
warnings.warn("it is old\\nand more", DeprecationWarning)
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
Lost()
raise RuntimeError("the end")
"""


def test_what_python_itself_says_is_in_the_form_of_the_log():
    done = subprocess.run([sys.executable, "-W", "always", "-c", PYTHON_SAYS], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "error", "error", "critical"]
    assert "DeprecationWarning: it is old\nand more" in lines[0]["message"]
    ends = [line["traceback"].splitlines()[-1] for line in lines[1:]]
    assert ends == ["ZeroDivisionError: division by zero", "KeyError: 'lost'", "RuntimeError: the end"]
    assert done.returncode == 1


def test_without_a_descriptor_for_the_journal_there_is_no_handler(root, tmp_path, monkeypatch):
    with (tmp_path / "log").open("w") as file:
        found = os.fstat(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        before = list(root.handlers)
        with no_descriptor(), pytest.raises(OSError, match="Too many open files"):
            log_setup.configure(LogSettings(), descriptor=file.fileno())
        assert root.handlers == before
