"""The service catalogue: botocore's models, loaded one at a time and compiled once.

Rule: the model decides which protocols a service speaks and what its operations are; the tables below add what botocore has
dropped and older SDKs still send. Reading a model takes files and time, and happens in `ensure`, never in `service`; an operation is
compiled when it is first asked for.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trio_gate.aws.model.http_route import Route, compile_route, place_of
from trio_gate.aws.model.shape import Member, Shape, compile_shapes, namespace, refs
from trio_gate.aws.on_demand import OnDemand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    _Place = tuple[Mapping[str, "Operation"], str]
    """Where an operation is found: among the model's or those of older SDKs, and by its name."""

CBOR = "smithy-rpc-v2-cbor"

LEGACY_PROTOCOLS: Mapping[str, tuple[str, ...]] = {"sqs": ("query",)}
"""Protocols that a service still answers though its model no longer lists them. SQS moved to JSON in botocore 1.31.81."""

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
"""Member names in SQS's query protocol (API version 2012-11-05), from its API reference."""

_QUERY_NAMES: Mapping[str, Mapping[tuple[str, str], str]] = {"sqs": _SQS_QUERY}

KNOWN_ANSWER = "knownAnswer"
"""What an operation of a model says besides, for `Operation.known_answer`; botocore's says it nowhere."""

_OF_OPERATION = frozenset(("http", "input", "endpoint", "deprecated", "requestcompression", KNOWN_ANSWER))
_PROSE = frozenset(("documentation", "deprecatedMessage"))

_PAGES = {"NextToken": "NextToken", "PageSize": "PageSize"}
_SPEECH = (
    "Engine",
    "LanguageCode",
    "LexiconNames",
    "OutputFormat",
    "SampleRate",
    "SpeechMarkTypes",
    "Text",
    "TextType",
    "VoiceId",
)
_LEGACY_ROUTES: Mapping[str, Mapping[str, tuple[str, str, Mapping[str, str]]]] = {
    "polly": {"SynthesizeSpeech": ("GET", "/v1/speech", {name: name for name in _SPEECH})},
    "quicksight": {
        "ListIAMPolicyAssignments": (
            "GET",
            "/accounts/{AwsAccountId}/namespaces/{Namespace}/iam-policy-assignments",
            {"NextToken": "next-token", "MaxResults": "max-results"},
        )
    },
    "sesv2": {
        "ListConfigurationSets": ("GET", "/v2/email/configuration-sets", _PAGES),
        "ListContacts": ("GET", "/v2/email/contact-lists/{ContactListName}/contacts", _PAGES),
        "ListEmailIdentities": ("GET", "/v2/email/identities", _PAGES),
        "ListImportJobs": ("GET", "/v2/email/import-jobs", _PAGES),
        "PutEmailIdentityDkimSigningAttributes": ("PUT", "/v1/email/identities/{EmailIdentity}/dkim/signing", {}),
    },
}
"""Routes that AWS serves though its models do not (or no longer) have them: method, template, and the members in the query.

Each is from the newest model in botocore 1.29 to 1.40 that has it; the AWS CLI of Debian 12 uses them. All SDKs presign Polly's.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """One operation of a service.

    Attributes:
        root: the name of the XML document that holds the whole input, None when the model gives none.
        namespace: the same for its XML namespace.
        host_prefix: what the SDK puts before the host, as "data-" or "{AccountId}."; empty for none.
        route: how the REST protocols find it; None for the others.
        compressed: whether its body may come gzipped.
        known_answer: whether the review knows every member of its answer that may hold a secret; set by the code that loads the model.
    """

    name: str
    input: Shape | None
    root: str | None
    namespace: str | None
    host_prefix: str
    route: Route | None
    deprecated: bool
    compressed: bool
    known_answer: bool

    @property
    def payload(self) -> Member | None:
        """The member that is the whole HTTP body; None without one."""
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
        service_id: the model's, such as "Bedrock Agent"; AWS_ENDPOINT_URL_ variables are named after it.
        protocols: botocore's names for all protocols that it speaks, legacy ones included.
        target_prefix: what comes before the operation's name in `x-amz-target` and in CBOR's paths.
        by_path: operations of the REST protocols, with those of older SDKs, by method and number of segments in their template.
        greedy: by method, those operations whose template has a label that takes any number of segments.
    """

    name: str
    service_id: str
    api_version: str
    protocols: frozenset[str]
    target_prefix: str
    operations: Mapping[str, Operation]
    by_path: Mapping[tuple[str, int], tuple[Operation, ...]]
    greedy: Mapping[str, tuple[Operation, ...]]


class Catalog:
    """Models by service name. `load` returns botocore's service-2 JSON for the newest API version; it may block."""

    __slots__ = ("_load", "_services")

    def __init__(self, load: Callable[[str], Mapping[str, Any]]) -> None:
        self._load = load
        self._services: dict[str, Service] = {}

    def loaded(self, services: Iterable[str]) -> bool:
        """Whether all of these services are loaded, so that `service` has them."""
        return all(name in self._services for name in services)

    def ensure(self, services: Iterable[str]) -> None:
        """Load what is missing. For worker threads: if two of them load a model at once, either result is used."""
        for name in services:
            if name not in self._services:
                self._services[name] = compile_service(name, self._load(name))

    def service(self, name: str) -> Service:
        """The model of a service that `ensure` has loaded. Raises KeyError for any other, which is an internal error."""
        return self._services[name]


