from __future__ import annotations

import argparse
import json
import re
import sqlite3
import sys
from contextlib import closing

import pytest

from tests.kit.records import NOW, intent, outcome, read
from trio_gate.audit.record import Many
from trio_gate.audit.rows import intent_row, many_row, outcome_row, whole_row
from trio_gate.cli import log
from trio_gate.shell.audit.database import FILE, AuditDatabase


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    approvers = (("alice", "human", "fine"), ("bob", "human", ""))
    session = '{"chain":["arn:aws:iam::1:role/deploy"],"role":"arn:aws:iam::1:role/deploy"}'
    with closing(AuditDatabase(str(folder / "audit.db"))) as store:
        store.append([intent_row(intent("r-1")), outcome_row(outcome("r-1"))])
        store.append(
            [
                intent_row(
                    intent(
                        "r-2", operation="DeleteObject", outcome="approve", rule="the rest", approvers=approvers, session=session
                    )
                )
            ]
        )
        refused = intent(
            "r-3", agent=None, rule="evil \x1b[2J[bold]\u202e", outcome="deny", resources='["arn:1","arn:2","arn:3"]'
        )
        bare = intent(
            "r-4", service=None, operation=None, resources=None, account=None, account_name=None, rule=None, outcome="refused"
        )
        store.append([whole_row(refused, outcome("r-3", status=403, end="refused"))])
        store.append([whole_row(bare, outcome("r-4", status=None, end="refused"))])
    return folder


def trio_gate_log(*args):
    parser = argparse.ArgumentParser()
    log.add_arguments(parser)
    return log.run(parser.parse_args([str(arg) for arg in args]))


def test_the_table_shows_who_did_what_and_who_let_them(state, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    assert trio_gate_log("--state-dir", state) == 0
    _, first, second, third, fourth = capsys.readouterr().out.splitlines()
    for words, line in [
        (("2026-01-15 12:00:00", "ci", "prod", "s3:GetObject", "arn:aws:s3:::b/k", "allow", "reads ok", "200"), first),
        (("prod as deploy", "s3:DeleteObject", "approve", "the rest", "in progress", "alice, bob"), second),
        (("127.0.0.1", "arn:1 and 2 more", "deny", r"evil \u{1b}[2J[bold]\u{202e}", "403 refused"), third),
        (("refused", "- refused"), fourth),
    ]:
        assert [word for word in words if word not in line] == []


def test_what_was_signed_and_not_sent_has_a_mark():
    record = {**read(intent_row(intent("r-1", presigned=60))), "outcome": None}
    assert log.cells(record)[3] == "s3:GetObject (presigned, 60 s)"


def test_json_lines_hold_the_whole_record(state, capsys):
    assert trio_gate_log("--state-dir", state, "--json", "-n", "3") == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["id"] for record in records] == ["r-2", "r-3", "r-4"]
    assert records[0]["approvers"][0] == {"person": "alice", "kind": "human", "reason": "fine"}


@pytest.mark.parametrize(
    ("args", "ids"),
    [
        (("--id", "r-3"), ["r-3"]),
        (("--agent", "ci", "--decision", "approve"), ["r-2"]),
        (("--agent", "ci", "--outcome", "approve"), ["r-2"]),
        (("--end", "refused"), ["r-3", "r-4"]),
        (("--end", "refused", "--resource", "ARN:2"), ["r-3"]),
        (("--text", "deleteobject prod"), ["r-2"]),
        (("--approver", "ali", "--reason", "fine"), ["r-2"]),
        (("--since", "2026-01-15T13:00+01:00", "--until", "2026-01-15T12:00:00.001", "-n", "2"), ["r-3", "r-4"]),
        (("--until", "2026-01-15T12:00"), []),
        (("--since", "2026-01-16"), []),
    ],
)
def test_filters_narrow(state, capsys, args, ids):
    assert trio_gate_log("--state-dir", state, "--json", *args) == 0
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == ids


