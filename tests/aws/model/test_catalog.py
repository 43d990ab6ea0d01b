"""The catalogue: loads once, by name, and keeps what the protocols need."""

from __future__ import annotations

import botocore.loaders
import pytest

from trio_gate.aws.model.catalog import Catalog

LOADER = botocore.loaders.Loader()


def test_models_are_loaded_once_and_only_when_asked():
    asked = []

    def load(name):
        asked.append(name)
        return LOADER.load_service_model(name, "service-2")

    catalog = Catalog(load)
    assert not catalog.loaded(["sts"])
    with pytest.raises(KeyError):
        catalog.service("sts")
    catalog.ensure(["sts", "sqs"])
    catalog.ensure(["sqs"])
    assert catalog.loaded(["sts", "sqs"])
    assert asked == ["sts", "sqs"]


@pytest.mark.parametrize(
    ("service", "protocols"),
    [
        ("sqs", {"json", "query"}),
        ("cloudwatch", {"smithy-rpc-v2-cbor", "json", "query"}),
        ("s3", {"rest-xml"}),
        ("ec2", {"ec2"}),
        ("lambda", {"rest-json"}),
    ],
)
def test_protocols(service, protocols):
    catalog = Catalog(lambda name: LOADER.load_service_model(name, "service-2"))
    catalog.ensure([service])
    assert catalog.service(service).protocols == protocols


def test_the_models_speak_nothing_that_we_do_not_know():
    known = {"json", "query", "ec2", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"}
    for service in ("kms", "logs", "rds", "apigateway", "route53", "kinesis"):
        catalog = Catalog(lambda name: LOADER.load_service_model(name, "service-2"))
        catalog.ensure([service])
        assert catalog.service(service).protocols <= known
        for operation in catalog.service(service).operations.values():
            if operation.route is not None:
                assert sum(part.greedy for part in operation.route.segments) <= 1
                assert not any("{" in part.text for part in operation.route.segments)


def test_traits_that_other_rooms_read():
    catalog = Catalog(lambda name: LOADER.load_service_model(name, "service-2"))
    catalog.ensure(["s3", "secretsmanager", "ec2"])
    assert catalog.service("s3").operations["PutObject"].streams
    assert not catalog.service("s3").operations["PutBucketAcl"].streams
    put = catalog.service("secretsmanager").operations["PutSecretValue"].input
    assert put.members["SecretString"].shape.sensitive
    assert put.members["ClientRequestToken"].idempotency_token
    assert catalog.service("ec2").operations["RunInstances"].input.members["ClientToken"].idempotency_token
