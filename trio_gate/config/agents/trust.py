"""The files that hold what agents are verified with: how the configuration has them read and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.config import attribute_types
from trio_gate.config.attribute_types import Kind
from trio_gate.config.source import Flaw
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.config.expressions import Lookups, Value

    Check = Callable[[str], str]
    """Returns what is used of a file's text. Raises ValueError, which says what is wrong with it."""


@value_class
class Trust:
    """Checks of files: `authority` of certificates (PEM), `keys` of an issuer's keys (a JWK set)."""

    authority: Check
    keys: Check


NO_CHECKS = Trust(authority=str, keys=str)
"""Takes each file as it is."""


def checked(lookups: Lookups, check: Check) -> Kind[str]:
    """The text of a file that is named, as `check` returns it."""

    def read(value: Value) -> str:
        text = lookups.contents(attribute_types.text(value), value.at)
        try:
            return check(text)
        except ValueError as fault:
            raise Flaw(value.at, str(fault)) from None

    return Kind(form=attribute_types.file.form, read=read)
