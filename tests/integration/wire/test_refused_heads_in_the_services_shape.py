"""A head that the strict reader refuses is answered in the service's own shape: programs print the reason, not the status's name."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.kit.gateway import running
from tests.kit.wire.raw import Raw, tunnel

ODD = {"tab": {"x-odd": "a\tb"}, "many": {f"x-{number}": "a" for number in range(120)}, "long": {"x-long": "a" * 40_000}}
SAID = {"tab": "the field `x-odd` holds a TAB", "many": "more than 100 fields", "long": "larger than 32768 bytes"}


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("heads"), embedded_aws) as gateway:
        yield gateway


@pytest.mark.parametrize("door", ["proxy", "endpoint"])
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("s3", "list_buckets", "InvalidRequest"),
        ("sts", "get_caller_identity", "ValidationError"),
        ("dynamodb", "list_tables", "ValidationException"),
        ("ec2", "describe_instances", "InvalidRequest"),
    ],
)
def test_the_reason_is_read(gate, service, operation, code, kind, door):
    client = gate.client(service, by=door)
    client.meta.events.register("before-send", lambda request, **_: request.headers.update(ODD[kind]))
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)()
    error = caught.value.response["Error"]
    assert SAID[kind] in error["Message"]
    assert error["Code"] == code


@pytest.mark.parametrize(
    ("service", "operation", "given", "code"),
    [
        ("s3", "list_objects_v2", {"Bucket": "bucket", "Prefix": "p" * 40_000}, "InvalidRequest"),
        ("apigateway", "get_domain_name", {"domainName": "d" * 40_000}, "ValidationException"),
        ("route53", "list_hosted_zones_by_name", {"DNSName": "d" * 40_000}, "ValidationError"),
    ],
)
def test_a_request_line_that_leaves_no_room_for_the_signature_is_answered_by_the_connections_name(
    gate, service, operation, given, code
):
    with pytest.raises(ClientError) as caught:
        getattr(gate.client(service), operation)(**given)
    assert SAID["long"] in caught.value.response["Error"]["Message"]
    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("target", "marker"),
    [
        (
            "/b/k?X-Amz-Credential=AKIA111111111111CI01%2F20260101%2Fus-east-1%2Fs3%2Faws4_request",
            b"<Error><Code>InvalidRequest<",
        ),
        ("/?Action=ListUsers&Version=2010-05-08", b"<ErrorResponse"),
        ("/?X-Amz-Credential=%2F%2F%zz%2F&&=&Action", b"<ErrorResponse"),
    ],
)
def test_at_the_endpoint_listener_the_query_says_the_shape(gate, target, marker):
    with Raw(gate.doors["endpoint"]) as raw:
        raw.send(f"GET {target} HTTP/1.1\r\nhost: {gate.doors['endpoint']}\r\nx-odd: a\tb\r\n\r\n".encode())
        assert raw.head()[0] == 400
        assert marker in raw.rest()


@pytest.mark.parametrize(
    ("host", "marker"),
    [
        ("mail-manager.us-east-1.amazonaws.com", b'{"'),
        ("email.us-east-1.amazonaws.com", b"<ErrorResponse"),
        ("monitoring.us-east-1.amazonaws.com", b'{"'),
        ("b.s3.us-east-1.amazonaws.com", b"<Error>"),
    ],
)
def test_a_name_that_services_share_says_what_its_service_reads(gate, host, marker):
    with tunnel(gate, gate.ca_file, host) as raw:
        raw.send(f"GET / HTTP/1.1\r\nhost: {host}\r\nx-odd: a\tb\r\n\r\n".encode())
        assert raw.head()[0] == 400
        assert marker in raw.rest()


def test_the_answer_to_a_refused_head_request_has_no_body(gate):
    with Raw(gate.doors["endpoint"]) as raw:
        raw.send(b"HEAD /bucket HTTP/1.1\r\nhost: s3.us-east-1.amazonaws.com\r\nx-odd: a\tb\r\n\r\n")
        status, fields = raw.head()
        assert (status, fields["connection"]) == (400, "close")
        assert "holds a TAB" in fields["x-trio-gate-reason"]
        assert raw.rest() == b""
