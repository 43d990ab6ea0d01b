"""The operations of the botocore that is installed, beside the packaged review: which are newer, in name, input or answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.loaders import Loader

from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.model.catalog import compile_service
from trio_gate.config.operation_block import KnownOperation
from trio_gate.shell.exchange.model_loader import load_model
from trio_gate.shell.exchange.packaged_data import packaged_tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any


def services() -> list[str]:
    """Their services."""
    found: list[str] = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False).list_available_services("service-2")
    return found


def find(service: str, operation: str) -> KnownOperation | Collection[str]:
    """What is known of one; where there is none, the names that there are."""
    known = services()
    if service not in known:
        return [f"{name}:{operation}" for name in known]
    raw = load_model(service)
    if operation not in raw["operations"]:
        return [f"{service}:{name}" for name in raw["operations"]]
    one, tables = compile_service(service, raw).operations[operation], Tables(packaged_tables)
    newer = tables.row(service, operation) is None or not one.known_answer or tables.reaches_newer(service, operation, one.input)
    return KnownOperation(newer=newer, streams=_streams(raw, raw["operations"][operation]))


def _streams(raw: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    """Whether an answer is a blob of any size, or events."""
    if "output" not in operation:
        return False
    shape = raw["shapes"][operation["output"]["shape"]]
    refs = shape.get("members", {}).values()
    used = [(ref, raw["shapes"][ref["shape"]]) for ref in refs]
    return any(ref.get("streaming") or one.get("streaming") or one.get("eventstream") for ref, one in used)
