"""Mappings whose values are made when they are first read: a service has hundreds of operations, of which an agent calls a few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Key = TypeVar("Key")
Raw = TypeVar("Raw")
Made = TypeVar("Made")


class OnDemand(Mapping[Key, Made]):
    """What `make` makes of each key and its value in `raw`; all who read a key, in whatever thread, get the same."""

    __slots__ = ("_made", "_make", "_raw")

    def __init__(self, raw: Mapping[Key, Raw], make: Callable[[Key, Raw], Made]) -> None:
        self._raw = raw
        self._make = make
        self._made: dict[Key, Made] = {}

    def __getitem__(self, key: Key) -> Made:
        try:
            return self._made[key]
        except KeyError:
            return self._made.setdefault(key, self._make(key, self._raw[key]))

    def get(self, key: Key, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return self[key] if key in self._raw else default

    def __contains__(self, key: object) -> bool:
        return key in self._raw

    def __iter__(self) -> Iterator[Key]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)
