"""The soak in its shortest form, and that it tells where the record and AWS do not agree."""

from __future__ import annotations

from contextlib import closing

import pytest

from scripts.benchmarks import soak
from tests.kit.records import intent, outcome
from trio_gate.audit.rows import intent_row, outcome_row, whole_row
from trio_gate.shell.audit.database import AuditDatabase


def test_some_seconds_of_it(monkeypatch, capsys):
    for name, value in {"RELOAD": 1.0, "SETTLED": 0.5, "ONE_IN": 20, "ASK_EVERY": 0.2}.items():
        monkeypatch.setattr(soak, name, value)
    assert soak.soak(0.1) == []
    [record] = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("record")]
    answers, faults, recorded, failed, _ = map(int, record[1:])
    assert (recorded > 50, faults > 0, failed > 0, answers >= recorded) == (True, True, True, True)


def called(name, answer=None, **ended):
    return whole_row(intent(name, service="dynamodb"), outcome(name, aws_request_id=answer, **ended))


def left(name):
    return called(name, end="aborted", status=None)


@pytest.mark.parametrize(
    ("seen", "rows", "wrong"),
    [
        (["a answer", "b answer", "sts answer"], [called("1", "a"), called("2", "b")], []),
        (["a answer", "b answer"], [called("1", "a"), left("2")], []),
        (["a fault"], [called("1", end="failed", status=502)], []),
        (["a answer"], [], ["1 answers and 0 faults of AWS, 0 calls failed, 0 were left"]),
        (["a answer"], [called("1", end="failed", status=502)], ["1 answers and 0 faults of AWS, 1 calls failed, 0 were left"]),
        (["a fault"], [], ["0 answers and 1 faults of AWS, 0 calls failed, 0 were left"]),
        (["a answer"], [called("1", "a"), called("2", "b")], ["1 answers are in the record that AWS did not give"]),
        (["a answer"], [called("1", "a"), called("2", "a")], ["a is in the record 2 times"]),
        (
            ["a answer"],
            [intent_row(intent("1", service="dynamodb")), outcome_row(outcome("9")), called("2", "a")],
            ["1 calls have no outcome"],
        ),
    ],
)
def test_what_does_not_agree(tmp_path, seen, rows, wrong):
    (tmp_path / "seen").write_text("".join(f"{line}\n" for line in seen))
    with closing(AuditDatabase(str(tmp_path / "audit.db"))) as store:
        store.append(rows)
    assert soak.reconciled(tmp_path / "seen", str(tmp_path / "audit.db")) == wrong


def samples(*memory, every=60.0):
    return [(at * every, {"memory MiB": each, "descriptors": 40, "threads": 4}) for at, each in enumerate(memory)]


def test_what_rises():
    assert soak.rising(samples(*([80.0] * 20))) == []
    assert soak.rising(samples(20.0, 60.0, *([80.0] * 20))) == []
    [said] = soak.rising(samples(*(80.0 + each for each in range(20))))
    assert said.startswith("memory MiB went from 86 to 99, 10.00 in ten minutes")
    assert soak.rising(samples(*(80.0 + each for each in range(10)), every=1.0)) == []
    assert len(soak.rising(samples(*(80.0 + 3 * each for each in range(20)), every=1.0))) == 1
