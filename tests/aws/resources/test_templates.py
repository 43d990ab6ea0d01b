"""Resources by IAM's templates: each variable is one member, and no member is two."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import meaning
from trio_gate.aws.call import UNKNOWN


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("elasticbeanstalk", "TerminateEnvironment", {"EnvironmentName": "e"}),
        ("fsx", "DeleteVolume", {"VolumeId": "fsvol-1"}),
        ("codedeploy", "CreateDeployment", {"deploymentGroupName": "g"}),
        ("greengrass", "GetDeploymentStatus", {"DeploymentId": "d", "GroupId": "g"}),
    ],
)
def test_one_member_does_not_stand_for_two_parts_of_an_arn(service, operation, params):
    found = meaning(service, operation, params)
    assert (found.resource, found.resources) == (UNKNOWN, UNKNOWN)
