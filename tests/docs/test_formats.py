"""The page of formats has the fields that gateways write, as `tests/formats/written` keeps them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import closing
from functools import partial

import pytest

from tests.docs.pages import rows, section
from tests.formats.kit import kept, written
from tests.kit.paths import ROOT
from tests.kit.records import intent, outcome
from trio_gate.audit.rows import intent_row, outcome_row
from trio_gate.shell.audit.database import AuditDatabase

PAGE = ROOT / "docs" / "formats.md"
NAME = re.compile(r"`([^`]+)`")
CALL = "call"


def lines(name):
    return [json.loads(line) for line in written(name).splitlines()]


def tables(title):
    """The tables of a section, each as rows of cells."""
    found = re.findall(r"(?:^\|.*\n?)+", section(PAGE, title), re.MULTILINE)
    return [rows(table) for table in found]


def names(table, column=0, *, where=None):
    """The names in a column, of the rows whose second cell is one of `where`."""
    return [name for row in table if where is None or row[1] in where for name in NAME.findall(row[column])]


def fields(values):
    """All fields of some objects, in the order in which they come."""
    return list(dict.fromkeys(name for value in values for name in value))


DECISIONS, EXPLAINED, RECORD = lines("decisions.jsonl"), lines("explain.jsonl"), lines("log.jsonl")


@pytest.mark.parametrize("outcome", ["call", "refused"])
def test_the_fields_of_a_decision(outcome):
    table, _ = tables("The decision log")
    assert names(table, where={"both", outcome}) == fields(line for line in DECISIONS if line["outcome"] == outcome)


def test_the_fields_of_a_call():
    _, table = tables("The decision log")
    assert names(table) == fields(line["call"] for line in EXPLAINED if "call" in line)
    explained = {"policies", "names", "reasons"}
    assert [name for name in names(table) if name not in explained] == fields(
        line["call"] for line in DECISIONS if "call" in line
    )


def test_the_fields_of_what_explain_reads_and_says():
    read, said = tables("Explain")
    assert set(fields(lines("explain.requests.jsonl"))) - {"now"} <= set(names(read))
    assert names(said, where={"both", "call"}) == fields(line for line in EXPLAINED if line["outcome"] == "call")
    refused = {*names(said, where={"both", "refused"}), CALL}
    assert refused == {*fields(line for line in EXPLAINED if line["outcome"] == "refused"), CALL}
    [forward] = [row for row in said if row[0] == "`forward`"]
    assert NAME.findall(forward[2]) == fields(line["forward"] for line in EXPLAINED if "forward" in line)


def test_the_fields_of_a_record():
    table, outcome = tables("The record")
    assert set(names(table)) == set(fields(RECORD))
    assert set(names(outcome)) == set(fields(line["outcome"] for line in RECORD if line["outcome"]))
    parts = {row[0].strip("`"): NAME.findall(row[1]) for row in table}
    assert set(parts["decision"]) == set(fields(line["decision"] for line in RECORD))
    assert set(parts["approvers"]) == set(fields(one for line in RECORD for one in line["approvers"]))
    assert set(parts["counted"]) == set(fields(line["counted"] for line in RECORD if "counted" in line))


def test_the_kinds_of_rows_and_the_fields_of_acts():
    acts = {line["kind"]: set() for line in RECORD if "act" in line}
    for line in RECORD:
        if "act" in line:
            acts[line["kind"]] |= line["act"].keys()
    [table] = tables("Acts in the record")
    assert {row[0].strip("`"): set(NAME.findall(row[2])) for row in table} == acts
    [kind] = [row[1] for row in tables("The record")[0] if row[0] == "`kind`"]
    assert set(re.findall(r'"(\w+)"', kind)) == {line["kind"] for line in RECORD if "act" not in line}


def test_the_members_of_frames():
    said = [line.split(" ", 1) for line in written("frames.txt").splitlines()]
    found: dict[tuple[str, str], list[str]] = {}
    for side, frame in ((side, json.loads(text)) for side, text in said):
        kind = side, frame.pop("type")
        found[kind] = max(found.get(kind, []), list(frame), key=len)  # a member that may be missing is there once
    [table] = tables("Frames")
    assert {(row[0], row[1].strip("`")): NAME.findall(row[2]) for row in table} == found


def test_the_members_of_what_approvals_leave():
    [table] = tables("Approvals")
    text = written("approvals.sql")
    for kind, _, members in table:
        values = kept(text, kind.strip("`")).values()
        assert NAME.findall(members) == fields(map(json.loads, values))
    assert {row[0].strip("`") for row in table} == set(re.findall(r"VALUES\('(\w+)'", text))


def test_what_stands_for_a_value_is_there():
    [table] = tables("Replaced values")
    everywhere = "".join(path.read_text("utf-8") for path in (ROOT / "trio_gate").rglob("*.py"))
    assert set(names(table)) == set(re.findall(r"[\"'](\$[a-z0-9]+)[\"']\s*:", everywhere))


def test_the_record_is_read_and_verified_as_the_page_tells(tmp_path):
    text = PAGE.read_text()
    [program] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    with closing(AuditDatabase(str(tmp_path / "audit.db"))) as store:
        store.append([intent_row(intent("r-1")), outcome_row(outcome("r-1"))])
        count, head = store.head()
        store.append([])
        run = partial(subprocess.run, [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run().stdout == f"{count} {head}\n"
        store._db.execute("UPDATE record SET row = 'x', packed = NULL WHERE seq = 2")
        assert "row 2 was changed" in run().stderr
