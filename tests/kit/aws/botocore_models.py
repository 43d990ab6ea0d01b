"""botocore as the second reader: its models, inputs made from them, and what its serializers write.

None of the gateway's code is used here, so what agrees with it agrees for two reasons.
"""

from __future__ import annotations

import datetime
import functools
import re
from urllib.parse import urlencode

import botocore.loaders
import botocore.model
import botocore.serialize
from botocore.awsrequest import prepare_request_dict

ACCOUNT = "111111111111"
LABEL = "route-1"
TEXT = "a/b c+d=é&%25~"
GREEDY = (
    f"arn:aws:service:us-east-1:{ACCOUNT}:kind/{'a' * 36}/{'b' * 36}",
    f"arn:aws:s3:us-east-1:{ACCOUNT}:kind/a",
    "a/b.c",
    "a-name",
)
"""Values of labels that take several segments; the first that the model's pattern or the label's name admits is sent."""

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


@functools.cache
def loader():
    return botocore.loaders.Loader()


@functools.lru_cache(maxsize=2)
def service_model(service):
    """A large model takes half a second and a hundred MiB, so few are kept."""
    return botocore.model.ServiceModel(loader().load_service_model(service, "service-2"), service)


def sample(shape, name="", depth=0):
    """An input with every member, to a depth."""
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


def inputs(model):
    """What to send: the required members, and all."""
    shape = model.input_shape
    full = sample(shape) if shape else {}
    for name, member in (shape.members if shape else {}).items():
        if f"{{{member.serialization.get('name')}+}}" in model.http["requestUri"]:
            named = "arn:.*" if name.lower().endswith(("arn", "id")) else ""
            pattern = re.compile(member.metadata.get("pattern", named))
            full[name] = next((text for text in GREEDY if pattern.fullmatch(text)), TEXT)
    return {name: value for name, value in full.items() if shape and name in shape.required_members}, full


def text(shape, name):
    if shape.enum:
        return shape.enum[0]
    if name == "Bucket":
        return "amzn-s3-demo-bucket"
    if shape.serialization.get("hostLabel"):
        return ACCOUNT if name == "AccountId" else LABEL
    location = shape.serialization.get("location")
    if shape.serialization.get("jsonvalue") and location == "header":
        return {"k": ["v"]}
    return "plain value" if location == "header" or name == "Metadata" else TEXT


def spoken(value, text):
    """The value with another text for the kit's own."""
    if isinstance(value, dict):
        return {name: spoken(item, text) for name, item in value.items()}
    if isinstance(value, list):
        return [spoken(item, text) for item in value]
    return text if value == TEXT else value


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
    """The value without nulls and empty containers."""
    if isinstance(value, dict):
        return {key: item for key, item in ((key, pruned(item)) for key, item in value.items()) if item not in ({}, [], None)}
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
