"""Whom calls name: accounts, organizations and principals."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, OTHER, operations, services
from tests.kit.aws.policies import shape_of
from tests.kit.aws.sharing import ORGANIZATION, ROLE, lets_in, without_rows
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.sharing.ways_account import _NAMED, ACCOUNTS

WAYS = [
    ("acm-pca.CreatePermission", {"Principal": "acm.amazonaws.com"}, ()),
    ("ds.ShareDirectory", {"ShareTarget": {"Id": OTHER, "Type": "ACCOUNT"}}, (OTHER,)),
    ("guardduty.CreateMembers", {"AccountDetails": [{"AccountId": OTHER}, {"AccountId": ACCOUNT}]}, (OTHER,)),
    ("guardduty.CreateMembers", {"AccountDetails": UNKNOWN}, UNKNOWN),
    ("organizations.InviteAccountToOrganization", {"Target": {"Id": "a@example.com", "Type": "EMAIL"}}, ("a@example.com",)),
    ("servicecatalog.CreatePortfolioShare", {"PortfolioId": "p", "AccountId": OTHER}, (OTHER,)),
    ("servicecatalog.CreatePortfolioShare", {"OrganizationNode": {"Value": ORGANIZATION}}, (ORGANIZATION,)),
    ("signer.AddProfilePermission", {"profileName": "p", "principal": ROLE}, (ROLE,)),
    ("wellarchitected.CreateLensShare", {"LensAlias": "l", "SharedWith": OTHER}, (OTHER,)),
]


@pytest.mark.parametrize(("name", "params", "who"), WAYS, ids=lambda one: one if isinstance(one, str) else None)
def test_a_call_says_whom_it_lets_in(name, params, who):
    assert lets_in(name, params, who)


@pytest.mark.parametrize(
    ("name", "params"), [row[:2] for row in WAYS if row[2]], ids=lambda one: one if isinstance(one, str) else None
)
def test_without_its_row_a_call_is_unknown_and_never_harmless(name, params, monkeypatch):
    assert without_rows(monkeypatch, name, params) != ()


@pytest.mark.parametrize("row", [line.strip() for line in _NAMED.strip().splitlines()])
def test_every_path_is_of_the_model(row):
    where, _, paths = row.partition(": ")
    service, operation = where.split(".")
    assert service in services()
    assert operation in operations(service)
    assert (service, operation) in ACCOUNTS
    for path in paths.split():
        shape = shape_of(service, operation)
        for name in path.split("."):
            shape = shape.inner("") if shape.type == "list" else shape
            assert name in shape.members, path
            shape = shape.members[name].shape
