"""Whom calls let in to what is stored: a table of ways, with values on both sides."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, OTHER
from tests.kit.aws.sharing import ORGANIZATION, ORGANIZATION_ARN, OWN_ROLE, ROLE, UNIT, UNIT_ARN, lets_in, without_rows
from trio_gate.aws.call import UNKNOWN

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
CLOSED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
CONDITION = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": ORGANIZATION}

WAYS = [
    ("s3.PutPublicAccessBlock", {"Bucket": "b"}, UNKNOWN),
    ("s3.PutPublicAccessBlock", {"Bucket": "b", "PublicAccessBlockConfiguration": UNKNOWN}, UNKNOWN),
    ("lambda.AddPermission", {"FunctionName": "f"}, ()),
    ("lambda.AddPermission", {"Principal": UNKNOWN}, UNKNOWN),
    ("lambda.AddPermission", {"Principal": "*", "SourceAccount": UNKNOWN}, UNKNOWN),
    ("lightsail.UpdateBucket", {"bucketName": "b", "versioning": "Enabled"}, ()),
    ("lightsail.UpdateBucket", {"bucketName": "b", "accessRules": UNKNOWN}, UNKNOWN),
    ("s3.PutObject", {"Bucket": "b", "Key": "k"}, ()),
    ("s3.PutObject", {"Bucket": "b", "Key": "k", "Body": UNKNOWN, "ACL": "private"}, ()),
    ("s3.PutObject", {"Bucket": "b", "Key": "k", "ACL": "public-read"}, ("*",)),
    ("s3.PutObjectAcl", {"Bucket": "b", "Key": "k", "ACL": "authenticated-read"}, ("*",)),
    ("s3.PutObjectAcl", {"Bucket": "b", "Key": "k", "ACL": "bucket-owner-full-control"}, ()),
    ("s3.PutBucketAcl", {"Bucket": "b", "ACL": "something-new"}, UNKNOWN),
    ("s3.PutBucketAcl", {"Bucket": "b", "GrantRead": f'uri="{ALL_USERS}", id="abc"'}, ("*", "CanonicalUser:abc")),
    ("s3.PutBucketAcl", {"Bucket": "b", "GrantWrite": "uri=http://acs.amazonaws.com/groups/s3/LogDelivery"}, ()),
    ("s3.PutBucketAcl", {"Bucket": "b", "GrantRead": "emailAddress=a@example.com"}, ("a@example.com",)),
    ("s3.PutBucketAcl", {"Bucket": "b", "GrantRead": "everybody"}, UNKNOWN),
    (
        "s3.PutBucketAcl",
        {"AccessControlPolicy": {"Owner": {"ID": "me"}, "Grants": [{"Grantee": {"ID": "me"}}, {"Grantee": {"URI": ALL_USERS}}]}},
        ("CanonicalUser:me", "*"),
    ),
    ("s3.PutBucketAcl", {"AccessControlPolicy": {"Grants": [{"Grantee": {"ID": "you", "URI": ALL_USERS}}]}}, UNKNOWN),
    (
        "s3.PutBucketLogging",
        {"BucketLoggingStatus": {"LoggingEnabled": {"TargetGrants": [{"Grantee": {"ID": "a"}}]}}},
        ("CanonicalUser:a",),
    ),
    ("s3.PutPublicAccessBlock", {"Bucket": "b", "PublicAccessBlockConfiguration": CLOSED}, ()),
    ("s3.PutPublicAccessBlock", {"Bucket": "b", "PublicAccessBlockConfiguration": CLOSED | {"BlockPublicPolicy": False}}, ("*",)),
    ("s3.PutPublicAccessBlock", {"Bucket": "b", "PublicAccessBlockConfiguration": {}}, ("*",)),
    ("s3.DeletePublicAccessBlock", {"Bucket": "b"}, ("*",)),
    ("s3control.DeletePublicAccessBlock", {"AccountId": ACCOUNT}, ("*",)),
    ("s3control.CreateAccessPoint", {"AccountId": ACCOUNT, "Name": "p", "Bucket": "b"}, ()),
    ("s3control.CreateAccessPoint", {"Name": "p", "PublicAccessBlockConfiguration": {"BlockPublicPolicy": False}}, ("*",)),
    ("s3.PutBucketOwnershipControls", {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}, ()),
    ("s3.PutBucketOwnershipControls", {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}}, UNKNOWN),
    ("lambda.AddPermission", {"FunctionName": "f", "StatementId": "s", "Action": "lambda:*", "Principal": "*"}, ("*",)),
    ("lambda.AddPermission", {"Principal": "*", "PrincipalOrgID": ORGANIZATION}, (ORGANIZATION,)),
    ("lambda.AddPermission", {"Principal": "*", "SourceAccount": ACCOUNT}, ()),
    ("lambda.AddPermission", {"Principal": OTHER}, (OTHER,)),
    ("lambda.AddPermission", {"Principal": f"arn:aws:iam::{OTHER}:root"}, (OTHER,)),
    ("lambda.AddPermission", {"Principal": ACCOUNT}, ()),
    ("lambda.AddPermission", {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::b"}, ()),
    (
        "lambda.AddPermission",
        {"Principal": "sns.amazonaws.com", "SourceArn": f"arn:aws:sns:us-east-1:{OTHER}:t"},
        (f"arn:aws:sns:us-east-1:{OTHER}:t",),
    ),
    ("lambda.AddPermission", {"Principal": "s3.amazonaws.com", "SourceAccount": OTHER}, (OTHER,)),
    ("lambda.AddPermission", {"Principal": "alexa-appkit.amazon.com"}, UNKNOWN),
    ("lambda.AddLayerVersionPermission", {"Principal": "*"}, ("*",)),
    ("lambda.AddLayerVersionPermission", {"Principal": "*", "OrganizationId": ORGANIZATION}, (ORGANIZATION,)),
    ("lambda.CreateFunctionUrlConfig", {"FunctionName": "f", "AuthType": "NONE"}, ("*",)),
    ("lambda.CreateFunctionUrlConfig", {"FunctionName": "f", "AuthType": "AWS_IAM"}, ()),
    ("lambda.UpdateFunctionUrlConfig", {"FunctionName": "f"}, ()),
    ("serverlessrepo.PutApplicationPolicy", {"Statements": [{"Actions": ["Deploy"], "Principals": ["*"]}]}, ("*",)),
    (
        "serverlessrepo.PutApplicationPolicy",
        {"Statements": [{"Principals": ["*"], "PrincipalOrgIDs": [ORGANIZATION]}]},
        (ORGANIZATION,),
    ),
    ("serverlessrepo.PutApplicationPolicy", {"Statements": [{"Principals": [OTHER, ACCOUNT]}]}, (OTHER,)),
    (
        "ssm.UpdateServiceSetting",
        {"SettingId": "/ssm/documents/console/public-sharing-permission", "SettingValue": "Enable"},
        ("*",),
    ),
    (
        "ssm.UpdateServiceSetting",
        {"SettingId": "/ssm/documents/console/public-sharing-permission", "SettingValue": "Disable"},
        (),
    ),
    ("ssm.UpdateServiceSetting", {"SettingId": "/ssm/parameter-store/high-throughput-enabled", "SettingValue": "true"}, ()),
    ("lakeformation.GrantPermissions", {"Principal": {"DataLakePrincipalIdentifier": f"{OTHER}:IAMPrincipals"}}, (OTHER,)),
    ("sns.Subscribe", {"Protocol": "sqs", "Endpoint": f"arn:aws:sqs:us-east-1:{OTHER}:q"}, (f"arn:aws:sqs:us-east-1:{OTHER}:q",)),
    ("sqs.AddPermission", {"QueueUrl": "q", "Label": "l", "AWSAccountIds": [OTHER, ACCOUNT], "Actions": ["*"]}, (OTHER,)),
    ("sns.AddPermission", {"TopicArn": "t", "Label": "l", "AWSAccountId": ["*"], "ActionName": ["Publish"]}, ("*",)),
    ("sns.Subscribe", {"TopicArn": "t", "Protocol": "sqs", "Endpoint": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}, ()),
    ("sns.Subscribe", {"TopicArn": "t", "Protocol": "https", "Endpoint": "https://example.com"}, UNKNOWN),
    ("events.PutPermission", {"Principal": "*", "Action": "events:PutEvents", "StatementId": "s"}, ("*",)),
    ("events.PutPermission", {"Principal": "*", "Condition": CONDITION}, (ORGANIZATION,)),
    ("events.PutPermission", {"Principal": OTHER}, (OTHER,)),
    ("kms.CreateGrant", {"KeyId": "k", "GranteePrincipal": ROLE}, (ROLE,)),
    ("kms.CreateGrant", {"KeyId": "k", "GranteePrincipal": OWN_ROLE, "RetiringPrincipal": OWN_ROLE}, ()),
    ("ec2.ModifySnapshotAttribute", {"CreateVolumePermission": {"Add": [{"UserId": OTHER}, {"Group": "all"}]}}, (OTHER, "*")),
    ("ec2.ModifySnapshotAttribute", {"CreateVolumePermission": {"Remove": [{"UserId": OTHER}]}}, ()),
    (
        "ec2.ModifySnapshotAttribute",
        {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": [OTHER]},
        (OTHER,),
    ),
    ("ec2.ModifySnapshotAttribute", {"OperationType": "remove", "GroupNames": ["all"]}, ()),
    ("ec2.ModifyImageAttribute", {"LaunchPermission": {"Add": [{"OrganizationArn": ORGANIZATION_ARN}]}}, (ORGANIZATION,)),
    ("ec2.ModifyImageAttribute", {"OperationType": "add", "OrganizationalUnitArns": [UNIT_ARN]}, (UNIT,)),
    ("ec2.ModifyImageAttribute", {"ImageId": "ami-1", "Description": {"Value": "d"}}, ()),
    ("ec2.ModifyImageAttribute", {"LaunchPermission": UNKNOWN}, UNKNOWN),
    ("ec2.DisableSnapshotBlockPublicAccess", {}, ("*",)),
    ("ec2.DisableImageBlockPublicAccess", {}, ("*",)),
    ("ec2.EnableSnapshotBlockPublicAccess", {"State": "block-all-sharing"}, ()),
    ("rds.ModifyDBSnapshotAttribute", {"AttributeName": "restore", "ValuesToAdd": ["all"]}, ("*",)),
    ("rds.ModifyDBClusterSnapshotAttribute", {"AttributeName": "restore", "ValuesToAdd": [OTHER]}, (OTHER,)),
    ("rds.ModifyDBSnapshotAttribute", {"AttributeName": "restore", "ValuesToRemove": ["all"]}, ()),
    ("neptune.ModifyDBClusterSnapshotAttribute", {"AttributeName": "restore", "ValuesToAdd": ["all"]}, ("*",)),
    ("docdb.ModifyDBClusterSnapshotAttribute", {"AttributeName": "restore", "ValuesToAdd": [OTHER]}, (OTHER,)),
    ("redshift.AuthorizeSnapshotAccess", {"AccountWithRestoreAccess": OTHER}, (OTHER,)),
    ("redshift.AuthorizeDataShare", {"DataShareArn": "d", "ConsumerIdentifier": OTHER}, (OTHER,)),
    ("ssm.ModifyDocumentPermission", {"Name": "d", "PermissionType": "Share", "AccountIdsToAdd": ["all"]}, ("*",)),
    ("ssm.ModifyDocumentPermission", {"Name": "d", "PermissionType": "Share", "AccountIdsToRemove": ["all"]}, ()),
    ("ram.CreateResourceShare", {"name": "n", "principals": [OTHER, ORGANIZATION_ARN, OWN_ROLE]}, (OTHER, ORGANIZATION)),
    ("ram.AssociateResourceShare", {"resourceShareArn": "a", "principals": [UNIT_ARN]}, (UNIT,)),
    ("lakeformation.GrantPermissions", {"Principal": {"DataLakePrincipalIdentifier": OTHER}, "Permissions": ["ALL"]}, (OTHER,)),
    ("lakeformation.GrantPermissions", {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}}, ()),
    (
        "lakeformation.BatchGrantPermissions",
        {"Entries": [{"Id": "1", "Principal": {"DataLakePrincipalIdentifier": ROLE}}]},
        (ROLE,),
    ),
    ("lakeformation.BatchGrantPermissions", {"Entries": [{"Id": "1"}, UNKNOWN]}, UNKNOWN),
    ("cloudformation.PublishType", {"TypeName": "A::B::C"}, ("*",)),
    ("ecr-public.CreateRepository", {"repositoryName": "r"}, ("*",)),
    ("codebuild.UpdateProjectVisibility", {"projectArn": "p", "projectVisibility": "PUBLIC_READ"}, ("*",)),
    ("codebuild.UpdateProjectVisibility", {"projectArn": "p", "projectVisibility": "PRIVATE"}, ()),
    ("lightsail.UpdateBucket", {"bucketName": "b", "accessRules": {"getObject": "public"}}, ("*",)),
    (
        "lightsail.UpdateBucket",
        {"bucketName": "b", "accessRules": {"getObject": "private"}, "readonlyAccessAccounts": [OTHER]},
        (OTHER,),
    ),
    ("organizations.RegisterDelegatedAdministrator", {"AccountId": OTHER, "ServicePrincipal": "s"}, (OTHER,)),
]


@pytest.mark.parametrize(("name", "params", "who"), WAYS, ids=lambda one: one if isinstance(one, str) else None)
def test_a_call_says_whom_it_lets_in(name, params, who):
    assert lets_in(name, params, who)


@pytest.mark.parametrize(
    ("name", "params"),
    [row[:2] for row in WAYS if row[2] != ()],
    ids=lambda one: one if isinstance(one, str) else None,
)
def test_without_its_row_a_call_is_unknown_and_never_harmless(name, params, monkeypatch):
    assert without_rows(monkeypatch, name, params) != ()
