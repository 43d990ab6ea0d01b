"""Whom calls let in by policies, templates and all that nobody worked out."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, OTHER, meaning
from tests.kit.aws.policies import document, statement
from tests.kit.aws.sharing import ROLE, WORLD, lets_in, shared
from trio_gate.aws.call import UNKNOWN


def ingress(**permission):
    return {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **permission}]}


WAYS = [
    ("iam.UpdateSAMLProvider", {"SAMLProviderArn": "a", "SAMLMetadataDocument": "d"}, UNKNOWN),
    ("secretsmanager.PutResourcePolicy", {"SecretId": "s", "ResourcePolicy": document(), "BlockPublicPolicy": True}, ()),
    ("secretsmanager.PutResourcePolicy", {"SecretId": "s", "ResourcePolicy": document(), "BlockPublicPolicy": False}, ()),
    ("s3.PutBucketPolicy", {"Bucket": "b", "Policy": document(statement(Principal="*"))}, ("*",)),
    ("s3.PutBucketPolicy", {"Bucket": "b", "Policy": document()}, ()),
    ("s3.PutBucketPolicy", {"Bucket": "b", "Policy": document(statement(Principal={"AWS": [OTHER, ROLE]}))}, (OTHER, ROLE)),
    ("s3.PutBucketPolicy", {"Bucket": "b", "Policy": document(statement(Principal="*", Effect="Deny"))}, ()),
    ("s3.PutBucketPolicy", {"Bucket": "b", "Policy": "{}"}, UNKNOWN),
    ("iam.CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": document(statement(Principal={"AWS": OTHER}))}, (OTHER,)),
    ("iam.PutRolePolicy", {"RoleName": "r", "PolicyDocument": document(statement(Principal=None))}, ()),
    ("iam.AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, ()),
    ("ec2.CreateVpcEndpoint", {"VpcId": "v", "PolicyDocument": document(statement(Principal="*"))}, ()),
    ("sqs.SetQueueAttributes", {"QueueUrl": "q", "Attributes": {"Policy": document(statement(Principal="*"))}}, ("*",)),
    ("s3.PutBucketWebsite", {"Bucket": "b", "WebsiteConfiguration": {"IndexDocument": {"Suffix": "i"}}}, ()),
    ("s3.DeleteBucketPolicy", {"Bucket": "b"}, ()),
    ("ram.EnableSharingWithAwsOrganization", {}, UNKNOWN),
    ("ec2.RevokeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": WORLD}]), ()),
    ("ec2.AcceptVpcPeeringConnection", {"VpcPeeringConnectionId": "p"}, UNKNOWN),
    ("ec2.RunInstances", {"ImageId": "a", "NetworkInterfaces": [{"AssociatePublicIpAddress": True}]}, ()),
    ("ec2.CreateVpc", {"CidrBlock": "10.0.0.0/16"}, ()),
    ("ec2.CreateRoute", {"RouteTableId": "r", "DestinationCidrBlock": WORLD, "GatewayId": "igw-1"}, ()),
    ("cloudformation.ExecuteChangeSet", {"ChangeSetName": "c"}, UNKNOWN),
    ("cloudformation.CreateStack", {"StackName": "s", "TemplateBody": "{}"}, UNKNOWN),
    ("cloudcontrol.CreateResource", {"TypeName": "t", "DesiredState": "{}"}, UNKNOWN),
    ("quicksight.UpdatePublicSharingSettings", {"AwsAccountId": ACCOUNT, "PublicSharingEnabled": True}, ("*",)),
    ("mediaconvert.CreateResourceShare", {"JobId": "j", "SupportCaseId": "c"}, UNKNOWN),
    ("partnercentral-selling.StartCustomerAccountBulkJob", {"Catalog": "AWS", "FileUri": "s3://b/accounts.csv"}, UNKNOWN),
    (
        "partnercentral-selling.StartOpportunityBulkJob",
        {"Catalog": "AWS", "FileURI": "s3://b/o.csv", "FileFormat": "CSV"},
        UNKNOWN,
    ),
    ("quicksight.StartAssetBundleImportJob", {"AwsAccountId": ACCOUNT, "AssetBundleImportJobId": "j"}, UNKNOWN),
    ("elasticbeanstalk.ComposeEnvironments", {"ApplicationName": "a", "VersionLabels": ["v"]}, UNKNOWN),
    ("ec2.BatchModifyIpamRoutingPolicyRegistrations", {"DeltaJson": "{}"}, UNKNOWN),
    ("agent-registry-control.AssociatePublisher", {"recordArn": "r", "publisherArn": "p"}, UNKNOWN),
    ("agent-registry-control.UpdatePublisherAssociationApprovalStatus", {"approvalStatus": "APPROVED"}, UNKNOWN),
    ("agent-registry-control.UpdatePublisherAssociationApprovalStatus", {"approvalStatus": "REJECTED"}, ()),
    ("dynamodb.PutItem", {"TableName": "t", "Item": {"Principal": {"S": "*"}}}, ()),
    ("s3.DeleteObject", {"Bucket": "b", "Key": "k"}, ()),
    ("sts.AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s"}, ()),
    ("iam.SimulateCustomPolicy", {"PolicyInputList": [document(statement(Principal="*"))], "ActionNames": ["s3:*"]}, ()),
    ("s3.GetBucketPolicy", {"Bucket": "b"}, ()),
    ("workmail.CreateAlias", {"OrganizationId": "m-1", "EntityId": "e", "Alias": "a"}, ()),
    ("iam.PutUserPermissionsBoundary", {"UserName": "u", "PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, ()),
]


@pytest.mark.parametrize(("name", "params", "who"), WAYS, ids=lambda one: one if isinstance(one, str) else None)
def test_a_call_says_whom_it_lets_in(name, params, who):
    assert lets_in(name, params, who)


def test_what_is_known_to_be_public_is_so_though_the_list_is_not_whole():
    call = shared("s3.PutBucketAcl", {"Bucket": "b", "ACL": "public-read", "GrantRead": "?"})
    assert (call.shares_with, call.makes_public) == (UNKNOWN, True)


def test_the_caller_and_nobody_else_is_nobody():
    call = shared("sqs.AddPermission", {"QueueUrl": "q", "AWSAccountIds": [ACCOUNT, OTHER]}, account=OTHER)
    assert call.shares_with == (ACCOUNT,)


def test_a_call_that_the_review_does_not_know_is_unknown():
    call = meaning("ec2", "NewThing")
    assert (call.shares_with, call.makes_public) == (UNKNOWN, UNKNOWN)
