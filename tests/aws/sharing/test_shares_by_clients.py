"""Calls of a real client that share with a stranger or the world, and calls like them that do not: what rules would see."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

from tests.kit.aws.clients import request_of
from tests.kit.aws.policies import document, statement
from trio_gate.cli.main import main

OWN, STRANGER = "111111111111", "666666666666"
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
ROOT = f"arn:aws:iam::{STRANGER}:root"
MINE = f"arn:aws:iam::{OWN}:role/r"
TO_ALL, TO_STRANGER, TO_MINE = (document(statement(Principal=who)) for who in ("*", {"AWS": STRANGER}, {"AWS": MINE}))
TRUST = {"Action": "sts:AssumeRoleWithWebIdentity", "Resource": None}
OIDC = {"Federated": f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"}
PORT = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
SNAPSHOT = "snap-0123456789abcdef0"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
CLOSED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


def oidc(**conditions):
    return document(statement(Principal=OIDC, Condition={"StringLike": conditions} if conditions else None, **TRUST))


SUB = "token.actions.githubusercontent.com:sub"
WORLD = [
    ("s3", "PutBucketPolicy", {"Bucket": "data", "Policy": TO_ALL}),
    ("s3", "PutBucketPolicy", {"Bucket": "data", "Policy": TO_ALL.replace('"*"', '{"AWS": ["*"]}')}),
    ("s3", "PutBucketPolicy", {"Bucket": "data", "Policy": TO_ALL.replace('"*"', '"\\u002a"')}),
    ("s3", "CopyObject", {"Bucket": "data", "Key": "k", "ACL": "public-read", "CopySource": "data/other"}),
    ("s3", "PutBucketAcl", {"Bucket": "data", "GrantRead": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'}),
    ("s3", "DeletePublicAccessBlock", {"Bucket": "data"}),
    ("s3", "PutPublicAccessBlock", {"Bucket": "data", "PublicAccessBlockConfiguration": {**CLOSED, "IgnorePublicAcls": False}}),
    ("s3", "PutPublicAccessBlock", {"Bucket": "data", "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}),
    ("s3control", "DeletePublicAccessBlock", {"AccountId": OWN}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "sg-01", "IpPermissions": [{**PORT, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "sg-01", "IpPermissions": [
        {**PORT, "IpRanges": [{"CidrIp": f"{first}.0.0.0/8"} for first in range(256)]}
    ]}),
    ("ec2", "ModifySecurityGroupRules", {"GroupId": "sg-01", "SecurityGroupRules": [
        {"SecurityGroupRuleId": "sgr-01", "SecurityGroupRule": {**PORT, "CidrIpv6": "::/0"}}
    ]}),
    ("ec2", "ModifyImageAttribute", {"ImageId": "ami-01", "LaunchPermission": {"Add": [{"Group": "all"}]}}),
    ("ec2", "ModifySnapshotAttribute", {"SnapshotId": SNAPSHOT, "OperationType": "add", "GroupNames": ["all"]}),
    ("ec2", "DisableSnapshotBlockPublicAccess", {}),
    ("rds", "ModifyDBSnapshotAttribute", {"DBSnapshotIdentifier": "d", "AttributeName": "restore", "ValuesToAdd": ["all"]}),
    ("rds", "ModifyDBInstance", {"DBInstanceIdentifier": "d", "PubliclyAccessible": True}),
    ("redshift", "ModifyCluster", {"ClusterIdentifier": "c", "PubliclyAccessible": True}),
    ("dms", "CreateReplicationInstance", {"ReplicationInstanceIdentifier": "i", "ReplicationInstanceClass": "c"}),
    ("eks", "UpdateClusterConfig", {"name": "c", "resourcesVpcConfig": {"endpointPublicAccess": True}}),
    ("lambda", "AddPermission", {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"}),
    ("lambda", "CreateFunctionUrlConfig", {"FunctionName": "f", "AuthType": "NONE"}),
    ("apigateway", "PutMethod", {"restApiId": "a", "resourceId": "r", "httpMethod": "GET", "authorizationType": "NONE"}),
    ("sns", "AddPermission", {"TopicArn": f"arn:aws:sns:us-east-1:{OWN}:t", "Label": "l", "AWSAccountId": ["*"], "ActionName": ["Publish"]}),
    ("sqs", "SetQueueAttributes", {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{OWN}/q", "Attributes": {"Policy": TO_ALL}}),
    ("events", "PutPermission", {"Principal": "*", "Action": "events:PutEvents", "StatementId": "s"}),
    ("ssm", "ModifyDocumentPermission", {"Name": "d", "PermissionType": "Share", "AccountIdsToAdd": ["all"]}),
    ("ssm", "UpdateServiceSetting", {"SettingId": "/ssm/documents/console/public-sharing-permission", "SettingValue": "Enable"}),
    ("ecr", "SetRepositoryPolicy", {"repositoryName": "repo", "policyText": document(statement(Principal="*", Resource=None))}),
    ("ecr-public", "CreateRepository", {"repositoryName": "repo"}),
    ("kms", "PutKeyPolicy", {"KeyId": KEY, "PolicyName": "default", "Policy": TO_ALL}),
    ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": oidc()}),
    ("iam", "UpdateAssumeRolePolicy", {"RoleName": "r", "PolicyDocument": oidc(**{SUB: "repo:*"})}),
    ("cognito-identity", "CreateIdentityPool", {"IdentityPoolName": "p", "AllowUnauthenticatedIdentities": True}),
    ("appsync", "CreateGraphqlApi", {"name": "a", "authenticationType": "API_KEY"}),
    ("opensearchserverless", "CreateSecurityPolicy", {"type": "network", "name": "nnn", "policy": '[{"Rules":[],"AllowFromPublic":true}]'}),
    ("backup", "PutBackupVaultAccessPolicy", {"BackupVaultName": "v", "Policy": TO_ALL}),
    ("quicksight", "UpdatePublicSharingSettings", {"AwsAccountId": OWN, "PublicSharingEnabled": True}),
    ("serverlessrepo", "PutApplicationPolicy", {"ApplicationId": "a", "Statements": [{"Actions": ["Deploy"], "Principals": ["*"]}]}),
    ("elbv2", "CreateLoadBalancer", {"Name": "n", "Subnets": ["subnet-01"]}),
]  # fmt: skip
WITH_STRANGER = [
    ("s3", "PutBucketPolicy", {"Bucket": "data", "Policy": TO_STRANGER}),
    ("s3", "PutBucketAcl", {"Bucket": "data", "GrantFullControl": 'emailAddress="evil@example.com"'}),
    ("s3", "PutBucketReplication", {"Bucket": "data", "ReplicationConfiguration": {"Role": MINE, "Rules": [
        {"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::theirs", "Account": STRANGER}}
    ]}}),
    ("s3control", "CreateAccessGrant", {"AccountId": OWN, "AccessGrantsLocationId": "l", "Permission": "READ",
        "Grantee": {"GranteeType": "IAM", "GranteeIdentifier": ROOT}}),
    ("ec2", "ModifySnapshotAttribute", {"SnapshotId": SNAPSHOT, "CreateVolumePermission": {"Add": [{"UserId": STRANGER}]}}),
    ("ec2", "CreateVpcPeeringConnection", {"VpcId": "vpc-01", "PeerVpcId": "vpc-02", "PeerOwnerId": STRANGER}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "sg-01", "IpPermissions": [{**PORT, "PrefixListIds": [{"PrefixListId": "pl-01"}]}]}),
    ("ec2", "CreateTrafficMirrorSession", {"NetworkInterfaceId": "eni-01", "TrafficMirrorTargetId": "tmt-01", "TrafficMirrorFilterId": "tmf-01", "SessionNumber": 1}),
    ("ram", "CreateResourceShare", {"name": "n", "principals": [STRANGER]}),
    ("ram", "AssociateResourceShare", {"resourceShareArn": f"arn:aws:ram:us-east-1:{OWN}:resource-share/s", "resourceArns": [f"arn:aws:ec2:us-east-1:{OWN}:subnet/s"]}),
    ("kms", "CreateGrant", {"KeyId": KEY, "GranteePrincipal": ROOT, "Operations": ["Decrypt"]}),
    ("kms", "CreateKey", {"Policy": TO_STRANGER}),
    ("secretsmanager", "PutResourcePolicy", {"SecretId": "s", "ResourcePolicy": TO_STRANGER}),
    ("lakeformation", "GrantPermissions", {"Principal": {"DataLakePrincipalIdentifier": f"{STRANGER}:IAMPrincipals"}, "Resource": {"Catalog": {}}, "Permissions": ["ALL"]}),
    ("glue", "PutResourcePolicy", {"PolicyInJson": TO_STRANGER}),
    ("dynamodb", "PutResourcePolicy", {"ResourceArn": f"arn:aws:dynamodb:us-east-1:{OWN}:table/t", "Policy": TO_STRANGER}),
    ("redshift", "AuthorizeDataShare", {"DataShareArn": f"arn:aws:redshift:us-east-1:{OWN}:datashare:n/d", "ConsumerIdentifier": STRANGER}),
    ("redshift-data", "ExecuteStatement", {"Sql": f"grant usage on datashare d to account '{STRANGER}'", "Database": "d"}),
    ("route53", "CreateVPCAssociationAuthorization", {"HostedZoneId": "Z1", "VPC": {"VPCRegion": "us-east-1", "VPCId": "vpc-02"}}),
    ("route53domains", "TransferDomainToAnotherAwsAccount", {"DomainName": "example.com", "AccountId": STRANGER}),
    ("eks", "CreateAccessEntry", {"clusterName": "c", "principalArn": ROOT}),
    ("sns", "Subscribe", {"TopicArn": f"arn:aws:sns:us-east-1:{OWN}:t", "Protocol": "sqs", "Endpoint": f"arn:aws:sqs:us-east-1:{STRANGER}:q"}),
    ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": f"arn:aws:events:us-east-1:{STRANGER}:event-bus/b"}]}),
    ("logs", "PutSubscriptionFilter", {"logGroupName": "g", "filterName": "f", "filterPattern": "", "destinationArn": f"arn:aws:logs:us-east-1:{STRANGER}:destination:d"}),
    ("ecr", "PutReplicationConfiguration", {"replicationConfiguration": {"rules": [{"destinations": [{"region": "us-east-1", "registryId": STRANGER}]}]}}),
    ("codeartifact", "PutDomainPermissionsPolicy", {"domain": "dom", "policyDocument": TO_STRANGER}),
    ("ses", "PutIdentityPolicy", {"Identity": "i", "PolicyName": "p", "Policy": TO_STRANGER}),
    ("organizations", "PutResourcePolicy", {"Content": TO_STRANGER}),
    ("iam", "UpdateAssumeRolePolicy", {"RoleName": "r", "PolicyDocument": document(statement(Principal={"AWS": ROOT}, Action="sts:AssumeRole", Resource=None))}),
    ("iam", "CreateSAMLProvider", {"Name": "corp", "SAMLMetadataDocument": "m" * 1000}),
    ("medialive", "TransferInputDevice", {"InputDeviceId": "d", "TargetCustomerId": STRANGER}),
    ("datazone", "CreateSubscriptionGrant", {"domainIdentifier": "dzd_1", "environmentIdentifier": "e", "grantedEntity": {"listing": {"identifier": "l", "revision": "1"}}}),
    ("cloudformation", "ExecuteChangeSet", {"ChangeSetName": "c", "StackName": "s"}),
    ("cloudcontrol", "CreateResource", {"TypeName": "AWS::S3::BucketPolicy", "DesiredState": "{}"}),
]  # fmt: skip
NOBODY = [
    ("s3", "PutBucketPolicy", {"Bucket": "data", "Policy": TO_MINE}),
    ("s3", "CopyObject", {"Bucket": "data", "Key": "k", "ACL": "private", "CopySource": "data/other"}),
    ("s3", "PutPublicAccessBlock", {"Bucket": "data", "PublicAccessBlockConfiguration": CLOSED}),
    ("s3", "DeleteBucketPolicy", {"Bucket": "data"}),
    ("ec2", "RevokeSecurityGroupIngress", {"GroupId": "sg-01", "IpPermissions": [{**PORT, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}),
    ("ec2", "CreateSecurityGroup", {"GroupName": "g", "Description": "d"}),
    ("ec2", "RunInstances", {"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1}),
    ("ec2", "CreateTags", {"Resources": ["i-0123456789abcdef0"], "Tags": [{"Key": "k", "Value": "*"}]}),
    ("rds", "CreateDBInstance", {"DBInstanceIdentifier": "d", "DBInstanceClass": "c", "Engine": "e", "PubliclyAccessible": False}),
    ("rds", "CreateDBCluster", {"DBClusterIdentifier": "d", "Engine": "aurora-mysql"}),
    ("mq", "CreateBroker", {"BrokerName": "b", "DeploymentMode": "SINGLE_INSTANCE", "EngineType": "RABBITMQ", "HostInstanceType": "t", "PubliclyAccessible": False}),
    ("kms", "CreateGrant", {"KeyId": KEY, "GranteePrincipal": MINE, "Operations": ["Decrypt"]}),
    ("lambda", "AddPermission", {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "SourceAccount": OWN}),
    ("lambda", "UpdateFunctionConfiguration", {"FunctionName": "f", "Timeout": 3}),
    ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": oidc(**{SUB: "repo:org/repo:*"})}),
    ("iam", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("iam", "CreateUser", {"UserName": "u"}),
    ("sqs", "SendMessage", {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{OWN}/q", "MessageBody": TO_ALL}),
    ("sqs", "CreateQueue", {"QueueName": "q"}),
    ("sns", "CreateTopic", {"Name": "t"}),
    ("dynamodb", "CreateTable", {"TableName": "tab", "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}),
    ("logs", "CreateLogGroup", {"logGroupName": "g"}),
    ("ecs", "UpdateService", {"service": "s", "desiredCount": 2}),
    ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": f"arn:aws:lambda:us-east-1:{OWN}:function:f"}]}),
    ("secretsmanager", "CreateSecret", {"Name": "s", "SecretString": "v"}),
    ("ssm", "PutParameter", {"Name": "p", "Value": "v", "Type": "String"}),
    ("route53", "ChangeResourceRecordSets", {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": {"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "203.0.113.1"}]}}]}}),
    ("cloudwatch", "PutMetricAlarm", {"AlarmName": "a", "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "MetricName": "m", "Namespace": "n", "Period": 60, "Statistic": "Sum", "Threshold": 1.0}),
    ("codebuild", "StartBuild", {"projectName": "p"}),
    ("opensearchserverless", "CreateSecurityPolicy", {"type": "encryption", "name": "nnn", "policy": '{"Rules":[],"AWSOwnedKey":true}'}),
]  # fmt: skip


def explained(rows, tmp_path, capsys):
    """What the gateway says of each call: with whom it shares, and whether with the world."""
    lines = tmp_path / "calls.jsonl"
    with lines.open("w") as file:
        for service, operation, params in rows:
            host, raw = request_of(service, operation, params, key_id=f"AKIA{OWN}CI01", secret="s", at=NOON)
            file.write(
                json.dumps({"id": f"{service}.{operation}", "sni": host, "request_b64": base64.b64encode(raw).decode()}) + "\n"
            )
    capsys.readouterr()
    main(["explain", "--now", NOON.isoformat(), "--jsonl", str(lines)])
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(answer["id"], answer["outcome"]) for answer in answers if answer["outcome"] != "call"] == []
    return [(answer["id"], answer["call"]["shares_with"], answer["call"]["makes_public"]) for answer in answers]


def test_what_the_world_gets_is_never_said_to_be_private(tmp_path, capsys):
    assert [row for row in explained(WORLD, tmp_path, capsys) if row[1] == [] or row[2] is not True] == []


def test_what_a_stranger_gets_is_never_said_to_be_nobodys(tmp_path, capsys):
    assert [row for row in explained(WITH_STRANGER, tmp_path, capsys) if row[1] == []] == []


def test_what_nobody_else_gets_is_said_to_be_so(tmp_path, capsys):
    assert [row for row in explained(NOBODY, tmp_path, capsys) if row[1:] != ([], False)] == []
