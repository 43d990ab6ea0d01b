"""Which hosts besides AWS's a proxy listener lets its agents reach, as values."""

from __future__ import annotations

from trio_gate.config.host_pattern import matches
from trio_gate.values import value_class


@value_class
class Place:
    """Hosts by their pattern, and the port that is reached there."""

    pattern: str
    port: int

    def __str__(self) -> str:
        """As it is written: without the port of https."""
        return self.pattern if self.port == HTTPS else f"{self.pattern}:{self.port}"


HTTPS = 443
"""The port of a place that names none."""


@value_class
class Passthrough:
    """What is tunnelled, and how long.

    Attributes:
        places: where to.
        idle: seconds after which a tunnel ends in which no byte moves, either way.
        longest: seconds after which it ends whatever moves.
    """

    places: tuple[Place, ...]
    idle: float
    longest: float

    def holds(self, host: str, port: int) -> bool:
        """Whether one of the places is this host, a name in lower case, and port."""
        return any(place.port == port and matches(place.pattern, host) for place in self.places)
