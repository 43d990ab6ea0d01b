"""Sentences that need more than a template: who gets access, which ports open, what a script runs on, what is left of a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.param_paths import at, items
from trio_gate.aws.sharing.recipients import is_world
from trio_gate.effect.filling import filled, named, texts_at
from trio_gate.effect.grants import allows_everything, beneficiaries
from trio_gate.effect.sentence import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trio_gate.aws.call import Call, Value

    Parts = list[str | Names]
    Teller = Callable[[Call, Mapping[str, Value]], "Parts | None"]

_SCRIPTS = {"AWS-RunShellScript": "a shell script as root", "AWS-RunPowerShellScript": "a PowerShell script as SYSTEM"}
_FEW = 3
"""Numbers that a sentence lists."""

_ALL_PROTOCOLS = ("-1", "all")


def sharing(text: str, everything: str = " that allows everything") -> Teller:
    """A template, with `everything` after it if that is allowed, and with all who get access."""

    def tell(call: Call, masked: Mapping[str, Value]) -> Parts | None:
        found = filled(text, call, masked)
        if found is None:
            return None
        more: Parts = [everything] if allows_everything(call) else []
        who = beneficiaries(call)
        return [*found, *more, *([": for ", *who] if who else [])]

    return tell


def _run_instances(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    count = at(masked, "MaxCount")
    many = count if type(count) is int else 1
    kind = texts_at(call, masked, "InstanceType")
    what: Parts = [f"Start {many} ", named(kind)] if kind else [f"Start {many} {'instance' if many == 1 else 'instances'}"]
    return what + (filled("[ from {ImageId}][ by launch template {LaunchTemplate.*}]", call, masked) or [])


def _send_command(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    document = texts_at(call, masked, "DocumentName")
    targets = texts_at(call, masked, "InstanceIds")
    where: Parts = [" on ", Names(names=targets, noun="instance", before="instance")] if targets else []
    if not where:
        chosen = texts_at(call, masked, "Targets", "Values")
        where = [" on all instances with ", named(chosen, "value")] if chosen else [" on instances"]
    what: Parts = (
        [_SCRIPTS[document[0]]] if document and document[0] in _SCRIPTS else ["command document ", named(document or ["?"])]
    )
    return ["Run ", *what, *where]


def _open_ports(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    return _rules(call, masked, "Open", "outwards to" if call.operation.endswith("Egress") else "to", "on")


def _close_ports(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    return _rules(call, masked, "Close", "outwards to" if call.operation.endswith("Egress") else "to", "on")


def _rules(call: Call, masked: Mapping[str, Value], verb: str, preposition: str, where: str) -> Parts | None:
    group = texts_at(call, masked, "GroupId") or texts_at(call, masked, "GroupName")
    listed = [one for one in items(at(masked, "IpPermissions")) if isinstance(one, dict)] or [dict(masked)]
    ports = list(dict.fromkeys(_port(one) for one in listed))
    who = list(
        dict.fromkeys(
            str(text)
            for one in listed
            for names in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("CidrIp",), ("PrefixListIds", "PrefixListId"))
            for text in texts_at(call, one, *names)
        )
    )
    others = [text for one in listed for text in texts_at(call, one, "UserIdGroupPairs", "GroupId")]
    if not group:
        return None
    world = [one for one in who if is_world(one)]
    rest = [*(one for one in who if one not in world), *others]
    whom: Parts = ["the whole internet"] if world else []
    if rest:
        whom += [" and ", named(rest, "other")] if whom else [named(rest, "block")]
    said: Parts = [named(ports, "port range") if len(ports) > 1 or not ports else ports[0]]
    rules = texts_at(call, masked, "SecurityGroupRuleIds")
    if rules:
        return [f"{verb} what ", named(rules, "rule"), " opens ", where, " ", named(group)]
    return [f"{verb} ", *said, *([f" {preposition} ", *whom] if whom else []), f" {where} ", named(group)]


def _port(rule: Mapping[str, Value]) -> str:
    """The protocol and ports of a rule; its words are numbers and AWS's, except a protocol that is none."""
    protocol, low, high = rule.get("IpProtocol"), rule.get("FromPort"), rule.get("ToPort")
    if protocol in _ALL_PROTOCOLS or protocol is None:
        return "every port"
    kind = protocol if protocol in ("tcp", "udp", "icmp", "icmpv6") else "protocol"
    if type(low) is not int or type(high) is not int or low == -1 or (low, high) == (0, 65535):
        return f"every {kind} port"
    return f"{kind}/{low}" if low == high else f"{kind}/{low}-{high}"


