"""The vocabulary of rules: every facet with its kind and its meaning, in one table.

Rule: the type check of conditions, "did you mean" hints and docs/facets.md all come from this table; `extract` fills exactly
these names.
"""

from __future__ import annotations

from typing import Literal

from trio_gate.values import value_class

Kind = Literal["string", "bool", "list of strings", "list of maps", "map", "timestamp"]


@value_class
class Facet:
    """One fact that rules can read. `name` has two parts, such as "aws.action"."""

    name: str
    kind: Kind
    meaning: str


_TABLE: tuple[tuple[str, Kind, str], ...] = (
    ("aws.service", "string", "the service as in `aws <service> …`"),
    ("aws.action", "string", "the operation, as CloudTrail's eventName, such as `GetObject`"),
    ("aws.iam_action", "string", "the main IAM action, such as `s3:GetObject`; unset if none is known"),
    ("aws.iam_actions", "list of strings", "every IAM action that the call needs, considering its parameters"),
    ("aws.access", "string", "`read`, `list`, `write`, `permissions` or `tagging`; `write` if not known"),
    ("aws.level", "string", "[how serious the call is](#levels): `danger`, `caution` or `fact`"),
    ("aws.reads_secret", "bool", "whether the answer contains a stored secret; unknown for operations newer than the review"),
    (
        "aws.vends_credentials",
        "bool",
        "whether the answer contains new credentials, tokens or passwords; unknown like `aws.reads_secret`",
    ),
    ("aws.may_expose_secrets", "bool", "whether the answer contains environment variables, user data, arguments or templates"),
    ("aws.runs_code", "bool", "whether the call carries code, a script, a command or a template that will run"),
    ("aws.spends", "bool", "whether the call itself costs money"),
    ("aws.account", "string", "the 12 digits of the target account"),
    ("aws.account_name", "string", "its label in the configuration; unset without one"),
    (
        "aws.organization_name",
        "string",
        "what [its organization](configuration.md#endpoint) calls it; unset if nobody asks or it is in none, unknown until AWS has answered",
    ),
    (
        "aws.session_role",
        "string",
        "the ARN of the role whose [virtual session](agents.md#roles) the agent uses; unset for its own key",
    ),
    ("aws.session_chain", "list of strings", "the roles on the way to that session, the last one included; `[]` for its own key"),
    ("aws.region", "string", "the region of the signature"),
    ("aws.partition", "string", "`aws`, `aws-cn`, `aws-us-gov`, …"),
    ("aws.resource", "string", "the ARN of the main resource; unset if the operation names none"),
    ("aws.resources", "list of strings", "every ARN that the call names; `[]` if the operation names none"),
    ("aws.resource_accounts", "list of strings", "the accounts of those ARNs"),
    ("aws.cross_account", "bool", "whether one of them is neither the target account nor [a configured one](#accounts)"),
    (
        "aws.shares_with",
        "list of strings",
        "[who gets access](#who-gets-access): accounts, `o-…`, `ou-…`, ARNs, CIDR blocks, `*` for everybody",
    ),
    ("aws.makes_public", "bool", "whether everybody, or somebody unnamed, gets access"),
    ("aws.policies", "list of maps", "[the policy documents](#policies) among the parameters"),
    ("aws.params", "map", "the parameters as botocore names them; blobs are base64 text, timestamps RFC 3339 text"),
    ("aws.presigned", "bool", "whether the call is to be [signed, and not sent](agents.md#signed-for-use-elsewhere)"),
    ("aws.host", "string", "the host that is called, in lower case"),
    ("aws.method", "string", "the HTTP method"),
    ("aws.path", "string", "the path as it is sent"),
    ("aws.protocol", "string", "the protocol, as botocore names it"),
    ("agent.name", "string", "the name of the `agent` block; unset if none is configured"),
    ("agent.address", "string", "the IP address of the agent"),
    ("request.time", "timestamp", "the time of the decision"),
)

FACETS = {name: Facet(name=name, kind=kind, meaning=meaning) for name, kind, meaning in _TABLE}

ROOTS = frozenset(name.partition(".")[0] for name in FACETS)
"""The first parts of all names."""

OR_ARN = frozenset(
    (
        "Bucket",
        "ChangeSetName",
        "DBClusterIdentifier",
        "DBClusterSnapshotIdentifier",
        "DBInstanceIdentifier",
        "DBSnapshotIdentifier",
        "DestinationKeyId",
        "DocumentName",
        "EventBusName",
        "FunctionName",
        "KeyId",
        "KmsKeyId",
        "LayerName",
        "Name",
        "QueueUrl",
        "Role",
        "SSEKMSKeyId",
        "SecretId",
        "SecretIdList",
        "SerialNumber",
        "SnapshotIdentifier",
        "SourceDBClusterIdentifier",
        "SourceDBInstanceIdentifier",
        "SourceDBSnapshotIdentifier",
        "SourceKeyId",
        "StackName",
        "StackSetName",
        "TableName",
        "Target",
        "TargetKeyId",
        "cluster",
        "containerInstance",
        "logGroupIdentifier",
        "repositoryName",
        "service",
        "task",
        "taskDefinition",
        "taskSet",
    )
)
"""Parameters in which callers may give a name, a partial or full ARN, or a URL, in services with curated resources."""
