"""The protocol tests that AWS publishes, with the models that they were written for: each request is named and read.

Every request comes twice, as the suite expects it and as botocore wrote it. The truth is folded only where the wire cannot
carry a difference: nothing is the same as an empty list, map or structure; a map of the query does not repeat what a member
of its own holds; an idempotency token that the caller left out is the one that the SDK filled in.
"""

from __future__ import annotations

import base64
import datetime
import functools
import gzip
import json

import botocore.model
import botocore.utils
import pytest

from tests.kit.aws.botocore_models import pruned
from tests.kit.aws.naming import claim
from tests.kit.paths import CORPUS
from trio_gate.aws.call import Candidate, Place
from trio_gate.aws.model.catalog import Catalog
from trio_gate.aws.naming import name_call
from trio_gate.errors import GateError
from trio_gate.wire.head import Empty, Held
from trio_gate.wire.parse import parse_request_head

ROWS = CORPUS / "protocol_inputs.jsonl.gz"

TOKEN = "00000000-0000-4000-8000-000000000000"
UNSAID = (b"content-type", b"x-amz-target")

EXCEPTIONS = {
    "a Host with a path is no host: refused": (
        "suite ec2.Ec2QueryHostWithPath",
        "suite json.AwsJson11HostWithPath",
        "suite json_1_0.AwsJson10HostWithPath",
        "suite query.QueryHostWithPath",
        "suite rest-json.RestJsonHostWithPath",
        "botocore ec2.Ec2QueryHostWithPath",
        "botocore json.AwsJson11HostWithPath",
        "botocore json_1_0.AwsJson10HostWithPath",
        "botocore query.QueryHostWithPath",
        "botocore rest-json.RestJsonHostWithPath",
    ),
    "botocore leaves names small that ec2 writes large, where a model gives none; EC2's gives all: refused": (
        "suite ec2.SDKAppliedContentEncoding_ec2Query",  # the body is botocore's
        "suite ec2.SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query",
        "botocore ec2.SDKAppliedContentEncoding_ec2Query",
        "botocore ec2.SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query",
        "botocore ec2.Ec2QueryEndpointTraitWithHostLabel",
        "botocore ec2.Ec2ProtocolIdempotencyTokenAutoFillIsSet",
        "botocore ec2.Ec2Lists",
        "botocore ec2.Ec2TimestampsInput",
    ),
    "Content-Encoding is a member and a compression at once, as in no model of AWS: shown with gzip, or refused": (
        "suite rest-json.SDKAppliedContentEncoding_restJson1",
        "suite rest-json.SDKAppendedGzipAfterProvidedEncoding_restJson1",
        "suite rest-xml.SDKAppliedContentEncoding_restXml",
        "suite rest-xml.SDKAppendedGzipAfterProvidedEncoding_restXml",
    ),
    "the model has its traits where no model of AWS has them today: refused, or a header that is not read": (
        "suite legacy-rest-json.12.0",
        "suite legacy-rest-json.13.0",
        "suite legacy-rest-json.18.0",
        "suite legacy-rest-xml.11.0",
        "botocore legacy-rest-json.12.0",
        "botocore legacy-rest-json.13.0",
        "botocore legacy-rest-json.18.0",
        "botocore legacy-rest-xml.11.0",
    ),
    "an element has a namespace of its own, as in no model of AWS: refused": (
        "suite rest-xml.RestXmlXmlMapWithXmlNamespace",
        "suite rest-xml.XmlNamespaces",
        "botocore rest-xml.RestXmlXmlMapWithXmlNamespace",
        "botocore rest-xml.XmlNamespaces",
    ),
    "a header of JSON is shown decoded, the suite holds its text": ("suite rest-json.MediaTypeHeaderInputBase64",),
    "the content type that the SDK fills in is a member": ("suite legacy-rest-json.25.7",),
    "botocore writes nan and inf in a query, which are no numbers of the protocol: refused": (
        "botocore rest-json.RestJsonSupportsNaNFloatQueryValues",
        "botocore rest-json.RestJsonSupportsInfinityFloatQueryValues",
        "botocore rest-json.RestJsonSupportsNegativeInfinityFloatQueryValues",
    ),
    "botocore writes another body or query than the suite, which says that it does": (
        "botocore rest-json.DocumentTypeAsPayloadInput",
        "botocore rest-json.DocumentTypeAsPayloadInputString",
        "botocore rest-json.RestJsonQueryPrecedence",
        "botocore rest-xml.BodyWithXmlName",
        "botocore rest-xml.RestXmlQueryPrecedence",
    ),
}
"""Reviewed: why, and which. An entry that is no longer needed fails the test."""