def _delete_database(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    name = texts_at(call, masked, "DBInstanceIdentifier") or texts_at(call, masked, "DBClusterIdentifier")
    last = texts_at(call, masked, "FinalDBSnapshotIdentifier")
    if not name:
        return None
    skipped = at(masked, "SkipFinalSnapshot") is True
    backups = " and with its backups" if at(masked, "DeleteAutomatedBackups") is True else ""
    kept: Parts = [" without a last snapshot", backups] if skipped else [", last snapshot ", named(last)] if last else []
    return ["Delete database ", named(name), *kept]


def _delete_secret(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    name = texts_at(call, masked, "SecretId")
    if not name:
        return None
    days = at(masked, "RecoveryWindowInDays")
    when = (
        "now and for good" if at(masked, "ForceDeleteWithoutRecovery") is True else f"in {days if type(days) is int else 30} days"
    )
    return ["Delete secret ", named(name), f" {when}"]


def _change_records(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    zone = texts_at(call, masked, "HostedZoneId")
    names = texts_at(call, masked, "ChangeBatch", "Changes", "ResourceRecordSet", "Name")
    verbs = {str(one).lower() for one in texts_at(call, masked, "ChangeBatch", "Changes", "Action")}
    verb = "Delete" if verbs == {"delete"} else "Create" if verbs == {"create"} else "Change"
    values = texts_at(call, masked, "ChangeBatch", "Changes", "ResourceRecordSet", "ResourceRecords", "Value")
    to: Parts = [" to ", named(values)] if values and verb != "Delete" and len(names) == 1 else []
    return [f"{verb} DNS record ", named(names, "record"), " in zone ", named(zone), *to] if names and zone else None


def _lifecycle(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    days = texts_at(call, masked, "LifecycleConfiguration", "Rules", "Expiration", "Days")
    found = filled("Set when objects of bucket {Bucket} are moved or deleted", call, masked)
    return (
        None
        if found is None
        else [
            *found,
            *([f": deleted after {' or '.join(days)} {'day' if days == ['1'] else 'days'}"] if 0 < len(days) <= _FEW else []),
        ]
    )


def _let_call(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    if at(masked, "Principal") == "*":
        return filled("Let everybody call function {FunctionName}", call, masked)
    return sharing("Let {Principal} call function {FunctionName}")(call, masked)


def _function_settings(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    """AWS replaces the variables as a whole, so those that are not sent are gone."""
    names = at(masked, "Environment", "Variables")
    if not isinstance(names, dict):
        return filled("Change the settings of function {FunctionName}", call, masked)
    found = filled("Replace all variables of function {FunctionName}", call, masked)
    return found and [*found, *([" by ", named([*names], "variable")] if names else [" by none"])]


def _time_to_live(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    attribute = "{TimeToLiveSpecification.AttributeName}"
    if at(masked, "TimeToLiveSpecification", "Enabled") is True:
        return filled(f"Delete items of table {{TableName}} once the time in their {attribute} has passed", call, masked)
    return filled(f"Keep items of table {{TableName}} whatever the time in their {attribute}", call, masked)


def _assume(call: Call, masked: Mapping[str, Value]) -> Parts | None:
    role = texts_at(call, masked, "RoleName")
    if not role:
        return None
    who = beneficiaries(call)
    if call.operation == "CreateRole":
        return ["Create role ", named(role), *([" that may be assumed by ", *who] if who else [])]
    return ["Let ", *who, " assume role ", named(role)] if who else ["Change who may assume role ", named(role)]


TELLERS: Mapping[str, Teller] = {
    "ec2.AuthorizeSecurityGroupEgress": _open_ports,
    "ec2.AuthorizeSecurityGroupIngress": _open_ports,
    "ec2.RevokeSecurityGroupEgress": _close_ports,
    "ec2.RevokeSecurityGroupIngress": _close_ports,
    "dynamodb.UpdateTimeToLive": _time_to_live,
    "ec2.ModifyImageAttribute": sharing("Change who may use image {ImageId}"),
    "ec2.ModifySnapshotAttribute": sharing("Change who may use snapshot {SnapshotId}"),
    "ec2.RunInstances": _run_instances,
    "ecr.SetRepositoryPolicy": sharing("Set the policy of image repository {repositoryName}"),
    "iam.CreatePolicy": sharing("Create policy {PolicyName}"),
    "iam.CreatePolicyVersion": sharing("Change policy {PolicyArn}", " to allow everything"),
    "iam.CreateRole": _assume,
    "iam.PutGroupPolicy": sharing("Give group {GroupName} policy {PolicyName}"),
    "iam.PutRolePolicy": sharing("Give role {RoleName} policy {PolicyName}"),
    "iam.PutUserPolicy": sharing("Give user {UserName} policy {PolicyName}"),
    "iam.UpdateAssumeRolePolicy": _assume,
    "kms.PutKeyPolicy": sharing("Set the policy of key {KeyId}"),
    "lambda.AddPermission": _let_call,
    "rds.DeleteDBCluster": _delete_database,
    "rds.DeleteDBInstance": _delete_database,
    "rds.ModifyDBSnapshotAttribute": sharing("Change database snapshot {DBSnapshotIdentifier}"),
    "lambda.UpdateFunctionConfiguration": _function_settings,
    "route53.ChangeResourceRecordSets": _change_records,
    "s3.PutBucketLifecycleConfiguration": _lifecycle,
    "s3.PutBucketAcl": sharing("Set who has access to bucket {Bucket}"),
    "s3.PutBucketPolicy": sharing("Set the policy of bucket {Bucket}"),
    "s3.PutObjectAcl": sharing("Set who has access to {Key} in {Bucket}"),
    "secretsmanager.DeleteSecret": _delete_secret,
    "secretsmanager.PutResourcePolicy": sharing("Set the policy of secret {SecretId}"),
    "sns.AddPermission": sharing("Let others use topic {TopicArn}"),
    "sns.SetTopicAttributes": sharing("Set {AttributeName} of topic {TopicArn}"),
    "sqs.AddPermission": sharing("Let others use queue {QueueUrl}"),
    "sqs.SetQueueAttributes": sharing("Change queue {QueueUrl}"),
    "ssm.ModifyDocumentPermission": sharing("Change who may use document {Name}"),
    "ssm.SendCommand": _send_command,
}
"""The functions, by `service.Operation` as botocore names them."""
