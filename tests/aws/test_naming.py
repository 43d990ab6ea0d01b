"""An operation newer than our botocore is refused as unknown, never named as an older one.

Each operation is new to a catalogue that has lost it; the rest is what AWS may add tomorrow.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kit.aws.botocore_models import inputs, service_model, spoken, wire
from tests.kit.aws.naming import CBOR, FORM, JSON_10, REST_JSON, catalog, claim, head, named, place
from tests.kit.aws.places import where
from trio_gate.aws.naming import body_mode, name_call
from trio_gate.errors import GateError, Unidentified
from trio_gate.wire.head import Empty, Held, Streamed, StreamKind

EXCEPTIONS = {
    "an older operation is the same on the wire": (
        "s3:GetBucketLifecycle",
        "s3:GetBucketLifecycleConfiguration",
        "s3:GetBucketNotification",
        "s3:GetBucketNotificationConfiguration",
        "s3:PutBucketLifecycle",
        "s3:PutBucketLifecycleConfiguration",
    ),
    "its path is that of an older one with a word where a name may be": (
        "securityhub:ListAutomationRulesV2",
        "wickr:GetBotsCount",
        "wickr:GetUsersCount",
    ),
}
"""Reviewed: why, and which. An entry that is no longer needed fails the test of its service."""

BY_NAME = {"WriteGetObjectResponse"}
"""Operations that the code knows by name."""


class Older:
    """The catalogue without an operation, which twins have too."""

    def __init__(self, lost):
        self.lost = lost

    def service(self, name):
        found = catalog().service(name)
        return replace(
            found,
            operations={key: value for key, value in found.operations.items() if key != self.lost},
            by_path=self._without(found.by_path),
            greedy=self._without(found.greedy),
        )

    def _without(self, groups):
        return {key: tuple(one for one in group if one.name != self.lost) for key, group in groups.items()}


def name(service, model, protocol, params):
    """The operation that an older gateway sees, None where it refuses."""
    line, headers, body = wire(model, params, protocol)
    at, known = where(service, model), Older(model.name)
    own = next(one for one in at.candidates if one.service == service)
    request = head(line, headers)
    content = Held(data=body) if body else Empty()
    scope = claim(own.signing_name, region=own.region)
    if body_mode(request, place=at, claim=scope, catalog=known) == "streamed":
        content = Streamed(kind=StreamKind.UNSIGNED, length=len(body), decoded_length=len(body))
    try:
        return name_call(request, content, place=at, claim=scope, catalog=known).operation
    except GateError:
        return None


def test_an_operation_that_the_catalogue_lost_is_refused(each_service):
    models = service_model(each_service)
    wrong = set()
    for protocol in models.metadata.get("protocols") or [models.protocol]:
        for operation in set(models.operation_names) - BY_NAME:
            model = models.operation_model(operation)
            if name(each_service, model, protocol, spoken(inputs(model)[0], "name-1")) is not None:
                wrong.add(f"{each_service}:{operation}")
    assert wrong == {one for names in EXCEPTIONS.values() for one in names if one.startswith(f"{each_service}:")}


FUNCTION = "/2015-03-31/functions/f"
S3 = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}


@pytest.mark.parametrize(
    ("service", "line", "headers", "body"),
    [
        ("dynamodb", "POST /", {"X-Amz-Target": "DynamoDB_20120810.GetItemV2", **JSON_10}, b'{"TableName":"t"}'),
        ("dynamodb", "POST /", {"X-Amz-Target": "DynamoDB_20270101.GetItem", **JSON_10}, b'{"TableName":"t"}'),
        ("ec2", "POST /", FORM, b"Action=DescribeInstancesV2&Version=2016-11-15"),
        ("ec2", "POST /", FORM, b"Action=DescribeInstances&Version=2027-01-01"),
        ("iam", "GET /?Action=ListUsersV2&Version=2010-05-08", {}, b""),
        ("codebuild", "POST /service/CodeBuild_20161006/operation/BatchGetProjectsV2", CBOR, b"\xa0"),
        ("codebuild", "POST /service/CodeBuild_20270101/operation/BatchGetProjects", CBOR, b"\xa0"),
        ("codebuild", "POST /service/CodeBuild_20161006/operation/BatchGetProjects/new", CBOR, b"\xa0"),
        ("lambda", f"GET {FUNCTION}/new-thing", {}, b""),
        ("lambda", "GET /2027-01-01/functions/f", {}, b""),
        ("lambda", f"PATCH {FUNCTION}", REST_JSON, b"{}"),
        ("lambda", f"GET {FUNCTION}?newKey=1", {}, b""),
        ("lambda", f"DELETE {FUNCTION}?permanently", {}, b""),
        ("lambda", f"POST {FUNCTION}/invocations", {"x-amz-new": "1"}, b"{}"),
        (
            "chime-sdk-voice",
            "POST /voice-connectors/abcdefghijklmnop1234/termination/credentials?operation=new",
            REST_JSON,
            b"{}",
        ),
        ("cloudfront", "PUT /2020-05-31/distribution/d/config?new", {}, b""),
        ("cloudfront", "POST /2020-05-31/distribution?WithNewThing", {}, b"<DistributionConfig/>"),
        ("s3", "GET /bucket?newThing", S3, b""),
        ("s3", "PUT /bucket/k?newThing", S3, b"x"),
        ("s3", "DELETE /bucket/k?versionId=v&newThing", S3, b""),
        ("s3", "GET /bucket?list-type=3", S3, b""),
        ("s3", "PUT /bucket/k", {**S3, "x-amz-new-source": "other/k"}, b"x"),
        ("s3", "DELETE /bucket/k", {**S3, "x-amz-new": "1"}, b""),
        ("s3", "PATCH /bucket/k", S3, b"x"),
        ("s3", "POST /", S3, b""),
    ],
)
def test_what_aws_may_add_is_no_older_operation(service, line, headers, body):
    with pytest.raises(GateError):
        named(line, headers, body, at=place(service, signing_name="chime" if service == "chime-sdk-voice" else ""))


def test_an_older_gateway_says_that_it_does_not_know():
    with pytest.raises(Unidentified, match="no operation fits"):
        named(f"GET {FUNCTION}/new-thing", at=place("lambda"))
