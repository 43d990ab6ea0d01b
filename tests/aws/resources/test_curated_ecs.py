"""The clusters, services and tasks that a call to ECS names."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, meaning
from trio_gate.aws.call import UNKNOWN

HERE = f"us-east-1:{ACCOUNT}"


@pytest.mark.parametrize(
    ("operation", "params", "resources"),
    [
        ("DescribeServices", {"services": ["web"]}, ("service/default/web", "cluster/default")),
        ("DescribeServices", {"cluster": "c", "services": [f"arn:aws:ecs:{HERE}:service/web"]}, ("service/c/web", "cluster/c")),
        ("StopTask", {"cluster": "c", "task": f"arn:aws:ecs:{HERE}:task/c/t1"}, ("task/c/t1", "cluster/c")),
        ("RunTask", {"taskDefinition": "web:3"}, ("task-definition/web:3", "cluster/default")),
        ("CreateCluster", {"clusterName": "c"}, ("cluster/c",)),
        ("DescribeClusters", {"clusters": ["a", "b"]}, ("cluster/a", "cluster/b")),
        ("DeregisterTaskDefinition", {"taskDefinition": "web:3"}, ("task-definition/web:3",)),
        ("StopTask", {"cluster": UNKNOWN, "task": "t1"}, None),
        ("StopTask", {"task": f"arn:aws:ecs:{HERE}:cluster/x"}, None),
    ],
)
def test_ecs_names_live_in_a_cluster(operation, params, resources):
    expected = UNKNOWN if resources is None else tuple(f"arn:aws:ecs:{HERE}:{resource}" for resource in resources)
    assert meaning("ecs", operation, params).resources == expected
