"""Finds the one operation of a request among all services that its host may stand for.

Rule: the host determines the services, the model their protocols, and the protocol where the operation is named. A request with
the selectors of two protocols is refused before any model is asked. Every candidate is asked, and exactly one must match, except
for twins: services that share host, protocol and names, listed below with the name that is used for them here.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from trio_gate.aws.model.catalog import CBOR
from trio_gate.aws.model.http_route import labels, query_fits, rest_segments, times_in_query, x_id_fits
from trio_gate.aws.routing.rpc import FORM, SMITHY, TARGET, NoMatch, cbor_operation, json_operation, media_type, query_operation
from trio_gate.aws.routing.s3 import answers_object_lambda, at_level, s3_labels
from trio_gate.errors import Malformed, Unidentified
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trio_gate.aws.call import Candidate, Place
    from trio_gate.aws.model.catalog import Catalog, Operation, Service
    from trio_gate.wire.head import RequestHead

TWINS: tuple[tuple[str, ...], ...] = (
    ("rds", "neptune", "docdb"),
    ("qconnect", "wisdom"),
    ("pinpoint-sms-voice", "sms-voice"),
    ("signer", "signer-data"),
    ("greengrass", "greengrassv2"),
    ("lambda", "lambda-microvms", "lambda-web", "lambda-core"),
)
"""Services that share a host and operations that look the same on the wire. Shared operations go by the first name.

