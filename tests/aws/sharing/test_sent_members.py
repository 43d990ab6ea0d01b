"""Operations that nobody worked out: unknown, unless no word of theirs tells of somebody."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, OTHER
from tests.kit.aws.sharing import OWN_ROLE, ROLE, shared
from trio_gate.aws.call import UNKNOWN

OPEN = [
    ("scheduler.CreateSchedule", {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:modifySnapshotAttribute", "Input": "{}"}}),
    ("backup.StartRestoreJob", {"Metadata": {"PubliclyAccessible": "true"}}),
    ("ssm.StartAutomationExecution", {"DocumentName": "d"}),
    ("iot.AttachPolicy", {"policyName": "p", "target": "us-east-1:0a1b"}),
    ("ram.AcceptResourceShareInvitation", {"resourceShareInvitationArn": "a"}),
    ("ds.AcceptSharedDirectory", {"SharedDirectoryId": "d"}),
    ("rolesanywhere.CreateTrustAnchor", {"name": "a", "source": {}}),
    ("s3.PutBucketReplication", {"Bucket": "b", "ReplicationConfiguration": {"Role": OWN_ROLE, "Rules": []}}),
    ("cloudformation.CreateStackInstances", {"StackSetName": "s", "Accounts": [OTHER], "Regions": ["us-east-1"]}),
    ("imagebuilder.CreateDistributionConfiguration", {"name": "d", "distributions": [
        {"region": "r", "amiDistributionConfiguration": {"launchPermission": {"userGroups": ["all"]}}}
    ]}),
    ("vpc-lattice.CreateService", {"name": "s", "authType": "NONE"}),
    ("secretsmanager.PutResourcePolicy", {"SecretId": "s", "ResourcePolicy": "{"}),
    ("workspaces-web.CreatePortal", {"authenticationType": "NONE"}),
    ("mediaconvert.CreateJob", {"Settings": {"OutputGroups": [{"OutputGroupSettings": {"FileGroupSettings": {"DestinationSettings": {
        "S3Settings": {"AccessControl": {"CannedAcl": "PUBLIC_READ"}}
    }}}}]}}),
    ("glue.CreateDatabase", {"DatabaseInput": {"Name": "d", "CreateTableDefaultPermissions": [
        {"Principal": {"DataLakePrincipalIdentifier": ROLE}}
    ]}}),
    ("apigateway.DeleteAuthorizer", {"restApiId": "a", "authorizerId": "b"}),
    ("kafka.UpdateSecurity", {"ClusterArn": "c", "ClientAuthentication": {"Unauthenticated": {"Enabled": True}}}),
]  # fmt: skip
CLOSED = [
    ("scheduler.CreateSchedule", {"Target": {"Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"}}),
    ("backup.StartRestoreJob", {"Metadata": {"PubliclyAccessible": "false"}}),
    ("ec2.ModifyInstanceAttribute", {"InstanceId": "i-1", "DisableApiTermination": {"Value": True}}),
    ("elbv2.ModifyLoadBalancerAttributes", {"LoadBalancerArn": "a", "Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}]}),
    ("ec2.ModifyVpcAttribute", {"VpcId": "v", "EnableDnsSupport": {"Value": True}}),
    ("sns.Publish", {"TopicArn": "t", "Message": "m"}),
    ("lambda.Invoke", {"FunctionName": "f", "Payload": b'{"Principal": "*"}'}),
    ("ec2.StartInstances", {"InstanceIds": ["i-1"]}),
    ("ec2.DeleteKeyPair", {"KeyName": "k"}),
    ("ec2.CreateSubnet", {"VpcId": "v", "CidrBlock": "10.0.0.0/24"}),
    ("cloudfront.DeletePublicKey", {"Id": "k"}),
    ("transfer.ImportSshPublicKey", {"ServerId": "s", "UserName": "u", "SshPublicKeyBody": "k"}),
    ("appstream.DeleteAppBlock", {"Name": "b"}),
    ("storagegateway.UpdateNFSFileShare", {"FileShareARN": "a", "FileShareName": "n"}),
    ("ram.DisassociateResourceShare", {"resourceShareArn": "a", "principals": [OTHER]}),
    ("kms.RevokeGrant", {"KeyId": "k", "GrantId": "g"}),
    ("athena.StartQueryExecution", {"ResultConfiguration": {"AclConfiguration": {"S3AclOption": "BUCKET_OWNER_FULL_CONTROL"}}}),
    ("quicksight.UpdateUser", {"AwsAccountId": ACCOUNT, "UserName": "u"}),
    ("timestream-influxdb.CreateDbInstance", {"name": "d", "publiclyAccessible": False}),
    ("eks.CreateAddon", {"serviceAccountRoleArn": ROLE}),
    ("glue.CreateDatabase", {"DatabaseInput": {"CreateTableDefaultPermissions": [{"Principal": {"DataLakePrincipalIdentifier": OWN_ROLE}}]}}),
    ("ec2.RunInstances", {"Operator": {"Principal": "eks.amazonaws.com"}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "params"), OPEN, ids=lambda one: one if isinstance(one, str) else None)
def test_a_word_that_tells_of_somebody_makes_it_unknown(name, params):
    call = shared(name, params)
    assert (call.shares_with, call.makes_public) == (UNKNOWN, UNKNOWN)


@pytest.mark.parametrize(("name", "params"), CLOSED, ids=lambda one: one if isinstance(one, str) else None)
def test_a_call_that_tells_of_nobody_shares_nothing(name, params):
    call = shared(name, params)
    assert (call.shares_with, call.makes_public) == ((), False)
