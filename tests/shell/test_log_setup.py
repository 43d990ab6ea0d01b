"""Where the log goes, and in which form."""

from __future__ import annotations

import logging
import os

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


def test_without_a_descriptor_for_the_journal_there_is_no_handler(root, tmp_path, monkeypatch):
    with (tmp_path / "log").open("w") as file:
        found = os.fstat(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        before = list(root.handlers)
        with no_descriptor(), pytest.raises(OSError, match="Too many open files"):
            log_setup.configure(LogSettings(), descriptor=file.fileno())
        assert root.handlers == before
