"""The benchmark of naming runs, and prints a row for each of its requests."""

from __future__ import annotations

from scripts.benchmarks import naming


def test_each_request_is_measured_and_explained(monkeypatch, capsys):
    monkeypatch.setattr(naming, "LINES", len(naming.CALLS))
    naming.naming(1)
    printed = capsys.readouterr().out
    rows = [
        line.split()[:2] for line in printed.splitlines() if line.startswith(tuple(service for service, _, _ in naming.CALLS))
    ]
    assert rows == [[service, operation] for service, operation, _ in naming.CALLS]
    assert f"explain: {len(naming.CALLS)} of {len(naming.CALLS)} lines named" in printed
