"""Finds the one operation of a request among all services that its host may stand for.

Rule: the host determines the services, the model their protocols, and the protocol where the operation is named. A request with
the selectors of two protocols is refused before any model is asked. Every candidate is asked, and exactly one must match, except
for twins: services that share host, protocol and names, listed below with the name that is used for them here.
"""

from __future__ import annotations

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
    from trio_gate.aws.model.http_route import Route
    from trio_gate.wire.head import RequestHead

    _Path = tuple[Operation, Route, Mapping[str, str]]
    """An operation whose path fits, with its route and its labels."""

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
    labels: Mapping[str, str]
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
    if TARGET in asked.head.first and SMITHY in asked.head.first:
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
    if len(found) == 1:
        return found[0]
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
    if TARGET in head.first:
        return _rpc(asked, candidate, service, "json")
    if SMITHY in head.first:
        return _rpc(asked, candidate, service, CBOR)
    query = "ec2" if "ec2" in service.protocols else "query"
    if query in service.protocols and (media_type(head) == FORM or any(name == "Action" for name, _ in head.target.query)):
        return _rpc(asked, candidate, service, query)
    if service.protocols & _REST:
        return _rest(asked, candidate, service)
    raise NoMatch(f"{service.name} is named by {' or '.join(_selectors(service))}")


_REST = frozenset(("rest-json", "rest-xml"))


def _selectors(service: Service) -> list[str]:
    words = {"json": "x-amz-target", CBOR: "smithy-protocol and the path", "query": "Action", "ec2": "Action"}
    return sorted(words[protocol] for protocol in service.protocols)


def _rpc(asked: Asked, candidate: Candidate, service: Service, protocol: str) -> Match:
    if protocol not in service.protocols:
        raise NoMatch(f"{service.name} does not speak {protocol}")
    if protocol == "json":
        name = json_operation(service, asked.head)
    elif protocol == CBOR:
        name = cbor_operation(service, asked.head, empty=asked.empty)
    else:
        name = query_operation(service, asked.head, asked.form())
    operation = service.operations[name]
    if not host_fits(operation, candidate):
        raise NoMatch(f"{operation.name} has another host")
    return Match(candidate=candidate, service=service, operation=operation, protocol=protocol, labels={})


def _rest(asked: Asked, candidate: Candidate, service: Service) -> Match:
    protocol = "rest-xml" if "rest-xml" in service.protocols else "rest-json"
    paths = _s3_paths if service.name == "s3" else _paths
    times = times_in_query(asked.head)
    found = paths(asked, candidate, service)
    fits = [
        (route.specificity, not operation.deprecated, operation, values)
        for operation, route, values in found
        if times.keys() >= route.constants.keys() and _misfit(asked, candidate, operation, route, times) is None
    ]
    if not fits:
        only = [_misfit(asked, candidate, operation, route, times) for operation, route, _ in found] if len(found) == 1 else []
        raise NoMatch(only[0] if only and only[0] else f"{service.name} has no such method, path and query")
    if len(fits) > 1:
        best = max(fit[:2] for fit in fits)
        fits = [fit for fit in fits if fit[:2] == best]
    if len(fits) > 1:
        raise NoMatch(f"{' and '.join(fit[2].name for fit in fits)} fit equally")
    specificity, _, operation, values = fits[0]
    if not x_id_fits(asked.head, operation.name):
        raise NoMatch(f"x-id names an operation other than {operation.name}")
    return Match(
        candidate=candidate, service=service, operation=operation, protocol=protocol, labels=values, specificity=specificity
    )


def _misfit(asked: Asked, candidate: Candidate, operation: Operation, route: Route, times: Mapping[str, int]) -> str | None:
    """Why an operation whose path fits is not meant, for a message; None if it fits."""
    reason = query_fits(route, asked.head, times)
    return reason if reason is not None or host_fits(operation, candidate) else f"{operation.name} has another host"


def _paths(asked: Asked, _candidate: Candidate, service: Service) -> list[_Path]:
    segments = rest_segments(asked.head.target.segments)
    method, count = asked.head.method, len(segments)
    found: list[_Path] = []
    for group, greedy in ((service.by_path.get((method, count), ()), False), (service.greedy.get(method, ()), True)):
        for one in group:
            route = one.route
            values = labels(route, segments) if route is not None and route.greedy is greedy else None
            if route is not None and values is not None:
                found.append((one, route, values))
    return found


def _s3_paths(asked: Asked, candidate: Candidate, service: Service) -> list[_Path]:
    if answers_object_lambda(asked.head, candidate):
        operations, values = [service.operations["WriteGetObjectResponse"]], {}
    else:
        values = s3_labels(asked.head, asked.place)
        operations = at_level(service, asked.head, candidate, asked.place, len(values))
    return [(one, one.route, values) for one in operations if one.route is not None]


def host_fits(operation: Operation, candidate: Candidate) -> bool:
    """Whether the host begins with the operation's `hostPrefix`. Labels in it are compared with the input later."""
    if not operation.host_prefix:
        return True
    prefix, brace, _ = operation.host_prefix.partition("{")
    return bool(brace) or candidate.host.startswith(prefix)
