"""The service catalogue: botocore's models, loaded one at a time, compiled once.

Rule: the model decides what a service speaks and what its operations are; the tables of exceptions below add what botocore
has dropped and older SDKs still send. Loading is slow (EC2: half a second) and happens where `ensure` is called, never in
`service`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trio_gate.aws.route_rest import Route, compile_route
from trio_gate.aws.shape import Member, Shape, compile_shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

CBOR = "smithy-rpc-v2-cbor"

LEGACY_PROTOCOLS: Mapping[str, tuple[str, ...]] = {"sqs": ("query",)}
"""Protocols that a service still answers and its model no longer lists. SQS moved to JSON in botocore 1.31.81."""

_SQS_QUERY: Mapping[tuple[str, str], str] = {
    ("AddPermissionRequest", "AWSAccountIds"): "AWSAccountId",
    ("AddPermissionRequest", "Actions"): "ActionName",
    ("ChangeMessageVisibilityBatchRequest", "Entries"): "ChangeMessageVisibilityBatchRequestEntry",
    ("CreateQueueRequest", "Attributes"): "Attribute",
    ("CreateQueueRequest", "tags"): "Tag",
    ("DeleteMessageBatchRequest", "Entries"): "DeleteMessageBatchRequestEntry",
    ("GetQueueAttributesRequest", "AttributeNames"): "AttributeName",
    ("MessageAttributeValue", "BinaryListValues"): "BinaryListValue",
    ("MessageAttributeValue", "StringListValues"): "StringListValue",
    ("MessageBodyAttributeMap", "key"): "Name",
    ("MessageBodyAttributeMap", "value"): "Value",
    ("MessageBodySystemAttributeMap", "key"): "Name",
    ("MessageBodySystemAttributeMap", "value"): "Value",
    ("MessageSystemAttributeValue", "BinaryListValues"): "BinaryListValue",
    ("MessageSystemAttributeValue", "StringListValues"): "StringListValue",
    ("QueueAttributeMap", "key"): "Name",
    ("QueueAttributeMap", "value"): "Value",
    ("ReceiveMessageRequest", "AttributeNames"): "AttributeName",
    ("ReceiveMessageRequest", "MessageAttributeNames"): "MessageAttributeName",
    ("ReceiveMessageRequest", "MessageSystemAttributeNames"): "MessageSystemAttributeName",
    ("SendMessageBatchRequest", "Entries"): "SendMessageBatchRequestEntry",
    ("SendMessageBatchRequestEntry", "MessageAttributes"): "MessageAttribute",
    ("SendMessageBatchRequestEntry", "MessageSystemAttributes"): "MessageSystemAttribute",
    ("SendMessageRequest", "MessageAttributes"): "MessageAttribute",
    ("SendMessageRequest", "MessageSystemAttributes"): "MessageSystemAttribute",
    ("SetQueueAttributesRequest", "Attributes"): "Attribute",
    ("TagMap", "key"): "Key",
    ("TagMap", "value"): "Value",
    ("TagQueueRequest", "Tags"): "Tag",
    ("UntagQueueRequest", "TagKeys"): "TagKey",
}
"""Names of SQS's query protocol (API version 2012-11-05), from its API reference."""

_QUERY_NAMES: Mapping[str, Mapping[tuple[str, str], str]] = {"sqs": _SQS_QUERY}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """One operation of a service.

    Attributes:
        root: the name of the XML document that holds the whole input, None when the model gives none.
        host_prefix: what the SDK puts before the host, as "data-" or "{AccountId}."; empty for none.
        route: how the REST protocols find it; None for the others.
        compressed: whether its body may come gzipped.
    """

    name: str
    input: Shape | None
    root: str | None
    host_prefix: str
    route: Route | None
    deprecated: bool
    compressed: bool

    @property
    def payload(self) -> Member | None:
        """The member that is the whole HTTP body, None when there is no such member."""
        if self.input is None or self.input.payload is None:
            return None
        return self.input.members[self.input.payload]

    @property
    def streams(self) -> bool:
        """Whether the body is a blob of any size."""
        payload = self.payload
        return payload is not None and payload.streaming and payload.shape.type == "blob"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Service:
    """One service model.

    Attributes:
        name: botocore's name.
        service_id: the model's, as "Bedrock Agent"; AWS_ENDPOINT_URL_ variables are named after it.
        protocols: all it speaks, botocore's names, legacy ones included.
        target_prefix: what stands before the operation in `x-amz-target` and in CBOR's paths.
    """

    name: str
    service_id: str
    api_version: str
    protocols: frozenset[str]
    target_prefix: str
    operations: Mapping[str, Operation]


class Catalog:
    """Models by service name. `load` gives botocore's service-2 JSON of the newest API version; it may block."""

    __slots__ = ("_load", "_services")

    def __init__(self, load: Callable[[str], Mapping[str, Any]]) -> None:
        self._load = load
        self._services: dict[str, Service] = {}

    def loaded(self, services: Iterable[str]) -> bool:
        """Whether `service` will answer for all of them."""
        return all(name in self._services for name in services)

    def ensure(self, services: Iterable[str]) -> None:
        """Load what is missing. For a worker thread: a model that two threads load is built twice, and either will do."""
        for name in services:
            if name not in self._services:
                self._services[name] = compile_service(name, self._load(name))

    def service(self, name: str) -> Service:
        """The model of a service that `ensure` has loaded. Asking for another is a bug of ours: KeyError."""
        return self._services[name]


def compile_service(name: str, raw: Mapping[str, Any]) -> Service:
    """What we keep of botocore's service-2 JSON."""
    metadata, operations = raw["metadata"], raw["operations"]
    protocols = frozenset(metadata.get("protocols") or [metadata["protocol"]])
    roots = {operation["input"]["shape"] for operation in operations.values() if "input" in operation}
    shapes = compile_shapes(raw["shapes"], roots, ec2="ec2" in protocols, query_names=_QUERY_NAMES.get(name, {}))
    rest = bool(protocols & {"rest-json", "rest-xml"})
    return Service(
        name=name,
        service_id=metadata["serviceId"],
        api_version=metadata["apiVersion"],
        protocols=protocols | frozenset(LEGACY_PROTOCOLS.get(name, ())),
        target_prefix=metadata.get("targetPrefix", ""),
        operations={key: _operation(key, value, shapes, rest=rest) for key, value in operations.items()},
    )


def _operation(name: str, raw: Mapping[str, Any], shapes: Mapping[str, Shape], *, rest: bool) -> Operation:
    given = raw.get("input", {})
    shape = shapes[given["shape"]] if given else None
    return Operation(
        name=name,
        input=shape,
        root=given.get("locationName"),
        host_prefix=raw.get("endpoint", {}).get("hostPrefix", ""),
        route=compile_route(raw["http"]["method"], raw["http"]["requestUri"], shape) if rest else None,
        deprecated=bool(raw.get("deprecated")),
        compressed="gzip" in raw.get("requestcompression", {}).get("encodings", ()),
    )
