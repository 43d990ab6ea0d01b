"""The `operation` block: the operator's own review of an operation that is newer than the packaged one.

Rule: it never makes the packaged review less strict; `Find` says what that has.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from trio_gate.config import attribute_types
from trio_gate.config.block_reader import title
from trio_gate.config.model import OperationReview
from trio_gate.errors import did_you_mean
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from trio_gate.config.attribute_types import Kind
    from trio_gate.config.block_reader import Form

    Find = Callable[[str, str], "KnownOperation | Collection[str]"]
    """Looks up an operation of a service; returns the names that exist if there is none."""

FLAGS = (
    *("vends", "reads_secret", "may_expose_secrets", "runs_code", "spends", "shares", "makes_public"),
    *("cross_account", "names_resources", "carries_policies"),
)

LEVELS = ("list", "read", "tagging", "write", "permissions")
"""The access levels, the mildest first."""

_LABEL = re.compile(r"([a-z0-9-]{1,64}):([A-Za-z0-9_]{1,128})")
_ACTION = attribute_types.matching(
    re.compile(r"[a-z0-9-]{1,64}:[A-Za-z0-9]{1,128}"), "an IAM action", 'as "sts:GetCallerIdentity"'
)
_ACCESS: Kind[Literal["read", "list", "write", "permissions", "tagging"]] = attribute_types.one_of(
    "read", "list", "write", "permissions", "tagging"
)


@value_class
class KnownOperation:
    """An operation of the installed botocore.

    Attributes:
        newer: whether it, or one of its members, is newer than the packaged review.
        streams: whether its answer is a stream.
        access: its level in the packaged review, None if it has none.
        said: those of `FLAGS` that the packaged review has for it, always or depending on parameters.
    """

    newer: bool
    streams: bool
    access: str | None = None
    said: frozenset[str] = frozenset()


def operation(form: Form, find: Find | None) -> OperationReview | None:
    """The review in one block; None if it has faults."""
    access = form.take(_ACCESS, "access")
    actions = form.take(attribute_types.listing(_ACTION), "iam_actions")
    said = {name: form.take(attribute_types.flag, name) for name in FLAGS}
    form.close()
    flags = {name: value for name, value in said.items() if value is not None}
    label = _LABEL.fullmatch(form.name)
    if label is None:
        form.fault("the label of `operation` is a service and its operation", 'as operation "sts:GetCallerIdentity" { … }')
        return None
    if find is None:
        form.fault("operations cannot be looked up here")
        return None
    known = find(label[1], label[2])
    if not isinstance(known, KnownOperation):
        form.fault(f"the installed botocore has no operation {form.name}", did_you_mean(form.name, known))
        return None
    _check(form, known, access, flags)
    source = form.report.source
    return OperationReview(
        service=label[1],
        operation=label[2],
        access=access,
        flags=MappingProxyType(flags),
        iam_actions=actions or (),
        where=f"{source.name}:{source.line(form.block.at)}",
    )


def _is_milder(access: str, known: KnownOperation) -> bool:
    """Whether a level is below the packaged review's."""
    least = known.access or ("list" if known.newer else "write")
    return LEVELS.index(access) < LEVELS.index(least)


def _check(form: Form, known: KnownOperation, access: str | None, flags: dict[str, bool]) -> None:
    milder = [name for name, value in flags.items() if not value and (not known.newer or name in known.said)]
    if access is not None and _is_milder(access, known):
        milder.append("access")
    if milder:
        form.fault(
            f"`{milder[0]}` would make the packaged review of {form.name} less strict",
            "remove it: a block may only make the review stricter",
            of=milder[0],
        )
    if known.streams and flags.get("vends") is False:
        form.fault(f"the answer of {form.name} is a stream, which cannot be checked before the agent gets it", of="vends")
    if not form.block.attributes:
        form.fault(f"{title(form.block)} says nothing", 'as access = "read", vends = false')