def test_what_is_no_time_is_said(state, capsys):
    with pytest.raises(SystemExit):
        trio_gate_log("--state-dir", state, "--since", "yesterday")
    assert "argument --since: 'yesterday' is no time: write one such as" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gateway {}",
        'gateway { state_dir = "./state" }',
        'gateway { state_dir = env("STATE") }',
        'gateway {\n  state_dir = "state" # here\n}\nagent "a" { secret = env("NOT_SET") }',
    ],
)
def test_a_configuration_is_read_for_its_state_dir_only(state, capsys, monkeypatch, text):
    monkeypatch.setenv("STATE", str(state))
    config = state.parent / "gateway.hcl"
    config.write_text(text)
    assert trio_gate_log(config, "--json", "-n", "1") == 0
    assert json.loads(capsys.readouterr().out)["id"] == "r-4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('gateway { state_dir = env("NOT_SET") }', "NOT_SET"),
        ("gateway { state_dir = 7 }", "`state_dir` is a string"),
        ('gateway { state_dir = "', "gateway.hcl:1:"),
        (None, "No such file"),
    ],
)
def test_a_configuration_that_does_not_say_is_an_error_that_says_where(tmp_path, capsys, text, message):
    config = tmp_path / "gateway.hcl"
    if text is not None:
        config.write_text(text)
    assert trio_gate_log(config) == 2
    assert message in capsys.readouterr().err


def test_a_folder_without_a_record_is_one_line_of_error(tmp_path, capsys):
    assert trio_gate_log("--state-dir", tmp_path) == 1
    error = capsys.readouterr().err
    assert "the gateway has not run there yet" in error
    assert error.count("\n") == 1


def test_what_is_no_database_is_one_line_of_error(tmp_path, capsys):
    (tmp_path / FILE).write_text("not a database")
    assert trio_gate_log("--state-dir", tmp_path) == 1
    error = capsys.readouterr().err
    assert "audit.db cannot be used" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("count", ["0", "-1", "x", "10000000"])
def test_what_is_not_a_count_is_refused(count, capsys):
    with pytest.raises(SystemExit):
        trio_gate_log("--state-dir", "x", "-n", count)
    assert "-n" in capsys.readouterr().err


def test_refusals_that_were_counted_say_how_many(tmp_path, capsys):
    many = Many(id="r-9", address="192.0.2.1", codes={"403 AccessDenied": 4, "400 InvalidRequest": 3}, first=NOW, last=NOW)
    with closing(AuditDatabase(str(tmp_path / "audit.db"))) as store:
        store.append([many_row(many)])
    assert trio_gate_log("--state-dir", str(tmp_path)) == 0
    said = capsys.readouterr().out
    assert "7 more refused" in said
    assert "192.0.2.1" in said


def test_an_end_that_no_call_has_is_an_error(state, capsys):
    with pytest.raises(SystemExit):
        trio_gate_log("--state-dir", state, "--end", "zzz")
    assert "--end: invalid choice: 'zzz'" in capsys.readouterr().err
    assert trio_gate_log("--state-dir", state, "--end", "refused") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def changed(state, statement):
    with closing(sqlite3.connect(state / FILE)) as db:
        db.execute(statement)
        db.commit()


