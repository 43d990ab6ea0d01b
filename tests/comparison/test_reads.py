"""The reads that a comparison may make, held against botocore and the review."""

import pytest

from tests.kit.aws.meanings import meaning
from trio_gate.comparison.reads import READS
from trio_gate.shell.models.model_loader import load_model


@pytest.mark.parametrize("name", sorted(READS))
def test_a_read_only_reads(name):
    service, operation = name.split(".")
    assert operation in load_model(service)["operations"]
    call = meaning(service, operation, {})
    assert call.access in ("read", "list")
    assert call.vends_credentials is False
