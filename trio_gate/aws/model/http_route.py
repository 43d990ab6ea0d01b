"""Routes of the REST protocols: from method, path and query to the operations that they may mean.

Rule: a route fits if its method, every segment, its constant query and its required query and header members are present, and
the operation has every other query key. Of several that fit, the most specific wins. S3 has a module of its own because its paths
are keys.

Theory: segments were split at raw slashes and decoded once, so `%2F` stays inside its label. Only a greedy label `{Name+}` takes
several segments, and only if they can be one name; otherwise it would swallow the sub-path of an operation that we do not know.
As at AWS, one trailing slash in template or path makes no difference. Empty and dot segments anywhere else have two readings and
are refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.errors import Malformed
from trio_gate.text.folding import fold
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trio_gate.aws.model.shape import Shape
    from trio_gate.wire.head import RequestHead

X_ID = "x-id"
"""A query key that the JavaScript SDK adds: the operation's name again."""

MAX_GREEDY = 2048
"""Characters of a greedy label that are matched against the model's pattern; the longest ARN has as many."""


@value_class
class Segment:
    """One segment of a path template: a literal, or a label for one segment or (greedy) several that match `pattern`."""

    text: str
    label: bool = False
    greedy: bool = False
    pattern: re.Pattern[str] | None = None


@value_class
class Route:
    """The path and query that lead to an operation.

    Attributes:
        constants: query keys and values that select the operation and are not members.
        needed_query, needed_headers: wire names of required members; header names are in lower case.
        known: wire names of query members.
        greedy: whether a label takes any number of segments.
        literals: without such a label, the positions and texts of the literals, the last first, because paths differ at their ends.
        labels: without such a label, the positions and names of the labels.
        any_query: whether a map member takes all remaining query keys.
        specificity: greater is more specific, among routes that fit one request.
    """

    method: str
    segments: tuple[Segment, ...]
    constants: Mapping[str, str]
    needed_query: frozenset[str]
    needed_headers: frozenset[str]
    known: frozenset[str]
    any_query: bool
    greedy: bool
    literals: tuple[tuple[int, str], ...]
    labels: tuple[tuple[int, str], ...]
    specificity: tuple[tuple[int, ...], int]


def place_of(template: str) -> tuple[int, bool]:
    """How many segments a template has, and whether one is a greedy label."""
    parts = _parts(template.partition("?")[0])
    return len(parts), any(part.endswith("+}") for part in parts)


def compile_route(method: str, template: str, shape: Shape | None) -> Route:
    """Make the route of an operation from botocore's `http` trait and the input's shape."""
    path, _, query = template.partition("?")
    segments = tuple(_segment(part, shape) for part in _parts(path))
    constants = dict(part.partition("=")[::2] for part in query.split("&") if part)
    constants.pop(X_ID, None)
    in_query = shape.at("querystring") if shape else []
    in_header = shape.at("header") if shape else []
    required = shape.required if shape else frozenset()
    needed_query = frozenset(member.wire for member in in_query if member.name in required and member.shape.type != "map")
    needed_headers = frozenset(member.wire for member in in_header if member.name in required)
    return Route(
        method=method,
        segments=segments,
        constants=constants,
        needed_query=needed_query,
        needed_headers=needed_headers,
        known=frozenset(member.wire for member in in_query if member.shape.type != "map") - constants.keys(),
        any_query=any(member.shape.type == "map" for member in in_query),
        greedy=any(part.greedy for part in segments),
        literals=tuple((at, part.text) for at, part in enumerate(segments) if not part.label)[::-1],
        labels=tuple((at, part.text) for at, part in enumerate(segments) if part.label),
        specificity=(
            tuple(0 if part.greedy else 1 if part.label else 2 for part in segments),
            len(constants) + len(needed_query) + len(needed_headers),
        ),
    )


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _segment(text: str, shape: Shape | None) -> Segment:
    if not (text.startswith("{") and text.endswith("}")):
        return Segment(text=text)
    if not text.endswith("+}"):
        return Segment(text=text[1:-1], label=True)
    name = text[1:-2]
    pattern = next((member.shape.pattern for member in shape.at("uri") if member.wire == name), None) if shape else None
    return Segment(text=name, label=True, greedy=True, pattern=re.compile(pattern, re.ASCII) if pattern else None)


def rest_segments(segments: Sequence[str]) -> tuple[str, ...]:
    """The segments to match, one trailing slash removed.

    Raises:
        Malformed: an empty or dot segment.
    """
    kept = tuple(segments[:-1] if segments[-1] == "" else segments)
    for segment in kept:
        if segment == "" or not {".", ".."}.isdisjoint(segment.split("/")):
            raise Malformed("the path has an empty or a dot segment: send the path without them")
    return kept


def labels(route: Route, segments: Sequence[str]) -> dict[str, str] | None:
    """The labels of the path by their names in the template; None if the path does not fit."""
    spare = len(segments) - len(route.segments)
    if not route.greedy:
        if spare:
            return None
        for at, text in route.literals:
            if segments[at] != text:
                return None
        return {name: segments[at] for at, name in route.labels}
    values: dict[str, str] = {}
    at = 0
    for part in route.segments:
        width = spare + 1 if part.greedy else 1
        taken = segments[at : at + width]
        if width < 1 or len(taken) != width or not (part.label or taken[0] == part.text):
            return None
        if part.label:
            values[part.text] = "/".join(taken)
            if not _one_name(part, values[part.text]):
                return None
        at += width
    return values if at == len(segments) else None


def _one_name(part: Segment, value: str) -> bool:
    """Whether a value with slashes can be one name: only an ARN has slashes in an id, and it must match the model's pattern."""
    if not part.greedy or "/" not in value:
        return True
    if fold(part.text).endswith(("id", "arn")) and not value.startswith("arn:"):
        return False
    if part.pattern is None:
        return True
    # No name has a control character, and `.` backtracks a lot on a text with a line break.
    return len(value) <= MAX_GREEDY and value.isprintable() and part.pattern.fullmatch(value) is not None


def times_in_query(head: RequestHead) -> Mapping[str, int]:
    """How often each name is in the query, for `query_fits`."""
    times: dict[str, int] = {}
    for name, _ in head.target.query:
        times[name] = times.get(name, 0) + 1
    return times


def query_fits(route: Route, head: RequestHead, times: Mapping[str, int]) -> str | None:
    """Why query and headers do not fit this route, for a message; None if they fit. `times` is from `times_in_query`."""
    for name, value in route.constants.items():
        if times.get(name) != 1 or (name, value) not in head.target.query:
            return f"the query must hold `{name}{'=' if value else ''}{value}` once"
    missing = [name for name in route.needed_query if name not in times]
    if missing:
        return f"the query parameter `{min(missing)}` is missing"
    missing = [name for name in route.needed_headers if not any(head.all(name))]
    if missing:
        return f"the header `{min(missing)}` is missing"
    unknown = {name for name in times if name not in route.known and name not in route.constants and name != X_ID}
    if unknown and route.any_query:
        # A key that AWS may read as something else does not count as an entry of the map.
        taken = {fold(name) for name in (*route.known, *route.constants)}
        unknown = {name for name in unknown if fold(name) in taken or fold(name).startswith("x-amz-")}
    return f"the operation has no query parameter `{_shown(unknown)}`" if unknown else None


def x_id_fits(head: RequestHead, operation: str) -> bool:
    """Whether the query has no `x-id`, or one with the operation's name."""
    given = [value for name, value in head.target.query if name == X_ID]
    return given in ([], [operation])


def _shown(names: Iterable[str]) -> str:
    return ascii(min(names)[:64])[1:-1][:64]
