"""Values: plain classes whose fields are set when they are made and never again.

Rule: what is made for each request is a `value_class`. Nothing assigns to its fields: the type checker refuses that, as it does for a
frozen dataclass, and `dataclasses.replace` makes another one.

Theory: a frozen dataclass also refuses it while the program runs, and pays for that whenever one is made: it cannot set its own
fields either, but by a slower way around. A request is made into a dozen values, so that is felt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

Class = TypeVar("Class")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def value_class(cls: type[Class]) -> type[Class]:
    """Make a class a dataclass with slots, made by keyword, compared and hashed by its fields, that the type checker keeps frozen."""
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)
