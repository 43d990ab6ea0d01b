from __future__ import annotations

import json
import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.kit.approvals.acts import OLD
from tests.kit.records import NOW, intent, outcome, rows_of
from trio_gate.audit.chain import GENESIS, link
from trio_gate.audit.redact import encode
from trio_gate.audit.rows import Row, intent_row, outcome_row, whole_row
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.audit import database
from trio_gate.shell.audit.database import FILTERS, AuditDatabase, read_last, recent, search, services_of


def searched(*given):
    """The requests of a page."""
    return search(*given)[0]


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "audit ?#%.db")  # a name that a database URL would have to escape


@pytest.fixture
def store(path):
    with closing(AuditDatabase(path)) as made:
        yield made


def chain_of(path):
    rows, head = rows_of(path), GENESIS
    for at, (seq, row, kept) in enumerate(rows, 1):
        head = link(head, row)
        assert (seq, kept) == (at, head)
    return rows


def test_rows_form_one_chain_over_batches_and_restarts(path):
    for batch in range(3):
        with closing(AuditDatabase(path)) as store:
            store.append([intent_row(intent(f"r-{batch}-{n}")) for n in range(3)])
            store.append([outcome_row(outcome(f"r-{batch}-1"))])
            count, head = store.head()
    rows = chain_of(path)
    assert (count, head) == (12, rows[-1][2].hex())
    assert len(rows) == 12


def test_two_writers_cannot_fork_the_chain(path, store):
    with closing(AuditDatabase(path)) as other:
        for n in range(4):
            (store, other)[n % 2].append([intent_row(intent(f"r-{n}"))])
    assert len(chain_of(path)) == 4


def test_only_this_user_may_read_the_files(tmp_path, path, store):
    store.append([intent_row(intent())])
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 3  # with WAL and shared memory


def test_every_commit_is_synced(store):
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_batch_is_written_whole_or_not_at_all(path, store):
    with pytest.raises(AuditUnavailable, match="NOT NULL"):
        store.append([intent_row(intent("r-1")), Row("call", None, b"{}")])
    store.append([intent_row(intent("r-2"))])
    assert [record["id"] for record in read_last(path, 10)] == ["r-2"]
    chain_of(path)


def test_another_schema_is_refused(path, store):
    store._db.execute("PRAGMA user_version = 7")
    with pytest.raises(AuditUnavailable, match="schema 7, this gateway writes 2"):
        AuditDatabase(path)


def test_what_is_not_a_database_is_refused(path):
    with open(path, "wb") as file:
        file.write(b"something else entirely" * 100)
    with pytest.raises(AuditUnavailable, match="not a database"):
        AuditDatabase(path)
    with pytest.raises(AuditUnavailable, match="not a database"):
        read_last(path, 1)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(AuditUnavailable, match="cannot be used"):
        AuditDatabase(str(tmp_path / "absent" / "audit.db"))
    with pytest.raises(AuditUnavailable, match="cannot be used"):
        read_last(str(tmp_path / "audit.db"), 1)
    assert not (tmp_path / "audit.db").exists()


def test_a_full_disk_refuses_and_leaves_the_chain_as_it_was(path, store):
    store.append([intent_row(intent("r-1"))])
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(AuditUnavailable, match="full"):
        store.append([intent_row(intent(f"full-{n}", path="x" * 2000)) for n in range(50)])
    store._db.execute("PRAGMA max_page_count = 1000000")
    store.append([intent_row(intent("r-2"))])
    assert [record["id"] for record in read_last(path, 10)] == ["r-1", "r-2"]
    chain_of(path)


def test_the_last_requests_come_oldest_first_with_their_outcomes(path, store):
    store.append([intent_row(intent("r-1")), intent_row(intent("r-2")), whole_row(intent("r-3"), outcome("r-3", end="refused"))])
    store.append([outcome_row(outcome("r-1", status=204))])
    records = read_last(path, 10)
    assert [record["id"] for record in records] == ["r-1", "r-2", "r-3"]
    assert [record["outcome"] and record["outcome"]["end"] for record in records] == ["answered", None, "refused"]
    assert records[0]["outcome"]["status"] == 204
    assert [record["id"] for record in read_last(path, 2)] == ["r-2", "r-3"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "r-2"),
        ("agent", "other"),
        ("account", "222222222222"),
        ("service", "dynamodb"),
        ("action", "PutItem"),
        ("decision", "deny"),
        ("rule", "no' OR 1=1 --"),
    ],
)
def test_each_filter_finds_only_what_it_names(path, store, name, value):
    fields = {"action": "operation", "decision": "outcome", "id": "request"}
    store.append([intent_row(intent("r-1")), intent_row(intent(**{"request": "r-9", fields.get(name, name): value}))])
    assert [record["id"] for record in read_last(path, 10, {name: value})] == ["r-2" if name == "id" else "r-9"]
    assert read_last(path, 10, {name: "absent"}) == []
    assert [record["id"] for record in searched(path, {name: value}, None, 10)] == ["r-2" if name == "id" else "r-9"]
    assert name in FILTERS


