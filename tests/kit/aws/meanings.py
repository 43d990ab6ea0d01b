"""What the tests of meaning share: one set of tables, a call in one line, botocore's models."""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path

import botocore
import pytest

from tests.kit.aws.naming import catalog
from trio_gate.aws.call import Candidate, NamedCall, Place
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.resources.owned import NONE_LISTED
from trio_gate.aws.semantics import describe
from trio_gate.shell.models.packaged_data import packaged_tables
from trio_gate.wire.head import RequestHead, Target

TABLES = Tables(packaged_tables)
ACCOUNT = "111111111111"
OTHER = "999999999999"


def meaning(
    service,
    operation,
    params=None,
    /,
    *,
    method="POST",
    path=("",),
    host_account=None,
    shape=None,
    tables=TABLES,
    owned=NONE_LISTED,
    **facts,
):
    shape = shape or input_of(service, operation)
    told = {"partition": "aws", "region": "us-east-1", "account": ACCOUNT, "signing_name": service, **facts}
    account = told.pop("account")
    named = NamedCall(
        candidate=Candidate(service=service, host="h", **told),
        service=service,
        operation=operation,
        protocol="json",
        params=params or {},
        implied={},
        account=account,
    )
    place = Place(host="h", candidates=(), account=host_account)
    head = RequestHead(method=method, target=Target(segments=tuple(path)), headers=())
    return describe(named, shape=shape, place=place, head=head, tables=tables, owned=owned)


@functools.cache
def input_of(service, operation):
    """The shape of an input; None of a service that botocore does not know."""
    if service not in services():
        return None
    catalog().ensure([service])
    known = catalog().service(service).operations.get(operation)
    return known.input if known else None


@functools.cache
def services():
    data = Path(botocore.__file__).parent / "data"
    return sorted(path.name for path in data.iterdir() if path.is_dir() and any(path.glob("*/service-2.json.gz")))


@functools.cache
def model(service):
    newest = max((Path(botocore.__file__).parent / "data" / service).glob("*/service-2.json.gz"))
    return json.loads(gzip.decompress(newest.read_bytes()))


def need_botocore_of(first: str) -> None:
    """Skip the test unless the first line of one of the repository's files names the botocore that is here."""
    if f"botocore {botocore.__version__} " not in first:
        pytest.skip(f"{first}: another is installed")  # reason: scripts/constraints.txt pins the one whose model was reviewed


def operations(service):
    return frozenset(model(service)["operations"])


def writes(service):
    """The operations of a service, with their raw model, that have an input, a row and an action, and do more than read."""
    for operation, one in model(service)["operations"].items():
        found = meaning(service, operation)
        if "input" in one and found.reviewed and found.iam_action is not None and found.access not in ("read", "list"):
            yield operation, one
