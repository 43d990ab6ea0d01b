"""Values: plain classes whose fields are set when they are made and never again.

Rule: what is made for each request is a `value_class`. Nothing assigns to its fields: the type checker refuses that, as it does for a
frozen dataclass, and `dataclasses.replace` makes another one.

Theory: a frozen dataclass also refuses it while the program runs, and pays for that whenever one is made: it cannot set its own
fields either, but by a slower way around. A request is made into a dozen values, so that is felt.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable

Class = TypeVar("Class")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def value_class(cls: type[Class]) -> type[Class]:
    """Make a class a dataclass with slots, made by keyword, compared and hashed by its fields, that the type checker keeps frozen."""
    made = dataclass(slots=True, kw_only=True, repr=False, eq=False)(cls)
    for name, method in _methods(made).items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made


def _methods(cls: Any) -> dict[str, Callable[..., Any]]:
    """What `dataclass` would write as text and compile for every class, which takes most of the time that one costs at start."""
    shown = [one.name for one in fields(cls) if one.repr]
    compared = [one.name for one in fields(cls) if one.compare]
    hashed = [one.name for one in fields(cls) if (one.compare if one.hash is None else one.hash)]
    known: Callable[[Any], Any] = attrgetter(*compared) if compared else lambda _: ()
    short: Callable[[Any], Any] = attrgetter(*hashed) if hashed else lambda _: ()

    def represent(self: Any) -> str:
        return f"{cls.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def equals(self: Any, other: object) -> bool:
        return known(self) == known(other) if other.__class__ is self.__class__ else NotImplemented

    def hashes(self: Any) -> int:
        return hash(short(self))

    return {"__repr__": represent, "__eq__": equals, "__hash__": hashes}
