"""What the review says that a call destroys, removes or leaves unguarded."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import TABLES
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.review.meaning import decided

NO_LOGS = {"Bucket": "b", "BucketLoggingStatus": {}}
LOGS = {"Bucket": "b", "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": ""}}}
BLOCKED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
TAKES = [
    ("ec2", "TerminateInstances", {}, True, False, False),
    ("ec2", "StopInstances", {}, False, True, False),
    ("ec2", "DeleteRouteTable", {}, False, True, False),
    ("ec2", "ReleaseAddress", {}, True, False, False),
    ("ec2", "DeregisterImage", {}, False, True, False),
    ("ec2", "DeregisterImage", {"DeleteAssociatedSnapshots": True}, True, True, False),
    ("ec2", "DeleteFlowLogs", {}, False, True, True),
    ("ec2", "ModifyInstanceAttribute", {"DisableApiTermination": {"Value": False}}, False, False, True),
    ("ec2", "ModifyInstanceAttribute", {"DisableApiTermination": {"Value": True}}, False, False, False),
    ("rds", "DeleteDBInstance", {"FinalDBSnapshotIdentifier": "last"}, False, True, False),
    ("rds", "DeleteDBInstance", {"SkipFinalSnapshot": True}, True, True, False),
    ("rds", "ModifyDBInstance", {"DeletionProtection": False}, False, False, True),
    ("rds", "ModifyDBInstance", {"BackupRetentionPeriod": 0}, False, False, True),
    ("rds", "ModifyDBInstance", {"BackupRetentionPeriod": 7}, False, False, False),
    ("rds", "CreateDBInstance", {"DeletionProtection": False}, False, False, False),
    ("rds", "RemoveRoleFromDBInstance", {}, False, True, False),
    ("elasticache", "DeleteReplicationGroup", {}, True, True, False),
    ("elasticache", "DeleteReplicationGroup", {"FinalSnapshotIdentifier": "last"}, False, True, False),
    ("secretsmanager", "DeleteSecret", {"RecoveryWindowInDays": 7}, False, True, False),
    ("secretsmanager", "DeleteSecret", {"ForceDeleteWithoutRecovery": True}, True, True, False),
    ("kms", "ScheduleKeyDeletion", {}, False, True, True),
    ("kms", "CancelKeyDeletion", {}, False, False, False),
    ("kms", "DisableKey", {}, False, True, True),
    ("s3", "DeleteObjects", {}, True, False, False),
    ("s3", "DeleteObject", {"BypassGovernanceRetention": True}, True, False, True),
    ("s3", "PutObject", {}, UNKNOWN, False, False),
    ("s3", "PutBucketVersioning", {"VersioningConfiguration": {"Status": "Suspended"}}, False, False, True),
    ("s3", "PutBucketVersioning", {"VersioningConfiguration": {"Status": "Enabled"}}, False, False, False),
    ("s3", "PutBucketLogging", NO_LOGS, False, False, True),
    ("s3", "PutBucketLogging", LOGS, False, False, False),
    ("s3", "PutPublicAccessBlock", {"PublicAccessBlockConfiguration": BLOCKED}, False, False, False),
    (
        "s3",
        "PutPublicAccessBlock",
        {"PublicAccessBlockConfiguration": {**BLOCKED, "BlockPublicPolicy": False}},
        False,
        False,
        True,
    ),
    (
        "s3",
        "PutBucketLifecycleConfiguration",
        {"LifecycleConfiguration": {"Rules": [{"Expiration": {"Days": 1}}]}},
        True,
        False,
        False,
    ),
    ("sqs", "PurgeQueue", {}, True, False, False),
    ("dynamodb", "DeleteTable", {}, True, False, False),
    ("dynamodb", "BatchWriteItem", {"RequestItems": {"t": [{"DeleteRequest": {"Key": {"k": {"S": "x"}}}}]}}, True, False, False),
    ("dynamodb", "ExecuteStatement", {"Statement": "DELETE FROM t WHERE k = 1"}, UNKNOWN, False, False),
    ("cloudtrail", "StopLogging", {}, False, True, True),
    ("cloudtrail", "DeleteTrail", {}, False, True, True),
    ("cloudtrail", "UpdateTrail", {"IsMultiRegionTrail": False}, False, False, True),
    ("cloudtrail", "UpdateTrail", {"IsMultiRegionTrail": True}, False, False, False),
    ("config", "StopConfigurationRecorder", {}, False, True, True),
    ("guardduty", "UpdateDetector", {"Enable": False}, False, False, True),
    ("guardduty", "UpdateDetector", {"Enable": True}, False, False, False),
    ("cloudwatch", "DisableAlarmActions", {}, False, True, True),
    ("logs", "DeleteLogGroup", {}, True, False, True),
    ("logs", "PutRetentionPolicy", {}, True, False, False),
    ("iam", "DeactivateMFADevice", {}, False, True, True),
    ("iam", "DetachRolePolicy", {}, False, True, UNKNOWN),
    ("iam", "DeleteRolePermissionsBoundary", {}, False, True, True),
    ("backup", "DeleteRecoveryPoint", {}, True, False, False),
    ("backup", "DeleteBackupPlan", {}, False, True, True),
    ("cloudformation", "UpdateStack", {}, UNKNOWN, False, UNKNOWN),
    ("cognito-idp", "AdminDeleteUser", {}, True, False, False),
    ("cognito-idp", "AdminForgetDevice", {}, False, True, False),
    ("redshift", "BatchDeleteClusterSnapshots", {}, True, False, False),
    ("dynamodb", "UpdateTable", {"DeletionProtectionEnabled": False}, False, False, True),
    ("dynamodb", "UpdateTable", {"DeletionProtectionEnabled": True}, False, False, False),
    ("fsx", "RestoreVolumeFromSnapshot", {}, True, False, False),
    ("cognito-idp", "InitiatePointInTimeRecovery", {}, False, True, False),
    ("ec2", "BatchModifyIpamRoutingPolicyRegistrations", {}, False, UNKNOWN, False),
    ("iotwireless", "StartBulkDisassociateWirelessDeviceFromMulticastGroup", {}, False, True, False),
    ("medialive", "StartDeleteMonitorDeployment", {}, False, True, True),
    ("mpa", "StartActiveApprovalTeamDeletion", {}, False, True, True),
    ("partnercentral-account", "StartQualificationsDisassociationTask", {}, False, True, False),
    ("securityhub", "StartConfigurationPolicyDisassociation", {}, False, True, False),
    ("swf", "RequestCancelWorkflowExecution", {}, False, True, False),
    ("personalize", "CreateDataDeletionJob", {}, True, False, False),
    ("transfer", "StartRemoteDelete", {}, True, False, False),
    ("discovery", "StartBatchDeleteConfigurationTask", {}, True, False, False),
]


@pytest.mark.parametrize(("service", "operation", "params", "destroys", "removes", "unguards"), TAKES)
def test_calls_say_what_they_take_away(service, operation, params, destroys, removes, unguards):
    found = decided(service, TABLES.row(service, operation), params)
    assert tuple(map(found.mark, ("destroys", "removes", "unguards"))) == (destroys, removes, unguards)
