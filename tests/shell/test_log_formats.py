"""Lines of the log: text for people, objects for programs."""

import json
import logging
import sys

import pytest

from trio_gate.shell.log_formats import Json, Text


def record(message="refused %s", *args, level=logging.INFO, fault=None, **more):
    made = logging.LogRecord("trio_gate.x", level, "", 0, message, args or ("it",), fault)
    made.created = 1_768_469_400.125
    vars(made).update(more)
    return made


def fault():
    try:
        raise ValueError("on\ntwo lines")
    except ValueError:
        return sys.exc_info()


def test_text_has_its_time_in_utc():
    assert Text().format(record()) == "2026-01-15T09:30:00.125Z INFO refused it"


def test_no_message_can_pass_for_another_line():
    said = Text().format(record("refused %s", "x\n2026-01-15T09:30:00.125Z INFO forged\r\x1b[2J\u2028", fault=fault()))
    first, *trace = said.split("\n")
    assert first == r"2026-01-15T09:30:00.125Z INFO refused x\u{a}2026-01-15T09:30:00.125Z INFO forged\u{d}\u{1b}[2J\u{2028}"
    assert trace[0] == "Traceback (most recent call last):"


def test_no_fact_passes_for_the_time_or_the_level():
    said = json.loads(Json().format(record(facts={"level": "debug", "time": "never"})))
    assert (said["level"], said["time"]) == ("info", "2026-01-15T09:30:00.125Z")


def test_what_json_does_not_have_is_no_line():
    with pytest.raises(ValueError, match="JSON compliant"):
        Json().format(record(facts={"share": float("nan")}))


def test_an_object_has_the_facts_of_a_request():
    said = json.loads(Json().format(record(facts={"request": "r-1"})))
    assert said == {
        "time": "2026-01-15T09:30:00.125Z",
        "level": "info",
        "logger": "trio_gate.x",
        "message": "refused it",
        "request": "r-1",
    }


@pytest.mark.parametrize("message", ["two\nlines", 'a "quote" and \N{SNOWMAN}', "\udc80"])
def test_an_object_is_one_line_of_ascii_whatever_is_said(message):
    line = Json().format(record("%s", message))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == message


def test_a_traceback_is_part_of_the_object():
    said = json.loads(Json().format(record(level=logging.ERROR, fault=fault())))
    assert said["level"] == "error"
    assert said["traceback"].startswith("Traceback (most recent call last)")
