"""The clusters, services, tasks and task definitions that an ECS call names.

Rule: a bare name belongs to the call's cluster, which is `default` if the call names none. Services and tasks have an old form of
ARN without the cluster; the canonical form includes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.arns import NOT_KNOWN, CallerContext, Resource, given_arn, name_or_arn, parse, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value

IN_CLUSTER = {
    "service": "service/",
    "serviceName": "service/",
    "services": "service/",
    "task": "task/",
    "tasks": "task/",
    "containerInstance": "container-instance/",
    "containerInstances": "container-instance/",
}
"""Members that name something inside the cluster, with the kind that they name."""

_CLUSTER = ("cluster", "clusterName", "clusterArn")

_DEFAULT_CLUSTER = frozenset(
    (
        "CreateExpressGatewayService",
        "CreateService",
        "CreateTaskSet",
        "DeleteAttributes",
        "DeleteService",
        "DeleteTaskSet",
        "DeregisterContainerInstance",
        "DescribeClusters",
        "DescribeContainerInstances",
        "DescribeServices",
        "DescribeTaskSets",
        "DescribeTasks",
        "DiscoverPollEndpoint",
        "ExecuteCommand",
        "GetTaskProtection",
        "ListAttributes",
        "ListContainerInstances",
        "ListDaemons",
        "ListServiceDeployments",
        "ListServices",
        "ListTasks",
        "PutAttributes",
        "RegisterContainerInstance",
        "RunTask",
        "StartTask",
        "StopTask",
        "SubmitAttachmentStateChanges",
        "SubmitContainerStateChange",
        "SubmitTaskStateChange",
        "UpdateContainerAgent",
        "UpdateContainerInstancesState",
        "UpdateService",
        "UpdateServicePrimaryTaskSet",
        "UpdateTaskProtection",
        "UpdateTaskSet",
    )
)


def ecs(operation: str, params: Mapping[str, Value], caller: CallerContext) -> list[Resource]:
    """The resources that an ECS call names: those in the cluster first, then task definition and cluster."""
    name = next((params[member] for member in _CLUSTER if params.get(member)), None)
    if name is None and operation in _DEFAULT_CLUSTER and not params.get("clusters"):
        name = "default"
    cluster = name_or_arn("ecs", "cluster/", name, caller) if name else None
    found = [
        _in_cluster(kind, value, cluster or NOT_KNOWN, caller)
        for member, kind in IN_CLUSTER.items()
        for value in _each(params.get(member))
    ]
    found += [_task_definition(value, caller) for value in _each(params.get("taskDefinition"))]
    found += [_arn(value, caller) for value in _each(params.get("resourceArn"))]
    found += [name_or_arn("ecs", "cluster/", value, caller) for value in _each(params.get("clusters"))]
    return [*found, cluster] if cluster else found


def _each(value: Value) -> list[Value]:
    return [item for item in (value if isinstance(value, list) else [value]) if item not in (None, "")]


def _arn(value: Value, caller: CallerContext) -> Resource:
    arn = parse(value)
    return given_arn(arn, caller) if arn else NOT_KNOWN


def _task_definition(value: Value, caller: CallerContext) -> Resource:
    """`family:revision` or an ARN with a revision. A bare family means its newest revision, which only a lookup could tell."""
    family, _, revision = str(value).rpartition(":")
    if parse(value) is None and plain(family) and plain(revision) and isinstance(value, str):
        return caller.arn("ecs", f"task-definition/{value}")
    full = name_or_arn("ecs", "task-definition/", value, caller)
    return full if ":" in str(full.arn).rpartition("/")[2] else Resource(arn=UNKNOWN, account=full.account)


def _in_cluster(kind: str, value: Value, cluster: Resource, caller: CallerContext) -> Resource:
    arn = parse(value)
    beginning = None if cluster.arn is UNKNOWN else str(cluster.arn).replace(":cluster/", f":{kind}", 1)
    if arn is None:
        return Resource(arn=f"{beginning}/{value}" if beginning and plain(value) else UNKNOWN, account=cluster.account)
    if arn.service != "ecs" or not arn.resource.startswith(kind):
        return NOT_KNOWN
    given = given_arn(arn, caller)
    if arn.resource.count("/") > 1:
        return given
    name = arn.resource.rpartition("/")[2]
    return Resource(
        arn=f"{beginning}/{name}" if beginning and given.account == cluster.account else UNKNOWN, account=given.account
    )