@functools.cache
def models():
    with gzip.open(CORPUS / "protocol_models.json.gz", "rt") as file:
        found = json.load(file)
    return {**found["suites"], **found["merged"]}


def model(name):
    raw = models()[name]
    return {**raw, "metadata": {"serviceId": name, "apiVersion": "", **raw["metadata"]}}


CATALOG = Catalog(model)


def split(row, form):
    raw = base64.b64decode(row[form])
    head, _, body = raw.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body


def name_of(line):
    return line.partition(b":")[0].lower()


def as_the_suite_says(row):
    """The suite's request. It says only what it tests: selectors and bodies that it leaves open are botocore's."""
    lines, body = split(row, "request_b64")
    if row["request_botocore_b64"] is None:
        return lines, body
    other, content = split(row, "request_botocore_b64")
    names = set(map(name_of, lines))
    lines += [line for line in other[1:] if name_of(line) in UNSAID and name_of(line) not in names]
    if row["expected"].get("body") is None and not body and b"content-encoding" in names:
        body = gzip.compress(content)
    return lines, body


def truth(value, shape):
    """A parameter of the suite as the gateway shows it."""
    kind = shape.type_name
    if value is None or (kind == "structure" and shape.is_document_type):
        return value
    if kind == "structure":
        return {name: truth(item, shape.members[name]) for name, item in value.items()}
    if kind == "list":
        return [truth(item, shape.member) for item in value]
    if kind == "map":
        return {name: truth(item, shape.value) for name, item in value.items()}
    if kind == "timestamp":
        return botocore.utils.parse_timestamp(value).astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.encode() if kind == "blob" and isinstance(value, str) else value


def expected(row):
    name = row["merged_model"] or row["model_id"]
    shape = botocore.model.ServiceModel(model(name), name).operation_model(row["operation"]).input_shape
    values = truth(row["params"], shape) if shape else {}
    in_query = {member: item for member, item in (shape.members if shape else {}).items() if of_query(item)}
    named = {item.serialization["name"] for item in in_query.values() if item.type_name != "map"}
    for member, item in in_query.items():
        if item.type_name == "map" and member in values:
            values[member] = {key: value for key, value in values[member].items() if key not in named}
    return pruned(values)


def of_query(shape):
    return shape.serialization.get("location") == "querystring"


def read(row, lines, body):
    name = row["merged_model"] or row["model_id"]
    CATALOG.ensure([name])
    candidate = Candidate(service=name, host=row["host"], partition="aws", region="us-east-1", signing_name="test")
    at = Place(host=row["host"], candidates=(candidate,))
    head = parse_request_head(b"\r\n".join(lines) + b"\r\n\r\n")
    return name_call(head, Held(data=body) if body else Empty(), place=at, claim=claim("test"), catalog=CATALOG)


def right(row, lines, body):
    try:
        named = read(row, lines, body)
    except GateError:
        return False
    want = expected(row)
    got = {name: value for name, value in named.params.items() if value != TOKEN or name in want}
    return (named.operation, named.protocol, pruned(got)) == (row["operation"], row["protocol"], want)


@pytest.mark.skipif(not ROWS.exists(), reason=f"{ROWS} is not here: the protocol tests of AWS are not read")
def test_each_request_of_the_protocol_tests_is_named_and_read():
    with gzip.open(ROWS, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) == 529
    wrong = set()
    for row in rows:
        forms = {"suite": as_the_suite_says(row)}
        if row["request_botocore_b64"] is not None:
            forms["botocore"] = split(row, "request_botocore_b64")
        wrong |= {f"{form} {row['id'].removeprefix('proto.')}" for form, request in forms.items() if not right(row, *request)}
    assert wrong == {case for cases in EXCEPTIONS.values() for case in cases}
