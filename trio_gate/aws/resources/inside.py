"""Members whose names suggest a resource but which name a part or property of what other members name.

Rule: they do not make known resources unknown, and they never stand for a resource that the call does not name. Source: the resource
types of the service authorization reference, which has none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ANYWHERE = frozenset(
    (
        *("ActionName", "ActionNames", "AttributeName", "AttributeNames", "ColumnName", "ColumnNames", "ContextKeyName"),
        *("DimensionName", "DisplayName", "ExpectedRevisionId", "FieldName", "FirstName", "LastName", "MessageDeduplicationId"),
        *(
            "MessageGroupId",
            "MetricName",
            "MetricNames",
            "ParameterKey",
            "ParameterName",
            "RegionName",
            "RevisionId",
            "StatementId",
        ),
        *("UploadId", "VersionId", "VersionName", "displayName", "expectedRevisionId", "messageGroupId", "metricName"),
        *("parameterName", "revisionId", "statementId", "uploadId"),
    )
)
"""Parts and properties in every service."""

INSIDE: Mapping[str, frozenset[str]] = {
    service: frozenset(names)
    for service, names in (
        ("cloudformation", ("LogicalResourceId", "LogicalResourceIds", "OperationId", "RetainResources", "UniqueId")),
        ("cloudwatch", ("Id", "ThresholdMetricId")),
        ("cognito-idp", ("ClientId", "ClientName", "GroupName", "Name", "ProviderName", "Username")),
        ("dynamodb", ("BackupName", "IndexName")),
        ("ecs", ("containerName", "name")),
        ("events", ("Id", "Ids", "Key")),
        ("glue", ("IndexName", "JobRunId", "JobRunIds", "RunId")),
        (
            "iam",
            (
                *("AccessKeyId", "AddPrivateKey", "CertificateId", "ClientID", "PolicyName", "PrivateKey", "RemovePrivateKey"),
                *("SSHPublicKeyId", "ServiceName", "ServiceSpecificCredentialId"),
            ),
        ),
        ("kms", ("PolicyName",)),
        ("kinesis", ("ExclusiveStartShardId", "NewStartingHashKey", "ShardId")),
        ("lambda", ("ConsumerGroupId", "DurableExecutionName", "Name", "PollerGroupName", "S3Key", "TenantId")),
        ("logs", ("filterName", "logStreamNames")),
        ("rds", ("DBName", "DatabaseName", "EngineName", "FeatureName", "LogFileName", "MasterUsername", "Name", "OptionName")),
        (
            "route53",
            ("DNSName", "HostedZoneId", "Name", "RecordName", "SetIdentifier", "StartRecordIdentifier", "StartRecordName"),
        ),
        ("s3", ("AnnotationName", "HostName", "ID", "Id", "WebsiteRedirectLocation")),
        ("secretsmanager", ("MoveToVersionId", "RemoveFromVersionId")),
        ("sns", ("Id",)),
        ("sqs", ("Id", "MessageAttributeNames", "MessageSystemAttributeNames", "ReceiveRequestAttemptId")),
        ("ssm", ("CommandId", "PluginName", "PolicyId", "TypeName")),
        ("stepfunctions", ("name", "workerName")),
        ("sts", ("ExternalId", "RoleSessionName", "TransitiveTagKeys")),
    )
}
"""The same, by botocore's service."""
