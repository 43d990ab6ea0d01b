"""IAM's tables: one prefix at a time, and only when asked."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import meaning, operations
from trio_gate.aws.iam.tables import Tables
from trio_gate.shell.models.packaged_data import packaged_tables


def test_tables_load_a_prefix_once_and_only_when_asked():
    asked = []

    def load(name):
        asked.append(name)
        return packaged_tables(name)

    tables = Tables(load)
    assert asked == []
    assert not tables.loaded(["sqs", "stepfunctions"])
    tables.ensure(["sqs", "stepfunctions", "made-up"])
    assert tables.loaded(["sqs", "stepfunctions", "made-up"])
    ours = ["members", "reviewed"]
    theirs = ["actions/sqs", "actions/states", "resourceTypes/sqs", "resourceTypes/states", "services"]
    assert sorted(asked) == sorted(ours + theirs)
    tables.ensure(["sqs"])
    assert tables.action("sqs", "sendmessage").name == "sqs:SendMessage"
    assert len(asked) == 7


def test_a_prepared_service_reads_no_file_when_described():
    ready = []
    tables = Tables(lambda name: pytest.fail(name) if ready else packaged_tables(name))
    prepared = ["s3", "dynamodb", "iot-jobs-data"]
    tables.ensure(prepared)
    ready.append(True)
    for service in prepared:
        for operation in sorted(operations(service))[:40]:
            for signing in (service, "s3express", "s3-outposts", "s3-object-lambda") if service == "s3" else (service,):
                assert meaning(service, operation, signing_name=signing, tables=tables)
