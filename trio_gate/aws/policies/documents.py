"""The policy documents of a call, as rules read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.model.shape import Shape


def read_policies(service: str, operation: str, shape: Shape | None, params: Mapping[str, Value]) -> tuple[Value, ...] | Unknown:
    """Each policy document among the parameters as `{member, statements}`; UNKNOWN where one cannot be read once and for all."""
    del service, operation, shape, params
    return UNKNOWN