In the first four families only the first service has operations of its own; the others share only tags and a few calls about the
account. The IAM prefix is the same within each family.
"""


class Ambiguous(Unidentified):
    """The request fits an operation of each of these `services` (botocore's names)."""

    def __init__(self, reason: str, *, services: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.services = services


@value_class
class Match:
    """An operation that the request may mean, with its path labels by their names in the template."""

    candidate: Candidate
    service: Service
    operation: Operation
    protocol: str
    labels: Mapping[str, str] = field(default_factory=dict)
    specificity: tuple[tuple[int, ...], int] = ((), 0)


@value_class
class Asked:
    """A request as the routers see it. `form` returns the parameters of a query request, read at the first call."""

    head: RequestHead
    place: Place
    empty: bool
    form: Callable[[], Mapping[str, str]]


def find(asked: Asked, candidates: Sequence[Candidate], catalog: Catalog) -> Match:
    """Find the one operation of a request.

    Raises:
        Malformed: it has selectors of two protocols, or a path with two readings.
        Unidentified: no operation fits; Ambiguous if several do.
    """
    if asked.head.one(TARGET) is not None and asked.head.one(SMITHY) is not None:
        raise Malformed("x-amz-target and smithy-protocol name two operations: send one")
    found: list[Match] = []
    reasons: list[str] = []
    faults: list[Malformed] = []
    for candidate in candidates:
        try:
            found.append(_match(asked, candidate, catalog.service(candidate.service)))
        except NoMatch as no:
            reasons.append(str(no))
        except Malformed as fault:
            # An S3 key need not be a valid path of S3 Control: the fault counts only if no other service matches.
            faults.append(fault)
    if not found and faults:
        raise faults[0]
    if not found:
        raise Unidentified(f"no operation fits: {reasons[0]}" if len(set(reasons)) == 1 else "no operation of this host fits")
    return _one(found)


def _one(found: list[Match]) -> Match:
    best = max(match.specificity for match in found)
    fitting = [match for match in found if match.specificity == best]
    if len(fitting) == 1:
        return fitting[0]
    services = {match.service.name for match in fitting}
    for family in TWINS:
        if len(services) == len(fitting) and services <= set(family):
            return min(fitting, key=lambda match: family.index(match.service.name))
    names = tuple(sorted(services))
    raise Ambiguous(f"the request fits {' and '.join(names)}: name one by its own host", services=names)


def _match(asked: Asked, candidate: Candidate, service: Service) -> Match:
    head = asked.head
    if head.one(TARGET) is not None:
        return _rpc(candidate, service, "json", lambda: json_operation(service, head))
    if head.one(SMITHY) is not None:
        return _rpc(candidate, service, CBOR, lambda: cbor_operation(service, head, empty=asked.empty))
    query = "ec2" if "ec2" in service.protocols else "query"
    if query in service.protocols and (media_type(head) == FORM or any(name == "Action" for name, _ in head.target.query)):
        return _rpc(candidate, service, query, lambda: query_operation(service, head, asked.form()))
    if service.protocols & {"rest-json", "rest-xml"}:
        return _rest(asked, candidate, service)
    raise NoMatch(f"{service.name} is named by {' or '.join(_selectors(service))}")


def _selectors(service: Service) -> list[str]:
    words = {"json": "x-amz-target", CBOR: "smithy-protocol and the path", "query": "Action", "ec2": "Action"}
    return sorted(words[protocol] for protocol in service.protocols)


def _rpc(candidate: Candidate, service: Service, protocol: str, name: Callable[[], str]) -> Match:
    if protocol not in service.protocols:
        raise NoMatch(f"{service.name} does not speak {protocol}")
    operation = service.operations[name()]
    if not host_fits(operation, candidate):
        raise NoMatch(f"{operation.name} has another host")
    return Match(candidate=candidate, service=service, operation=operation, protocol=protocol)


def _rest(asked: Asked, candidate: Candidate, service: Service) -> Match:
    protocol = "rest-xml" if "rest-xml" in service.protocols else "rest-json"
    paths = _s3_paths if service.name == "s3" else _paths
    fits: list[tuple[tuple[tuple[int, ...], int], bool, Match]] = []
    reasons: list[str] = []
    times = times_in_query(asked.head)
    for operation, values in paths(asked, candidate, service):
        route = operation.route
        if route is None:
            continue
        reason = query_fits(route, asked.head, times) or (
            None if host_fits(operation, candidate) else f"{operation.name} has another host"
        )
        if reason is None:
            match = Match(
                candidate=candidate,
                service=service,
                operation=operation,
                protocol=protocol,
                labels=values,
                specificity=route.specificity,
            )
            fits.append((route.specificity, not operation.deprecated, match))
        else:
            reasons.append(reason)
    if not fits:
        raise NoMatch(reasons[0] if len(reasons) == 1 else f"{service.name} has no such method, path and query")
    best = max(fit[:2] for fit in fits)
    chosen = [fit[2] for fit in fits if fit[:2] == best]
    if len(chosen) > 1:
        raise NoMatch(f"{' and '.join(match.operation.name for match in chosen)} fit equally")
    if not x_id_fits(asked.head, chosen[0].operation.name):
        raise NoMatch(f"x-id names an operation other than {chosen[0].operation.name}")
    return chosen[0]


def _paths(asked: Asked, _candidate: Candidate, service: Service) -> list[tuple[Operation, dict[str, str]]]:
    segments = rest_segments(asked.head.target.segments)
    method, count = asked.head.method, len(segments)
    greedy = service.greedy.get(method, ())
    plain = (one for one in service.by_path.get((method, count), ()) if one not in greedy)
    found = ((one, labels(one.route, segments)) for one in (*plain, *greedy) if one.route is not None)
    return [(operation, values) for operation, values in found if values is not None]


def _s3_paths(asked: Asked, candidate: Candidate, service: Service) -> list[tuple[Operation, dict[str, str]]]:
    if answers_object_lambda(asked.head, candidate):
        return [(service.operations["WriteGetObjectResponse"], {})]
    values = s3_labels(asked.head, asked.place)
    return [(operation, values) for operation in at_level(service, asked.head, candidate, asked.place, len(values))]


def host_fits(operation: Operation, candidate: Candidate) -> bool:
    """Whether the host begins with the operation's `hostPrefix`. Labels in it are compared with the input later."""
    prefix, brace, _ = operation.host_prefix.partition("{")
    return bool(brace) or candidate.host.startswith(prefix)
