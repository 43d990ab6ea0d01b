"""Gathers the facets that a condition reads, in the form that CEL takes.

Rule: unset and unknown facets are left out, so reading one is an error in CEL, which `||`, `&&`, `all` and `exists` absorb as the
language says. CEL's has() would be false for both, so a condition that tests an unknown facet is not evaluated at all.

Theory: a part of a map may be unknown while its other parts can be read. If a condition also reads the map as a whole, the map is
left out with all its parts: the condition sees less than is known, never more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trio_gate.facet.values import UNKNOWN, UNSET, Unknown, Unset
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from trio_gate.facet.extract import Facets, Path
    from trio_gate.facet.values import Plain
    from trio_gate.policy.references import Read


class Undecided(Exception):  # noqa: N818 - an answer that is neither yes nor no
    """A condition is neither true nor false for a call. `reason` may be shown to an agent, as it holds no values."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Branch:
    """How one path is read: as a whole, in a test, or through branches below it; filled while the plan is made."""

    below: dict[str, _Branch] = field(default_factory=dict)
    whole: bool = False
    tested: bool = False


@value_class
class GatheredFacts:
    """The gathered facets: CEL's variables, and for each path that was left out a sentence, by the path's last name."""

    data: dict[str, Plain | datetime]
    gaps: dict[str, str]


class Plan:
    """Which facets to gather for conditions with these reads. Equal plans gather the same."""

    def __init__(self, reads: Iterable[Read]) -> None:
        given = tuple(reads)
        self.key = frozenset(given)
        self._root = _Branch()
        for read in given:
            branch = self._root
            for name in read.path:
                branch = branch.below.setdefault(name, _Branch())
            branch.tested |= read.tested
            branch.whole |= not read.tested
        branches = list(_branches(self._root, ()))
        self.overlaps = any(branch.whole and branch.below for _, branch in branches)
        """Whether something is read as a whole and also in part."""
        self.tests = tuple((path, branch.whole) for path, branch in branches if branch.tested)
        """The paths that are tested, and whether each is also read as a whole. `gather` is for calls where none is unknown."""

    def gather(self, facets: Facets) -> GatheredFacts:
        """Gather the plan's facets of one call. Raises Undecided if its conditions cannot be evaluated."""
        gaps: dict[str, str] = {}
        data: dict[str, Plain | datetime] = {}
        for root, branch in self._root.below.items():
            if root == "request":
                data["request.time"] = facets.time
            else:
                data[root] = _below(facets, (root,), branch, gaps)
        return GatheredFacts(data=data, gaps=gaps)


def _branches(branch: _Branch, path: Path) -> Iterator[tuple[Path, _Branch]]:
    for name, part in branch.below.items():
        yield (*path, name), part
        yield from _branches(part, (*path, name))


def _below(facets: Facets, path: Path, branch: _Branch, gaps: dict[str, str]) -> Plain:
    found = {name: _value(facets, (*path, name), part, gaps) for name, part in branch.below.items()}
    return {name: value for name, value in found.items() if not isinstance(value, (Unknown, Unset))}


def _value(facets: Facets, path: Path, branch: _Branch, gaps: dict[str, str]) -> Plain | Unset | Unknown:
    value = facets[path] if branch.whole else facets.look(path)
    if value is UNSET or value is UNKNOWN:
        sentence = f"{_shown(path)} is not {'set' if value is UNSET else 'known'}"
        if branch.tested and value is UNKNOWN:
            raise Undecided(sentence)
        gaps.setdefault(path[-1], sentence)
        return value
    if branch.whole:
        return facets[path]
    # For a test only presence matters; reading a part of something that is not a map is an error either way.
    return _below(facets, path, branch, gaps) if isinstance(value, dict) else True


def _shown(path: Path) -> str:
    name = ".".join(path)
    return name if name.isprintable() else ascii(name)
