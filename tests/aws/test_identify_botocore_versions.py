"""With every botocore of some months: its operations are named, what is newer than the review is unknown, and the rest as it was.

Each version's own serializers write the requests, in a process of its own. `scripts/programs` installs the versions.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys

import botocore
import pytest

from tests.aws.test_identify_roundtrip import DEPRECATED
from tests.kit.paths import ROOT
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.routing.route import TWINS
from trio_gate.shell.models.packaged_data import packaged_hosts, packaged_tables

FOLDER = ROOT / ".botocore-versions"
VERSIONS = ("1.43.84", "1.43.104", "1.43.124", "1.44.5")
"""The oldest of the 90 days before the reviewed one, the one that was reviewed before it, and two between."""

UNKNOWN = {"$unknown": True}
ANSWERS = ("vends_credentials", "reads_secret", "may_expose_secrets")
OF_OPERATION = (*ANSWERS, "runs_code", "spends")
MEANINGS = (*OF_OPERATION, "makes_public", "shares_with", "cross_account")
"""The last three depend on account and region, too."""

NAMED = ("iam_actions", "resource", "resources", "resource_accounts", "policies")

pytestmark = [pytest.mark.long("all operations of other botocores"), pytest.mark.timeout(900)]


@functools.cache
def understood(version):
    """How a gateway with that botocore understands the requests of that botocore."""
    folder = FOLDER / version
    if version != botocore.__version__ and not (folder / "botocore").exists():
        pytest.skip(f"scripts/programs has not installed botocore {version}")  # reason: a test installs no packages
    path = os.pathsep.join((str(folder), str(ROOT)) if version != botocore.__version__ else (str(ROOT),))
    command = [sys.executable, "-m", "tests.kit.aws.operations"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, cwd=ROOT, capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert found["botocore"] == version
    return found["operations"]


def same(key, call):
    """Whether a call has the name that it was sent by, or the one of the twin that it goes by."""
    service, operation, _ = key.split(":")
    twins = call["service"] == service or any({service, call["service"]} <= set(family) for family in TWINS)
    return twins and call["operation"] in (operation, DEPRECATED.get(operation))


def name_of(call):
    """The name that a call goes by, which may be a twin's."""
    return call["service"], call["operation"]


def names(calls):
    """The names of the operations that these were made of."""
    return {tuple(key.split(":")[:2]) for key in calls}


@pytest.mark.parametrize("version", VERSIONS)
def test_its_operations_are_named_and_none_wrongly(version):
    calls = understood(version)
    named = {key: call for key, call in calls.items() if "refused" not in call}
    assert [key for key, call in named.items() if not same(key, call)] == []
    assert len(named) >= 0.99 * len(calls)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_newer_than_the_review_is_unknown(version):
    newer = [call for call in understood(version).values() if call.get("reviewed") is False]
    assert newer
    for call in newer:
        assert all(call[name] in (True, UNKNOWN) for name in ANSWERS), call


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rest_is_as_with_the_reviewed_one(version):
    """But for what a twin that only one of them has, a host or an older form of a request changes."""
    reviewed = understood(packaged_hosts()["botocore"])
    calls, known = understood(version), names(reviewed)
    assert any(key not in reviewed for key in calls)
    compared = 0
    for key, call in calls.items():
        if "refused" in call or "refused" in reviewed.get(key, {"refused": ""}):
            assert "refused" in call or name_of(call) in known or not call["reviewed"], key
            continue
        before = reviewed[key]
        if not call["reviewed"]:
            assert call["access"] in ("write", before["access"]), key
        elif call["params"] == before["params"]:  # not every version requires the same members
            assert {name: call[name] for name in OF_OPERATION} == {name: before[name] for name in OF_OPERATION}, key
            compared += 1
    assert compared > 0.9 * len(calls)


def test_an_operation_that_the_review_does_not_have_is_a_write_of_anything():
    reviewed = understood(packaged_hosts()["botocore"])
    tables, known = Tables(packaged_tables), names(reviewed)
    named = {key: call for version in VERSIONS for key, call in understood(version).items() if "refused" not in call}
    new = {key: call for key, call in named.items() if name_of(call) not in known and tables.row(*name_of(call)) is None}
    assert new
    for key, call in new.items():
        assert call["access"] == "write", key
        assert [call[name] for name in NAMED] == [UNKNOWN] * len(NAMED), key
        assert all(call[name] in (True, UNKNOWN) for name in MEANINGS), key