def test_a_search_comes_newest_first_and_a_page_at_a_time(path, store):
    store.append([intent_row(intent("r-1")), intent_row(intent("r-2")), whole_row(intent("r-3"), outcome("r-3", end="refused"))])
    store.append([outcome_row(outcome("r-1", status=204))])
    assert [(row["seq"], row["id"]) for row in searched(path, {}, None, 2)] == [(3, "r-3"), (2, "r-2")]
    [last] = searched(path, {}, 2, 2)
    assert (last["seq"], last["id"], last["outcome"]["status"]) == (1, "r-1", 204)
    assert [row["id"] for row in searched(path, {"end": "answered"}, None, 9)] == ["r-1"]
    assert [row["id"] for row in searched(path, {"end": "refused", "agent": "ci"}, None, 9)] == ["r-3"]
    assert searched(path, {"end": "failed"}, None, 9) == []


def test_a_search_goes_on_where_it_ended(path, store, monkeypatch):
    store.append([whole_row(intent(f"r-{number}"), outcome(f"r-{number}")) for number in range(1, 8)])
    assert [row["seq"] for row in search(path, {}, None, 3)[0]] == [7, 6, 5]
    assert search(path, {}, None, 3)[1] == 5
    assert search(path, {}, 3, 3)[1] is None
    monkeypatch.setattr(database, "MOST_SEARCHED", 3)
    assert search(path, {"id": "r-2"}, None, 3) == ([], 5)
    found, left = search(path, {"id": "r-2"}, 5, 3)
    assert ([row["seq"] for row in found], left) == ([2], 2)
    assert search(path, {"id": "r-2"}, 2, 3) == ([], None)


def test_the_last_requests_that_fit_are_looked_for_in_the_whole_record(path, store, monkeypatch):
    store.append([whole_row(intent(f"r-{number}"), outcome(f"r-{number}")) for number in range(1, 8)])
    monkeypatch.setattr(database, "MOST_SEARCHED", 2)
    assert [row["id"] for row in read_last(path, 3, {"text": "prod"})] == ["r-5", "r-6", "r-7"]
    assert [row["id"] for row in read_last(path, 3, {"id": "r-1"})] == ["r-1"]
    assert read_last(path, 3, {"text": "absent"}) == []


def test_a_search_finds_parts_and_times_beside_equal_values(path, store):
    store.append([whole_row(intent("r-1"), outcome("r-1")), intent_row(intent("r-2", approvers=(("alice", "human", "once"),)))])
    store.append([outcome_row(outcome("r-2", error_code="NoSuchKey", end="answered"))])

    def found(**filters):
        return [row["id"] for row in searched(path, filters, None, 9)]

    assert found(text="nosuchkey alice") == ["r-2"]
    assert found(resource="B/K") == ["r-2", "r-1"]
    assert found(resource="b/k", agent="ci", end="answered", approver="ali") == ["r-2"]
    assert found(agent="other", text="nosuchkey") == []
    assert found(since="2026-01-15T12:00:00.001Z") == []


def test_reading_sees_what_is_committed_beside_a_running_writer(path, store):
    store.append([intent_row(intent("r-1"))])
    store._db.execute("BEGIN IMMEDIATE")
    assert [record["id"] for record in read_last(path, 10)] == ["r-1"]
    store._db.execute("ROLLBACK")


def test_a_changed_row_breaks_the_chain(path, store):
    store.append([intent_row(intent(f"r-{n}")) for n in range(3)])
    row = json.loads(chain_of(path)[1][1]) | {"agent": "someone else"}
    packed = store._packing.pack(json.dumps(row).encode())
    store._db.execute("UPDATE record SET packed = ? WHERE seq = 2", (packed,))
    with pytest.raises(AssertionError):
        chain_of(path)


def test_a_plain_read_takes_little_room(path, store):
    params = encode({"Table": "agents", "Key": {"pk": {"S": "x" * 1000}}})
    for _batch in range(20):
        store.append(
            [
                whole_row(
                    intent(str(uuid4()), params=params),
                    outcome(
                        str(uuid4()), aws_request_id=str(uuid4()), nanoseconds={"aws": 12345000, "end": 123000, "signed": 21000}
                    ),
                )
                for _ in range(50)
            ]
        )
    store.close()
    assert os.path.getsize(path) < 1000 * 600