def compile_service(name: str, raw: Mapping[str, Any]) -> Service:
    """Compile botocore's service-2 JSON into a Service, which reads `raw` further as its operations are asked for."""
    metadata, operations = raw["metadata"], raw["operations"]
    old, old_shapes = _legacy(raw, _LEGACY_ROUTES.get(name, {}))
    protocols = frozenset(metadata.get("protocols") or [metadata["protocol"]])
    shapes = compile_shapes(ChainMap(old_shapes, raw["shapes"]), ec2="ec2" in protocols, query_names=_QUERY_NAMES.get(name, {}))
    rest = bool(protocols & {"rest-json", "rest-xml"})
    current, older = (OnDemand(these, lambda key, one: _operation(key, one, shapes, rest=rest)) for these in (operations, old))
    by_path, greedy = _routes([(operations, current), (old, older)] if rest else [])
    return Service(
        name=name,
        service_id=metadata["serviceId"],
        api_version=metadata["apiVersion"],
        protocols=protocols | frozenset(LEGACY_PROTOCOLS.get(name, ())),
        target_prefix=metadata.get("targetPrefix", ""),
        operations=current,
        by_path=by_path,
        greedy=greedy,
    )


def pruned(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The part of botocore's service-2 JSON that `compile_service` reads, a quarter of it or less."""
    operations = {
        name: {key: value for key, value in one.items() if key in _OF_OPERATION} for name, one in raw["operations"].items()
    }
    shapes: dict[str, Any] = {}
    todo = [one["input"]["shape"] for one in operations.values() if "input" in one]
    while todo:
        name = todo.pop()
        if name not in shapes:
            shapes[name] = _without_prose(raw["shapes"][name])
            todo.extend(ref["shape"] for _, ref in refs(shapes[name]))
    return {"metadata": raw["metadata"], "operations": _without_prose(operations), "shapes": shapes}


def _without_prose(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Drop documentation. A member may also be called `documentation`, but then its value is not a text."""
    kept: dict[str, Any] = {}
    for key, value in raw.items():
        if isinstance(value, dict):
            kept[key] = _without_prose(value)
        elif key not in _PROSE:
            kept[key] = True if key == "enum" and isinstance(value, list) else value
    return kept


def _routes(
    groups: Iterable[tuple[Mapping[str, Any], Mapping[str, Operation]]],
) -> tuple[Mapping[tuple[str, int], tuple[Operation, ...]], Mapping[str, tuple[Operation, ...]]]:
    """`by_path` and `greedy` of a service, given operations as in botocore's JSON and compiled."""
    by_path: dict[tuple[str, int], list[_Place]] = {}
    greedy: dict[str, list[_Place]] = {}
    for raw, compiled in groups:
        for name, one in raw.items():
            method, (count, takes_more) = one["http"]["method"], place_of(one["http"]["requestUri"])
            by_path.setdefault((method, count), []).append((compiled, name))
            if takes_more:
                greedy.setdefault(method, []).append((compiled, name))
    return OnDemand(by_path, _operations), OnDemand(greedy, _operations)


def _operations(_: object, places: Iterable[_Place]) -> tuple[Operation, ...]:
    return tuple(operations[name] for operations, name in places)


def _legacy(
    raw: Mapping[str, Any], routes: Mapping[str, tuple[str, str, Mapping[str, str]]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Operations and their input shapes as the model had them when it still held these routes."""
    operations, shapes = {}, {}
    for name, (method, template, query) in routes.items():
        now = raw["operations"].get(name, {"http": {}})["http"]
        if not now or (now["method"], now["requestUri"]) == (method, template):  # another botocore's
            continue
        shape = raw["shapes"][raw["operations"][name]["input"]["shape"]]
        operations[name] = {"http": {"method": method, "requestUri": template}, "input": {"shape": f"{name} {template}"}}
        shapes[f"{name} {template}"] = {
            **shape,
            "members": {key: _moved(ref, query.get(key)) for key, ref in shape["members"].items()},
        }
    return operations, shapes


def _moved(ref: Mapping[str, Any], name: str | None) -> dict[str, Any]:
    """A member moved to the query as `name` or, without one, to the body; a member in the path stays there."""
    if name is not None:
        return {**ref, "location": "querystring", "locationName": name}
    return {
        key: value
        for key, value in ref.items()
        if ref.get("location") != "querystring" or key not in ("location", "locationName")
    }


def _operation(name: str, raw: Mapping[str, Any], shapes: Mapping[str, Shape], *, rest: bool) -> Operation:
    given = raw.get("input", {})
    shape = shapes[given["shape"]] if given else None
    return Operation(
        name=name,
        input=shape,
        root=given.get("locationName"),
        namespace=namespace(given),
        host_prefix=raw.get("endpoint", {}).get("hostPrefix", ""),
        route=compile_route(raw["http"]["method"], raw["http"]["requestUri"], shape) if rest else None,
        deprecated=bool(raw.get("deprecated")),
        compressed="gzip" in raw.get("requestcompression", {}).get("encodings", ()),
        known_answer=raw.get(KNOWN_ANSWER) is True,
    )
