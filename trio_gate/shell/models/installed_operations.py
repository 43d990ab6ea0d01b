"""Operations of the installed botocore that are newer than the packaged review, by name, input or answer.

For verbs that run once, because it reads whole models.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from trio_gate.aws.iam.reviewed import all_known
from trio_gate.aws.iam.tables import Tables
from trio_gate.config.operation_block import KnownOperation
from trio_gate.shell.models.model_loader import DATA, INSTALLED, installed_services, load_model
from trio_gate.shell.models.packaged_data import known_inputs, known_outputs, packaged_tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from trio_gate.aws.review.rows import Mark

    Why = Literal["operation", "answer", "input"]
    """What is newer than the review: the operation, a member of its answer or, if the answer is unchanged, of its input."""


_WORDS: Mapping[Mark, str] = {
    "vends": "vends",
    "secret": "reads_secret",
    "exposes": "may_expose_secrets",
    "runs": "runs_code",
    "shares": "shares",
    "spends": "spends",
}
"""The words of an `operation` block for the marks of a row."""


def version() -> str:
    """The version of the installed botocore."""
    return INSTALLED


def services() -> list[str]:
    """The services of the installed botocore."""
    return sorted(installed_services())


def regions() -> frozenset[str]:
    """The regions of the installed botocore."""
    found = json.loads((DATA / "partitions.json").read_bytes())
    return frozenset(region for one in found["partitions"] for region in one["regions"] if not region.endswith("-global"))


def inputs(service: str) -> Mapping[str, frozenset[str]]:
    """The operations of an installed service, each with its parameters."""
    model = load_model(service)
    return {
        name: frozenset(model["shapes"][one["input"]["shape"]].get("members", ()) if "input" in one else ())
        for name, one in model["operations"].items()
    }


def first_missing(service: str, operation: str, path: Sequence[str]) -> tuple[int, frozenset[str]] | None:
    """The place in a path of parameters, one inside the other, of the first that an operation does not have, and those that are there.

    None where all are there, or where the model does not say, as inside a map.
    """
    model = load_model(service)
    reference = model["operations"][operation].get("input")
    for place, name in enumerate(path):
        members = model["shapes"][reference["shape"]].get("members") if reference else None
        if members is None:
            return None
        if name not in members:
            return place, frozenset(members)
        reference = members[name]
    return None


def needed(service: str) -> Mapping[str, tuple[str, frozenset[str]]]:
    """The operations of an installed service, each with its HTTP method and the parameters that no call may leave out."""
    model = load_model(service)
    return {
        name: (
            one["http"]["method"],
            frozenset(model["shapes"][one["input"]["shape"]].get("required", ()) if "input" in one else ()),
        )
        for name, one in model["operations"].items()
    }


def newer(tables: Tables, service: str, model: Mapping[str, Any]) -> Mapping[str, Why]:
    """The operations of a service's model that are newer, and why."""
    answers, inputs = all_known(model, known_outputs(service), "output"), all_known(model, known_inputs(service), "input")
    found: dict[str, Why] = {}
    for name in sorted(model["operations"]):
        if tables.row(service, name) is None:
            found[name] = "operation"
        elif name not in answers or name not in inputs:
            found[name] = "input" if name in answers else "answer"
    return found


def find(service: str, operation: str) -> KnownOperation | Collection[str]:
    """What is known about an operation; the names that exist if there is no such operation."""
    known = services()
    if service not in known:
        return [f"{name}:{operation}" for name in known]
    model = load_model(service)
    if operation not in model["operations"]:
        return [f"{service}:{name}" for name in model["operations"]]
    tables = Tables(packaged_tables)
    row = tables.row(service, operation)
    return KnownOperation(
        newer=operation in newer(tables, service, model),
        streams=_streams(model, model["operations"][operation]),
        access=row.access if row else None,
        said=frozenset(_WORDS[mark] for mark in row.marks if mark in _WORDS) if row else frozenset(),
    )


def _streams(model: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    """Whether an answer is a blob of any size, or events."""
    if "output" not in operation:
        return False
    refs = model["shapes"][operation["output"]["shape"]].get("members", {}).values()
    used = [(ref, model["shapes"][ref["shape"]]) for ref in refs]
    return any(ref.get("streaming") or one.get("streaming") or one.get("eventstream") for ref, one in used)