def test_a_database_of_before_goes_on_with_packed_rows_and_is_read_in_both_forms(path):
    rows = [
        intent_row(intent("r-1")),
        outcome_row(outcome("r-1")),
        intent_row(intent("r-2")),
        intent_row(intent("r-3", agent="eve")),
    ]
    head, kept = GENESIS, []
    for seq, row in enumerate(rows, 1):
        head = link(head, row.text)
        kept.append((seq, row.kind, row.id, row.text.decode(), head))
    with closing(sqlite3.connect(path)) as db:
        db.executescript(OLD)
        db.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", kept)
        db.commit()
    before = (
        read_last(path, 10),
        searched(path, {"end": "answered"}, None, 9),
        searched(path, {"agent": "eve", "id": "r-3"}, None, 9),
    )
    for _ in range(2):
        AuditDatabase(path).close()
        assert (
            read_last(path, 10),
            searched(path, {"end": "answered"}, None, 9),
            searched(path, {"agent": "eve", "id": "r-3"}, None, 9),
        ) == before
    with closing(AuditDatabase(path)) as store:
        store.append([outcome_row(outcome("r-2")), whole_row(intent("r-4"), outcome("r-4"))])
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT seq, kind, id, row, hash FROM record WHERE packed IS NULL ORDER BY seq").fetchall() == kept
        assert db.execute("SELECT seq, row FROM record WHERE packed IS NOT NULL").fetchall() == [(5, ""), (6, "")]
    assert [row for _, row, _ in chain_of(path)[:4]] == [row.text for row in rows]
    assert [(record["id"], record["outcome"] and record["outcome"]["end"]) for record in read_last(path, 10)] == [
        ("r-1", "answered"),
        ("r-2", "answered"),
        ("r-3", None),
        ("r-4", "answered"),
    ]


def test_a_database_keeps_the_dictionary_that_it_was_made_with(path, monkeypatch):
    with closing(AuditDatabase(path)) as store:
        store.append([intent_row(intent("r-1"))])
    monkeypatch.setattr(database, "DICTIONARY", b"another")
    with closing(AuditDatabase(path)) as store:
        store.append([intent_row(intent("r-2"))])
    assert len(chain_of(path)) == 2
    assert [record["id"] for record in read_last(path, 5)] == ["r-1", "r-2"]


def test_a_row_that_cannot_be_unpacked_is_said(path, store):
    store.append([intent_row(intent("r-1"))])
    store._db.execute("UPDATE record SET packed = x'00'")
    with pytest.raises(AuditUnavailable, match="cannot be used"):
        read_last(path, 1)


def test_outcomes_are_found_by_an_index(path, store):
    plan = store._db.execute(
        "EXPLAIN QUERY PLAN SELECT (SELECT o.packed FROM record o WHERE o.id = r.id AND o.kind = 'outcome' ORDER BY o.seq DESC LIMIT 1)"
        " FROM record r"
    ).fetchall()
    assert "USING INDEX record_outcome" in str(plan)


def test_recent_rows_are_those_of_a_rule_newest_first_until_they_are_too_old(store, path):
    old, now = NOW - timedelta(days=2), NOW
    rows = [
        whole_row(intent("r-1", time=old), outcome("r-1")),
        intent_row(intent("r-2", time=now)),
        outcome_row(outcome("r-2")),
        intent_row(intent("r-3", time=now, rule="other")),
        intent_row(intent("r-4", time=now, params='{"x":"\\"rule\\":\\"reads ok\\"}"}', rule="other")),
        intent_row(intent("r-5", time=now, service=None)),
        whole_row(intent("r-6", time=now), outcome("r-6", end="refused")),
    ]
    store.append(rows)
    found = list(recent(path, ["reads ok", "none"], now - timedelta(days=1), 100))
    assert [row and row["id"] for row in found] == ["r-6", None, None, None, None, "r-2"]
    assert [row and row["id"] for row in recent(path, ["reads ok", "none"], now - timedelta(days=1), 2)] == ["r-6", None]
    assert len(list(recent(path, ["reads ok", "none"], old, 100))) == 7


def test_recent_rows_of_no_database_are_not_to_be_had(tmp_path):
    with pytest.raises(AuditUnavailable):
        list(recent(str(tmp_path / "none.db"), ["r"], NOW, 1))


def test_the_services_of_an_agent_are_those_of_its_newest_calls(path, store, monkeypatch):
    store.append([intent_row(replace(intent("r-0"), service="ec2"))])
    called = [("ci", "sqs"), ("ci", "s3"), ("ci", "s3"), ("other", "iam"), (None, "sts"), ("ci", None)]
    store.append(
        [intent_row(replace(intent(f"r-{at}"), agent=agent, service=name)) for at, (agent, name) in enumerate(called, 1)]
    )
    assert services_of(path, "ci") == ["ec2", "s3", "sqs"]
    assert (services_of(path, None), services_of(path, "nobody")) == (["sts"], [])
    monkeypatch.setattr(database, "MOST_LOOKED_BACK", 6)
    assert services_of(path, "ci") == ["s3", "sqs"]
