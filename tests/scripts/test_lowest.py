"""The list of lowest versions that `scripts/test --all` installs."""

import pytest

from scripts.data.lowest import EXTRAS, lowest, required


def test_every_package_has_a_lowest_version():
    listed = lowest(required(*EXTRAS))
    assert {"trio==0.35", "opentelemetry-sdk==1.40", "moto[s3,dynamodb,sqs,sns,secretsmanager,iam]==5.2.5"} <= set(listed)
    assert not any("trio-gate" in one for one in listed)


def test_boto3_is_that_of_botocore():
    assert lowest(["botocore>=1.43.84", "boto3>=1.44.5,<1.45"]) == ["botocore==1.43.84", "boto3==1.43.84"]


@pytest.mark.parametrize("requirement", ["flask", "flask<4", "flask==3.0", "flask>=3; python_version > '3'"])
def test_one_without_a_bound_is_named(requirement):
    with pytest.raises(ValueError, match="without a lower bound: flask"):
        lowest(["trio>=0.35,<0.40", requirement])
