"""What statements do, by their verbs."""

from __future__ import annotations

import pytest

from tests.kit.aws.effects import call_of
from trio_gate.effect.statements import MAX_STATEMENT, statement_does


@pytest.mark.parametrize(
    ("sql", "does"),
    [
        ("SELECT * FROM t", "reads"),
        ("select a as updated_at from t", "reads"),
        ("INSERT INTO t VALUES (1)", "changes"),
        ("SELECT 1; update t set a = 1", "changes"),
        ("DROP TABLE t", "destroys"),
        ("SELECT 1; dRoP table t", "destroys"),
        ("/* hidden */ DELETE/**/FROM t", "destroys"),
        ("SELECT '" + "x" * MAX_STATEMENT + "'", "destroys"),
    ],
)
def test_a_verb_counts_wherever_it_stands(sql, does):
    assert statement_does(call_of("rds-data.ExecuteStatement", {"sql": sql})) == does


def test_partiql_deletes_one_item_at_a_time():
    assert statement_does(call_of("dynamodb.ExecuteStatement", {"Statement": "DELETE FROM t WHERE k = 1"})) == "deletes"


def test_all_of_several_statements_count():
    params = {"Statements": [{"Statement": "SELECT * FROM t"}, {"Statement": "UPDATE t SET a = 1"}]}
    assert statement_does(call_of("dynamodb.BatchExecuteStatement", params)) == "changes"


def test_a_call_without_statements_does_nothing_by_them():
    assert statement_does(call_of("s3.GetObject", {"Bucket": "b", "Key": "drop"})) is None
