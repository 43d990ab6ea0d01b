"""What botocore writes, we read back: every operation of the named services, in every protocol they speak.

botocore's serializers are the oracle; nothing of ours is used to build the requests.
"""

from __future__ import annotations

import datetime
from urllib.parse import urlencode

import botocore.loaders
import botocore.model
import botocore.serialize
import pytest
from botocore.awsrequest import prepare_request_dict

from tests.aws.naming_kit import catalog, named, place
from trio_gate.aws.call import UNKNOWN

SERVICES = ("s3", "dynamodb", "ec2", "sts", "iam", "sqs", "sns", "lambda", "secretsmanager", "cloudwatch", "route53")
PROTOCOLS = [
    *((service, None) for service in SERVICES),
    ("cloudwatch", "json"),
    ("cloudwatch", "query"),
    ("cloudwatch", "smithy-rpc-v2-cbor"),
    ("codebuild", "smithy-rpc-v2-cbor"),
]
DEPRECATED = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}
TEXT = "a/b c+d=é&%25~"
MOMENT = datetime.datetime(2025, 1, 15, 8, 30, tzinfo=datetime.UTC)
SCALARS = {
    "integer": 7,
    "long": 2**40,
    "float": 1.5,
    "double": -2.25,
    "boolean": True,
    "timestamp": MOMENT,
    "blob": b"\x00\xffblob",
}


def sample(shape, name="", depth=0):
    kind = shape.type_name
    if kind == "structure":
        if shape.is_document_type:
            return {"free": ["form", 1]}
        if depth > 5:
            return {}
        members = list(shape.members.items())
        if shape.is_tagged_union:
            members = members[:1]
        return {key: sample(member, key, depth + 1) for key, member in members}
    if kind == "list":
        return [sample(shape.member, name, depth + 1)] * 2 if depth <= 5 else []
    if kind == "map":
        return {"some-key": sample(shape.value, name, depth + 1)} if depth <= 5 else {}
    if kind == "string":
        return text(shape, name)
    return SCALARS[kind]


def text(shape, name):
    if shape.enum:
        return shape.enum[0]
    if name == "Bucket":
        return "amzn-s3-demo-bucket"
    if shape.serialization.get("hostLabel"):
        return "route-1"
    location = shape.serialization.get("location")
    if shape.serialization.get("jsonvalue") and location == "header":
        return {"k": ["v"]}
    return "plain value" if location == "header" or name == "Metadata" else TEXT


def expected(value, shape):
    """The value as the gateway shows it; empty containers are gone, because some protocols cannot carry them."""
    if isinstance(value, dict) and shape.type_name == "structure" and not shape.is_document_type:
        pairs = ((key, expected(item, shape.members[key])) for key, item in value.items())
    elif isinstance(value, dict) and shape.type_name == "map":
        pairs = ((key, expected(item, shape.value)) for key, item in value.items())
    elif isinstance(value, list) and shape.type_name == "list":
        return [item for item in (expected(item, shape.member) for item in value) if item not in ({}, [])]
    else:
        return "2025-01-15T08:30:00Z" if value is MOMENT else value
    return {key: item for key, item in pairs if item not in ({}, [])}


def pruned(value):
    if isinstance(value, dict):
        return {key: item for key, item in ((key, pruned(item)) for key, item in value.items()) if item not in ({}, [])}
    if isinstance(value, list):
        return [item for item in map(pruned, value) if item not in ({}, [])]
    return value


def wire(model, params, protocol):
    """Request line, headers and body as botocore sends them."""
    written = botocore.serialize.create_serializer(protocol, include_validation=False).serialize_to_request(params, model)
    prepare_request_dict(written, endpoint_url="https://agent.test")
    url = "/" + written["url"].removeprefix("https://").partition("/")[2]
    body = written["body"]
    if isinstance(body, dict):
        body = urlencode(body).encode()
    headers = {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in written["headers"].items()}
    return f"{written['method']} {url}", headers, bytes(body)


def where(service, operation):
    if operation == "ListDirectoryBuckets":
        return place("s3", signing_name="s3express")
    if operation == "WriteGetObjectResponse":
        return place("s3", signing_name="s3-object-lambda", host="route-1.s3-object-lambda.us-east-1.amazonaws.com")
    return place(service)


def streaming(shape):
    payload = shape.serialization.get("payload") if shape else None
    return payload if payload and shape.members[payload].serialization.get("streaming") else None


@pytest.mark.parametrize(("service", "protocol"), PROTOCOLS, ids=str)
@pytest.mark.parametrize("deep", [False, True], ids=["required", "deep"])
def test_botocore_requests_are_named_and_read_back(service, protocol, deep):
    raw = botocore.loaders.Loader().load_service_model(service, "service-2")
    models = botocore.model.ServiceModel(raw, service)
    protocol = protocol or models.protocol
    for operation in models.operation_names:
        model = models.operation_model(operation)
        shape = model.input_shape
        params = sample(shape) if shape else {}
        if not deep and shape:
            params = {key: value for key, value in params.items() if key in shape.required_members}
        if operation in DEPRECATED:
            params = {"Bucket": "amzn-s3-demo-bucket"}  # their bodies have another form, which S3 no longer documents
        line, headers, body = wire(model, params, protocol)
        call = named(line, headers, body, at=where(service, operation))
        assert call.operation == DEPRECATED.get(operation, operation)
        assert (call.service, call.protocol) == (service, protocol)
        want = expected(params, shape) if shape else {}
        payload = streaming(shape)
        if payload and service == "s3":
            want[payload] = UNKNOWN
        got = pruned(dict(call.params))
        assert (operation, got) == (operation, want)


def test_the_catalogue_holds_every_operation():
    loader = botocore.loaders.Loader()
    for service in SERVICES:
        catalog().ensure([service])
        raw = loader.load_service_model(service, "service-2")
        assert set(catalog().service(service).operations) == set(raw["operations"])