def test_verify_says_that_the_chain_holds_and_whether_it_has_a_hash_that_was_kept(state, capsys):
    assert trio_gate_log("verify", "--state-dir", state) == 0
    head = re.fullmatch(r".*audit\.db: 5 rows hold, head ([0-9a-f]{64})\n", capsys.readouterr().out)[1]
    assert trio_gate_log("verify", "--state-dir", state, "--head", head) == 0
    changed(state, "DELETE FROM record WHERE seq = 5")
    assert trio_gate_log("verify", "--state-dir", state) == 0
    assert trio_gate_log("verify", "--state-dir", state, "--head", head) == 1
    assert "no row has the hash of --head" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM record WHERE seq = 3", "row 3 is missing: after row 2 comes row 4"),
        ("UPDATE record SET id = 'r-9' WHERE seq = 2", "row 2 is stored as 'outcome' 'r-9', and its text is 'outcome' 'r-1'"),
        ("UPDATE record SET packed = x'00' WHERE seq = 4", "row 4 cannot be unpacked"),
        ("UPDATE record SET packed = (SELECT packed FROM record WHERE seq = 1) WHERE seq = 4", "row 4 has another hash"),
        ("UPDATE record SET hash = zeroblob(32) WHERE seq = 1", "row 1 has another hash"),
    ],
)
def test_verify_names_the_first_row_that_was_changed_and_how(state, capsys, statement, fault):
    changed(state, statement)
    config = state.parent / "gateway.hcl"
    config.write_text(f'gateway {{ state_dir = "{state}" }}')
    assert trio_gate_log("verify", config) == 1
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert f"{state}/{FILE}: {fault}" in told.err


@pytest.mark.parametrize("words", [("a.hcl", "b.hcl"), ("verify", "a.hcl", "--state-dir", "s"), ("verify", "a", "b")])
def test_one_record_is_named(capsys, words):
    assert trio_gate_log(*words) == 2
    assert capsys.readouterr().err == "trio-gate: name one configuration, or its state folder\n"


@pytest.mark.parametrize(
    "words",
    [
        *[
            ("verify", *more)
            for more in (("--json",), ("-n", "3"), ("-f",), ("--agent", "ci"), ("--text", "b"), ("--end", "failed"))
        ],
        ("--head", "0" * 64),
    ],
)
def test_to_verify_takes_options_of_its_own(state, capsys, words):
    assert trio_gate_log(*words, "--state-dir", state) == 2
    said = "trio-gate: `log verify` reads the whole record and takes only --head, which `log` does not take\n"
    assert capsys.readouterr() == ("", said)


def test_a_narrow_table_fits_and_says_what_it_leaves_out(state, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    four, two = "resource, rule, status and approver", "resource and rule"
    for width, left_out in [(80, four), (99, four), (100, two), (139, two), (140, ""), (250, "")]:
        monkeypatch.setenv("COLUMNS", str(width))
        assert trio_gate_log("--state-dir", state) == 0
        lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
        said = f"left out for want of width: {left_out}; 140 columns have room, and --json has all"
        assert (lines[-1] == said, any("left out" in line for line in lines)) == (bool(left_out), bool(left_out))
        assert max(len(line) for line in lines[: -1 if left_out else None]) <= width
        assert ("arn:aws:s3:::b/k" in "".join(lines)) is not bool(left_out)


@pytest.mark.parametrize("form", [("--json",), ()])
def test_follow_goes_on_with_each_call_as_it_ends(state, capsys, monkeypatch, form):
    rows = iter(
        [
            [intent_row(intent("r-5", agent="cd")), whole_row(intent("r-6"), outcome("r-6"))],
            [outcome_row(outcome("r-5")), outcome_row(outcome("r-2"))],
            [whole_row(intent("r-7", agent="cd"), outcome("r-7"))],
        ]
    )

    def meanwhile(_):
        with closing(AuditDatabase(str(state / FILE))) as store:
            try:
                store.append(next(rows))
            except StopIteration:
                raise KeyboardInterrupt from None

    monkeypatch.setattr(log.time, "sleep", meanwhile)
    with pytest.raises(KeyboardInterrupt):
        trio_gate_log("--state-dir", state, "--follow", "--agent", "cd", *form)
    lines = capsys.readouterr().out.splitlines()
    if form:
        assert [json.loads(line)["id"] for line in lines] == ["r-5", "r-7"]
    else:
        assert [line.split("  ")[1:4] for line in lines[-2:]] == [["cd", "prod", "s3:GetObject"]] * 2
